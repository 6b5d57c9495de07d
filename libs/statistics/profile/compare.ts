import { measure } from '../catalogue/index.js';
import { InputError } from '../errors.js';
import { correctPvalues } from '../significance/contingency.js';
import { cellText, columnOf, rowDigestAlgorithm } from '../table/index.js';
import { LatticeHash } from '../table/lattice-hash.js';
import type { Table, TableColumn } from '../table/index.js';
import { runTask, workloadOf } from './tasks.js';

/** What changed from one version of a data set to the next. */
export interface VersionComparison {
  readonly rows: {
    readonly before: number;
    readonly after: number;
    /** Rows that both have, compared as multisets over the columns that both have with one type. */
    readonly same: number;
    readonly removed: number;
    readonly added: number;
    /** Row numbers of the first of them, at most 20 each. */
    readonly removedRows: readonly number[];
    readonly addedRows: readonly number[];
    /** Whether the rows, order aside, are the same by their row digests. */
    readonly sameDigest: boolean;
    readonly rowDigestAlgorithm: string;
  };
  /** Rows matched by their key; only where a key was named. */
  readonly byKey?: KeyedComparison;
  readonly columns: {
    readonly removed: readonly string[];
    readonly added: readonly string[];
    readonly types: readonly { readonly column: string; readonly before: string; readonly after: string }[];
    readonly moved: boolean;
  };
  readonly distributions: readonly DistributionChange[];
}

export interface KeyedComparison {
  readonly key: readonly string[];
  readonly same: number;
  readonly changed: number;
  readonly removed: number;
  readonly added: number;
  /** Rows with a changed cell, by column. */
  readonly cells: Readonly<Record<string, number>>;
}

export interface DistributionChange {
  readonly column: string;
  readonly nulls: { readonly before: number; readonly after: number };
  /** Σ|p − q|, between 0 and 2. */
  readonly magnitude?: number;
  /** Kolmogorov-Smirnov for numbers, chi-square for texts. */
  readonly test?: {
    readonly name: 'ks_2samp@scipy' | 'chi2_contingency@scipy';
    readonly pvalue: number;
    readonly corrected: number;
    readonly correction: 'holm';
  };
  /** Why there is no test. */
  readonly undefined?: string;
  /** The corrected p is under 0.05. */
  readonly changed: boolean | undefined;
}

/**
 * Compares two versions: rows as multisets by their 256-bit digests (the order does not matter, a row counted twice
 * does), or matched by a key; columns, types and distributions.
 * @throws InputError `UnknownColumn`, `DuplicateKey` and `MissingValue` where the key does not name rows
 */
export function compareVersions(before: Table, after: Table, key: readonly string[] = []): VersionComparison {
  const names = new Set(after.columns.map(({ name }) => name));
  const shared = before.columns.filter(({ name }) => names.has(name));
  const comparable = shared.filter(({ name, kind, type }) => {
    const other = columnOf(after, name);
    return other.kind === kind && (kind === 'numeric' || (other.type === 'boolean') === (type === 'boolean'));
  });
  const own = comparable.map(({ name }) => name);
  const parts = [before, after].map((table) => rowKeys(table, own)) as [RowKeys, RowKeys];
  const order = (table: Table): string => own.toSorted((a, b) => indexOf(table, a) - indexOf(table, b)).join('\0');
  return {
    rows: { before: before.rows, after: after.rows, ...multisetDifference(...parts), rowDigestAlgorithm },
    ...(key.length > 0 ? { byKey: compareByKey(before, after, key, own) } : {}),
    columns: {
      removed: before.columns.map(({ name }) => name).filter((name) => !names.has(name)),
      added: [...names].filter((name) => !shared.some((column) => column.name === name)),
      types: shared.flatMap((column) => {
        const other = columnOf(after, column.name);
        return other.type === column.type ? [] : [{ column: column.name, before: column.type, after: other.type }];
      }),
      moved: order(before) !== order(after),
    },
    distributions: distributions(before, after, own),
  };
}

const indexOf = (table: Table, name: string): number => table.columns.findIndex((column) => column.name === name);

interface RowKeys {
  readonly keys: Int32Array;
  readonly rows: number;
  readonly digest: string;
}

function rowKeys(table: Table, names: readonly string[]): RowKeys {
  const workload = workloadOf({ rows: table.rows, columns: names.map((name) => columnOf(table, name)) });
  const result = runTask(workload, { type: 'rows', from: 0, to: table.rows });
  const digest = result.type === 'rows' ? LatticeHash.deserialize(result.state).digest() : '';
  return { keys: workload.keys, rows: table.rows, digest };
}

const listed = 20;

function multisetDifference(before: RowKeys, after: RowKeys) {
  const text = ({ keys }: RowKeys, row: number): string =>
    `${keys[row * 4]},${keys[row * 4 + 1]},${keys[row * 4 + 2]},${keys[row * 4 + 3]}`;
  const counts = new Map<string, number>();
  for (let row = 0; row < before.rows; row += 1) {
    const own = text(before, row);
    counts.set(own, (counts.get(own) ?? 0) + 1);
  }
  let same = 0;
  const addedRows: number[] = [];
  for (let row = 0; row < after.rows; row += 1) {
    const own = text(after, row);
    const left = counts.get(own) ?? 0;
    if (left > 0) {
      same += 1;
      counts.set(own, left - 1);
    } else if (addedRows.length < listed) addedRows.push(row);
  }
  const removedRows: number[] = [];
  for (let row = before.rows - 1; row >= 0; row -= 1) {
    const own = text(before, row);
    const left = counts.get(own)!;
    if (left === 0) continue;
    counts.set(own, left - 1);
    removedRows.unshift(row);
    if (removedRows.length > listed) removedRows.pop();
  }
  return {
    same,
    removed: before.rows - same,
    added: after.rows - same,
    removedRows,
    addedRows,
    sameDigest: before.digest === after.digest,
  };
}

function compareByKey(before: Table, after: Table, key: readonly string[], names: readonly string[]): KeyedComparison {
  const [old, own] = [before, after].map((table) => rowsByKey(table, key)) as [
    Map<string, number>,
    Map<string, number>,
  ];
  const pairs = names
    .filter((name) => !key.includes(name))
    .map((name) => ({ name, a: columnOf(before, name), b: columnOf(after, name) }));
  const cells: Record<string, number> = Object.fromEntries(pairs.map(({ name }) => [name, 0]));
  let [changed, matched] = [0, 0];
  for (const [text, row] of own) {
    const earlier = old.get(text);
    if (earlier === undefined) continue;
    matched += 1;
    let differs = false;
    for (const { name, a, b } of pairs)
      if (cellText(a, earlier) !== cellText(b, row)) {
        cells[name]! += 1;
        differs = true;
      }
    if (differs) changed += 1;
  }
  return {
    key,
    same: matched - changed,
    changed,
    removed: old.size - matched,
    added: own.size - matched,
    cells: Object.fromEntries(Object.entries(cells).filter(([, count]) => count > 0)),
  };
}

function rowsByKey(table: Table, key: readonly string[]): Map<string, number> {
  const columns = key.map((name) => columnOf(table, name));
  const rows = new Map<string, number>();
  for (let row = 0; row < table.rows; row += 1) {
    const parts = columns.map((column) => keyPart(column, row));
    const text = JSON.stringify(parts);
    if (rows.has(text))
      throw new InputError('DuplicateKey', `rows ${rows.get(text)} and ${row} have the key ${parts.join(', ')}`, {
        field: key.join(','),
        row,
        rule: 'a key names one row',
      });
    rows.set(text, row);
  }
  return rows;
}

function keyPart(column: TableColumn, row: number): string {
  const text = cellText(column, row);
  if (text === undefined)
    throw new InputError('MissingValue', `column "${column.name}" has no value in row ${row}`, {
      field: column.name,
      row,
      rule: 'a key has no missing values',
    });
  return text;
}

function distributions(before: Table, after: Table, names: readonly string[]): DistributionChange[] {
  const found = names.map((column) => {
    const numeric = columnOf(before, column).kind === 'numeric';
    const name = numeric ? ('ks_2samp@scipy' as const) : ('chi2_contingency@scipy' as const);
    const nulls = { before: columnOf(before, column).nulls, after: columnOf(after, column).nulls };
    const pick = (table: Table): Table => ({ rows: table.rows, columns: [finiteOnly(columnOf(table, column))] });
    const tables = [pick(before), pick(after)];
    const test = measure(name, tables, { column, result: 'pvalue' });
    const magnitude = measure('drift_magnitude@assay', tables, { column });
    return { column, name, nulls, test, magnitude };
  });
  const tested = found.filter(({ test }) => test.value !== null);
  const corrected = correctPvalues(
    tested.map(({ test }) => test.value!),
    'holm',
  );
  return found.map((one) => {
    const at = tested.indexOf(one);
    return {
      column: one.column,
      nulls: one.nulls,
      ...(one.magnitude.value === null ? {} : { magnitude: one.magnitude.value }),
      ...(at < 0
        ? { undefined: one.test.undefined ?? 'undefined' }
        : {
            test: {
              name: one.name,
              pvalue: one.test.value!,
              corrected: corrected[at]!,
              correction: 'holm' as const,
            },
          }),
      changed: at < 0 ? undefined : corrected[at]! < 0.05,
    };
  });
}

/** Infinities have no place in a distribution and count as missing. */
function finiteOnly(column: TableColumn): TableColumn {
  if (column.kind === 'category') return column;
  let nulls = 0;
  const values = column.values.map((value) => (Number.isFinite(value) ? value : Number.NaN));
  for (const value of values) if (Number.isNaN(value)) nulls += 1;
  return { ...column, values, nulls };
}
