import { InputError } from '../errors.js';
import { Generator } from '../random/generator.js';

/** Values drawn and compared, all permutations together: half a minute. */
export const maximumDraws = 10 ** 9;

/**
 * Share of permutations of the pooled values in which the total variation distance of two samples is at least the observed one.
 * Distances are compared as whole numbers (times the sizes of both), so that ties are ties.
 * @param a,b counts per value
 * @throws InputError `TooManyRows` beyond {@link maximumDraws}
 */
export function permutedTotalVariation(a: Float64Array, b: Float64Array, permutations: number, seed: number): number {
  const size = (counts: Float64Array): number => counts.reduce((sum, count) => sum + count, 0);
  // The smaller side is drawn; the rest is the other.
  const [own, other] = size(a) <= size(b) ? [a, b] : [b, a];
  const [n, m] = [size(own), size(other)];
  if ((n + own.length) * permutations > maximumDraws)
    throw new InputError('TooManyRows', `${n} rows of ${own.length} values, drawn ${permutations} times`, {
      field: 'n_permutations',
      rule: `at most ${maximumDraws} for (rows of the smaller side + distinct values) × permutations`,
    });
  const both = own.map((count, value) => count + other[value]!);
  const distance = (counts: ArrayLike<number>): number => {
    let sum = 0;
    for (let value = 0; value < both.length; value += 1)
      sum += Math.abs(counts[value]! * m - (both[value]! - counts[value]!) * n);
    return sum;
  };
  const observed = distance(own);
  const pooled = new Int32Array(n + m);
  let at = 0;
  both.forEach((count, value) => pooled.fill(value, at, (at += count)));
  const random = new Generator(seed);
  const drawn = new Float64Array(both.length);
  let reached = 0;
  for (let round = 0; round < permutations; round += 1) {
    drawn.fill(0);
    for (let i = 0; i < n; i += 1) {
      const j = i + random.integer(n + m - i);
      [pooled[i], pooled[j]] = [pooled[j]!, pooled[i]!];
      drawn[pooled[i]!]! += 1;
    }
    if (distance(drawn) >= observed) reached += 1;
  }
  return reached / permutations;
}
