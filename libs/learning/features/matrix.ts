import { InputError, columnOf } from '#libs/statistics';
import type { Table, TableColumn } from '#libs/statistics';
import type { Encoding } from '../onnx/index.js';

export interface FeatureMatrix {
  readonly features: readonly string[];
  /** Row-major, rounded to float32: what a model is fitted on is what it will be served. */
  readonly values: Float32Array;
  readonly rows: number;
  readonly encoding: Encoding;
}

/**
 * Columns as numbers: numeric ones as they stand, categorical ones of two values as 0 and 1 (no/yes, false/true, n/y,
 * else in the order of their code units; a constant one as 0).
 * @throws InputError `UnknownColumn`, `MissingValue` (line of the first null), `NotFinite`, `NeedsEncoding`, `NoFeatures`
 */
export function featureMatrix(table: Table, features: readonly string[]): FeatureMatrix {
  if (features.length === 0)
    throw new InputError('NoFeatures', 'no column is left to learn from', { field: 'features', rule: 'at least one' });
  const width = features.length;
  const values = new Float32Array(table.rows * width);
  const encoding: Record<string, Record<string, number>> = {};
  features.forEach((feature, j) => {
    const column = columnOf(table, feature);
    const numbers = numbersOf(column, encoding);
    for (let row = 0; row < table.rows; row += 1) {
      const value = Math.fround(numbers[row]!);
      if (!Number.isFinite(value)) refuseCell(column, row, numbers[row]!);
      values[row * width + j] = value;
    }
  });
  return { features, values, rows: table.rows, encoding };
}

function numbersOf(column: TableColumn, encoding: Record<string, Record<string, number>>): Float64Array {
  if (column.kind === 'numeric') return column.values;
  const { categories, codes, name } = column;
  if (categories.length > 2)
    throw new InputError('NeedsEncoding', `column "${name}" has ${categories.length} categories`, {
      field: name,
      rule: 'numbers, or texts of two values',
    });
  const map = binaryMap(categories);
  encoding[name] = map;
  const numbers = categories.map((category) => map[category]!);
  return Float64Array.from(codes, (code) => (code < 0 ? Number.NaN : numbers[code]!));
}

const negatives = new Set(['no', 'false', 'n', 'f']);

function binaryMap(categories: readonly string[]): Record<string, number> {
  // Code-unit order already puts no before yes and false before true; a capitalised or lone one is found by its meaning.
  const [first, second] = categories;
  if (first === undefined) return {};
  if (second === undefined)
    return { [first]: negatives.has(first.toLowerCase()) ? 0 : Number(/^(yes|true|y|t)$/i.test(first)) };
  const swapped = negatives.has(second.toLowerCase()) && !negatives.has(first.toLowerCase());
  return swapped ? { [second]: 0, [first]: 1 } : { [first]: 0, [second]: 1 };
}

function refuseCell(column: TableColumn, row: number, value: number): never {
  // Data row 0 is line 2 where no cell holds a line break; the row is exact.
  if (Number.isNaN(value))
    throw new InputError('MissingValue', `column "${column.name}" has no value in row ${row}`, {
      field: column.name,
      row,
      rule: 'no missing values (impute them first)',
    });
  throw new InputError('NotFinite', `column "${column.name}" holds ${value} in row ${row}`, {
    field: column.name,
    row,
    rule: 'finite in float32',
  });
}
