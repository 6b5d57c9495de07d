import { logGamma, normalSf, studentSf } from '../special/distributions.js';
import { kstwoSf, kstwoExactSf } from '../special/kolmogorov.js';
import type { TestResult } from './contingency.js';
import { cramerVonMisesExactSf, mannWhitneyExactSf } from './exact.js';
import { ordered, walk } from './ordered.js';
import { largestGap } from './spans.js';

/**
 * Two-sample Kolmogorov-Smirnov (scipy 1.17.1 `ks_2samp`): D over the pooled points; p exact by lattice paths
 * where max(n1, n2) ≤ 10,000 (method auto), else the distribution of the one-sample statistic at n1 n2 / (n1 + n2).
 */
export function ks2Sample(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  method: 'auto' | 'exact' | 'asymp' = 'auto',
  alternative: Alternative = 'two-sided',
): TestResult {
  const x = ordered(a);
  const y = ordered(b);
  const [n1, n2] = [x.length, y.length];
  const largest = largestGap(x, y, alternative);
  const statistic = largest / (n1 * n2);
  const exact = method === 'exact' || (method === 'auto' && Math.max(n1, n2) <= 10_000);
  if (alternative !== 'two-sided') {
    // scipy counts one-sided paths in doubles and turns to the limit where they overflow; of equal sizes it has a closed form.
    const counted = method === 'exact' || (exact && (n1 === n2 || pathsFit(n1, n2)));
    return { statistic, pvalue: counted ? kstwoExactSf(n1, n2, largest, true) : oneSidedSf(statistic, n1, n2) };
  }
  const pvalue = exact ? kstwoExactSf(n1, n2, largest) : kstwoSf(statistic, roundHalfEven((n1 * n2) / (n1 + n2)));
  return { statistic, pvalue };
}

/** As numpy rounds. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value);
}

/** C(n1 + n2, n1) is below the largest double. */
function pathsFit(n1: number, n2: number): boolean {
  return logGamma(n1 + n2 + 1) - logGamma(n1 + 1) - logGamma(n2 + 1) < Math.log(Number.MAX_VALUE);
}

/** J. L. Hodges, Arkiv för Matematik 3 (1958), equation 5.3. */
function oneSidedSf(d: number, n1: number, n2: number): number {
  const [m, n] = [Math.max(n1, n2), Math.min(n1, n2)];
  const z = Math.sqrt((m * n) / (m + n)) * d;
  return Math.min(1, Math.exp(-2 * z * z - (2 * z * (m + 2 * n)) / Math.sqrt(m * n * (m + n)) / 3));
}

export type Alternative = 'two-sided' | 'less' | 'greater';

/**
 * Mann and Whitney's U of the first sample (scipy 1.17.1 `mannwhitneyu`): normal approximation with tie and continuity correction; `auto` is
 * exact where a sample has at most 8 values and there are no ties.
 */
export function mannWhitney(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  alternative: Alternative = 'two-sided',
  method: 'auto' | 'asymptotic' | 'exact' = 'auto',
): TestResult {
  const x = ordered(a);
  const y = ordered(b);
  const n1 = x.length;
  const n2 = y.length;
  const n = n1 + n2;
  let rankSum = 0;
  let tieTerm = 0;
  let before = 0;
  let seen = 0;
  walk(x, y, (_, i, __, ties) => {
    rankSum += (i - seen) * (before + (ties + 1) / 2);
    tieTerm += ties ** 3 - ties;
    before += ties;
    seen = i;
  });
  const u1 = rankSum - (n1 * (n1 + 1)) / 2;
  const u2 = n1 * n2 - u1;
  const u = alternative === 'greater' ? u1 : alternative === 'less' ? u2 : Math.max(u1, u2);
  if (method === 'exact' || (method === 'auto' && Math.min(n1, n2) <= 8 && tieTerm === 0)) {
    const tail = mannWhitneyExactSf(Math.trunc(u), n1, n2) * (alternative === 'two-sided' ? 2 : 1);
    return { statistic: u1, pvalue: Math.min(1, tail) };
  }
  const sd = Math.sqrt(((n1 * n2) / 12) * (n + 1 - tieTerm / (n * (n - 1))));
  if (!(sd > 0)) return { statistic: u1, pvalue: 1 };
  const z = (u - (n1 * n2) / 2 - 0.5) / sd;
  const pvalue = normalSf(z) * (alternative === 'two-sided' ? 2 : 1);
  return { statistic: u1, pvalue: Math.min(1, Math.max(0, pvalue)) };
}

/** Student's t of two samples with pooled variance, or Welch's (scipy 1.17.1 `ttest_ind`). @returns undefined where both are one constant, or too small */
export function studentT(a: ArrayLike<number>, b: ArrayLike<number>, equalVariance = true): TestResult | undefined {
  const [m1, r1, v1] = centre(a);
  const [m2, r2, v2] = centre(b);
  // Far from 0 the means as doubles differ in few digits: what their rounding leaves over is kept apart.
  const distance = m1 - m2 + (r1 - r2);
  const [n1, n2] = [a.length, b.length];
  const degrees = equalVariance
    ? n1 + n2 - 2
    : (v1 / n1 + v2 / n2) ** 2 / ((v1 / n1) ** 2 / (n1 - 1) + (v2 / n2) ** 2 / (n2 - 1));
  // One value alone adds nothing to the pooled variance.
  const squares = (n: number, v: number): number => (n > 1 ? (n - 1) * v : 0);
  const pooled = (squares(n1, v1) + squares(n2, v2)) / (n1 + n2 - 2);
  const error = equalVariance ? pooled * (1 / n1 + 1 / n2) : v1 / n1 + v2 / n2;
  // Two constants: without chance, so that any distance between them is certain.
  if (error === 0 && n1 + n2 > 2 && distance !== 0) return { statistic: distance / 0, pvalue: 0 };
  if (!(error > 0) || !(degrees > 0)) return undefined;
  const statistic = distance / Math.sqrt(error);
  return { statistic, pvalue: Math.min(1, 2 * studentSf(Math.abs(statistic), degrees)), degrees };
}

/** Mean and sample variance, two passes; of equal values that value and 0, without rounding. */
export function moments(values: ArrayLike<number>): [number, number] {
  const [mean, rest, variance] = centre(values);
  return [mean + rest, variance];
}

/** A mean in two parts, to be added last, and the sample variance. */
function centre(values: ArrayLike<number>): [mean: number, rest: number, variance: number] {
  let mean = 0;
  let constant = values.length > 1;
  for (let i = 1; constant && i < values.length; i += 1) constant = values[i] === values[0];
  if (constant) return [values[0]!, 0, 0];
  for (let i = 0; i < values.length; i += 1) mean += values[i]!;
  mean /= values.length;
  let squares = 0;
  let residual = 0;
  for (let i = 0; i < values.length; i += 1) {
    squares += (values[i]! - mean) ** 2;
    residual += values[i]! - mean;
  }
  const variance = (squares - (residual * residual) / values.length) / (values.length - 1);
  return [mean, residual / values.length, variance];
}

/**
 * Two-sample Cramér-von Mises (scipy 1.17.1 `cramervonmises_2samp`; Anderson 1962): `auto` is exact up to 20 values a side.
 */
export function cramerVonMises(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  method: 'auto' | 'asymptotic' | 'exact' = 'auto',
): TestResult {
  const x = ordered(a);
  const y = ordered(b);
  const [n, m] = [x.length, y.length];
  let u = 0;
  let before = 0;
  let seenX = 0;
  let seenY = 0;
  walk(x, y, (_, i, j, ties) => {
    const rank = before + (ties + 1) / 2;
    for (let k = seenX; k < i; k += 1) u += n * (rank - (k + 1)) ** 2;
    for (let k = seenY; k < j; k += 1) u += m * (rank - (k + 1)) ** 2;
    before += ties;
    seenX = i;
    seenY = j;
  });
  const k = n * m;
  const total = n + m;
  const statistic = u / (k * total) - (4 * k - 1) / (6 * total);
  if (method === 'exact' || (method === 'auto' && Math.max(n, m) <= 20))
    return { statistic, pvalue: cramerVonMisesExactSf(statistic, n, m) };
  const expected = (1 + 1 / total) / 6;
  const variance = ((total + 1) * (4 * k * total - 3 * (m * m + n * n) - 2 * k)) / (45 * total * total * 4 * k);
  const normalised = 1 / 6 + (statistic - expected) / Math.sqrt(45 * variance);
  return { statistic, pvalue: normalised < 0.003 ? 1 : Math.max(0, 1 - cramerVonMisesCdf(normalised)) };
}

/** Limiting distribution of the one-sample statistic (Csörgő and Faraway 1996, eq. 1.2). */
function cramerVonMisesCdf(x: number): number {
  let total = 0;
  let coefficient = 1;
  for (let k = 0; k < 1_000_000; k += 1) {
    const y = 4 * k + 1;
    const q = (y * y) / (16 * x);
    // Γ(k + ½) / (π^{3/2} √x k!)
    if (k > 0) coefficient *= (k - 0.5) / k;
    const term = (coefficient / (Math.PI * Math.sqrt(x))) * Math.sqrt(y) * scaledBesselQuarter(q);
    total += term;
    // Where scipy ends its series, and so with its error: p is right to about 1e-7.
    if (Math.abs(term) < 1e-7) break;
  }
  return total;
}

/** e^{−q} K_{1/4}(q), by the trapezoidal rule on ∫ exp(−q (1 + cosh t)) cosh(t/4) dt, which converges geometrically. */
function scaledBesselQuarter(q: number): number {
  const h = 1 / 64;
  let sum = Math.exp(-2 * q) / 2;
  for (let t = h; ; t += h) {
    const term = Math.exp(-q * (1 + Math.cosh(t))) * Math.cosh(t / 4);
    sum += term;
    if (term < sum * 1e-18 || t > 60) return sum * h;
  }
}
