import { sortedOrder } from './radix.js';

/** Takes the elements [from, to) of two lists: values ascending, each with its tag. */
export type SortedVisit = (values: Float64Array, tags: Uint16Array, from: number, to: number) => void;

const coarse = 2048;
const insertionLimit = 32;
const deepest = 4;

interface Level {
  values: Float64Array;
  tags: Uint16Array;
  readonly starts: Uint32Array;
}

/**
 * Visits finite values ascending with their tags, range after range; equal values come in one range, in no particular
 * order. Values are distributed over equal parts of their range, then each part again until few are left: linear where
 * they spread, and at worst a radix sort of what does not. Each part is visited while it lies in the cache, which is
 * what makes this quicker than a sort of ten million scores. The input is left alone; the lists visited are scratch.
 */
export function eachSorted(values: Float64Array, tags: Uint16Array, visit: SortedVisit, bounds?: Bounds): void {
  const levels: Level[] = [];
  distribute(values, tags, 0, values.length, 0, levels, visit, bounds);
}

/** No value lies outside; they need not be met. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

function boundsOf(values: Float64Array, from: number, to: number): Bounds {
  let low = Infinity;
  let high = -Infinity;
  for (let i = from; i < to; i += 1) {
    const value = values[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}

/** Visits [from, to), whose content may be changed where `depth` is over 0. */
function distribute(
  values: Float64Array,
  tags: Uint16Array,
  from: number,
  to: number,
  depth: number,
  levels: Level[],
  visit: SortedVisit,
  bounds?: Bounds,
): void {
  const n = to - from;
  if (n === 0) return;
  const { low, high } = bounds ?? boundsOf(values, from, to);
  if (low === high) return visit(values, tags, from, to);
  const parts = partsFor(n);
  const scale = parts / (high - low);
  if (depth > deepest || !(scale > 0 && scale < Infinity)) return byOrder(values, tags, from, to, visit);
  const level = levelAt(levels, depth, n);
  const { starts } = level;
  starts.fill(0, 0, parts + 1);
  for (let i = from; i < to; i += 1) {
    const part = ((values[i]! - low) * scale) | 0;
    starts[(part < parts ? part : parts - 1) + 1]! += 1;
  }
  let most = 0;
  for (let part = 1; part <= parts; part += 1) {
    if (starts[part]! > most) most = starts[part]!;
    starts[part]! += starts[part - 1]!;
  }
  scatter(values, tags, from, to, low, scale, parts, level);
  if (most <= insertionLimit) {
    insertion(level.values, level.tags, 0, n);
    return visit(level.values, level.tags, 0, n);
  }
  // After the scatter, start p is where part p ends.
  const ends = starts.slice(0, parts);
  let begin = 0;
  for (let part = 0; part < parts; part += 1) {
    const end = ends[part]!;
    if (end - begin <= insertionLimit) {
      insertion(level.values, level.tags, begin, end);
      if (end > begin) visit(level.values, level.tags, begin, end);
    } else {
      // Where values spread, the edges of a part bound it well enough; rounding may leave one a little outside, which
      // the first and last part take in. Where they do not, the next step looks for the true bounds.
      const edges = depth === 0 ? { low: low + part / scale, high: low + (part + 1) / scale } : undefined;
      distribute(level.values, level.tags, begin, end, depth + 1, levels, visit, edges);
    }
    begin = end;
  }
}

/** So many parts that the next step ends, or a number whose places of writing the cache holds. */
function partsFor(n: number): number {
  if (n > 8 * coarse) return coarse;
  let parts = 64;
  while (parts * 2 < n) parts *= 2;
  return parts;
}

function levelAt(levels: Level[], depth: number, n: number): Level {
  const level = (levels[depth] ??= {
    values: new Float64Array(0),
    tags: new Uint16Array(0),
    starts: new Uint32Array(8 * coarse + 1),
  });
  if (level.values.length < n) {
    level.values = new Float64Array(n);
    level.tags = new Uint16Array(n);
  }
  return level;
}

function scatter(
  values: Float64Array,
  tags: Uint16Array,
  from: number,
  to: number,
  low: number,
  scale: number,
  parts: number,
  level: Level,
): void {
  const { starts, values: intoValues, tags: intoTags } = level;
  for (let i = from; i < to; i += 1) {
    const value = values[i]!;
    const place = ((value - low) * scale) | 0;
    const part = place < parts ? place : parts - 1;
    const at = starts[part]!;
    starts[part] = at + 1;
    intoValues[at] = value;
    intoTags[at] = tags[i]!;
  }
}

function insertion(values: Float64Array, tags: Uint16Array, from: number, to: number): void {
  for (let i = from + 1; i < to; i += 1) {
    const value = values[i]!;
    if (values[i - 1]! <= value) continue;
    const tag = tags[i]!;
    let at = i;
    for (; at > from && values[at - 1]! > value; at -= 1) {
      values[at] = values[at - 1]!;
      tags[at] = tags[at - 1]!;
    }
    values[at] = value;
    tags[at] = tag;
  }
}

function byOrder(values: Float64Array, tags: Uint16Array, from: number, to: number, visit: SortedVisit): void {
  const own = values.slice(from, to);
  const order = sortedOrder(own);
  const ownTags = Uint16Array.from(order, (row) => tags[from + row]!);
  visit(
    Float64Array.from(order, (row) => own[row]!),
    ownTags,
    0,
    to - from,
  );
}
