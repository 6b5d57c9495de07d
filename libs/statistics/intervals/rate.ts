import type { Interval } from '#libs/lifecycle';
import { criticalValue } from '../special/normal.js';

/** A count out of a number of trials; both may be effective (weighted) and then need not be whole. */
export interface Rate {
  readonly count: number;
  readonly n: number;
}

/**
 * Wilson's score interval of a proportion, without continuity correction (E. B. Wilson, JASA 22, 1927; the same as
 * statsmodels 0.15.0 `proportion_confint(method='wilson')`). The ends are exactly 0 and 1 where the count is 0 or n.
 * @returns undefined where n is 0: there is nothing to be sure of.
 */
export function wilson({ count, n }: Rate, level = 0.95): Interval | undefined {
  if (!(n > 0)) return undefined;
  const z = criticalValue(level);
  const z2 = z * z;
  const p = count / n;
  const centre = (count + z2 / 2) / (n + z2);
  const half = ((z * Math.sqrt(n)) / (n + z2)) * Math.sqrt(p * (1 - p) + z2 / (4 * n));
  return {
    method: 'wilson@assay',
    level,
    low: count <= 0 ? 0 : Math.max(0, centre - half),
    high: count >= n ? 1 : Math.min(1, centre + half),
  };
}

/**
 * Newcombe's hybrid score interval of the difference p1 − p2 of independent proportions (R. G. Newcombe, Statistics in
 * Medicine 17, 1998, method 10; statsmodels 0.15.0 `confint_proportions_2indep(compare='diff', method='newcomb')`).
 * @returns undefined where either n is 0.
 */
export function newcombe(first: Rate, second: Rate, level = 0.95): Interval | undefined {
  const a = wilson(first, level);
  const b = wilson(second, level);
  if (!a || !b) return undefined;
  const p1 = first.count / first.n;
  const p2 = second.count / second.n;
  const difference = p1 - p2;
  return {
    method: 'newcombe@assay',
    level,
    low: difference - Math.hypot(p1 - a.low!, b.high! - p2),
    high: difference + Math.hypot(a.high! - p1, p2 - b.low!),
  };
}
