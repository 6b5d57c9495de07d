import { InputError, columnOf } from '#libs/statistics';
import type { Table, TableColumn } from '#libs/statistics';
import type { Encoding } from '../onnx/index.js';
import type { Columns } from './step.js';

/** What a model is served: one float32 tensor, and how a caller's values become a row of it. */
export interface Inputs extends Omit<Columns, 'values'> {
  /** What a caller names, in the order of the tensor's columns. */
  readonly features: readonly string[];
  /** Row-major, rounded to float32: what a model is fitted on is what it will be served. NaN: missing. */
  readonly values: Float32Array;
  readonly encoding: Encoding;
}

/**
 * Columns as numbers: numeric ones as they stand; texts of two values as 0 and 1 (no/yes, false/true, n/y, else in the
 * order of their code units; a constant one as 0); texts of more values as codes 0, 1, … in that order.
 * @throws InputError `UnknownColumn`, `NotFinite`, `NoFeatures`
 */
export function inputsOf(table: Table, features: readonly string[]): Inputs {
  if (features.length === 0)
    throw new InputError('NoFeatures', 'no column is left to learn from', { field: 'features', rule: 'at least one' });
  const width = features.length;
  const values = new Float32Array(table.rows * width);
  const encoding: Record<string, Record<string, number>> = {};
  const categories = features.map((feature, j) => {
    const column = columnOf(table, feature);
    const order = column.kind === 'category' ? orderOf(column.categories) : undefined;
    if (order) encoding[feature] = Object.fromEntries(order.map(({ text, code }) => [text, code]));
    const numbers = numbersOf(column, encoding[feature]);
    for (let row = 0; row < table.rows; row += 1) {
      const value = Math.fround(numbers[row]!);
      if (Math.abs(value) === Infinity) refuseInfinity(feature, row, numbers[row]!);
      values[row * width + j] = value;
    }
    if (!order) return undefined;
    const texts: string[] = [];
    for (const { text, code } of order) texts[code] = text;
    return texts;
  });
  return { features, names: features, rows: table.rows, categories, values, encoding };
}

/** The given rows of the tensor, as float64. */
export function rowsOf({ names, categories, values }: Inputs, rows: Int32Array): Columns {
  const width = names.length;
  const selected = new Float64Array(rows.length * width);
  rows.forEach((row, index) => {
    for (let j = 0; j < width; j += 1) selected[index * width + j] = values[row * width + j]!;
  });
  return { rows: rows.length, names, categories, values: selected };
}

function numbersOf(column: TableColumn, codes: Readonly<Record<string, number>> | undefined): Float64Array {
  if (column.kind === 'numeric') return column.values;
  const numbers = column.categories.map((category) => codes![category]!);
  return Float64Array.from(column.codes, (code) => (code < 0 ? Number.NaN : numbers[code]!));
}

const negatives = new Set(['no', 'false', 'n', 'f']);

function orderOf(categories: readonly string[]): { readonly text: string; readonly code: number }[] {
  // Code-unit order already puts no before yes and false before true; a capitalised or lone one is found by its meaning.
  const [first, second] = categories;
  if (first !== undefined && second === undefined)
    return [{ text: first, code: Number(/^(yes|true|y|t)$/i.test(first)) }];
  const swapped =
    categories.length === 2 && negatives.has(second!.toLowerCase()) && !negatives.has(first!.toLowerCase());
  return categories.map((text, index) => ({ text, code: swapped ? 1 - index : index }));
}

function refuseInfinity(field: string, row: number, value: number): never {
  throw new InputError('NotFinite', `column "${field}" holds ${value} in row ${row}`, {
    field,
    row,
    rule: 'finite in float32',
  });
}
