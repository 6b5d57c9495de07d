// drift-histograms: PSI, JS, Hellinger and TVD of 50 columns, 1,000,000 rows against 1,000,000, the reference prepared, beside a
// plain loop that sums the current window's columns: same process, same thread, column by column in turn.
import { Generator, histogramDrift, referenceHistogram, windowHistogram } from '#libs/statistics';

const rows = 1_000_000;
const columns = 50;
const floor = 0.2;

/** Symmetric, skewed over many orders of magnitude, flat, tied, heavy-tailed. */
const shapes: readonly ((random: Generator, shift: number) => number)[] = [
  (random, shift) => random.normal() + shift,
  (random, shift) => Math.exp(3 * random.normal() + shift),
  (random, shift) => random.uniform() ** (1 + shift),
  (random, shift) => Math.floor(40 + 6 * (random.normal() + shift)),
  (random, shift) => random.normal() / random.normal() + shift,
];

export async function* bench() {
  const random = new Generator(1);
  let [summed, measured] = [0, 0];
  let checked = 0;
  for (let column = 0; column < columns; column += 1) {
    const draw = shapes[column % shapes.length]!;
    const sample = (shift: number): Float64Array => Float64Array.from({ length: rows }, () => draw(random, shift));
    const reference = referenceHistogram(sample(0));
    const current = sample(0.1);
    let [bestSum, bestDrift] = [Infinity, Infinity];
    for (let run = 0; run < 5; run += 1) {
      const start = performance.now();
      checked += sum(current);
      const between = performance.now();
      checked += histogramDrift(reference, windowHistogram(reference.edges, current))!.totalVariation;
      bestSum = Math.min(bestSum, between - start);
      bestDrift = Math.min(bestDrift, performance.now() - between);
    }
    summed += bestSum;
    measured += bestDrift;
  }
  if (Number.isNaN(checked)) throw new Error('a number is missing');
  yield {
    name: 'drift-histograms',
    value: (rows * columns) / (measured / 1000),
    unit: 'values/s',
    ratio: summed / measured,
    against: 'a plain loop that sums the window',
    floor,
    ok: summed / measured >= floor,
  };
}

function sum(values: Float64Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i += 1) total += values[i]!;
  return total;
}
