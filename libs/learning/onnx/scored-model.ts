import type { FittedModel, TrainingSet } from '../algorithm.js';
import { GraphBuilder, integer } from './build.js';
import { decodeModel, elementTypes } from './format.js';
import type { GraphProto } from './format.js';
import { scoreOnnx } from './parity.js';

/** A fitted model alone as a file (no pipeline before it) and what the runtime makes of the set's rows. */
export async function scoredByRuntime(
  model: Pick<FittedModel, 'addTo' | 'outputs'>,
  { values, width }: Pick<TrainingSet, 'values' | 'width'>,
): Promise<{ readonly bytes: Uint8Array; readonly graph: GraphProto; readonly scores: Float32Array }> {
  const graph = new GraphBuilder('model');
  const raw = graph.input('features', ['n', width]);
  const wide = graph.node('Cast', 'features_float64', [raw], [integer('to', elementTypes.float64)]);
  const { name } = model.addTo(graph, wide);
  graph.output('result', graph.node('Cast', 'narrow', [name], [integer('to', elementTypes.float32)]), [
    'n',
    model.outputs,
  ]);
  const bytes = graph.finish('0', {});
  const scores = await scoreOnnx(bytes, Float32Array.from(values), width, 'result');
  return { bytes, graph: decodeModel(bytes).graph!, scores };
}
