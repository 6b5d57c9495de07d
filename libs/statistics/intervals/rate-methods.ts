import type { Interval } from '#libs/lifecycle';
import { betaQuantile } from '../special/distributions.js';
import { criticalValue } from '../special/normal.js';
import { wilson } from './rate.js';
import type { Rate } from './rate.js';

export type RateMethod = 'wilson' | 'jeffreys' | 'beta' | 'normal' | 'agresti_coull';

/**
 * Interval of a proportion (statsmodels 0.15.0 `proportion_confint`): Wilson 1927; Jeffreys (quantiles of
 * Beta(x + ½, n − x + ½)); beta, i.e. Clopper and Pearson 1934; normal (Wald); Agresti and Coull 1998.
 * @returns undefined where n is 0
 */
export function rateInterval({ count, n }: Rate, method: RateMethod, level = 0.95): Interval | undefined {
  if (!(n > 0)) return undefined;
  const alpha = 1 - level;
  const named = (low: number, high: number): Interval => ({ method: `${method}@assay`, level, low, high });
  switch (method) {
    case 'wilson':
      return wilson({ count, n }, level);
    case 'jeffreys':
      return named(
        betaQuantile(alpha / 2, count + 0.5, n - count + 0.5),
        betaQuantile(1 - alpha / 2, count + 0.5, n - count + 0.5),
      );
    case 'beta':
      return named(
        count === 0 ? 0 : betaQuantile(alpha / 2, count, n - count + 1),
        count === n ? 1 : betaQuantile(1 - alpha / 2, count + 1, n - count),
      );
    case 'normal':
      return around(count / n, n, level, named);
    case 'agresti_coull': {
      const z2 = criticalValue(level) ** 2;
      return around((count + z2 / 2) / (n + z2), n + z2, level, named);
    }
  }
}

function around(p: number, n: number, level: number, named: (low: number, high: number) => Interval): Interval {
  const half = criticalValue(level) * Math.sqrt((p * (1 - p)) / n);
  return named(Math.max(0, p - half), Math.min(1, p + half));
}

/** Difference by the normal approximation: Wald, or Agresti and Caffo 2000 (one success and one failure added to each). */
export function differenceInterval(
  first: Rate,
  second: Rate,
  method: 'wald' | 'agresti-caffo',
  level = 0.95,
): Interval | undefined {
  if (!(first.n > 0 && second.n > 0)) return undefined;
  const add = method === 'wald' ? 0 : 1;
  const [n1, n2] = [first.n + 2 * add, second.n + 2 * add];
  const [p1, p2] = [(first.count + add) / n1, (second.count + add) / n2];
  const half = criticalValue(level) * Math.sqrt((p1 * (1 - p1)) / n1 + (p2 * (1 - p2)) / n2);
  return { method: `${method.replace('-', '_')}@assay`, level, low: p1 - p2 - half, high: p1 - p2 + half };
}

/** Katz's logarithmic interval of the ratio p1 / p2 (Katz et al. 1978). @returns undefined where a count is 0 */
export function logRatioInterval(first: Rate, second: Rate, level = 0.95): Interval | undefined {
  if (!(first.count > 0 && second.count > 0)) return undefined;
  const logarithm = Math.log(first.count / first.n / (second.count / second.n));
  const half = criticalValue(level) * Math.sqrt(1 / first.count - 1 / first.n + 1 / second.count - 1 / second.n);
  return { method: 'katz_log@assay', level, low: Math.exp(logarithm - half), high: Math.exp(logarithm + half) };
}
