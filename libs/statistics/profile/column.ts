import { quantileOf } from '../drift/bins.js';
import { chiSquareSf } from '../special/distributions.js';
import type { CategoryColumn, NumericColumn, TableColumn } from '../table/index.js';
import { excessKurtosis, isConstant, momentsOf, sampleVariance, skewness } from './moments.js';
import type { Moments } from './moments.js';

export interface ColumnProfile {
  readonly name: string;
  readonly type: TableColumn['type'];
  readonly rows: number;
  readonly nulls: number;
  readonly infinities: number;
  readonly distinct: number;
  readonly numbers?: NumberProfile;
  /** Most frequent values, at most 20, ties by value. */
  readonly values: readonly { readonly value: string; readonly count: number }[];
  readonly distribution: { readonly class: DistributionClass; readonly rule: 'distribution-class@assay-1' };
}

export interface NumberProfile {
  readonly minimum: number;
  readonly maximum: number;
  readonly mean: number;
  /** Sample variance and its root; null with one value. */
  readonly variance: number | null;
  readonly standardDeviation: number | null;
  /** Biased g1 and excess g2; null for a constant. */
  readonly skewness: number | null;
  readonly kurtosis: number | null;
  readonly quantiles: {
    readonly method: 'linear (Hyndman and Fan 7)';
    readonly values: Readonly<Record<string, number>>;
  };
  readonly outliers: {
    /** |x − mean| > 3 population sd. */
    readonly zScore: number;
    /** Outside quartiles ∓ 1.5 interquartile ranges. */
    readonly interquartile: number;
    /** 0.6745 |x − median| / MAD > 3.5 (Iglewicz and Hoaglin 1993); null where the MAD is 0. */
    readonly robust: number | null;
  };
}

export type DistributionClass =
  | 'empty'
  | 'constant'
  | 'binary'
  | 'categorical'
  | 'identifier'
  | 'count'
  | 'normal'
  | 'lognormal'
  | 'uniform'
  | 'heavy-tailed'
  | 'continuous';

export function profileColumn(column: TableColumn): ColumnProfile {
  return column.kind === 'numeric' ? profileNumbers(column) : profileTexts(column);
}

function profileTexts(column: CategoryColumn): ColumnProfile {
  const counts = new Float64Array(column.categories.length);
  for (const code of column.codes) if (code >= 0) counts[code]! += 1;
  const rows = column.codes.length;
  const distinct = counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  const present = rows - column.nulls;
  const kind: DistributionClass =
    present === 0
      ? 'empty'
      : distinct === 1
        ? 'constant'
        : distinct === 2
          ? 'binary'
          : distinct === present && present > 20
            ? 'identifier'
            : 'categorical';
  return {
    name: column.name,
    type: column.type,
    rows,
    nulls: column.nulls,
    infinities: 0,
    distinct,
    values: top(counts, (code) => column.categories[code]!),
    distribution: { class: kind, rule: 'distribution-class@assay-1' },
  };
}

function top(counts: Float64Array, name: (index: number) => string): { value: string; count: number }[] {
  const order = Array.from(counts.keys()).filter((index) => counts[index]! > 0);
  order.sort((a, b) => counts[b]! - counts[a]! || a - b);
  return order.slice(0, 20).map((index) => ({ value: name(index), count: counts[index]! }));
}

function profileNumbers(column: NumericColumn): ColumnProfile {
  const finite = column.values.filter(Number.isFinite);
  const infinities = column.values.length - column.nulls - finite.length;
  const sorted = Float64Array.from(finite).sort();
  const runs: [number, number][] = [];
  for (let i = 0; i < sorted.length;) {
    let j = i;
    while (j < sorted.length && sorted[j] === sorted[i]) j += 1;
    runs.push([sorted[i]!, j - i]);
    i = j;
  }
  const frequent = [...runs].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, 20);
  const moments = momentsOf(finite);
  return {
    name: column.name,
    type: column.type,
    rows: column.values.length,
    nulls: column.nulls,
    infinities,
    distinct: runs.length,
    ...(sorted.length > 0 ? { numbers: numbersProfile(sorted, moments) } : {}),
    values: frequent.map(([value, count]) => ({ value: String(value), count })),
    distribution: {
      class: classify(sorted, moments, runs.length, column.type === 'integer'),
      rule: 'distribution-class@assay-1',
    },
  };
}

const probabilities = [0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1];

function numbersProfile(sorted: Float64Array, moments: Moments): NumberProfile {
  const constant = isConstant(moments);
  const variance = sampleVariance(moments);
  const [q1, middle, q3] = [0.25, 0.5, 0.75].map((p) => quantileOf(sorted, p)) as [number, number, number];
  const sd = Math.sqrt(moments.m2 / moments.n);
  const deviations = sorted.map((value) => Math.abs(value - middle)).sort();
  const mad = quantileOf(deviations, 0.5);
  const count = (outside: (value: number) => boolean): number =>
    sorted.reduce((sum, value) => sum + (outside(value) ? 1 : 0), 0);
  const fence = 1.5 * (q3 - q1);
  return {
    minimum: sorted[0]!,
    maximum: sorted.at(-1)!,
    mean: moments.mean,
    variance: variance ?? null,
    standardDeviation: variance === undefined ? null : Math.sqrt(variance),
    skewness: constant ? null : (skewness(moments) ?? null),
    kurtosis: constant ? null : (excessKurtosis(moments) ?? null),
    quantiles: {
      method: 'linear (Hyndman and Fan 7)',
      values: Object.fromEntries(probabilities.map((p) => [String(p), quantileOf(sorted, p)])),
    },
    outliers: {
      zScore: constant ? 0 : count((value) => Math.abs(value - moments.mean) > 3 * sd),
      interquartile: count((value) => value < q1 - fence || value > q3 + fence),
      robust: mad > 0 ? count((value) => (0.6745 * Math.abs(value - middle)) / mad > 3.5) : null,
    },
  };
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
  if (uniformDistance(sorted) < 1.36 / Math.sqrt(n)) return 'uniform';
  if (normalityP(moments) >= 0.01) return 'normal';
  if (sorted[0]! > 0 && normalityP(momentsOf(sorted.map(Math.log))) >= 0.01) return 'lognormal';
  return (excessKurtosis(moments) ?? 0) > 6 ? 'heavy-tailed' : 'continuous';
}

function uniformDistance(sorted: Float64Array): number {
  const [low, high] = [sorted[0]!, sorted.at(-1)!];
  const n = sorted.length;
  return sorted.reduce((largest, value, i) => {
    const expected = (value - low) / (high - low);
    return Math.max(largest, Math.abs((i + 1) / n - expected), Math.abs(i / n - expected));
  }, 0);
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
