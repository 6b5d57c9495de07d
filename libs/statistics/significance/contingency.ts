import { chiSquareSf, normalSf } from '../special/distributions.js';

export interface TestResult {
  readonly statistic: number;
  readonly pvalue: number;
  readonly degrees?: number;
}

/**
 * Chi-square test of independence of an r × c table (K. Pearson 1900; scipy 1.17.1 `chi2_contingency`): with one degree
 * of freedom Yates's correction moves each observed count by at most 0.5 towards the expected one.
 * @returns undefined where a row or column sums to 0 (scipy raises)
 */
export function chiSquareIndependence(
  table: readonly ArrayLike<number>[],
  yates = true,
  lambda = 1,
): TestResult | undefined {
  const rows = table.length;
  const columns = table[0]?.length ?? 0;
  const rowSums = table.map((row) => sum(row));
  const columnSums = Array.from({ length: columns }, (_, j) => table.reduce((total, row) => total + row[j]!, 0));
  const total = sum(rowSums);
  if (rows === 0 || columns === 0 || rowSums.includes(0) || columnSums.includes(0)) return undefined;
  const degrees = (rows - 1) * (columns - 1);
  if (degrees === 0) return { statistic: 0, pvalue: 1, degrees };
  let statistic = 0;
  for (let i = 0; i < rows; i += 1)
    for (let j = 0; j < columns; j += 1) {
      const expected = (rowSums[i]! * columnSums[j]!) / total;
      let observed = table[i]![j]!;
      if (degrees === 1 && yates)
        observed += Math.sign(expected - observed) * Math.min(0.5, Math.abs(expected - observed));
      statistic += cressieRead(observed, expected, lambda);
    }
  return { statistic, pvalue: chiSquareSf(statistic, degrees), degrees };
}

/** One cell of the power divergence family: λ = 1 Pearson, λ = 0 G. */
function cressieRead(observed: number, expected: number, lambda: number): number {
  if (lambda === 0) return observed === 0 ? 0 : 2 * observed * Math.log(observed / expected);
  return (observed - expected) ** 2 / expected;
}

/**
 * One-way chi-square of observed against expected counts (scipy 1.17.1 `chisquare`).
 * @returns `pvalue` 0 and an infinite statistic where something was observed that was not expected
 */
export function chiSquareOneWay(observed: ArrayLike<number>, expected: ArrayLike<number>, lambda = 1): TestResult {
  let statistic = 0;
  for (let i = 0; i < observed.length; i += 1)
    statistic += expected[i] === 0 && observed[i] === 0 ? Number.NaN : cressieRead(observed[i]!, expected[i]!, lambda);
  return { statistic, pvalue: chiSquareSf(statistic, observed.length - 1), degrees: observed.length - 1 };
}

/**
 * Fisher's exact test of a 2 × 2 table (scipy 1.17.1 `fisher_exact`): two-sided sums the probabilities of all tables
 * that are at most as likely as the observed one, up to a relative 1e-14. `statistic` is the sample odds ratio.
 * Probabilities come from their ratios outward from the mode and are normalised by their sum, without factorials.
 */
export function fisherExact(
  [[a, b], [c, d]]: readonly [readonly [number, number], readonly [number, number]],
  alternative: 'two-sided' | 'less' | 'greater' = 'two-sided',
): TestResult {
  const statistic = c > 0 && b > 0 ? (a * d) / (b * c) : a * d > 0 ? Infinity : Number.NaN;
  const [n1, n2, drawn] = [a + b, c + d, a + c];
  if (n1 === 0 || n2 === 0 || drawn === 0 || b + d === 0) return { statistic: Number.NaN, pvalue: 1 };
  const low = Math.max(0, drawn - n2);
  const high = Math.min(n1, drawn);
  const mode = Math.min(high, Math.max(low, Math.floor(((drawn + 1) * (n1 + 1)) / (n1 + n2 + 2))));
  const p = new Float64Array(high - low + 1);
  p[mode - low] = 1;
  const up = (k: number): number => ((n1 - k) * (drawn - k)) / ((k + 1) * (n2 - drawn + k + 1));
  for (let k = mode; k < high; k += 1) p[k + 1 - low] = p[k - low]! * up(k);
  for (let k = mode; k > low; k -= 1) p[k - 1 - low] = p[k - low]! / up(k - 1);
  const total = sum(p);
  const own = p[a - low]! * (1 + 1e-14);
  let tail = 0;
  for (let k = low; k <= high; k += 1) {
    const counted = alternative === 'two-sided' ? p[k - low]! <= own : alternative === 'less' ? k <= a : k >= a;
    if (counted) tail += p[k - low]!;
  }
  return { statistic, pvalue: Math.min(1, tail / total) };
}

/**
 * Two-proportion z with pooled variance, two-sided (statsmodels 0.15.0 `proportions_ztest`).
 * @returns undefined where the pooled proportion is 0 or 1, or a sample is empty
 */
export function twoProportions(x1: number, n1: number, x2: number, n2: number): TestResult | undefined {
  const pooled = (x1 + x2) / (n1 + n2);
  const variance = pooled * (1 - pooled) * (1 / n1 + 1 / n2);
  if (!(variance > 0)) return undefined;
  const z = (x1 / n1 - x2 / n2) / Math.sqrt(variance);
  return { statistic: z, pvalue: Math.min(1, 2 * normalSf(Math.abs(z))) };
}

export type Correction = 'bonferroni' | 'holm' | 'fdr_bh';

/** p-values corrected for their number (statsmodels 0.15.0 `multipletests`): Bonferroni, Holm 1979, Benjamini and Hochberg 1995. */
export function correctPvalues(pvalues: ArrayLike<number>, method: Correction): Float64Array {
  const m = pvalues.length;
  const order = Array.from({ length: m }, (_, i) => i).sort((a, b) => pvalues[a]! - pvalues[b]!);
  const result = new Float64Array(m);
  let running = method === 'fdr_bh' ? Infinity : 0;
  for (let step = 0; step < m; step += 1) {
    const rank = method === 'fdr_bh' ? m - 1 - step : step;
    const index = order[rank]!;
    const p = pvalues[index]!;
    if (method === 'bonferroni') result[index] = Math.min(1, p * m);
    else if (method === 'holm') result[index] = running = Math.max(running, Math.min(1, p * (m - rank)));
    else result[index] = running = Math.min(running, Math.min(1, (p * m) / (rank + 1)));
  }
  return result;
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i += 1) total += values[i]!;
  return total;
}
