import { InputError } from '#libs/statistics';
import { decodeModel, elementTypes, encodeModel } from '../onnx/format.js';
import type { GraphProto, ValueInfoProto } from '../onnx/format.js';
import { describeOnnx, outputNames, readMetadata } from '../onnx/index.js';
import type { ModelMetadata } from '../onnx/index.js';
import { openSession, rowsAtOnce } from '../onnx/session.js';

/** A model file that is asked again and again, for its output and for values on the way to it. */
export interface Scorer {
  readonly metadata: ModelMetadata;
  readonly graph: GraphProto;
  /** Columns of the input tensor. */
  readonly width: number;
  /** What each number of an answer is: the scored label, all labels, the target, or the clusters and columns by number. */
  readonly outputs: readonly string[];
  /** Row-major `rows × outputs`. @throws InputError `NotFinite` */
  score(tensor: Float32Array): Promise<Float64Array>;
  /** Row-major float64 value of the graph that `openScorer` was told to reveal. */
  reveal(tensor: Float32Array, value: string): Promise<Float64Array>;
  close(): Promise<void>;
}

/**
 * Opens a model that `assay train` wrote, on one thread.
 * @param revealed float64 values of the graph that shall be readable
 * @throws InputError `MalformedOnnx`, `UnsupportedOnnx`, `ForeignModel`, `ModelMetadata`
 */
export async function openScorer(
  bytes: Uint8Array,
  revealed: (graph: GraphProto) => readonly string[] = () => [],
): Promise<Scorer> {
  const metadata = readMetadata(describeOnnx(bytes).metadata);
  if (!metadata)
    throw new InputError('ForeignModel', 'the model was not written by Assay', {
      field: 'assay.features',
      rule: 'the metadata that `assay train` writes',
    });
  const model = decodeModel(bytes);
  const graph = model.graph!;
  const columnsOf = (port: ValueInfoProto | undefined): number =>
    Number(port?.type?.tensor_type?.shape?.dim?.[1]?.dim_value ?? 0);
  const [width, columns] = [columnsOf(graph.input?.[0]), columnsOf(graph.output?.[0])];
  if (!(width >= 1 && columns >= 1))
    throw new InputError('UnsupportedOnnx', 'the model does not say how many columns it reads and answers', {
      field: 'graph',
      rule: 'one input [n, k] and one output [n, m]',
    });
  const own = graph.output![0]!.name!;
  for (const name of revealed(graph))
    graph.output!.push({ name, type: { tensor_type: { elem_type: elementTypes.float64 } } });
  const session = await openSession(encodeModel(model));
  const ask = async (tensor: Float32Array, value: string): Promise<Float64Array> => {
    const rows = tensor.length / width;
    const atOnce = rowsAtOnce(width);
    let result = new Float64Array(0);
    for (let start = 0; start < rows; start += atOnce) {
      const count = Math.min(rows - start, atOnce);
      const numbers = await session.run(tensor.subarray(start * width, (start + count) * width), width, value);
      if (start === 0) result = new Float64Array((numbers.length / count) * rows);
      result.set(numbers, (numbers.length / count) * start);
    }
    return result;
  };
  return {
    metadata,
    graph,
    width,
    outputs: outputsOf(metadata, own, columns),
    async score(tensor) {
      const answers = await ask(tensor, own);
      if (!answers.every(Number.isFinite))
        throw new InputError('NotFinite', 'the model answers what is no finite number', {
          field: own,
          rule: 'finite answers',
        });
      return answers;
    },
    reveal: ask,
    close: () => session.release(),
  };
}

function outputsOf({ target }: ModelMetadata, output: string, columns: number): string[] {
  if (output === outputNames.binary) return [target?.scored ?? '1'];
  if (output === outputNames.regression) return [target?.column ?? 'prediction'];
  return Array.from({ length: columns }, (_, k) => target?.labels?.[k] ?? `${k}`);
}
