/**
 * Radix sort of doubles (least significant digit first, 11 bits a pass, on the order-preserving integer of the IEEE 754
 * bits). Where the upper 32 bits tell nearly all values apart, three passes over them put nearly all in their place and
 * a last walk sorts the rest; else six passes over all bits. Values hold no NaN. -0 comes before 0.
 */

const digits = 2048;
/** Below, the histograms of six passes cost more than a comparison sort. */
const smallest = 3000;

/**
 * The values ascending; the input is left alone.
 * @param into where the result goes, as long as the values and none of their memory; else it has memory of its own
 */
export function sortNumbers(values: Float64Array, into: Float64Array = new Float64Array(values.length)): Float64Array {
  const n = values.length;
  if (n < smallest) {
    into.set(values);
    return into.sort();
  }
  const short = upperBitsSuffice(values);
  const counts = digitCounts(wordsOf(values), short ? 3 : 0);
  const starts = [0, 1, 2, 3, 4, 5].flatMap((pass) => {
    const own = short && pass < 3 ? undefined : startsOf(counts, pass, n);
    return own ? [{ pass, own }] : [];
  });
  if (starts.length === 0) into.set(values);
  const scratch = starts.length > 1 ? scratchOf(n) : into;
  let from = values;
  // The last pass writes the result.
  let to = starts.length % 2 === 1 ? into : scratch;
  for (const { pass, own } of starts) {
    moveByDigit(from, pass, own, to);
    from = to;
    to = to === into ? scratch : into;
  }
  if (short) settle(into, wordsOf(into));
  return into;
}

function wordsOf(values: Float64Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
}

/**
 * Values move as doubles and only their digits are taken from the ordered integer: a double that stood for an ordered
 * integer could be a NaN, whose bits an engine may change.
 */
function moveByDigit(from: Float64Array, pass: number, starts: Uint32Array, to: Float64Array): void {
  const words = wordsOf(from);
  const n = from.length;
  const shift = (pass % 3) * 11;
  if (pass < 3)
    for (let i = 0; i < n; i += 1) {
      const digit = ((words[2 * i]! ^ (words[2 * i + 1]! >> 31)) >>> shift) & 2047;
      const at = starts[digit]!;
      starts[digit] = at + 1;
      to[at] = from[i]!;
    }
  else
    for (let i = 0; i < n; i += 1) {
      const high = words[2 * i + 1]!;
      const digit = ((high ^ ((high >> 31) | 0x80000000)) >>> shift) & 2047;
      const at = starts[digit]!;
      starts[digit] = at + 1;
      to[at] = from[i]!;
    }
}

/** Counts of the digits of the passes from `first`, 0 or 3, on. */
function digitCounts(words: Int32Array, first: 0 | 3): Uint32Array {
  const counts = new Uint32Array(6 * digits);
  for (let i = 0; i < words.length; i += 2) {
    const sign = words[i + 1]! >> 31;
    const high = words[i + 1]! ^ (sign | 0x80000000);
    counts[3 * digits + (high & 2047)]! += 1;
    counts[4 * digits + ((high >>> 11) & 2047)]! += 1;
    counts[5 * digits + (high >>> 22)]! += 1;
    if (first === 3) continue;
    const low = words[i]! ^ sign;
    counts[low & 2047]! += 1;
    counts[digits + ((low >>> 11) & 2047)]! += 1;
    counts[2 * digits + (low >>> 22)]! += 1;
  }
  return counts;
}

/** Whether few of 512 evenly spaced values share their upper 32 bits: then a run of such values is short. */
function upperBitsSuffice(values: Float64Array): boolean {
  const sample = new Float64Array(512);
  for (let i = 0; i < 512; i += 1) sample[i] = values[Math.floor((i * values.length) / 512)]!;
  const upper = new Uint32Array(sample.buffer).filter((_, i) => i % 2 === 1).sort();
  let shared = 0;
  for (let i = 1; i < 512; i += 1) if (upper[i] === upper[i - 1]) shared += 1;
  return shared <= 8;
}

/** Sorts each run of values that share their upper bits: short runs by insertion, long ones natively. */
function settle(sorted: Float64Array, words: Int32Array): void {
  const n = sorted.length;
  for (let from = 0; from < n;) {
    const upper = words[2 * from + 1]!;
    let to = from + 1;
    while (to < n && words[2 * to + 1] === upper) to += 1;
    if (to - from > 24) sorted.subarray(from, to).sort();
    else
      for (let i = from + 1; i < to; i += 1) {
        const value = sorted[i]!;
        let at = i;
        for (; at > from && sorted[at - 1]! > value; at -= 1) sorted[at] = sorted[at - 1]!;
        sorted[at] = value;
      }
    from = to;
  }
}

/** One scratch is kept, since fresh memory costs as much as a pass; over 64 MiB it is left to the collector. */
let kept = new Float64Array(0);

function scratchOf(n: number): Float64Array {
  if (n <= kept.length) return kept.subarray(0, n);
  const scratch = new Float64Array(n);
  if (n <= 1 << 23) kept = scratch;
  return scratch;
}

/** Row numbers in ascending order of their value; equal values keep the order of their rows. */
export function sortedOrder(values: Float64Array): Uint32Array {
  const n = values.length;
  if (n < smallest) {
    const order = new Uint32Array(n);
    for (let i = 0; i < n; i += 1) order[i] = i;
    return order.sort((a, b) => values[a]! - values[b]! || a - b);
  }
  const keys = new Float64Array(n);
  // A stable sort must not tell -0 from 0.
  for (let i = 0; i < n; i += 1) keys[i] = values[i] === 0 ? 0 : values[i]!;
  let from = new Uint32Array(keys.buffer);
  let to = new Uint32Array(2 * n);
  let order = new Uint32Array(n);
  let next = new Uint32Array(n);
  for (let i = 0; i < n; i += 1) order[i] = i;
  const counts = histograms(from, n);
  for (let pass = 0; pass < 6; pass += 1) {
    const starts = startsOf(counts, pass, n);
    if (!starts) continue;
    const word = pass < 3 ? 0 : 1;
    const shift = (pass % 3) * 11;
    for (let i = 0; i < n; i += 1) {
      const low = from[2 * i]!;
      const high = from[2 * i + 1]!;
      const digit = ((word === 0 ? low : high) >>> shift) & 2047;
      const at = starts[digit]!;
      starts[digit] = at + 1;
      to[2 * at] = low;
      to[2 * at + 1] = high;
      next[at] = order[i]!;
    }
    [from, to] = [to, from];
    [order, next] = [next, order];
  }
  return order;
}

/** Turns the bits into ordered integers, in place, and counts the digits of all six passes on the way. */
function histograms(words: Uint32Array, n: number): Uint32Array {
  const counts = new Uint32Array(6 * digits);
  for (let i = 0; i < 2 * n; i += 2) {
    let low = words[i]!;
    let high = words[i + 1]!;
    if (high >>> 31 === 0) high = (high ^ 0x80000000) >>> 0;
    else {
      low = ~low >>> 0;
      high = ~high >>> 0;
    }
    words[i] = low;
    words[i + 1] = high;
    counts[low & 2047]! += 1;
    counts[digits + ((low >>> 11) & 2047)]! += 1;
    counts[2 * digits + (low >>> 22)]! += 1;
    counts[3 * digits + (high & 2047)]! += 1;
    counts[4 * digits + ((high >>> 11) & 2047)]! += 1;
    counts[5 * digits + (high >>> 22)]! += 1;
  }
  return counts;
}

/** Where each digit's values begin. @returns undefined where all values have one digit: the pass moves nothing */
function startsOf(counts: Uint32Array, pass: number, n: number): Uint32Array | undefined {
  const own = counts.subarray(pass * digits, (pass + 1) * digits);
  let start = 0;
  for (let digit = 0; digit < digits; digit += 1) {
    const count = own[digit]!;
    if (count === n) return undefined;
    own[digit] = start;
    start += count;
  }
  return own;
}
