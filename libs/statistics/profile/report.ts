import { asCategories, columnOf, rowDigestAlgorithm } from '../table/index.js';
import { LatticeHash } from '../table/lattice-hash.js';
import type { Table } from '../table/index.js';
import { profileColumn } from './column.js';
import type { ColumnProfile } from './column.js';
import { addContext, contextLevel, contextModel, emptyContext } from './context.js';
import { addCrossProducts, correlationOf, emptyCrossProducts } from './cross.js';
import type { CrossProducts } from './cross.js';
import { missingPatterns } from './missing.js';
import type { MissingProfile } from './missing.js';
import { pearson, ranks } from './moments.js';
import { countDuplicates, runTask, workloadOf } from './tasks.js';
import type { Scaling, Task, TaskResult, Workload } from './tasks.js';
import { columnWarnings, leaks, proxies } from './warnings.js';
import type { ProfileWarning } from './warnings.js';

export interface ProfileOptions {
  readonly target?: string;
  readonly protected?: readonly string[];
  readonly spearman?: boolean;
}

export interface DataProfile {
  readonly rows: number;
  readonly rowDigest: string;
  readonly rowDigestAlgorithm: string;
  readonly duplicates: number;
  readonly columns: readonly ColumnProfile[];
  readonly constantColumns: readonly string[];
  readonly missing: MissingProfile;
  /** Pearson, pairwise complete; only pairs with |r| ≥ 0.1, strongest first, at most 200. */
  readonly correlations: readonly {
    readonly columns: readonly [string, string];
    readonly pearson: number;
    readonly spearman?: number;
  }[];
  /** Outliers in the context of the other columns: rows that no column shows alone. */
  readonly context: ContextProfile | { readonly undefined: string };
  readonly warnings: readonly ProfileWarning[];
}

export interface ContextProfile {
  readonly method: 'mahalanobis@assay';
  /** Columns of numbers that vary, miss at most a fifth of their values and are no sum of others. */
  readonly columns: readonly string[];
  /** Rows where all of them are present. */
  readonly rows: number;
  /** Squared distance beyond which a row counts: the 0.999 quantile of chi-square. */
  readonly threshold: number;
  readonly outliers: number;
  /** Of normal data. */
  readonly expected: number;
  /** Rows over 4 conditional standard deviations from what the other columns let expect, by column. */
  readonly byColumn: Readonly<Record<string, number>>;
  readonly farthest: readonly { readonly row: number; readonly distance: number }[];
}

/** Profile of a table, in this thread. */
export function profileTable(table: Table, options: ProfileOptions = {}): DataProfile {
  const workload = workloadOf(table);
  const steps = profiling(table, workload, options);
  let step = steps.next();
  while (!step.done) step = steps.next(step.value.map((task) => runTask(workload, task)));
  return step.value;
}

/**
 * The profile as rounds of tasks that do not depend on each other: yields a round, takes its results in the same order.
 * Who drives it decides where they run.
 */
export function* profiling(
  table: Table,
  workload: Workload,
  options: ProfileOptions,
): Generator<readonly Task[], DataProfile, readonly TaskResult[]> {
  if (options.target !== undefined) columnOf(table, options.target);
  for (const name of options.protected ?? []) columnOf(table, name);
  const { numeric, keys } = workload;
  // Before the first round, while workers start.
  const patterns = missingPatterns(table);
  const first = yield [
    { type: 'little' },
    ...numeric.map((_, index): Task => ({ type: 'column', index })),
    ...ranges(table.rows).map((range): Task => ({ type: 'rows', ...range })),
  ];
  const profiles = first.flatMap((result) => (result.type === 'column' ? [result.profile] : []));
  const little = first.flatMap((result) => (result.type === 'little' && result.test ? [result.test] : []))[0];
  const hash = LatticeHash.empty();
  for (const result of first) if (result.type === 'rows') hash.merge(LatticeHash.deserialize(result.state));
  const byName = new Map(profiles.map((profile) => [profile.name, profile]));
  const columns = table.columns.map((column) => byName.get(column.name) ?? profileColumn(column));
  const duplicates = countDuplicates(keys, table.rows);

  const scalings = profiles.flatMap((profile, index) => scalingOf(profile, index));
  const cross = emptyCrossProducts(scalings.length);
  if (scalings.length > 1)
    for (const result of yield ranges(table.rows).map((range): Task => ({ type: 'cross', scalings, ...range })))
      if (result.type === 'cross') addCrossProducts(cross, result.cross);
  const names = scalings.map(({ index }) => numeric[index]!.name);
  const context = yield* contextProfile(table, workload, scalings, profiles, cross);

  const warnings = columnWarnings(columns);
  if (duplicates > 0) warnings.push({ rule: 'duplicate-rows', detail: `${duplicates} rows repeat an earlier one` });
  if (options.target !== undefined)
    warnings.push(...leaks(table, asCategories(columnOf(table, options.target)), columns));
  for (const name of options.protected ?? [])
    warnings.push(...proxies(table, asCategories(columnOf(table, name)), options.target));
  return {
    rows: table.rows,
    rowDigest: hash.digest(),
    rowDigestAlgorithm,
    duplicates,
    columns,
    constantColumns: columns.filter(({ distribution }) => distribution.class === 'constant').map(({ name }) => name),
    missing: { ...patterns, ...(little ? { little } : {}) },
    correlations: correlations(table, names, cross, options.spearman ?? false),
    context,
    warnings,
  };
}

const rangeRows = 32_768;

function ranges(rows: number): { from: number; to: number }[] {
  return Array.from({ length: Math.ceil(rows / rangeRows) }, (_, i) => ({
    from: i * rangeRows,
    to: Math.min(rows, (i + 1) * rangeRows),
  }));
}

/** Columns that vary; none where numbers are so large or small that their spread is no number. */
function scalingOf({ numbers, nulls, infinities }: ColumnProfile, index: number): Scaling[] {
  const scale = numbers?.standardDeviation;
  if (!numbers || !scale || numbers.skewness === null || !Number.isFinite(scale) || !Number.isFinite(1 / scale))
    return [];
  return [{ index, centre: numbers.mean, scale, holes: nulls + infinities > 0 }];
}

/** More columns than this would cost their square on every row. */
const maximumContextColumns = 100;

function* contextProfile(
  table: Table,
  { numeric }: Workload,
  scalings: readonly Scaling[],
  profiles: readonly ColumnProfile[],
  cross: CrossProducts,
): Generator<readonly Task[], DataProfile['context'], readonly TaskResult[]> {
  const chosen = scalings.flatMap(({ index }, at) => {
    const { rows, nulls, infinities } = profiles[index]!;
    return (nulls + infinities) * 5 <= rows ? [at] : [];
  });
  if (chosen.length < 2) return { undefined: 'fewer-than-two-columns' };
  if (chosen.length > maximumContextColumns) return { undefined: `more-than-${maximumContextColumns}-columns` };
  const own = chosen.map((at) => scalings[at]!);
  // Complete rows are those of the chosen columns; where others are left out the sums are made again without them.
  let sums = cross;
  if (own.length < scalings.length) {
    sums = emptyCrossProducts(own.length);
    for (const result of yield ranges(table.rows).map((range): Task => ({ type: 'cross', scalings: own, ...range })))
      if (result.type === 'cross') addCrossProducts(sums, result.cross);
  }
  const model = contextModel(sums, own.length);
  if (!model) return { undefined: 'too-few-complete-rows-or-columns' };
  const used = model.used.map((at) => own[at]!);
  const { mean, precision, threshold } = model;
  const counts = emptyContext(used.length);
  const tasks = ranges(table.rows).map((range): Task => ({
    type: 'context',
    scalings: used,
    model: { mean, precision, threshold },
    ...range,
  }));
  for (const result of yield tasks) if (result.type === 'context') addContext(counts, result.counts);
  const names = used.map(({ index }) => numeric[index]!.name);
  return {
    method: 'mahalanobis@assay',
    columns: names,
    rows: counts.rows,
    threshold,
    outliers: counts.outliers,
    expected: counts.rows * contextLevel,
    byColumn: Object.fromEntries(names.map((name, i) => [name, counts.byColumn[i]!])),
    farthest: counts.farthest,
  };
}

function correlations(
  table: Table,
  names: readonly string[],
  cross: CrossProducts,
  spearman: boolean,
): DataProfile['correlations'] {
  const ranked = spearman ? names.map((name) => ranksOf(table, name)) : undefined;
  const found: { columns: [string, string]; pearson: number; spearman?: number }[] = [];
  for (let i = 0; i < names.length; i += 1)
    for (let j = i + 1; j < names.length; j += 1) {
      const r = correlationOf(cross, names.length, i, j);
      if (r === undefined || Math.abs(r) < 0.1) continue;
      const rho = ranked && pearson(ranked[i]!, ranked[j]!);
      found.push({ columns: [names[i]!, names[j]!], pearson: r, ...(rho === undefined ? {} : { spearman: rho }) });
    }
  return found.sort((a, b) => Math.abs(b.pearson) - Math.abs(a.pearson)).slice(0, 200);
}

function ranksOf(table: Table, name: string): Float64Array {
  const column = columnOf(table, name);
  if (column.kind !== 'numeric') return new Float64Array(table.rows);
  return ranks(column.values.map((value) => (Number.isFinite(value) ? value : Number.NaN)));
}
