import { InputError, asCategories, cellText, columnOf } from '#libs/statistics';
import type { Table, TableColumn } from '#libs/statistics';
import { countWords } from '../onnx/index.js';
import type { Encoding, TextEncoding } from '../onnx/index.js';
import { derive, derivedColumns } from './history.js';
import type { Derived } from './history.js';
import type { Columns, StepDocument } from './step.js';

/** What a model is served: one float32 tensor, and how a caller's values become a row of it. */
export interface Inputs extends Omit<Columns, 'values'> {
  /** What a caller names, in the order of the tensor's columns (a text has several). */
  readonly features: readonly string[];
  /** Row-major, rounded to float32: what a model is fitted on is what it will be served. NaN: missing. */
  readonly values: Float32Array;
  readonly encoding: Encoding;
  /** Features whose numbers are names: they are looked up in the encoding too. */
  readonly categorical: readonly string[];
  readonly text: Readonly<Record<string, TextEncoding>>;
  readonly derived: Readonly<Record<string, Derived>>;
}

interface Block {
  readonly names: readonly string[];
  readonly categories?: readonly string[];
  readonly cell: (row: number, j: number) => number;
}

const maximumCells = 2 ** 28;

/**
 * Columns as numbers: numeric ones as they stand; texts of two values as 0 and 1 (no/yes, false/true, n/y, else in the
 * order of their code units; a constant one as 0); texts of more values as codes 0, 1, … in that order; texts of a step
 * `hash_text` as word counts; and the columns that `lag` and `rolling` make.
 * @throws InputError `UnknownColumn`, `NotFinite`, `NoFeatures`, `WrongType`, `DuplicateColumn`, `TooLarge`
 */
export function inputsOf(
  table: Table,
  columns: readonly string[],
  documents: readonly StepDocument[] = [],
  numbersThatAreNames: readonly string[] = [],
): Inputs {
  const categorical = columns.filter((name) => numbersThatAreNames.includes(name));
  const text = textEncodings(table, columns, documents);
  const derived = derivedColumns(documents);
  for (const name of Object.keys(derived))
    if (table.columns.some((column) => column.name === name))
      throw new InputError('DuplicateColumn', `the table has a column "${name}" already`, {
        field: name,
        rule: 'unique names',
      });
  const features = [...columns, ...Object.keys(derived)];
  if (features.length === 0)
    throw new InputError('NoFeatures', 'no column is left to learn from', { field: 'features', rule: 'at least one' });
  const encoding: Record<string, Record<string, number>> = {};
  const blocks = features.map((feature): Block => {
    if (derived[feature]) {
      const numbers = derive(table, derived[feature]);
      return { names: [feature], cell: (row) => numbers[row]! };
    }
    const own = columnOf(table, feature);
    const column = categorical.includes(feature) ? asCategories(own) : own;
    if (text[feature]) return textBlock(column, text[feature], table.rows);
    if (column.kind === 'numeric') return { names: [feature], cell: (row) => column.values[row]! };
    const codes = codesOf(column.categories);
    encoding[feature] = Object.fromEntries(column.categories.map((category, i) => [category, codes[i]!]));
    const categories: string[] = [];
    column.categories.forEach((category, i) => (categories[codes[i]!] = category));
    const cell = (row: number): number => (column.codes[row]! < 0 ? Number.NaN : codes[column.codes[row]!]!);
    return { names: [feature], categories: Array.from(categories, (own) => own ?? ''), cell };
  });
  const names = blocks.flatMap((block) => block.names);
  const width = names.length;
  if (table.rows * width > maximumCells)
    throw new InputError('TooLarge', `${table.rows} rows of ${width} columns`, {
      field: 'features',
      rule: `at most ${maximumCells} cells of the input tensor`,
    });
  const values = new Float32Array(table.rows * width);
  let offset = 0;
  for (const block of blocks) {
    for (let row = 0; row < table.rows; row += 1)
      for (let j = 0; j < block.names.length; j += 1) {
        const number = block.cell(row, j);
        const value = Math.fround(number);
        if (Math.abs(value) === Infinity) refuseInfinity(block.names[j]!, row, number);
        values[row * width + offset + j] = value;
      }
    offset += block.names.length;
  }
  const categories = blocks.flatMap((block) => block.names.map(() => block.categories));
  return { features, names, rows: table.rows, categories, values, encoding, categorical, text, derived };
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

/** Steps that make columns of the tensor: a job's other pipelines share the tensor where these are the same. */
export function tableSteps(documents: readonly StepDocument[]): readonly StepDocument[] {
  return documents.filter(({ step }) => step === 'hash_text' || step === 'lag' || step === 'rolling');
}

function textEncodings(
  table: Table,
  features: readonly string[],
  documents: readonly StepDocument[],
): Record<string, TextEncoding> {
  const found: Record<string, TextEncoding> = {};
  for (const document of documents) {
    if (document.step !== 'hash_text') continue;
    const { columns = [], buckets = 256, ngrams = 1, signed = true } = document as StepDocument & Partial<TextEncoding>;
    for (const name of columns) {
      columnOf(table, name);
      if (!features.includes(name))
        throw new InputError('UnknownColumn', `"${name}" is hashed and no feature`, {
          field: 'pipeline.columns',
          rule: 'a feature',
        });
      found[name] = { buckets, ngrams, signed };
    }
  }
  return found;
}

function textBlock(column: TableColumn, encoding: TextEncoding, rows: number): Block {
  if (column.kind === 'numeric')
    throw new InputError('WrongType', `"${column.name}" is a number`, { field: column.name, rule: 'texts are hashed' });
  const counts = Array.from({ length: rows }, (_, row) => countWords(cellText(column, row), encoding));
  return {
    names: Array.from({ length: encoding.buckets }, (_, bucket) => `${column.name}#${bucket}`),
    cell: (row, j) => counts[row]![j]!,
  };
}

const negatives = new Set(['no', 'false', 'n', 'f']);

/** The number of each category. */
function codesOf(categories: readonly string[]): number[] {
  // Code-unit order already puts no before yes and false before true; a capitalised or lone one is found by its meaning.
  const [first, second] = categories;
  if (categories.length === 1) return [Number(/^(yes|true|y|t)$/i.test(first!))];
  const swapped =
    categories.length === 2 && negatives.has(second!.toLowerCase()) && !negatives.has(first!.toLowerCase());
  return categories.map((_, index) => (swapped ? 1 - index : index));
}

function refuseInfinity(field: string, row: number, value: number): never {
  throw new InputError('NotFinite', `column "${field}" holds ${value} in row ${row}`, {
    field,
    row,
    rule: 'finite in float32',
  });
}
