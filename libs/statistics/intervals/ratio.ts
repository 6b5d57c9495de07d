import type { Interval } from '#libs/lifecycle';
import { criticalValue } from '../special/normal.js';
import type { Rate } from './rate.js';

/** Koopman's chi-square, or the same with Miettinen's and Nurminen's factor N / (N − 1) in the variance. */
export type RatioMethod = 'koopman' | 'miettinen-nurminen';

/**
 * Score interval of the ratio p1 / p2 of independent proportions: all ratios that the score test does not reject
 * (P. A. R. Koopman, Biometrics 40, 1984; O. Miettinen and M. Nurminen, Statistics in Medicine 4, 1985).
 * The restricted estimates come from their quadratic; the two ends from bisection to the last bit.
 *
 * `low` is 0 where count1 is 0; `high` is null (without bound) where count2 is 0; both where both are 0.
 * Reference: statsmodels 0.15.0 `confint_proportions_2indep(compare='ratio', method='score')` (`correction=False` for
 * Koopman), which is wrong where a count equals its n; there the test is inverted independently (docs/measurements.md).
 * @returns undefined where either n is 0.
 */
export function ratioInterval(
  first: Rate,
  second: Rate,
  level = 0.95,
  method: RatioMethod = 'koopman',
): Interval | undefined {
  if (!(first.n > 0 && second.n > 0)) return undefined;
  const target = criticalValue(level) ** 2;
  const statistic = (ratio: number): number => scoreStatistic(first, second, ratio, method);
  const estimate = first.count / first.n / (second.count / second.n);
  const name = `${method === 'koopman' ? 'koopman' : 'miettinen_nurminen'}@assay`;
  let low = 0;
  let high: number | null = null;
  if (first.count > 0) {
    // Below the estimate the statistic rises without bound towards ratio 0; with count2 = 0 the estimate is infinite.
    const inside = Number.isFinite(estimate) ? estimate : largeInside(statistic, target);
    low = boundary(statistic, target, inside, (x) => x / 2);
  }
  if (second.count > 0) {
    const inside = estimate > 0 ? estimate : smallInside(statistic, target);
    high = boundary(statistic, target, inside, (x) => x * 2);
  }
  return { method: name, level, low, high };
}

/** Score chi-square of H0: p1 = ratio × p2. */
export function scoreStatistic(first: Rate, second: Rate, ratio: number, method: RatioMethod): number {
  const { count: x1, n: n1 } = first;
  const { count: x2, n: n2 } = second;
  const total = n1 + n2;
  const b = n1 * ratio + x1 + n2 + x2 * ratio;
  const c = x1 + x2;
  // The smaller root of total·ratio·p² − b·p + c, in the form that does not cancel.
  const p2 = Math.min(1, (2 * c) / (b + Math.sqrt(Math.max(0, b * b - 4 * total * ratio * c))));
  const p1 = Math.min(1, ratio * p2);
  const factor = method === 'koopman' ? 1 : total / (total - 1);
  const variance = factor * ((p1 * (1 - p1)) / n1 + (ratio * ratio * p2 * (1 - p2)) / n2);
  const gap = x1 / n1 - ratio * (x2 / n2);
  if (gap === 0) return 0;
  return variance > 0 ? (gap * gap) / variance : Number.POSITIVE_INFINITY;
}

function largeInside(statistic: (ratio: number) => number, target: number): number {
  let ratio = 1;
  while (statistic(ratio) > target && ratio < 1e300) ratio *= 2;
  return ratio;
}

function smallInside(statistic: (ratio: number) => number, target: number): number {
  let ratio = 1;
  while (statistic(ratio) > target && ratio > 1e-300) ratio /= 2;
  return ratio;
}

/** Walks from an accepted ratio to a rejected one, then bisects the logarithm until two neighbours are left. */
function boundary(
  statistic: (ratio: number) => number,
  target: number,
  inside: number,
  step: (ratio: number) => number,
): number {
  let accepted = inside;
  let rejected = step(inside);
  while (statistic(rejected) <= target) {
    accepted = rejected;
    rejected = step(rejected);
    if (!(rejected > 0 && Number.isFinite(rejected))) return accepted;
  }
  for (;;) {
    const middle = Math.sqrt(accepted) * Math.sqrt(rejected);
    if (middle === accepted || middle === rejected) return middle;
    const between = (middle - accepted) * (middle - rejected) < 0;
    if (!between) return accepted;
    if (statistic(middle) <= target) accepted = middle;
    else rejected = middle;
    if (Math.abs(rejected - accepted) <= Number.EPSILON * accepted) return accepted;
  }
}
