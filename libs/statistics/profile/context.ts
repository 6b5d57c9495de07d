import { chiSquareSf } from '../special/distributions.js';
import { blockRows, loadBlock } from './cross.js';
import type { CrossProducts, ScaledColumn } from './cross.js';
import { invert } from './matrix.js';

/** Mean and inverse covariance of the complete rows, over columns of which none is a sum of others. */
export interface ContextModel {
  /** Indexes of the columns used, among those given. */
  readonly used: readonly number[];
  readonly mean: readonly number[];
  /** Inverse of the sample covariance, row by row. */
  readonly precision: Float64Array;
  /** Squared distance beyond which a row is an outlier: the 0.999 quantile of chi-square. */
  readonly threshold: number;
}

export interface ContextCounts {
  rows: number;
  outliers: number;
  /** Per used column: rows whose value is over 4 conditional standard deviations from what the others let expect. */
  readonly byColumn: Float64Array;
  /** The farthest rows, at most 20, farthest first. */
  farthest: { readonly row: number; readonly distance: number }[];
}

/** Share of rows of a normal table beyond the threshold. */
export const contextLevel = 0.001;
const conditionalLimit = 4;
const listed = 20;

/** @returns undefined where there are fewer than two columns or hardly more rows than columns */
export function contextModel(cross: CrossProducts, k: number): ContextModel | undefined {
  const n = cross.completeRows;
  const mean = Array.from({ length: k }, (_, i) => cross.complete[k * k + i]! / n);
  const covariance = mean.map((_, i) =>
    mean.map((__, j) => (cross.complete[i * k + j]! - n * mean[i]! * mean[j]!) / (n - 1)),
  );
  const used = independent(covariance);
  if (used.length < 2 || n < used.length + 2) return undefined;
  const inverse = invert(used.map((i) => used.map((j) => covariance[i]![j]!)));
  if (!inverse) return undefined;
  const precision = new Float64Array(used.length ** 2);
  inverse.forEach((row, i) => precision.set(row, i * used.length));
  return { used, mean: used.map((i) => mean[i]!), precision, threshold: chiSquareQuantile(contextLevel, used.length) };
}

/** Columns in their order, without those that the ones before them determine (pivots of Cholesky's factor). */
function independent(covariance: readonly (readonly number[])[]): number[] {
  const used: number[] = [];
  const factor: number[][] = [];
  covariance.forEach((row, i) => {
    const own: number[] = [];
    used.forEach((j, at) => {
      const reduced = row[j]! - own.reduce((sum, value, l) => sum + value * factor[at]![l]!, 0);
      own.push(reduced / factor[at]![at]!);
    });
    const pivot = row[i]! - own.reduce((sum, value) => sum + value * value, 0);
    if (!(pivot > 1e-9 * row[i]!)) return;
    factor.push([...own, Math.sqrt(pivot)]);
    used.push(i);
  });
  return used;
}

function chiSquareQuantile(upper: number, degrees: number): number {
  let [low, high] = [0, degrees + 1];
  while (chiSquareSf(high, degrees) > upper) high *= 2;
  for (let step = 0; step < 200 && high - low > high * Number.EPSILON; step += 1) {
    const middle = (low + high) / 2;
    if (chiSquareSf(middle, degrees) > upper) low = middle;
    else high = middle;
  }
  return high;
}

export function emptyContext(k: number): ContextCounts {
  return { rows: 0, outliers: 0, byColumn: new Float64Array(k), farthest: [] };
}

/**
 * Outliers in the context of the other columns, over the complete rows of [from, to): Mahalanobis' squared distance
 * (x − mean)' Σ⁻¹ (x − mean) beyond the threshold, and per column the residual given all others, (Σ⁻¹(x − mean))ᵢ / √Σ⁻¹ᵢᵢ.
 */
export function contextCounts(
  columns: readonly ScaledColumn[],
  { mean, precision, threshold }: Omit<ContextModel, 'used'>,
  from: number,
  to: number,
): ContextCounts {
  const k = columns.length;
  const result = emptyContext(k);
  const blocks = columns.map(() => new Float64Array(blockRows));
  const mask = new Float64Array(blockRows);
  const all = new Uint8Array(blockRows);
  const ys = [0, 1, 2, 3].map(() => new Float64Array(blockRows));
  const distance = new Float64Array(blockRows);
  for (let start = from; start < to; start += blockRows) {
    const n = Math.min(blockRows, to - start);
    all.fill(1, 0, n);
    columns.forEach((column, i) => {
      const block = blocks[i]!;
      const holes = loadBlock(column, start, n, block, mask);
      if (holes) for (let row = 0; row < n; row += 1) if (mask[row] === 0) all[row] = 0;
      const centre = mean[i]!;
      for (let row = 0; row < n; row += 1) block[row]! -= centre;
    });
    distance.fill(0, 0, n);
    for (let i = 0; i < k; i += 4) {
      const tile = Math.min(4, k - i);
      multiply(blocks, precision, i, tile, n, ys);
      for (let t = 0; t < tile; t += 1) {
        const own = blocks[i + t]!;
        const y = ys[t]!;
        const limit = conditionalLimit * Math.sqrt(precision[(i + t) * k + i + t]!);
        let far = 0;
        for (let row = 0; row < n; row += 1) {
          const value = y[row]!;
          distance[row]! += value * own[row]!;
          if ((value > limit || value < -limit) && all[row] === 1) far += 1;
        }
        result.byColumn[i + t]! += far;
      }
    }
    for (let row = 0; row < n; row += 1) {
      if (all[row] === 0) continue;
      result.rows += 1;
      if (!(distance[row]! > threshold)) continue;
      result.outliers += 1;
      keepFarthest(result, { row: start + row, distance: distance[row]! });
    }
  }
  return result;
}

/** ys[t] = Σⱼ precision(i + t, j) × column j for up to four t, four columns at a time. */
function multiply(
  blocks: readonly Float64Array[],
  precision: Float64Array,
  i: number,
  tile: number,
  n: number,
  ys: readonly Float64Array[],
): void {
  const k = blocks.length;
  for (const y of ys) y.fill(0, 0, n);
  let j = 0;
  if (tile === 4)
    for (; j + 3 < k; j += 4) {
      const [a, b, c, d] = [blocks[j]!, blocks[j + 1]!, blocks[j + 2]!, blocks[j + 3]!];
      const [y0, y1, y2, y3] = [ys[0]!, ys[1]!, ys[2]!, ys[3]!];
      const [r0, r1, r2, r3] = [i * k + j, (i + 1) * k + j, (i + 2) * k + j, (i + 3) * k + j];
      const [a0, b0, c0, d0] = [precision[r0]!, precision[r0 + 1]!, precision[r0 + 2]!, precision[r0 + 3]!];
      const [a1, b1, c1, d1] = [precision[r1]!, precision[r1 + 1]!, precision[r1 + 2]!, precision[r1 + 3]!];
      const [a2, b2, c2, d2] = [precision[r2]!, precision[r2 + 1]!, precision[r2 + 2]!, precision[r2 + 3]!];
      const [a3, b3, c3, d3] = [precision[r3]!, precision[r3 + 1]!, precision[r3 + 2]!, precision[r3 + 3]!];
      for (let row = 0; row < n; row += 1) {
        const va = a[row]!;
        const vb = b[row]!;
        const vc = c[row]!;
        const vd = d[row]!;
        y0[row]! += a0 * va + b0 * vb + c0 * vc + d0 * vd;
        y1[row]! += a1 * va + b1 * vb + c1 * vc + d1 * vd;
        y2[row]! += a2 * va + b2 * vb + c2 * vc + d2 * vd;
        y3[row]! += a3 * va + b3 * vb + c3 * vc + d3 * vd;
      }
    }
  for (; j < k; j += 1)
    for (let t = 0; t < tile; t += 1) {
      const column = blocks[j]!;
      const factor = precision[(i + t) * k + j]!;
      const y = ys[t]!;
      for (let row = 0; row < n; row += 1) y[row]! += factor * column[row]!;
    }
}

function keepFarthest(result: ContextCounts, found: { row: number; distance: number }): void {
  const { farthest } = result;
  if (farthest.length === listed && farthest.at(-1)!.distance >= found.distance) return;
  let at = farthest.length;
  while (at > 0 && farthest[at - 1]!.distance < found.distance) at -= 1;
  farthest.splice(at, 0, found);
  if (farthest.length > listed) farthest.pop();
}

export function addContext(into: ContextCounts, other: ContextCounts): void {
  into.rows += other.rows;
  into.outliers += other.outliers;
  other.byColumn.forEach((count, i) => (into.byColumn[i]! += count));
  for (const found of other.farthest) keepFarthest(into, found);
}
