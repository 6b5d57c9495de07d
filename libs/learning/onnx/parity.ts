import { createRequire } from 'node:module';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { InputError } from '#libs/statistics';

/** Largest distance between the runtime's and the trainer's probability that an export may show. */
export const parityTolerance = 1e-6;

/**
 * Scores rows with onnxruntime-node on one thread. The call is synchronous behind its promise: run it in a worker
 * where that matters (over about 1,000 rows of a large model).
 * @param rows row-major float32, `rows.length / width` rows
 * @returns the values of the output, row-major
 */
export async function scoreOnnx(
  model: Uint8Array,
  rows: Float32Array,
  width: number,
  output = 'probability',
): Promise<Float32Array> {
  // Required, not imported: its types are CommonJS and it loads a native library, which `--help` must not wait for.
  const runtime = createRequire(import.meta.url)('onnxruntime-node') as typeof import('onnxruntime-node');
  const session: InferenceSession = await runtime.InferenceSession.create(model, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
  });
  try {
    const name = session.inputNames[0]!;
    const input: Tensor = new runtime.Tensor('float32', rows, [rows.length / width, width]);
    const result = (await session.run({ [name]: input }))[output];
    if (!result)
      throw new InputError('MissingOutput', `the model has no output "${output}"`, {
        field: output,
        rule: 'the output exists',
      });
    return Float32Array.from(result.data as Float32Array);
  } finally {
    await session.release();
  }
}

export interface Parity {
  readonly rows: number;
  readonly largestDifference: number;
  readonly tolerance: number;
}

/**
 * The export is the model: every training row is scored by onnxruntime-node and compared with the trainer.
 * @throws InputError `ParityBroken` naming the worst row
 */
export async function checkParity(
  model: Uint8Array,
  rows: Float32Array,
  width: number,
  expected: ArrayLike<number>,
  tolerance = parityTolerance,
): Promise<Parity> {
  const scored = await scoreOnnx(model, rows, width);
  let largest = 0;
  for (let row = 0; row < expected.length; row += 1) {
    const difference = Math.abs(scored[row]! - expected[row]!);
    if (!(difference <= tolerance))
      throw new InputError('ParityBroken', `row ${row}: ONNX gives ${scored[row]}, the trainer ${expected[row]}`, {
        row,
        rule: `within ${tolerance}`,
      });
    largest = Math.max(largest, difference);
  }
  return { rows: expected.length, largestDifference: largest, tolerance };
}
