import { findDefinition, measure } from '../catalogue/index.js';
import { finite } from '../catalogue/sample-inputs.js';
import type { MeasureResult } from '../catalogue/index.js';
import { InputError } from '../errors.js';
import { distinctUpTo, ordered } from '../significance/ordered.js';
import type { Table, TableColumn } from '../table/index.js';

/** One number about one column, with the rule that calls it drift where its profile has one. */
export interface DriftMeasure extends MeasureResult {
  readonly threshold?: number;
  /** `p` below the threshold or a distance at or above it; undefined where the profile states no rule. */
  readonly drifted?: boolean;
}

export interface ColumnDrift {
  readonly column: string;
  readonly kind: 'num' | 'cat';
  /** The test that evidently 0.7.23 would choose, which decides. */
  readonly chosen: string;
  readonly drifted: boolean | undefined;
  readonly measures: readonly DriftMeasure[];
  /** What is missing, new or outside of the reference's range. */
  readonly quality: readonly MeasureResult[];
}

export interface DriftReport {
  readonly rows: { readonly reference: number; readonly current: number };
  readonly columns: readonly ColumnDrift[];
  /** Methods that look at all columns at once, where they were named. */
  readonly multivariate: readonly DriftMeasure[];
  /** Columns of one side only, and columns whose type changed. */
  readonly schema: {
    readonly missing: readonly string[];
    readonly added: readonly string[];
    readonly changed: readonly string[];
  };
  readonly share: number | null;
  /** At least half of the columns drifted (evidently's preset). */
  readonly drifted: boolean | undefined;
}

/** Profiles whose value is a p-value, and their thresholds. */
const pvalues: Readonly<Record<string, number>> = {
  'ks@evidently': 0.05,
  'chisquare@evidently': 0.05,
  'z@evidently': 0.05,
  'anderson@evidently': 0.1,
  'cramer_von_mises@evidently': 0.1,
  'es@evidently': 0.05,
  't_test@evidently': 0.05,
  'mannw@evidently': 0.05,
  'g_test@evidently': 0.1,
  'mmd_drift@alibi_detect': 0.05,
};
const distances: Readonly<Record<string, number>> = {
  'psi@evidently': 0.1,
  'jensenshannon@evidently': 0.1,
  'kl_div@evidently': 0.1,
  'hellinger@evidently': 0.1,
  'wasserstein@evidently': 0.1,
  'ed@evidently': 0.1,
  'drift_magnitude@assay': 0.2,
  'domain_classifier@assay': 0.65,
};
/** Numbers are judged by their range: which of them are new says little, and costs a set of them all. */
const quality = {
  num: ['missing_share_change@assay', 'out_of_range_share@assay'],
  cat: ['missing_share_change@assay', 'unseen_share@assay'],
} as const;
const isMultivariate = (id: string): boolean => findDefinition(id).family === 'multivariate-drift';

/** What is measured where nobody asked for certain methods. */
const numericDefault = [
  'psi@evidently',
  'jensenshannon@evidently',
  'wasserstein@evidently',
  'ks@evidently',
  'ks_2samp@scipy',
  'wasserstein_distance@scipy',
];
const categoricalDefault = [
  'psi@evidently',
  'jensenshannon@evidently',
  'chisquare@evidently',
  'chi2_contingency@scipy',
];

/**
 * Orders the columns of a reference, once for all the windows that will be measured against it (the order lives as long
 * as the table): what then is left of a measure is linear in the window.
 */
export function prepareReference(reference: Table): void {
  for (const column of reference.columns) if (column.kind === 'numeric') ordered(finite(column, true));
}

/**
 * Drift of every column that both tables have.
 * @param methods `name@profile`; default a set per kind of column. A method that cannot be computed on a column (texts
 * where numbers are needed) is left out there when it comes from the default, and is an error when it was asked for;
 * one whose bins the range is too wide for is undefined there, so that one column does not hide the others.
 * @throws InputError `NoCommonColumn`, `UnknownColumn`, and those of the measures
 */
export function driftReport(
  reference: Table,
  current: Table,
  columns?: readonly string[],
  methods?: readonly string[],
): DriftReport {
  const names = (table: Table): string[] => table.columns.map(({ name }) => name);
  const shared = names(reference).filter((name) => names(current).includes(name));
  if (shared.length === 0)
    throw new InputError('NoCommonColumn', 'reference and current data have no column in common', {
      field: 'columns',
      rule: 'at least one column of both files',
    });
  for (const name of columns ?? [])
    if (!shared.includes(name))
      throw new InputError('UnknownColumn', `column "${name}" is not in both files`, {
        field: name,
        rule: 'a column of both files',
      });
  const changed = shared.filter(
    (name) =>
      find(reference, name).kind !== find(current, name).kind &&
      !allNull(find(reference, name)) &&
      !allNull(find(current, name)),
  );
  const looked = (columns ?? shared).filter((name) => !changed.includes(name));
  const single = methods?.filter((id) => !isMultivariate(id));
  const several = methods?.filter(isMultivariate) ?? [];
  // Several columns at once do not part numbers from texts: a method that needs numbers takes those.
  const judged = single?.length === 0 ? [] : looked.map((name) => columnDrift(reference, current, name, single));
  const decided = judged.filter(({ drifted }) => drifted !== undefined);
  const share = decided.length > 0 ? decided.filter(({ drifted }) => drifted).length / decided.length : null;
  return {
    rows: { reference: reference.rows, current: current.rows },
    columns: judged,
    multivariate: several.map((id) => together(id, reference, current, looked)),
    schema: {
      missing: names(reference).filter((name) => !shared.includes(name)),
      added: names(current).filter((name) => !shared.includes(name)),
      changed,
    },
    share,
    drifted: share === null ? undefined : share >= 0.5,
  };
}

function together(id: string, reference: Table, current: Table, looked: readonly string[]): DriftMeasure {
  const numbersOnly = id.startsWith('mmd');
  const columns = looked.filter((name) => !numbersOnly || find(reference, name).kind === 'numeric');
  const result = measure(id, [reference, current], { columns, ...(id in pvalues ? { result: 'pvalue' } : {}) });
  return withRule(id, result);
}

function withRule(id: string, result: MeasureResult): DriftMeasure {
  const threshold = pvalues[id] ?? distances[id];
  if (threshold === undefined || result.value === null) return result;
  return { ...result, threshold, drifted: id in pvalues ? result.value < threshold : result.value >= threshold };
}

function columnDrift(
  reference: Table,
  current: Table,
  name: string,
  methods: readonly string[] | undefined,
): ColumnDrift {
  const column = find(reference, name);
  const kind = column.kind === 'numeric' && find(current, name).kind === 'numeric' ? 'num' : 'cat';
  const chosen = choose(column, find(current, name), kind);
  const wanted = methods ?? [...new Set([chosen, ...(kind === 'num' ? numericDefault : categoricalDefault)])];
  const measures = wanted.map((id): DriftMeasure => {
    const asCategory = /^(chisquare|z|g_test)@evidently$/.test(id) && kind === 'num' ? { type: 'cat' } : {};
    try {
      return withRule(id, measure(id, [reference, current], { column: name, ...asCategory }));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      if (methods || error.code !== 'RangeTooWide')
        throw new InputError(error.code, `column "${name}": ${error.message}`, { field: name, ...error.place });
      const { version } = findDefinition(id);
      return {
        definition: id,
        version,
        value: null,
        undefined: 'range-too-wide',
        n: present(reference, current, name),
      };
    }
  });
  return {
    column: name,
    kind,
    chosen,
    drifted:
      measures.find(({ definition }) => definition === chosen)?.drifted ??
      measures.find(({ drifted }) => drifted !== undefined)?.drifted,
    measures,
    quality: quality[kind].map((id) => measure(id, [reference, current], { column: name })),
  };
}

/** Values of a column on both sides. */
function present(reference: Table, current: Table, name: string): number {
  return reference.rows + current.rows - find(reference, name).nulls - find(current, name).nulls;
}

/** evidently 0.7.23's choice of a test by reference size, kind and distinct values (its registry, as documented). */
function choose(reference: TableColumn, current: TableColumn, kind: 'num' | 'cat'): string {
  const distinct = distinctOf(reference, current);
  const rows = reference.kind === 'numeric' ? reference.values.length : reference.codes.length;
  const present = rows - reference.nulls;
  if (present <= 1000) {
    if (kind === 'num' && distinct > 5) return 'ks@evidently';
    return distinct > 2 ? 'chisquare@evidently' : 'z@evidently';
  }
  return kind === 'num' && distinct > 5 ? 'wasserstein@evidently' : 'jensenshannon@evidently';
}

function distinctOf(...columns: readonly TableColumn[]): number {
  if (columns.every((column) => column.kind === 'numeric'))
    return distinctUpTo(100, ...columns.map((column) => finite(column, true)));
  return new Set(columns.flatMap((column) => (column.kind === 'category' ? column.categories : []))).size;
}

function find(table: Table, name: string): TableColumn {
  return table.columns.find((column) => column.name === name)!;
}

function allNull(column: TableColumn): boolean {
  return column.nulls === (column.kind === 'numeric' ? column.values.length : column.codes.length);
}
