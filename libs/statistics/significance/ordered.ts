import { sortNumbers } from '../sorting/radix.js';

/**
 * Samples in ascending order. Columns are immutable, so the order of a column is kept as long as the column lives: a reference is
 * sorted once for all of its windows, and a window once for all measures.
 */
const kept = new WeakMap<Float64Array, Float64Array>();

/** Sorted copy, as `Float64Array.prototype.sort` orders: −0 before 0, NaN last. */
export function sorted(values: ArrayLike<number>): Float64Array {
  const sample = values instanceof Float64Array ? values : Float64Array.from(values);
  return holdsNaN(sample) ? sample.slice().sort() : sortNumbers(sample);
}

function holdsNaN(values: Float64Array): boolean {
  for (let i = 0; i < values.length; i += 1) if (values[i] !== values[i]) return true;
  return false;
}

/** The sample in order, kept beside it: neither may be written to afterwards. */
export function ordered(values: ArrayLike<number>): Float64Array {
  if (!(values instanceof Float64Array)) return sorted(values);
  const known = kept.get(values);
  if (known) return known;
  const order = isAscending(values) ? values : sorted(values);
  kept.set(values, order);
  return order;
}

/** The order where it is kept already: counting then is two binary searches a bin. */
export function orderIfKept(values: ArrayLike<number>): Float64Array | undefined {
  return values instanceof Float64Array ? kept.get(values) : undefined;
}

/** Two windows as one: linear in their sizes. */
export function mergeOrdered(x: Float64Array, y: Float64Array): Float64Array {
  const merged = new Float64Array(x.length + y.length);
  for (let i = 0, j = 0, k = 0; k < merged.length; k += 1)
    merged[k] = j >= y.length || (i < x.length && x[i]! <= y[j]!) ? x[i++]! : y[j++]!;
  return merged;
}

/** How many values differ, counted up to `limit` and no further. */
export function distinctUpTo(limit: number, ...samples: readonly ArrayLike<number>[]): number {
  const seen = new Set<number>();
  for (const sample of samples)
    for (let i = 0; i < sample.length; i += 1) {
      seen.add(sample[i]!);
      if (seen.size >= limit) return limit;
    }
  return seen.size;
}

/** Walks two ordered samples by distinct value: counts at or below it in each, and how many lie on it. */
export function walk(
  x: Float64Array,
  y: Float64Array,
  visit: (value: number, i: number, j: number, ties: number) => void,
): void {
  let i = 0;
  let j = 0;
  while (i < x.length || j < y.length) {
    const value = j >= y.length || (i < x.length && x[i]! <= y[j]!) ? x[i]! : y[j]!;
    const before = i + j;
    while (i < x.length && x[i] === value) i += 1;
    while (j < y.length && y[j] === value) j += 1;
    visit(value, i, j, i + j - before);
  }
}

function isAscending(values: Float64Array): boolean {
  for (let i = 1; i < values.length; i += 1) if (!(values[i - 1]! <= values[i]!)) return false;
  return true;
}
