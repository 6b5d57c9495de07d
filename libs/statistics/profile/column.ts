import type { CategoryColumn, TableColumn } from '../table/index.js';
import { profileNumbers } from './numbers.js';

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
  /** Sample variance and its root; null with one value, the variance also where it is too large for a number. */
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
