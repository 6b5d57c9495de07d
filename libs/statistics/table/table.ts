import type { Column } from '#libs/lifecycle';
import { InputError } from '../errors.js';

/** Numbers of one column; NaN stands for null and for nothing else. Infinities are kept and are refused where they hurt. */
export interface NumericColumn {
  readonly kind: 'numeric';
  readonly name: string;
  readonly type: 'number' | 'integer';
  readonly nulls: number;
  readonly values: Float64Array;
}

/** Categories of one column, coded in order of their UTF-16 code units; -1 stands for null. */
export interface CategoryColumn {
  readonly kind: 'category';
  readonly name: string;
  readonly type: 'string' | 'boolean' | 'timestamp';
  readonly nulls: number;
  readonly codes: Int32Array;
  readonly categories: readonly string[];
}

export type TableColumn = NumericColumn | CategoryColumn;

/** A data set in memory: typed columns of equal length, immutable by convention. */
export interface Table {
  readonly rows: number;
  readonly columns: readonly TableColumn[];
}

/** The column of that name. @throws InputError `UnknownColumn` with the columns there are. */
export function columnOf(table: Table, name: string): TableColumn {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (!column)
    throw new InputError('UnknownColumn', `there is no column "${name}"`, {
      field: name,
      rule: 'the column exists',
      columns: table.columns.map((candidate) => candidate.name).slice(0, 100),
    });
  return column;
}

/** Any column as categories: numbers by their shortest decimal form. */
export function asCategories(column: TableColumn): CategoryColumn {
  if (column.kind === 'category') return column;
  const seen = new Map<number, number>();
  const raw = new Int32Array(column.values.length);
  column.values.forEach((value, row) => {
    if (Number.isNaN(value)) {
      raw[row] = -1;
      return;
    }
    const key = value === 0 ? 0 : value;
    let code = seen.get(key);
    if (code === undefined) seen.set(key, (code = seen.size));
    raw[row] = code;
  });
  const labels = [...seen.keys()];
  const order = labels.map((_, index) => index).sort((a, b) => labels[a]! - labels[b]!);
  const rank = new Int32Array(labels.length);
  order.forEach((original, position) => (rank[original] = position));
  return {
    kind: 'category',
    name: column.name,
    type: 'string',
    nulls: column.nulls,
    codes: raw.map((code) => (code < 0 ? -1 : rank[code]!)),
    categories: order.map((original) => String(labels[original]!)),
  };
}

/** The cell as text, or undefined where it is null. */
export function cellText(column: TableColumn, row: number): string | undefined {
  if (column.kind === 'category') return column.categories[column.codes[row]!];
  const value = column.values[row]!;
  return Number.isNaN(value) ? undefined : String(value);
}

/** The schema as a seal states it. */
export function columnsOf(table: Table): Column[] {
  return table.columns.map(({ name, type, nulls }) => ({ name, type, nulls }));
}

/** The same rows in another order or number: `rows[i]` is the source row of row i. */
export function selectRows(table: Table, rows: ArrayLike<number>): Table {
  return { rows: rows.length, columns: table.columns.map((column) => selectColumn(column, rows)) };
}

function selectColumn(column: TableColumn, rows: ArrayLike<number>): TableColumn {
  let nulls = 0;
  if (column.kind === 'numeric') {
    const values = new Float64Array(rows.length);
    for (let i = 0; i < rows.length; i += 1) {
      values[i] = column.values[rows[i]!]!;
      if (Number.isNaN(values[i]!)) nulls += 1;
    }
    return { ...column, values, nulls };
  }
  const codes = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i += 1) {
    codes[i] = column.codes[rows[i]!]!;
    if (codes[i]! < 0) nulls += 1;
  }
  return { ...column, codes, nulls };
}
