import { createRequire } from 'node:module';
import type { InferenceSession } from 'onnxruntime-node';
import { InputError } from '#libs/statistics';
import { decodeModel, elementTypes, encodeModel } from '../onnx/format.js';
import type { GraphProto } from '../onnx/format.js';
import { describeOnnx, outputNames, readMetadata } from '../onnx/index.js';
import type { ModelMetadata } from '../onnx/index.js';

/** Cells of the input tensor that one call of the runtime gets: bounds its memory. */
const cellsAtOnce = 1 << 16;

/** A model file that is asked again and again, for its output and for values on the way to it. */
export interface Scorer {
  readonly metadata: ModelMetadata;
  readonly graph: GraphProto;
  /** Columns of the input tensor. */
  readonly width: number;
  /** What each number of an answer is: the scored label, all labels, the target, or the clusters and columns by number. */
  readonly outputs: readonly string[];
  /** Row-major `rows × outputs`. */
  score(tensor: Float32Array): Promise<Float64Array>;
  /** Row-major float64 value of the graph that `openScorer` was told to reveal. */
  reveal(tensor: Float32Array, value: string): Promise<Float64Array>;
  close(): Promise<void>;
}

/**
 * Opens a model that `assay train` wrote, on one thread.
 * @param revealed float64 values of the graph that shall be readable
 * @throws InputError `MalformedOnnx`, `UnsupportedOnnx`, `ForeignModel`
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
  const own = graph.output![0]!.name!;
  for (const name of revealed(graph))
    graph.output!.push({ name, type: { tensor_type: { elem_type: elementTypes.float64 } } });
  // Required, not imported: it loads a native library, which `--help` must not wait for.
  const runtime = createRequire(import.meta.url)('onnxruntime-node') as typeof import('onnxruntime-node');
  const session: InferenceSession = await runtime.InferenceSession.create(encodeModel(model), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
  });
  const input = session.inputNames[0]!;
  const width = Number(graph.input![0]!.type!.tensor_type!.shape!.dim![1]!.dim_value);
  const ask = async (tensor: Float32Array, value: string): Promise<Float64Array> => {
    const rows = tensor.length / width;
    const atOnce = Math.max(16, Math.floor(cellsAtOnce / width));
    let result = new Float64Array(0);
    for (let start = 0; start < rows; start += atOnce) {
      const count = Math.min(rows - start, atOnce);
      const part = new runtime.Tensor('float32', tensor.subarray(start * width, (start + count) * width), [
        count,
        width,
      ]);
      const { data } = (await session.run({ [input]: part }, [value]))[value]!;
      const numbers = data as Float32Array | Float64Array;
      if (start === 0) result = new Float64Array((numbers.length / count) * rows);
      result.set(numbers, (numbers.length / count) * start);
    }
    return result;
  };
  const columns = Number(graph.output![0]!.type!.tensor_type!.shape!.dim![1]!.dim_value);
  return {
    metadata,
    graph,
    width,
    outputs: outputsOf(metadata, own, columns),
    score: (tensor) => ask(tensor, own),
    reveal: ask,
    close: () => session.release(),
  };
}

function outputsOf({ target }: ModelMetadata, output: string, columns: number): string[] {
  if (output === outputNames.binary) return [target?.scored ?? '1'];
  if (output === outputNames.regression) return [target?.column ?? 'prediction'];
  return Array.from({ length: columns }, (_, k) => target?.labels?.[k] ?? `${k}`);
}
