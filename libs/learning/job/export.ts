import { GraphBuilder, elementTypes, featuresInput, integer, outputNames, writeMetadata } from '../onnx/index.js';
import type { ModelMetadata } from '../onnx/index.js';
import type { Inputs } from '../features/inputs.js';
import { covers } from '../features/pipeline.js';
import type { Step, StepDocument } from '../features/step.js';
import { assayVersion } from './environment.js';
import type { FittedCandidate } from './prepare.js';
import { algorithmTask } from './problem.js';
import type { Problem } from './problem.js';

/**
 * The fitted pipeline and model as one ONNX file (conventions in `onnx/README.md`): cast to float64, the steps, the
 * model, cast to float32. In float64 since float32 loses a column of mean 1e6 and sd 1.
 */
export function exportCandidate(
  { algorithm, pipeline, model, documents }: FittedCandidate,
  inputs: Inputs,
  problem: Problem,
  lineage: Readonly<Record<string, string>>,
): Uint8Array {
  const graph = new GraphBuilder(algorithm.name);
  const raw = graph.input(featuresInput, ['n', inputs.names.length]);
  const to = (type: 'float32' | 'float64') => [integer('to', elementTypes[type])];
  let value = pipeline.addTo(graph, graph.node('Cast', 'features_float64', [raw], to('float64')));
  if (algorithm.precision === 'float32') {
    const narrow = graph.node('Cast', 'columns_float32', [value], to('float32'));
    value = graph.node('Cast', 'columns_float64', [narrow], to('float64'));
  }
  const result = model.addTo(graph, value);
  const name = outputNames[problem.kind];
  const scored =
    problem.kind === 'binary'
      ? graph.node(
          'Gather',
          `${name}_scored`,
          [result.name, graph.constant(`${name}_column`, [1], BigInt64Array.of(1n))],
          [integer('axis', 1)],
        )
      : result.name;
  const narrow = result.type === 'float32' ? scored : graph.node('Cast', `${name}_float32`, [scored], to('float32'));
  graph.output(name, narrow, ['n', problem.kind === 'binary' ? 1 : model.outputs]);
  return graph.finish(assayVersion(), writeMetadata(metadataOf(inputs, pipeline.names, documents, problem, lineage)));
}

function metadataOf(
  { names, features, encoding, categorical, text, derived }: Inputs,
  columns: readonly string[],
  documents: FittedCandidate['documents'],
  problem: Problem,
  lineage: Readonly<Record<string, string>>,
): ModelMetadata {
  const covering = (accepts: (step: Step, document: StepDocument) => boolean): string[] =>
    features.filter((feature) => covers(documents, feature, Object.keys(encoding[feature] ?? {}).length > 2, accepts));
  const missing = covering((step) => step.missing === 'fills');
  const unseen = covering((step, document) => step.acceptsUnseen?.(document) === true).filter(
    (feature) => encoding[feature],
  );
  return {
    task: algorithmTask(problem),
    features,
    encoding,
    ...(categorical.length > 0 ? { categorical } : {}),
    ...(Object.keys(text).length > 0 ? { text } : {}),
    ...(Object.keys(derived).length > 0 ? { derived } : {}),
    ...(columns.length === names.length && columns.every((name, j) => name === names[j]) ? {} : { columns }),
    ...(missing.length > 0 ? { missing } : {}),
    ...(unseen.length > 0 ? { unseen } : {}),
    ...targetOf(problem),
    lineage,
  };
}

function targetOf(problem: Problem): Pick<ModelMetadata, 'target'> {
  switch (problem.kind) {
    case 'binary': {
      const { column, scored, other } = problem;
      return { target: { column, scored, ...(other === undefined ? {} : { other }) } };
    }
    case 'multiclass':
      return { target: { column: problem.column, labels: problem.classes } };
    case 'regression':
      return { target: { column: problem.column } };
    default:
      return {};
  }
}
