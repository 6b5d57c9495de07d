/**
 * Samples in ascending order. Columns are immutable, so the order of a column is kept as long as the column lives: a reference is
 * sorted once for all of its windows, and a window once for all measures.
 */
const kept = new WeakMap<Float64Array, Float64Array>();

/** Sorted copy, as `Float64Array.prototype.sort` orders: −0 before 0, NaN last. */
export function sorted(values: ArrayLike<number>): Float64Array {
  const copy = Float64Array.from(values);
  return copy.length < 4096 || holdsNaN(copy) ? copy.sort() : sortByRadix(copy);
}

function holdsNaN(values: Float64Array): boolean {
  for (let i = 0; i < values.length; i += 1) if (values[i] !== values[i]) return true;
  return false;
}

const digits = 3;
const digitBits = 11;
const buckets = 1 << digitBits;

/**
 * Radix sort by the upper 32 bits of the doubles (sign, exponent, 20 bits of the fraction), in three passes; what these do not part
 * is sorted by comparison. No NaN.
 */
function sortByRadix(values: Float64Array): Float64Array {
  const n = values.length;
  const starts = Array.from({ length: digits }, () => new Int32Array(buckets));
  const upper = new Int32Array(values.buffer, values.byteOffset, n * 2);
  for (let i = 0; i < n; i += 1) {
    const key = ascendingKey(upper[2 * i + 1]!);
    for (let digit = 0; digit < digits; digit += 1) starts[digit]![(key >>> (digit * digitBits)) & (buckets - 1)]! += 1;
  }
  for (const counts of starts)
    for (let bucket = 0, before = 0; bucket < buckets; bucket += 1) {
      const own = counts[bucket]!;
      counts[bucket] = before;
      before += own;
    }
  let from: Float64Array = values;
  let to: Float64Array = new Float64Array(n);
  for (let digit = 0; digit < digits; digit += 1) {
    distribute(from, to, starts[digit]!, digit * digitBits);
    [from, to] = [to, from];
  }
  return sortRuns(from);
}

function distribute(from: Float64Array, to: Float64Array, places: Int32Array, shift: number): void {
  const upper = new Int32Array(from.buffer, from.byteOffset, from.length * 2);
  for (let i = 0; i < from.length; i += 1) {
    const bucket = (ascendingKey(upper[2 * i + 1]!) >>> shift) & (buckets - 1);
    const place = places[bucket]!;
    places[bucket] = place + 1;
    to[place] = from[i]!;
  }
}

/** Upper half of a double so turned that unsigned order is the order of the doubles (little-endian machines, as all of Node's). */
function ascendingKey(upper: number): number {
  return upper ^ ((upper >> 31) | 0x80000000);
}

function sortRuns(values: Float64Array): Float64Array {
  const upper = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  for (let i = 1; i < values.length; i += 1) {
    if (!(values[i]! < values[i - 1]!)) continue;
    const own = upper[2 * i + 1];
    let [start, end] = [i - 1, i + 1];
    while (start > 0 && upper[2 * start - 1] === own) start -= 1;
    while (end < values.length && upper[2 * end + 1] === own) end += 1;
    values.subarray(start, end).sort();
    i = end;
  }
  return values;
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
