import { InputError, columnOf } from '#libs/statistics';
import type { Table } from '#libs/statistics';
import type { StepDocument } from './step.js';

/** What a column made of earlier rows is; a caller computes it as this says and sends it by its name. */
export interface Derived {
  readonly column: string;
  readonly order: string;
  readonly by?: string;
  /** The value this many rows before. */
  readonly lag?: number;
  /** Over this many rows before, the row itself left out. */
  readonly window?: number;
  readonly statistic?: 'mean' | 'sd' | 'minimum' | 'maximum' | 'sum';
  readonly minimumRows?: number;
}

interface Lag extends StepDocument {
  readonly step: 'lag';
  readonly columns: readonly string[];
  readonly lags: readonly number[];
  readonly order: string;
  readonly by?: string;
}

interface Rolling extends StepDocument {
  readonly step: 'rolling';
  readonly columns: readonly string[];
  readonly window: number;
  readonly statistic: NonNullable<Derived['statistic']>;
  readonly minimumRows?: number;
  readonly order: string;
  readonly by?: string;
}

/** The columns that the steps `lag` and `rolling` add, by name. */
export function derivedColumns(documents: readonly StepDocument[]): Record<string, Derived> {
  const found: Record<string, Derived> = {};
  const add = (name: string, derived: Derived): void => {
    if (found[name])
      throw new InputError('DuplicateColumn', `"${name}" is made twice`, { field: 'pipeline', rule: 'unique names' });
    found[name] = derived;
  };
  for (const document of documents) {
    if (document.step === 'lag') {
      const { columns, lags, order, by } = document as Lag;
      for (const column of columns)
        for (const lag of lags) add(`${column}_lag_${lag}`, { column, order, ...(by ? { by } : {}), lag });
    } else if (document.step === 'rolling') {
      const { columns, window, statistic, minimumRows = window, order, by } = document as Rolling;
      for (const column of columns)
        add(`${column}_${statistic}_${window}`, {
          column,
          order,
          ...(by ? { by } : {}),
          window,
          statistic,
          minimumRows,
        });
    }
  }
  return found;
}

/**
 * A derived column of the table: of each row's predecessors in the order column (within its group), never of the row
 * itself or what comes later; NaN where there are too few, or one of them is missing. sd is the sample's.
 * pandas: `shift(lag)`, `shift(1).rolling(window, min_periods=minimumRows)`.
 * @throws InputError `UnknownColumn`, `WrongType`, `MissingValue`, `AmbiguousOrder`
 */
export function derive(
  table: Table,
  { column, order, by, lag, window, statistic, minimumRows }: Derived,
): Float64Array {
  const values = numbers(table, column);
  const result = new Float64Array(table.rows).fill(Number.NaN);
  for (const rows of series(table, order, by))
    rows.forEach((row, place) => {
      if (lag !== undefined) {
        if (place >= lag) result[row] = values[rows[place - lag]!]!;
        return;
      }
      const before = Float64Array.from(
        rows.slice(Math.max(0, place - window!), place),
        (other) => values[other]!,
      ).filter((value) => !Number.isNaN(value));
      if (before.length >= Math.max(1, minimumRows!)) result[row] = summary(before, statistic!);
    });
  return result;
}

function summary(values: Float64Array, statistic: NonNullable<Derived['statistic']>): number {
  const sum = values.reduce((total, value) => total + value, 0);
  switch (statistic) {
    case 'sum':
      return sum;
    case 'mean':
      return sum / values.length;
    case 'minimum':
      return Math.min(...values);
    case 'maximum':
      return Math.max(...values);
    case 'sd': {
      if (values.length < 2) return Number.NaN;
      const centre = sum / values.length;
      return Math.sqrt(values.reduce((total, value) => total + (value - centre) ** 2, 0) / (values.length - 1));
    }
  }
}

function numbers(table: Table, name: string): Float64Array {
  const column = columnOf(table, name);
  if (column.kind !== 'numeric')
    throw new InputError('WrongType', `"${name}" is text`, { field: name, rule: 'numbers have lags' });
  return column.values;
}

/** Rows in time, one list a group. */
function series(table: Table, order: string, by: string | undefined): Int32Array[] {
  const times = orderOf(table, order);
  const groups = new Map<number, number[]>();
  const group = by === undefined ? undefined : columnOf(table, by);
  for (let row = 0; row < table.rows; row += 1) {
    const key = group ? (group.kind === 'category' ? group.codes[row]! : group.values[row]!) : 0;
    const rows = groups.get(key);
    if (rows) rows.push(row);
    else groups.set(key, [row]);
  }
  return [...groups.values()].map((rows) => {
    const sorted = Int32Array.from(rows).sort((a, b) => times[a]! - times[b]!);
    sorted.forEach((row, place) => {
      if (place > 0 && times[row] === times[sorted[place - 1]!])
        throw new InputError('AmbiguousOrder', `rows ${sorted[place - 1]} and ${row} have the same "${order}"`, {
          field: order,
          row,
          rule: 'an order without ties (within a group)',
        });
    });
    return sorted;
  });
}

/** Numbers of the column that order its rows: texts by their code units. @throws InputError `MissingValue` */
export function orderOf(table: Table, name: string): ArrayLike<number> {
  const column = columnOf(table, name);
  const values = column.kind === 'category' ? column.codes : column.values;
  const missing = column.kind === 'category' ? column.codes.indexOf(-1) : column.values.findIndex(Number.isNaN);
  if (missing >= 0)
    throw new InputError('MissingValue', `"${name}" orders the rows and is missing in row ${missing}`, {
      field: name,
      row: missing,
      rule: 'a value in every row',
    });
  return values;
}
