import { sortNumbers } from './radix.js';

/** Memory that one count after the other may use: fresh memory costs as much as the work. */
export interface Room {
  starts: Int32Array;
  values: Float64Array;
}

export const emptyRoom = (): Room => ({ starts: new Int32Array(0), values: new Float64Array(0) });

/** Beyond so many values a part is kept in order and searched by halves. */
const crowd = 12;
const mostParts = 1 << 22;

/**
 * Pairs that an upper wins over a lower, ties half, doubled: Σ over all pairs of 2 where upper > lower and 1 where they
 * are equal. Exact for every distribution of finite numbers. No list is sorted: the smaller one is distributed over equal
 * parts of its range, about two parts a value, so that a look into one part tells where a value of the other stands;
 * linear where values spread, and where they crowd the crowd is sorted.
 */
export function doubledWins(uppers: Float64Array, lowers: Float64Array, room: Room): number {
  return lowers.length <= uppers.length
    ? twiceBelow(lowers, uppers, room)
    : 2 * uppers.length * lowers.length - twiceBelow(uppers, lowers, room);
}

/** Σ over `others` of twice the number of the sample's values below and once those equal. */
function twiceBelow(sample: Float64Array, others: Float64Array, room: Room): number {
  const n = sample.length;
  if (n === 0) return 0;
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < n; i += 1) {
    const value = sample[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  let parts = 1;
  while (parts < 2 * n && parts < mostParts) parts *= 2;
  let scale = parts / (high - low);
  // One value only, or a range beyond the doubles.
  if (!(scale > 0 && scale < Infinity)) [parts, scale] = [1, 0];
  if (room.starts.length < parts + 2) room.starts = new Int32Array(parts + 2);
  if (room.values.length < n) room.values = new Float64Array(n);
  distribute(sample, low, scale, parts, room);
  return lookUp(others, low, high, scale, parts, n, room);
}

/** The values part after part; part p lies from entry p of `starts` to entry p + 1. */
function distribute(sample: Float64Array, low: number, scale: number, parts: number, room: Room): void {
  const { starts, values } = room;
  const last = parts - 1;
  starts.fill(0, 0, parts + 2);
  for (let i = 0; i < sample.length; i += 1) {
    const part = ((sample[i]! - low) * scale) | 0;
    starts[(part < last ? part : last) + 2]! += 1;
  }
  let largest = 0;
  let before = 0;
  for (let entry = 2; entry < parts + 2; entry += 1) {
    const count = starts[entry]!;
    if (count > largest) largest = count;
    before += count;
    starts[entry] = before;
  }
  // Entry p + 1 runs from the beginning of part p to its end.
  for (let i = 0; i < sample.length; i += 1) {
    const value = sample[i]!;
    const part = ((value - low) * scale) | 0;
    const entry = (part < last ? part : last) + 1;
    const at = starts[entry]!;
    starts[entry] = at + 1;
    values[at] = value;
  }
  if (largest <= crowd) return;
  for (let part = 0; part < parts; part += 1) {
    const [from, to] = [starts[part]!, starts[part + 1]!];
    if (to - from > crowd) values.set(sortNumbers(values.subarray(from, to)), from);
  }
}

function lookUp(
  others: Float64Array,
  low: number,
  high: number,
  scale: number,
  parts: number,
  n: number,
  room: Room,
): number {
  const { starts, values } = room;
  const last = parts - 1;
  let wins = 0;
  for (let i = 0; i < others.length; i += 1) {
    const value = others[i]!;
    if (value < low) continue;
    if (value > high) {
      wins += 2 * n;
      continue;
    }
    const place = ((value - low) * scale) | 0;
    const part = place < last ? place : last;
    let at = starts[part]!;
    const to = starts[part + 1]!;
    if (to - at > crowd) {
      wins += firstFrom(values, at, to, value, false) + firstFrom(values, at, to, value, true);
      continue;
    }
    let own = 2 * at;
    for (; at < to; at += 1) {
      const other = values[at]!;
      if (other < value) own += 2;
      else if (other === value) own += 1;
    }
    wins += own;
  }
  return wins;
}

/** First place of the ascending range [from, to) with a value that is not below (`above`: that is above). */
function firstFrom(values: Float64Array, from: number, to: number, value: number, above: boolean): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = values[middle]!;
    if (other < value || (above && other === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}
