import { InputError } from '../errors.js';
import { asCategories, columnOf } from '../table/index.js';
import type { CategoryColumn, Table, TableColumn } from '../table/index.js';

type Arguments = Readonly<Record<string, unknown>>;

/** The files and arguments of one measure, read with typed errors that name the argument. */
export class Inputs {
  constructor(
    readonly tables: readonly Table[],
    readonly args: Arguments,
  ) {}

  has(name: string): boolean {
    return this.args[name] !== undefined && this.args[name] !== null;
  }

  /** The i-th file. */
  table(index = 0): Table {
    const table = this.tables[index];
    if (!table)
      throw new InputError('MissingFile', `file ${index + 1} is missing`, { rule: `${index + 1} data files` });
    return table;
  }

  text(name: string, fallback?: string): string {
    const value = this.args[name] ?? fallback;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    if (typeof value !== 'string') throw this.wrong(name, 'a text');
    return value;
  }

  oneOf<Choice extends string>(name: string, choices: readonly Choice[], fallback: Choice): Choice {
    const value = this.text(name, fallback);
    if (!choices.includes(value as Choice)) throw this.wrong(name, `one of ${choices.join(', ')}`);
    return value as Choice;
  }

  number(name: string, fallback?: number): number {
    const value = this.args[name] ?? fallback;
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.wrong(name, 'a finite number');
    return value;
  }

  integer(name: string, fallback?: number): number {
    const value = this.number(name, fallback);
    if (!Number.isSafeInteger(value)) throw this.wrong(name, 'an integer');
    return value;
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.args[name] ?? fallback;
    if (typeof value !== 'boolean') throw this.wrong(name, 'true or false');
    return value;
  }

  /** A list of texts; one text is a list of one, and commas part a text. */
  texts(name: string, fallback?: readonly string[]): readonly string[] {
    const value = this.args[name] ?? fallback;
    if (typeof value === 'string') return value.split(',').map((part) => part.trim());
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string'))
      throw this.wrong(name, 'a list of texts');
    return value as string[];
  }

  numbers(name: string): Float64Array {
    const value = this.args[name];
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'number' && Number.isFinite(item)))
      throw this.wrong(name, 'a list of finite numbers');
    return Float64Array.from(value as number[]);
  }

  /** A matrix of numbers, rows of equal length. */
  matrix(name: string): Float64Array[] {
    const value = this.args[name];
    const isRow = (row: unknown): row is number[] =>
      Array.isArray(row) && row.every((item) => typeof item === 'number' && Number.isFinite(item));
    if (!Array.isArray(value) || value.length === 0 || !value.every(isRow))
      throw this.wrong(name, 'a table of finite numbers');
    const rows = value as number[][];
    if (rows.some((row) => row.length !== rows[0]!.length)) throw this.wrong(name, 'rows of equal length');
    return rows.map((row) => Float64Array.from(row));
  }

  column(argument: string, file = 0): TableColumn {
    return columnOf(this.table(file), this.text(argument));
  }

  /** A column as numbers without nulls. @throws InputError `WrongType`, `MissingValue`, `NotFinite` */
  numericColumn(argument: string, file = 0): Float64Array {
    return numbersOf(this.column(argument, file));
  }

  /** A column of the first file by its own name. @throws InputError as {@link numericColumn} */
  numericColumnNamed(name: string): Float64Array {
    return numbersOf(columnOf(this.table(), name));
  }

  /** A column as categories without nulls. */
  categoryColumn(argument: string, file = 0): CategoryColumn {
    const column = asCategories(this.column(argument, file));
    refuseNulls(column);
    return column;
  }

  wrong(name: string, rule: string): InputError {
    return new InputError('WrongArgument', `argument "${name}" is ${rule}`, { field: name, rule });
  }
}

/** @throws InputError `WrongType`, `MissingValue`, `NotFinite` */
export function numbersOf(column: TableColumn): Float64Array {
  if (column.kind !== 'numeric')
    throw new InputError('WrongType', `column "${column.name}" holds texts`, { field: column.name, rule: 'numbers' });
  refuseNulls(column);
  const bad = column.values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new InputError('NotFinite', `column "${column.name}" holds ${column.values[bad]} in row ${bad}`, {
      field: column.name,
      row: bad,
      rule: 'finite numbers',
    });
  return column.values;
}

function refuseNulls(column: TableColumn): void {
  if (column.nulls === 0) return;
  const row =
    column.kind === 'numeric' ? column.values.findIndex(Number.isNaN) : column.codes.findIndex((code) => code < 0);
  throw new InputError('MissingValue', `column "${column.name}" has no value in row ${row}`, {
    field: column.name,
    row,
    rule: 'no missing values',
  });
}
