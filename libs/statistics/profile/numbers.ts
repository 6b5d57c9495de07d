import { quantileOf } from '../drift/bins.js';
import { sortNumbers } from '../sorting/radix.js';
import { chiSquareSf } from '../special/distributions.js';
import type { NumericColumn } from '../table/index.js';
import type { ColumnProfile, DistributionClass, NumberProfile } from './column.js';
import { excessKurtosis, isConstant, momentsOf, populationDeviation, sampleVariance, skewness } from './moments.js';
import type { Moments } from './moments.js';

/** One sort, then everything in order of value. Infinities are counted and left out. */
export function profileNumbers(column: NumericColumn): ColumnProfile {
  const finite = finiteOf(column.values);
  const infinities = column.values.length - column.nulls - finite.length;
  const moments = momentsOf(finite);
  const sorted = sortNumbers(finite, room('sorted', finite.length));
  const { distinct, frequent } = runsOf(sorted);
  return {
    name: column.name,
    type: column.type,
    rows: column.values.length,
    nulls: column.nulls,
    infinities,
    distinct,
    ...(sorted.length > 0 ? { numbers: numbersProfile(sorted, moments) } : {}),
    values: frequent,
    distribution: {
      class: classify(sorted, moments, distinct, column.type === 'integer'),
      rule: 'distribution-class@assay-1',
    },
  };
}

/** Without NaN and infinities; the values themselves where there are none. */
function finiteOf(values: Float64Array): Float64Array {
  let n = 0;
  // Infinities and NaN fail the comparison: no call.
  for (let i = 0; i < values.length; i += 1) n += values[i]! > -Infinity && values[i]! < Infinity ? 1 : 0;
  if (n === values.length) return values;
  const finite = room('finite', n);
  let at = 0;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i]!;
    if (value - value === 0) finite[at++] = value;
  }
  return finite;
}

/** Memory of the last column is used for the next: else a thread holds as many as the collector has not yet found. */
const rooms = { finite: new Float64Array(0), sorted: new Float64Array(0) };

function room(name: keyof typeof rooms, n: number): Float64Array {
  if (n > 1 << 23) return new Float64Array(n);
  if (rooms[name].length < n) rooms[name] = new Float64Array(n);
  return rooms[name].subarray(0, n);
}

/** Distinct values and the 20 most frequent, ties by value. */
function runsOf(sorted: Float64Array): { distinct: number; frequent: { value: string; count: number }[] } {
  const best: { value: number; count: number }[] = [];
  let distinct = 0;
  let least = 0;
  for (let i = 0; i < sorted.length;) {
    const value = sorted[i]!;
    let j = i + 1;
    while (j < sorted.length && sorted[j] === value) j += 1;
    distinct += 1;
    if (best.length < 20 || j - i > least) {
      let at = best.length;
      while (at > 0 && best[at - 1]!.count < j - i) at -= 1;
      best.splice(at, 0, { value, count: j - i });
      if (best.length > 20) best.pop();
      least = best.at(-1)!.count;
    }
    i = j;
  }
  return {
    distinct,
    frequent: best.map(({ value, count }) => ({ value: String(value === 0 ? 0 : value), count })),
  };
}

const probabilities = [0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1];

function numbersProfile(sorted: Float64Array, moments: Moments): NumberProfile {
  const constant = isConstant(moments);
  const variance = sampleVariance(moments);
  return {
    minimum: sorted[0]!,
    maximum: sorted.at(-1)!,
    mean: moments.mean,
    variance: variance !== undefined && Number.isFinite(variance) ? variance : null,
    standardDeviation: moments.n > 1 ? Math.sqrt(moments.m2 / (moments.n - 1)) * moments.scale : null,
    skewness: constant ? null : (skewness(moments) ?? null),
    kurtosis: constant ? null : (excessKurtosis(moments) ?? null),
    quantiles: {
      method: 'linear (Hyndman and Fan 7)',
      values: Object.fromEntries(probabilities.map((p) => [String(p), quantileOf(sorted, p)])),
    },
    outliers: {
      zScore: zScoreOutliers(sorted, moments),
      interquartile: interquartileOutliers(sorted),
      robust: robustOutliers(sorted) ?? null,
    },
  };
}

/** Values with |x − mean| > limit × population sd; none where the column is constant. `sorted` ascending and finite. */
export function zScoreOutliers(sorted: Float64Array, moments: Moments, limit = 3): number {
  if (isConstant(moments)) return 0;
  const far = limit * populationDeviation(moments);
  return outside(
    sorted,
    (value) => moments.mean - value > far,
    (value) => value - moments.mean > far,
  );
}

/** Values outside the quartiles ∓ factor × interquartile range (Tukey 1977; quartiles linear). */
export function interquartileOutliers(sorted: Float64Array, factor = 1.5): number {
  const [q1, q3] = [quantileOf(sorted, 0.25), quantileOf(sorted, 0.75)];
  const fence = factor * (q3 - q1);
  return outside(
    sorted,
    (value) => value < q1 - fence,
    (value) => value > q3 + fence,
  );
}

/** Values with 0.6745 |x − median| / MAD > limit (Iglewicz and Hoaglin 1993). @returns undefined where the MAD is 0 */
export function robustOutliers(sorted: Float64Array, limit = 3.5): number | undefined {
  const middle = quantileOf(sorted, 0.5);
  const mad = medianDeviation(sorted, middle);
  if (!(mad > 0)) return undefined;
  return outside(
    sorted,
    (value) => (0.6745 * (middle - value)) / mad > limit,
    (value) => (0.6745 * (value - middle)) / mad > limit,
  );
}

/** Median of |x − middle|: below and above the middle the distances are two ascending lists. */
export function medianDeviation(sorted: Float64Array, middle: number): number {
  const n = sorted.length;
  const above = firstWhere(sorted, (value) => value >= middle);
  const down = (i: number): number => middle - sorted[above - 1 - i]!;
  const up = (i: number): number => sorted[above + i]! - middle;
  /** The distance that `rank` distances come before. */
  const nth = (rank: number): number => {
    let low = Math.max(0, rank + 1 - (n - above));
    let high = Math.min(rank + 1, above);
    while (low < high) {
      const taken = (low + high) >>> 1;
      if (down(taken) < up(rank - taken)) low = taken + 1;
      else high = taken;
    }
    const rest = rank + 1 - low;
    return Math.max(low > 0 ? down(low - 1) : 0, rest > 0 ? up(rest - 1) : 0);
  };
  const last = nth(n >>> 1);
  if (n % 2 === 1) return last;
  const before = nth((n >>> 1) - 1);
  return before + (last - before) * 0.5;
}

/** Values of an ascending list that are too small or too large; both conditions are monotonic. */
function outside(sorted: Float64Array, low: (value: number) => boolean, high: (value: number) => boolean): number {
  return firstWhere(sorted, (value) => !low(value)) + sorted.length - firstWhere(sorted, high);
}

function firstWhere(sorted: Float64Array, holds: (value: number) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(sorted[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Rule `distribution-class@assay-1`, in this order: empty, constant, binary, categorical (≤ 20 distinct values that are
 * at most 5 % of the rows), count (integers ≥ 0), uniform (Kolmogorov distance to it under 1.36/√n), normal
 * (D'Agostino's K² p ≥ 0.01), lognormal (positive, K² of the logarithm p ≥ 0.01), heavy-tailed (excess kurtosis > 6),
 * else continuous. K² needs 20 values.
 */
function classify(sorted: Float64Array, moments: Moments, distinct: number, integers: boolean): DistributionClass {
  const n = sorted.length;
  if (n === 0) return 'empty';
  if (distinct === 1) return 'constant';
  if (distinct === 2) return 'binary';
  if (distinct <= 20 && distinct <= n / 20) return 'categorical';
  if (integers && sorted[0]! >= 0 && distinct < n) return 'count';
  if (n < 20) return 'continuous';
  if (isUniform(sorted, 1.36 / Math.sqrt(n))) return 'uniform';
  if (normalityP(moments) >= 0.01) return 'normal';
  if (sorted[0]! > 0 && normalityP(momentsOf(sorted.map(Math.log))) >= 0.01) return 'lognormal';
  return (excessKurtosis(moments) ?? 0) > 6 ? 'heavy-tailed' : 'continuous';
}

/** Whether Kolmogorov's distance to the uniform distribution between the extremes is under the limit. */
function isUniform(sorted: Float64Array, limit: number): boolean {
  const low = sorted[0]!;
  const range = sorted.at(-1)! - low;
  const n = sorted.length;
  for (let i = 0; i < n; i += 1) {
    const expected = (sorted[i]! - low) / range;
    if (!((i + 1) / n - expected < limit && expected - i / n < limit)) return false;
  }
  return true;
}

/** p of D'Agostino and Pearson's K² (1973; scipy 1.17.1 `normaltest`). */
export function normalityP(moments: Moments): number {
  const { n } = moments;
  const g1 = skewness(moments);
  const g2 = excessKurtosis(moments);
  if (g1 === undefined || g2 === undefined || n < 8) return Number.NaN;
  const y = g1 * Math.sqrt(((n + 1) * (n + 3)) / (6 * (n - 2)));
  const beta2 = (3 * (n * n + 27 * n - 70) * (n + 1) * (n + 3)) / ((n - 2) * (n + 5) * (n + 7) * (n + 9));
  const w2 = -1 + Math.sqrt(2 * (beta2 - 1));
  const delta = 1 / Math.sqrt(0.5 * Math.log(w2));
  const alpha = Math.sqrt(2 / (w2 - 1));
  const z1 = delta * Math.log(y / alpha + Math.sqrt((y / alpha) ** 2 + 1));
  const expected = (3 * (n - 1)) / (n + 1);
  const variance = (24 * n * (n - 2) * (n - 3)) / ((n + 1) ** 2 * (n + 3) * (n + 5));
  const x = (g2 + 3 - expected) / Math.sqrt(variance);
  const beta1 =
    ((6 * (n * n - 5 * n + 2)) / ((n + 7) * (n + 9))) * Math.sqrt((6 * (n + 3) * (n + 5)) / (n * (n - 2) * (n - 3)));
  const a = 6 + (8 / beta1) * (2 / beta1 + Math.sqrt(1 + 4 / beta1 ** 2));
  const denominator = 1 + x * Math.sqrt(2 / (a - 4));
  const z2 =
    (1 - 2 / (9 * a) - Math.sign(denominator) * Math.cbrt((1 - 2 / a) / Math.abs(denominator))) /
    Math.sqrt(2 / (9 * a));
  return chiSquareSf(z1 * z1 + z2 * z2, 2);
}
