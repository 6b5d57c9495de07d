import { InputError } from '../errors.js';
import { orderIfKept, ordered } from '../significance/ordered.js';
import { moments } from '../significance/two-samples.js';
import { countAtOrAbove } from './count-kernel.js';

/** Bin edges, ascending; bins are [a, b), the last one closed, as numpy's. */
export type Edges = Float64Array;

/**
 * `count` equal bins from low to high, as `numpy.linspace`; a constant sample gets ±0.5 around it.
 * @throws InputError `RangeTooWide` where the range is beyond the largest double
 */
export function equalEdges(low: number, high: number, count: number): Edges {
  const [start, stop] = low === high ? [low - 0.5, high + 0.5] : [low, high];
  const step = finite(stop - start) / count;
  return Float64Array.from({ length: count + 1 }, (_, i) => (i === count ? stop : i * step + start));
}

function extremes(...samples: ArrayLike<number>[]): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const sample of samples) {
    const order = orderIfKept(sample);
    const ends = order && order.length > 0 ? [order[0]!, order.at(-1)!] : sample;
    for (let i = 0; i < ends.length; i += 1) {
      const value = ends[i]!;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return [low, high];
}

function finite(range: number): number {
  if (Number.isFinite(range)) return range;
  throw new InputError('RangeTooWide', 'the largest and the smallest value are too far apart for equal bins', {
    rule: 'a finite difference',
  });
}

/** @throws InputError `RangeTooWide` */
function estimated(range: number, width: number, integers: boolean): number {
  // numpy ≥ 2 does not cut integers finer than 1.
  const used = integers && width < 1 ? 1 : width;
  return used > 0 ? Math.ceil(finite(range) / used) : 1;
}

/** Sturges: width = range / (log2 n + 1), over the pooled samples (numpy `histogram_bin_edges(bins='sturges')`). */
export function sturgesEdges(integers: boolean, ...samples: ArrayLike<number>[]): Edges {
  const [low, high] = extremes(...samples);
  const n = samples.reduce((total, { length }) => total + length, 0);
  const width = (high - low) / (Math.log2(n) + 1);
  return equalEdges(low, high, high > low ? estimated(high - low, width, integers) : 1);
}

/** Doane 1976: Sturges with the skewness g1 counted in, log2(1 + |g1| / σ(g1)) (numpy `bins='doane'`). */
export function doaneEdges(sample: ArrayLike<number>, integers = false): Edges {
  const [low, high] = extremes(sample);
  const n = sample.length;
  let width = 0;
  if (n > 2 && high > low) {
    const [mean, variance] = moments(sample);
    const sd = Math.sqrt((variance * (n - 1)) / n);
    if (sd > 0) {
      const sg1 = Math.sqrt((6 * (n - 2)) / ((n + 1) * (n + 3)));
      let g1 = 0;
      for (let i = 0; i < n; i += 1) g1 += ((sample[i]! - mean) / sd) ** 3 / n;
      width = (high - low) / (1 + Math.log2(n) + Math.log2(1 + Math.abs(g1) / sg1));
    }
  }
  return equalEdges(low, high, high > low ? estimated(high - low, width, integers) : 1);
}

/** Edges at quantiles of the reference (numpy's linear method), outer bins open; equal quantiles are one edge. */
export function quantileEdges(sample: ArrayLike<number>, bins: number): Edges {
  const x = ordered(sample);
  const inner = Array.from({ length: bins - 1 }, (_, i) => quantileOf(x, (i + 1) / bins));
  return Float64Array.from([-Infinity, ...new Set(inner), Infinity]);
}

/** Quantile of a sorted sample, linear between order statistics (Hyndman and Fan type 7, numpy's default). */
export function quantileOf(x: Float64Array, p: number): number {
  const position = p * (x.length - 1);
  const below = Math.floor(position);
  const rest = position - below;
  const [a, b] = [x[below]!, x[Math.min(below + 1, x.length - 1)]!];
  // numpy interpolates from the nearer end.
  return rest < 0.5 ? a + (b - a) * rest : b - (b - a) * (1 - rest);
}

/** Counts per bin of [a, b), the last closed; what lies outside and NaN are not counted. */
export function countInBins(sample: ArrayLike<number>, edges: Edges): Float64Array {
  const order = orderIfKept(sample);
  if (order && !Number.isNaN(order.at(-1))) return countSortedInBins(order, edges);
  return sample instanceof Float64Array && sample.length >= 256 && edges.length <= 64
    ? countByComparison(sample, edges)
    : countBySearch(sample, edges);
}

function countByComparison(sample: Float64Array, edges: Edges): Float64Array {
  const bins = edges.length - 1;
  // The last bin is closed: what is above it begins at the next double.
  const above = countAtOrAbove(sample, edges.with(bins, nextUp(edges[bins]!)));
  if (edges[bins] === Infinity) above[bins] = 0;
  return Float64Array.from({ length: bins }, (_, bin) => above[bin]! - above[bin + 1]!);
}

function countBySearch(sample: ArrayLike<number>, edges: Edges): Float64Array {
  const bins = edges.length - 1;
  const counts = new Float64Array(bins);
  const [low, high] = [edges[0]!, edges[bins]!];
  for (let i = 0; i < sample.length; i += 1) {
    const value = sample[i]!;
    if (!(value >= low && value <= high)) continue;
    counts[value === high ? bins - 1 : upperBound(edges, value) - 1]! += 1;
  }
  return counts;
}

const asDouble = new Float64Array(1);
const asBits = new BigInt64Array(asDouble.buffer);

/** The next double towards +∞. */
export function nextUp(value: number): number {
  if (value === Infinity || Number.isNaN(value)) return value;
  asDouble[0] = value === 0 ? 0 : value;
  asBits[0]! += asDouble[0] >= 0 ? 1n : -1n;
  return asDouble[0];
}

/** Counts per bin from a sorted sample: two binary searches an edge. */
export function countSortedInBins(x: Float64Array, edges: Edges): Float64Array {
  const bins = edges.length - 1;
  const counts = new Float64Array(bins);
  let below = lowerBound(x, edges[0]!);
  for (let bin = 0; bin < bins; bin += 1) {
    const next = bin === bins - 1 ? upperBound(x, edges[bins]!) : lowerBound(x, edges[bin + 1]!);
    counts[bin] = next - below;
    below = next;
  }
  return counts;
}

/** First index with x[i] > value. */
export function upperBound(x: ArrayLike<number>, value: number): number {
  let [low, high] = [0, x.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (x[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** First index with x[i] ≥ value. */
export function lowerBound(x: ArrayLike<number>, value: number): number {
  let [low, high] = [0, x.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (x[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Counts as shares of the number of rows. */
export function shares(counts: Float64Array, n: number): Float64Array {
  return counts.map((count) => count / n);
}
