import { chiSquareSf } from '../special/distributions.js';
import type { TestResult } from './contingency.js';
import { mergeOrdered, ordered } from './ordered.js';

/**
 * Epps-Singleton test: empirical characteristic functions at t = 0.4 and 0.8 over half the pooled interquartile range
 * (T. W. Epps and K. J. Singleton, J. Stat. Comput. Simul. 26, 1986; scipy 1.17.1 `epps_singleton_2samp`).
 * @returns undefined where a sample has fewer than five values or the pooled interquartile range is 0
 */
export function eppsSingleton(a: ArrayLike<number>, b: ArrayLike<number>, t = [0.4, 0.8]): TestResult | undefined {
  const [n1, n2] = [a.length, b.length];
  if (n1 < 5 || n2 < 5) return undefined;
  const pooled = mergeOrdered(ordered(a), ordered(b));
  const sigma = (quartile(pooled, 0.75) - quartile(pooled, 0.25)) / 2;
  if (!(sigma > 0)) return undefined;
  const points = t.map((value) => value / sigma);
  const x = features(a, points);
  const y = features(b, points);
  const n = n1 + n2;
  const size = points.length * 2;
  const covariance = Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (__, j) => (n / n1) * x.covariance(i, j) + (n / n2) * y.covariance(i, j)),
  );
  const { values, vectors } = symmetricEigen(covariance);
  const largest = Math.max(...values.map(Math.abs));
  let statistic = 0;
  let rank = 0;
  values.forEach((value, k) => {
    // What is left of an exactly singular direction (few distinct values) is rounding, not information.
    if (Math.abs(value) <= 1e-12 * largest) return;
    rank += 1;
    let projection = 0;
    for (let i = 0; i < size; i += 1) projection += vectors[i]![k]! * (x.means[i]! - y.means[i]!);
    statistic += (projection * projection) / value;
  });
  statistic *= n;
  if (Math.max(n1, n2) < 25) statistic /= 1 + n ** -0.45 + 10.1 * (n1 ** -1.7 + n2 ** -1.7);
  return { statistic, pvalue: chiSquareSf(statistic, rank), degrees: rank };
}

/**
 * As scipy 1.17.1 rounds it in `iqr`, by weights and not, as numpy, from the nearer end: cosines of far values, whose
 * angles are 10^15 and more, turn a difference in the last bit into another number.
 */
function quartile(sorted: Float64Array, p: number): number {
  const position = p * (sorted.length - 1);
  const below = Math.floor(position);
  const rest = position - below;
  return (1 - rest) * sorted[below]! + rest * sorted[Math.min(below + 1, sorted.length - 1)]!;
}

function features(sample: ArrayLike<number>, points: readonly number[]) {
  const rows = [
    ...points.map((t) => (v: number) => Math.cos(t * v)),
    ...points.map((t) => (v: number) => Math.sin(t * v)),
  ].map((f) => Float64Array.from(sample, f));
  const n = sample.length;
  const means = rows.map((row) => row.reduce((sum, value) => sum + value, 0) / n);
  const covariance = (i: number, j: number): number => {
    let sum = 0;
    for (let row = 0; row < n; row += 1) sum += (rows[i]![row]! - means[i]!) * (rows[j]![row]! - means[j]!);
    return sum / n;
  };
  return { means, covariance };
}

/** Jacobi's rotations for a small symmetric matrix. Columns of `vectors` belong to `values`. */
export function symmetricEigen(matrix: readonly (readonly number[])[]): { values: number[]; vectors: number[][] } {
  const n = matrix.length;
  const m = matrix.map((row) => [...row]);
  const vectors: number[][] = matrix.map((_, i) => matrix.map((__, j) => (i === j ? 1 : 0)));
  for (let sweep = 0; sweep < 100; sweep += 1) {
    let off = 0;
    for (let i = 0; i < n; i += 1) for (let j = 0; j < i; j += 1) off += m[i]![j]! ** 2;
    if (off <= 1e-32 * m.reduce((sum, row, i) => sum + row[i]! ** 2, 0)) break;
    for (let p = 0; p < n; p += 1)
      for (let q = p + 1; q < n; q += 1) {
        if (m[p]![q] === 0) continue;
        const theta = (m[q]![q]! - m[p]![p]!) / (2 * m[p]![q]!);
        const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        const s = t * c;
        for (let k = 0; k < n; k += 1) {
          const [kp, kq] = [m[k]![p]!, m[k]![q]!];
          m[k]![p] = c * kp - s * kq;
          m[k]![q] = s * kp + c * kq;
        }
        for (let k = 0; k < n; k += 1) {
          const [pk, qk] = [m[p]![k]!, m[q]![k]!];
          m[p]![k] = c * pk - s * qk;
          m[q]![k] = s * pk + c * qk;
          const [vp, vq] = [vectors[k]![p]!, vectors[k]![q]!];
          vectors[k]![p] = c * vp - s * vq;
          vectors[k]![q] = s * vp + c * vq;
        }
      }
  }
  return { values: m.map((row, i) => row[i]!), vectors };
}
