import { InputError } from '../errors.js';
import { asCategories, columnOf } from '../table/index.js';
import type { Table } from '../table/index.js';

/** Columns as numbers, complete, scaled by the reference: row-major, `rows × width`. */
export interface Standardised {
  readonly reference: Float64Array;
  readonly current: Float64Array;
  readonly width: number;
}

/** More columns make the covariance, and its eigenvectors, a matter of minutes. */
export const maximumColumns = 400;

/**
 * NannyML 0.13.1's preparation: what is missing becomes the reference's mean (numbers) or most frequent value (texts; the first of equals);
 * texts become the number of rows that hold them in the reference (unseen ones 0); then all is standardised by the reference's mean and
 * population deviation (a constant column only by its mean).
 * @throws InputError `EmptyReference`, `NotFinite`, `TooManyColumns`, `UnknownColumn`
 */
export function standardisedByReference(reference: Table, current: Table, names: readonly string[]): Standardised {
  checkSize(reference, current, names);
  const width = names.length;
  const [a, b] = [new Float64Array(reference.rows * width), new Float64Array(current.rows * width)];
  names.forEach((name, j) => {
    const [x, y] = numbersOfPair(reference, current, name);
    let mean = 0;
    for (const value of x) mean += value / x.length;
    let squares = 0;
    let residual = 0;
    for (const value of x) {
      squares += (value - mean) ** 2;
      residual += value - mean;
    }
    const variance = (squares - residual ** 2 / x.length) / x.length;
    const sd = variance > (10 * Number.EPSILON * mean) ** 2 ? Math.sqrt(variance) : 1;
    x.forEach((value, row) => (a[row * width + j] = (value - mean) / sd));
    y.forEach((value, row) => (b[row * width + j] = (value - mean) / sd));
  });
  return { reference: a, current: b, width };
}

function numbersOfPair(reference: Table, current: Table, name: string): [Float64Array, Float64Array] {
  const [a, b] = [columnOf(reference, name), columnOf(current, name)];
  if (a.kind === 'numeric' && b.kind === 'numeric') {
    const present = a.values.filter((value) => !Number.isNaN(value));
    const mean = present.reduce((sum, value) => sum + value, 0) / Math.max(1, present.length);
    const filled = (values: Float64Array): Float64Array =>
      values.map((value, row) => {
        if (value === Infinity || value === -Infinity)
          throw new InputError('NotFinite', `column "${name}" holds ${value} in row ${row}`, {
            field: name,
            row,
            rule: 'finite numbers',
          });
        return Number.isNaN(value) ? mean : value;
      });
    return [filled(a.values), filled(b.values)];
  }
  const [x, y] = [asCategories(a), asCategories(b)];
  const counts = new Float64Array(x.categories.length);
  for (const code of x.codes) if (code >= 0) counts[code]! += 1;
  const most = counts.reduce((best, count, code) => (count > counts[best]! ? code : best), 0);
  if (counts.length > 0) counts[most]! += x.nulls;
  const known = new Map(x.categories.map((category, code) => [category, counts[code]!]));
  const encode = ({ codes, categories }: typeof x): Float64Array =>
    Float64Array.from(codes, (code) => (code < 0 ? (counts[most] ?? 0) : (known.get(categories[code]!) ?? 0)));
  return [encode(x), encode(y)];
}

/** @throws InputError `EmptyReference`, `NoRows`, `NoColumns`, `TooManyColumns` */
export function checkSize(reference: Table, current: Table, names: readonly string[]): void {
  if (names.length === 0) throw new InputError('NoColumns', 'no column to look at', { rule: 'at least one column' });
  if (names.length > maximumColumns)
    throw new InputError('TooManyColumns', `${names.length} columns`, { rule: `at most ${maximumColumns} columns` });
  if (reference.rows === 0)
    throw new InputError('EmptyReference', 'the reference has no row', { rule: 'at least one row' });
  if (current.rows === 0) throw new InputError('NoRows', 'the current window has no row', { rule: 'at least one row' });
}

/** Evenly spaced rows, at most `most`: a bounded sample without chance. */
export function spacedRows(rows: number, most: number): Int32Array {
  const size = Math.min(rows, most);
  return Int32Array.from({ length: size }, (_, i) => Math.floor((i * rows) / size));
}
