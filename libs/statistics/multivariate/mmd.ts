import { Generator } from '../random/generator.js';

/** Rows a side beyond which a sample is taken: the kernel is quadratic in memory. */
export const mmdRows = 2000;

export interface MmdResult {
  /** Unbiased estimate of MMD²; it may be negative. */
  readonly distance: number;
  readonly sigma: number;
  /** Share of permutations with a distance at least as large; undefined without permutations. */
  readonly pvalue?: number;
}

/**
 * Maximum mean discrepancy with the kernel exp(−‖x − y‖² / 2σ²), the unbiased U-statistic (A. Gretton et al., JMLR 13, 2012).
 * @param a,b row-major, `n × width`
 * @param sigma default: the median heuristic of alibi-detect 0.13.0, √(½ median of the squared distances between reference rows)
 * @param permutations of the pooled rows, drawn by `seed`; 0: none
 * @returns undefined with fewer than two rows a side, or where σ is 0
 */
export function maximumMeanDiscrepancy(
  a: Float64Array,
  b: Float64Array,
  width: number,
  { sigma, permutations = 0, seed = 0 }: { sigma?: number; permutations?: number; seed?: number } = {},
): MmdResult | undefined {
  const [m, n] = [a.length / width, b.length / width];
  if (m < 2 || n < 2) return undefined;
  const pooled = new Float64Array(a.length + b.length);
  pooled.set(a);
  pooled.set(b, a.length);
  const squared = squaredDistances(pooled, width);
  const total = m + n;
  const used = sigma ?? medianSigma(squared, m, total);
  if (!(used > 0)) return undefined;
  const kernel = squared.map((distance) => Math.exp(-distance / (2 * used * used)));
  const order = Int32Array.from({ length: total }, (_, row) => row);
  const distance = statistic(kernel, total, order, m);
  if (permutations === 0) return { distance, sigma: used };
  const random = new Generator(seed);
  let reached = 0;
  for (let round = 0; round < permutations; round += 1) {
    for (let i = total - 1; i > 0; i -= 1) {
      const j = random.integer(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    if (statistic(kernel, total, order, m) >= distance) reached += 1;
  }
  return { distance, sigma: used, pvalue: reached / permutations };
}

function squaredDistances(rows: Float64Array, width: number): Float64Array {
  const total = rows.length / width;
  const squared = new Float64Array(total * total);
  for (let i = 0; i < total; i += 1)
    for (let j = 0; j < i; j += 1) {
      let sum = 0;
      for (let k = 0; k < width; k += 1) sum += (rows[i * width + k]! - rows[j * width + k]!) ** 2;
      squared[i * total + j] = squared[j * total + i] = sum;
    }
  return squared;
}

/** Of the m² distances of the reference to itself, the one at place m + ⌊(m² − m) / 2⌋ − 1 in order. */
function medianSigma(squared: Float64Array, m: number, total: number): number {
  const own = new Float64Array(m * m);
  for (let i = 0; i < m; i += 1) own.set(squared.subarray(i * total, i * total + m), i * m);
  own.sort();
  return Math.sqrt(own[m + Math.floor((m * m - m) / 2) - 1]! / 2);
}

function statistic(kernel: Float64Array, total: number, order: Int32Array, m: number): number {
  const isFirst = new Uint8Array(total);
  for (let i = 0; i < m; i += 1) isFirst[order[i]!] = 1;
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < total; i += 1) {
    const own = isFirst[i]!;
    let [same, other] = [0, 0];
    for (let j = 0; j < i; j += 1) {
      const value = kernel[i * total + j]!;
      if (isFirst[j] === own) same += value;
      else other += value;
    }
    if (own === 1) xx += same;
    else yy += same;
    xy += other;
  }
  const n = total - m;
  return (2 * xx) / (m * (m - 1)) + (2 * yy) / (n * (n - 1)) - (2 * xy) / (m * n);
}
