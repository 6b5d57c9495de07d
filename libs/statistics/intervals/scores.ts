import type { Interval } from '#libs/lifecycle';
import { Generator } from '../random/generator.js';
import { sortNumbers } from '../sorting/radix.js';
import { studentQuantile } from '../special/distributions.js';
import { criticalValue } from '../special/normal.js';
import { wilson } from './rate.js';

/**
 * Interval of a mean of one value a row (a loss, a squared error) by Student's t, cut to where the measure can lie. Rows
 * are independent.
 * @returns undefined with fewer than two rows, or where no row differs: then nothing tells how far the mean could move
 */
export function meanInterval(
  n: number,
  value: (row: number) => number,
  { level = 0.95, least = -Infinity, most = Infinity }: { level?: number; least?: number; most?: number } = {},
): Interval | undefined {
  if (n < 2) return undefined;
  let mean = 0;
  let squares = 0;
  for (let row = 0; row < n; row += 1) {
    const own = value(row);
    const away = own - mean;
    mean += away / (row + 1);
    squares += away * (own - mean);
  }
  if (!(squares > 0 && squares < Infinity)) return undefined;
  const half = studentQuantile(0.5 + level / 2, n - 1) * Math.sqrt(squares / (n - 1) / n);
  return {
    method: 'student_t@assay',
    level,
    low: Math.max(least, mean - half),
    high: Math.min(most, mean + half),
  };
}

/**
 * Interval of an area under the ROC curve by the variance of E. R. DeLong, D. M. DeLong and D. L. Clarke-Pearson
 * (Biometrics 44, 1988): that of the share of the other class which each row outscores, ties half. Cut to [0, 1].
 * @param labels 1 is positive
 * @returns undefined with fewer than two rows of a class, or where every row outscores alike (a perfect order)
 */
export function rocAucInterval(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  level = 0.95,
): Interval | undefined {
  const [up, down] = [1, 0].map((own) =>
    sortNumbers(Float64Array.from(scores).filter((_, row) => (labels[row] === 1 ? 1 : 0) === own)),
  ) as [Float64Array, Float64Array];
  if (up.length < 2 || down.length < 2) return undefined;
  const [above, below] = [sharesBelow(up, down), sharesBelow(down, up)];
  const variance = varianceOf(above) / up.length + varianceOf(below) / down.length;
  if (!(variance > 0)) return undefined;
  const area = above.reduce((sum, share) => sum + share, 0) / above.length;
  const half = criticalValue(level) * Math.sqrt(variance);
  return { method: 'delong@assay', level, low: Math.max(0, area - half), high: Math.min(1, area + half) };
}

/** Of each value the share of the others that lie below it, equal ones half. Both ascending. */
function sharesBelow(values: Float64Array, others: Float64Array): Float64Array {
  let below = 0;
  let atMost = 0;
  return values.map((value) => {
    while (below < others.length && others[below]! < value) below += 1;
    if (atMost < below) atMost = below;
    while (atMost < others.length && others[atMost]! <= value) atMost += 1;
    return (below + atMost) / 2 / others.length;
  });
}

function varianceOf(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
}

/**
 * Interval of an area under the precision-recall curve, on the logit scale with the positives as its rows (K. Boyd,
 * K. H. Eng and C. D. Page, ECML PKDD 2013, section 3.2: the interval that keeps its level there).
 * @returns undefined without positives, and at 0 and 1, where the scale ends
 */
export function precisionRecallInterval(
  area: number | undefined,
  positives: number,
  level = 0.95,
): Interval | undefined {
  if (area === undefined || !(positives > 0 && area > 0 && area < 1)) return undefined;
  const centre = Math.log(area / (1 - area));
  const half = criticalValue(level) / Math.sqrt(positives * area * (1 - area));
  const [low, high] = [centre - half, centre + half].map((at) => 1 / (1 + Math.exp(-at))) as [number, number];
  return { method: 'logit@assay', level, low, high };
}

/**
 * Interval of an F1 score. With J = TP / (TP + FP + FN), F1 = 2 J / (1 + J) rises with J, and given how many rows are
 * wanted or found, the hits are binomial: Wilson's interval of J, carried over.
 * @returns undefined where nothing is wanted and nothing found
 */
export function f1Interval(
  { hits, predicted, actual }: { readonly hits: number; readonly predicted: number; readonly actual: number },
  level = 0.95,
): Interval | undefined {
  const share = wilson({ count: hits, n: predicted + actual - hits }, level);
  if (!share) return undefined;
  const [low, high] = [share.low!, share.high!].map((jaccard) => (2 * jaccard) / (1 + jaccard)) as [number, number];
  return { method: 'wilson_of_jaccard@assay', level, low, high };
}

const replicates = 1_000;

/**
 * Intervals of whatever follows from a table of counts (a confusion matrix), by drawing the table anew: as many rows
 * with replacement are one multinomial draw over its cells (B. Efron, Annals of Statistics 7, 1979). Percentiles of
 * 1,000 replicates; a replicate whose statistic is undefined is left out, and a statistic is without an interval where
 * that is more than one in a hundred, or where no replicate differs.
 * @param seed integer in [0, 2^32)
 */
export function countsIntervals(
  counts: Float64Array,
  statistics: (counts: Float64Array) => Readonly<Record<string, number | undefined>>,
  seed: number,
  level = 0.95,
): Readonly<Record<string, Interval>> {
  const random = new Generator(seed);
  const drawn = new Map<string, number[]>();
  for (let replicate = 0; replicate < replicates; replicate += 1)
    for (const [name, value] of Object.entries(statistics(random.multinomial(counts)))) {
      if (value === undefined || !Number.isFinite(value)) continue;
      const values = drawn.get(name);
      if (values) values.push(value);
      else drawn.set(name, [value]);
    }
  return Object.fromEntries(
    [...drawn].flatMap(([name, values]) => {
      values.sort((a, b) => a - b);
      const at = (share: number): number => values[Math.round(share * (values.length - 1))]!;
      const [low, high] = [at(0.5 - level / 2), at(0.5 + level / 2)];
      if (values.length < 0.99 * replicates || low === high) return [];
      return [[name, { method: 'bootstrap_percentile@assay', level, low, high }]];
    }),
  );
}
