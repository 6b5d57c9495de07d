import { InputError } from '#libs/statistics';
import { openSession, rowsAtOnce } from './session.js';

/** Largest distance between the runtime's and the trainer's probability that an export may show. */
export const parityTolerance = 1e-6;

/**
 * Scores rows with onnxruntime-node on one thread. The call is synchronous behind its promise: run it in a worker
 * where that matters (over about 1,000 rows of a large model).
 * @param rows row-major float32, `rows.length / width` rows
 * @returns the values of the output, row-major
 * @throws InputError `UnsupportedOnnx`, `MissingOutput`
 */
export async function scoreOnnx(
  model: Uint8Array,
  rows: Float32Array,
  width: number,
  output = 'probability',
): Promise<Float32Array> {
  const session = await openSession(model);
  try {
    const count = rows.length / width;
    const atOnce = rowsAtOnce(width);
    let scored: Float32Array | undefined;
    for (let start = 0; start === 0 || start < count; start += atOnce) {
      const end = Math.min(count, start + atOnce);
      const values = await session.run(rows.subarray(start * width, end * width), width, output);
      if (end - start === count) return Float32Array.from(values);
      scored ??= new Float32Array((values.length / (end - start)) * count);
      scored.set(values, (values.length / (end - start)) * start);
    }
    return scored!;
  } finally {
    await session.release();
  }
}

export interface Parity {
  /** Rows that were compared. */
  readonly rows: number;
  readonly largestDifference: number;
  /** Of a probability; of other outputs it is this × max(1, |y|, sd(y)) of the output's column. */
  readonly tolerance: number;
  /** Rows so near a split that float32 may send them the other way: counted and listed, not compared. */
  readonly boundary?: { readonly rows: number; /** The first thousand. */ readonly listed: readonly number[] };
}

export interface ExpectedOutputs {
  /** Row-major, `rows × width`, as the trainer computes it. */
  readonly values: Float64Array;
  readonly width: number;
  readonly kind: 'probability' | 'probabilities' | 'number';
  readonly boundaryRows?: Int32Array;
}

const listedRows = 1000;
/** Half a unit in the last place of a float32 below 1: closer probabilities are equal as they are served. */
const servedTie = 2 ** -25;

/**
 * The export is the model: every training row is scored by onnxruntime-node and compared with the trainer: within the
 * tolerance, and the same label at 0.5 or at the largest probability.
 * @throws InputError `ParityBroken` naming the worst row
 */
export async function checkParity(
  model: Uint8Array,
  rows: Float32Array,
  inputWidth: number,
  { values, width, kind, boundaryRows = new Int32Array(0) }: ExpectedOutputs,
  output = 'probability',
): Promise<Parity> {
  const scored = await scoreOnnx(model, rows, inputWidth, output);
  if (scored.length !== values.length)
    throw new InputError('ParityBroken', `ONNX gives ${scored.length} values, the trainer ${values.length}`, {
      rule: 'the same shape',
    });
  const count = values.length / width;
  const spreads = kind === 'number' ? deviations(values, width) : undefined;
  const skipped = new Set(boundaryRows);
  let largest = 0;
  for (let row = 0; row < count; row += 1) {
    if (skipped.has(row)) continue;
    for (let j = 0; j < width; j += 1) {
      const [own, theirs] = [values[row * width + j]!, scored[row * width + j]!];
      const difference = Math.abs(own - theirs);
      const allowed = parityTolerance * (spreads ? Math.max(1, Math.abs(own), spreads[j]!) : 1);
      if (!(difference <= allowed)) throw broken(row, own, theirs, `within ${allowed}`);
      largest = Math.max(largest, difference);
    }
    if (kind === 'probability' && Math.fround(values[row]!) >= 0.5 !== scored[row]! >= 0.5)
      throw broken(row, values[row]!, scored[row]!, 'the same label at 0.5');
    if (kind === 'probabilities') {
      const [own, theirs] = [first(values, row * width, width), first(scored, row * width, width)];
      const gap = values[row * width + own]! - values[row * width + theirs]!;
      if (own !== theirs && gap > servedTie) throw broken(row, own, theirs, 'the same most probable label');
    }
  }
  return {
    rows: count - skipped.size,
    largestDifference: largest,
    tolerance: parityTolerance,
    ...(skipped.size > 0
      ? { boundary: { rows: skipped.size, listed: Array.from(boundaryRows.subarray(0, listedRows)) } }
      : {}),
  };
}

function broken(row: number, own: number, theirs: number, rule: string): InputError {
  return new InputError('ParityBroken', `row ${row}: ONNX gives ${theirs}, the trainer ${own}`, { row, rule });
}

function first(values: ArrayLike<number>, start: number, width: number): number {
  let best = 0;
  for (let j = 1; j < width; j += 1) if (values[start + j]! > values[start + best]!) best = j;
  return best;
}

function deviations(values: Float64Array, width: number): Float64Array {
  const n = values.length / width;
  const means = new Float64Array(width);
  const squares = new Float64Array(width);
  values.forEach((value, at) => (means[at % width]! += value / n));
  values.forEach((value, at) => (squares[at % width]! += (value - means[at % width]!) ** 2 / n));
  return squares.map(Math.sqrt);
}
