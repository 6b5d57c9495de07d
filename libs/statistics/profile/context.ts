import { chiSquareSf } from '../special/distributions.js';
import { blockKernel, blockRows } from './block-kernel.js';
import { loadBlock } from './cross.js';
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
  const kernel = blockKernel(k);
  const matrix = kernel.load(precision);
  const complete = new Uint8Array(blockRows);
  const distance = new Float64Array(blockRows);
  for (let start = from; start < to; start += blockRows) {
    const n = Math.min(blockRows, to - start);
    complete.fill(1, 0, n);
    kernel.columns.forEach((block, i) => {
      loadBlock(columns[i]!, start, n, block, complete);
      const centre = mean[i]!;
      for (let row = 0; row < n; row += 1) block[row]! -= centre;
    });
    distance.fill(0, 0, n);
    let ys: readonly Float64Array[] = [];
    for (let i = 0; i < k; i += 1) {
      if (i % 4 === 0) ys = kernel.forms(matrix, i, n);
      const y = ys[i % 4]!;
      result.byColumn[i]! += addColumn(
        kernel.columns[i]!,
        y,
        conditionalLimit * Math.sqrt(precision[i * k + i]!),
        complete,
        n,
        distance,
      );
    }
    for (let row = 0; row < n; row += 1) {
      if (complete[row] === 0) continue;
      result.rows += 1;
      if (!(distance[row]! > threshold)) continue;
      result.outliers += 1;
      keepFarthest(result, { row: start + row, distance: distance[row]! });
    }
  }
  return result;
}

/** Adds own × y to the distances. @returns complete rows whose y is beyond the limit */
function addColumn(
  own: Float64Array,
  y: Float64Array,
  limit: number,
  complete: Uint8Array,
  n: number,
  distance: Float64Array,
): number {
  let far = 0;
  for (let row = 0; row < n; row += 1) {
    const value = y[row]!;
    distance[row]! += value * own[row]!;
    if ((value > limit || value < -limit) && complete[row] === 1) far += 1;
  }
  return far;
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
