import { InputError } from '../errors.js';
import { ordered } from '../significance/ordered.js';
import { lowerBound, quantileOf } from './bins.js';

/** Beyond it doubles no longer tell neighbouring bins apart (numpy has run out of memory long before). */
const mostBins = 2 ** 50;

/**
 * Shares of a sample in equal bins between two points, from a density that is flat within the bins of numpy 2.1 `bins='auto'` (the finer
 * of Sturges's and Freedman and Diaconis's, Sturges's where the interquartile range is 0; a constant fills ±0.5). What the density
 * puts outside is not counted. Bins are found by binary search, so that their number does not matter.
 * @param points ends of the bins wanted, ascending
 * @throws InputError `RangeTooWide` where a few values lie beyond 2^50 of the bins that the others would have
 */
export function smoothedShares(sample: Float64Array, points: Float64Array): Float64Array {
  const cumulative = automaticCdf(sample);
  const at = points.map(cumulative);
  return Float64Array.from({ length: points.length - 1 }, (_, bin) => at[bin + 1]! - at[bin]!);
}

function automaticCdf(sample: Float64Array): (value: number) => number {
  const x = ordered(sample);
  const n = x.length;
  const [start, stop] = x[0] === x[n - 1] ? [x[0]! - 0.5, x[0]! + 0.5] : [x[0]!, x[n - 1]!];
  const bins = x[0] === x[n - 1] ? 1 : automaticCount(x);
  const step = (stop - start) / bins;
  const edge = (bin: number): number => (bin === bins ? stop : bin * step + start);
  // The last bin is closed.
  const below = (bin: number): number => (bin === bins ? n : lowerBound(x, edge(bin)));
  return (value) => {
    if (value <= start) return 0;
    if (value >= stop) return 1;
    let bin = Math.min(bins - 1, Math.floor((value - start) / step));
    while (bin > 0 && edge(bin) > value) bin -= 1;
    while (bin < bins - 1 && edge(bin + 1) <= value) bin += 1;
    const [low, high] = [below(bin), below(bin + 1)];
    return (low + ((high - low) * (value - edge(bin))) / (edge(bin + 1) - edge(bin))) / n;
  };
}

function automaticCount(x: Float64Array): number {
  const range = x.at(-1)! - x[0]!;
  const sturges = range / (Math.log2(x.length) + 1);
  const freedman = (2 * (quantileOf(x, 0.75) - quantileOf(x, 0.25))) / Math.cbrt(x.length);
  const count = Math.ceil(range / (freedman > 0 ? Math.min(freedman, sturges) : sturges));
  if (count <= mostBins) return count;
  throw new InputError('RangeTooWide', `the rule for automatic bins wants ${count} of them`, {
    rule: `at most ${mostBins} bins`,
  });
}
