import { blockKernel, blockRows } from './block-kernel.js';
import type { BlockKernel } from './block-kernel.js';

/** A column as it is compared with others: (x − centre) / scale, so that products neither overflow nor cancel. */
export interface ScaledColumn {
  readonly values: Float64Array;
  readonly centre: number;
  readonly scale: number;
  /** Some values are missing or infinite. */
  readonly holes: boolean;
}

/**
 * Sums over rows for every pair of k columns; entry (i, j) at i k + j. Blocks of rows merge by adding the arrays, in
 * the order of the rows, so that every run gives the same bits.
 */
export interface CrossProducts {
  /** Rows where both are present. */
  readonly n: Float64Array;
  /** Σ xᵢ and Σ xᵢ² over these rows; Σ xᵢ xⱼ. */
  readonly sums: Float64Array;
  readonly squares: Float64Array;
  readonly products: Float64Array;
  /** Σ xᵢ xⱼ and Σ xᵢ (last row, k long) over the rows where every column is present. */
  readonly complete: Float64Array;
  completeRows: number;
}

export function emptyCrossProducts(k: number): CrossProducts {
  const square = (): Float64Array => new Float64Array(k * k);
  return {
    n: square(),
    sums: square(),
    squares: square(),
    products: square(),
    complete: new Float64Array(k * k + k),
    completeRows: 0,
  };
}

export function addCrossProducts(into: CrossProducts, other: CrossProducts): void {
  for (const name of ['n', 'sums', 'squares', 'products', 'complete'] as const) {
    const [a, b] = [into[name], other[name]];
    for (let i = 0; i < a.length; i += 1) a[i]! += b[i]!;
  }
  into.completeRows += other.completeRows;
}

/** Scaled values of a block; `complete` becomes 0 where one is missing, which counts as 0. @returns how many are missing */
export function loadBlock(
  { values, centre, scale }: ScaledColumn,
  from: number,
  n: number,
  into: Float64Array,
  complete: Uint8Array,
): number {
  const factor = 1 / scale;
  let missing = 0;
  for (let i = 0; i < n; i += 1) {
    const z = (values[from + i]! - centre) * factor;
    // NaN and infinities fail the comparison with themselves after a subtraction.
    if (z - z === 0) into[i] = z;
    else {
      into[i] = Number.NaN;
      complete[i] = 0;
      missing += 1;
    }
  }
  return missing;
}

/**
 * Cross products over the rows [from, to). Each block's complete rows go before the others: they are summed once, with
 * one count for all pairs, and pairs are looked at one by one only over the rows where something is missing.
 */
export function crossProducts(columns: readonly ScaledColumn[], from: number, to: number): CrossProducts {
  const k = columns.length;
  const result = emptyCrossProducts(k);
  const kernel = blockKernel(k);
  const complete = new Uint8Array(blockRows);
  const loose = new Float64Array(blockRows);
  for (let start = from; start < to; start += blockRows) {
    const n = Math.min(blockRows, to - start);
    complete.fill(1, 0, n);
    kernel.columns.forEach((block, i) => loadBlock(columns[i]!, start, n, block, complete));
    let full = 0;
    for (let row = 0; row < n; row += 1) full += complete[row]!;
    // An even row begins the second part.
    const second = full + (full & 1);
    kernel.columns.forEach((block) => partition(block, complete, n, second, loose));
    result.completeRows += full;
    kernel.gram(0, full, result.complete);
    kernel.columns.forEach((block, i) => (result.complete[k * k + i]! += sum(block, 0, full)));
    if (full < n) addPairs(kernel, second, second + n - full, result);
  }
  for (let i = 0; i < k; i += 1)
    for (let j = 0; j < k; j += 1) {
      const at = i * k + j;
      result.n[at]! += result.completeRows;
      result.sums[at]! += result.complete[k * k + i]!;
      result.squares[at]! += result.complete[i * k + i]!;
      result.products[at]! += result.complete[at]!;
    }
  return result;
}

/** Moves the values of complete rows to the front and the others to `second` and on, in their order, with zeros behind. */
function partition(block: Float64Array, complete: Uint8Array, n: number, second: number, loose: Float64Array): void {
  let at = 0;
  let rest = 0;
  for (let row = 0; row < n; row += 1) {
    const value = block[row]!;
    if (complete[row] === 1) block[at++] = value;
    else loose[rest++] = value;
  }
  block[at] = 0;
  for (let row = 0; row < rest; row += 1) block[second + row] = loose[row]!;
  block[second + rest] = 0;
}

/** The rows [from, to), in each of which something is missing. */
function addPairs(kernel: BlockKernel, from: number, to: number, into: CrossProducts): void {
  const k = kernel.columns.length;
  const present = kernel.columns.map((block) => {
    let mask: Float64Array | undefined;
    for (let row = from; row < to; row += 1) {
      if (block[row] === block[row]) continue;
      mask ??= new Float64Array(to).fill(1);
      mask[row] = 0;
      block[row] = 0;
    }
    return mask;
  });
  kernel.gram(from, to, into.products);
  const squared = new Float64Array(to);
  kernel.columns.forEach((block, i) => {
    for (let row = from; row < to; row += 1) squared[row] = block[row]! * block[row]!;
    const mask = present[i];
    const own = [mask ? sum(mask, from, to) : to - from, sum(block, from, to), sum(squared, from, to)] as const;
    present.forEach((other, j) => {
      const at = i * k + j;
      into.n[at]! += !other ? own[0] : mask ? dot(mask, other, from, to) : sum(other, from, to);
      into.sums[at]! += other ? dot(block, other, from, to) : own[1];
      into.squares[at]! += other ? dot(squared, other, from, to) : own[2];
    });
  });
}

function dot(a: Float64Array, b: Float64Array, from: number, to: number): number {
  let total = 0;
  for (let row = from; row < to; row += 1) total += a[row]! * b[row]!;
  return total;
}

function sum(a: Float64Array, from: number, to: number): number {
  let total = 0;
  for (let row = from; row < to; row += 1) total += a[row]!;
  return total;
}

/** Pearson's correlation of a pair, over the rows where both are present. @returns undefined where one is constant there */
export function correlationOf(cross: CrossProducts, k: number, i: number, j: number): number | undefined {
  const at = i * k + j;
  const back = j * k + i;
  const n = cross.n[at]!;
  if (n < 2) return undefined;
  const [sx, sy] = [cross.sums[at]!, cross.sums[back]!];
  const xx = cross.squares[at]! - (sx * sx) / n;
  const yy = cross.squares[back]! - (sy * sy) / n;
  const least = n * (Number.EPSILON * n) ** 2;
  if (!(xx > least) || !(yy > least)) return undefined;
  const xy = cross.products[at]! - (sx * sy) / n;
  return Math.max(-1, Math.min(1, xy / Math.sqrt(xx) / Math.sqrt(yy)));
}
