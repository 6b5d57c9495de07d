import { quantileOf } from '../drift/bins.js';

/** numpy's names of the ways to take a quantile: Hyndman and Fan's types 1 to 9, and four of its own on (n − 1) q. */
export const quantileMethods = [
  'linear',
  'inverted_cdf',
  'averaged_inverted_cdf',
  'closest_observation',
  'interpolated_inverted_cdf',
  'hazen',
  'weibull',
  'median_unbiased',
  'normal_unbiased',
  'lower',
  'higher',
  'midpoint',
  'nearest',
] as const;
export type QuantileMethod = (typeof quantileMethods)[number];

/** α and β of the plotting positions: the order statistic n q + α + q (1 − α − β), counted from 1. */
const positions: Readonly<Partial<Record<QuantileMethod, readonly [number, number]>>> = {
  interpolated_inverted_cdf: [0, 1],
  hazen: [0.5, 0.5],
  weibull: [0, 0],
  median_unbiased: [1 / 3, 1 / 3],
  normal_unbiased: [3 / 8, 3 / 8],
};

/**
 * Quantile of a sorted sample (R. Hyndman and Y. Fan, The American Statistician 50, 1996; numpy 2.4 `quantile(method)`).
 * @param x ascending, at least one value
 */
export function quantileBy(x: Float64Array, q: number, method: QuantileMethod): number {
  const n = x.length;
  const at = (index: number): number => x[Math.min(n - 1, Math.max(0, index))]!;
  const found = positions[method];
  if (found) {
    const [alpha, beta] = found;
    const position = Math.min(n - 1, Math.max(0, n * q + (alpha + q * (1 - alpha - beta)) - 1));
    const below = Math.floor(position);
    const rest = position - below;
    const [a, b] = [at(below), at(below + 1)];
    return rest < 0.5 ? a + (b - a) * rest : b - (b - a) * (1 - rest);
  }
  const place = (n - 1) * q;
  switch (method) {
    case 'inverted_cdf':
      return at(Math.ceil(n * q) - 1);
    case 'averaged_inverted_cdf':
      return Number.isInteger(n * q) ? at(n * q - 1) + (at(n * q) - at(n * q - 1)) / 2 : at(Math.ceil(n * q) - 1);
    case 'closest_observation': {
      const nearest = Math.floor(n * q - 0.5);
      const tied = n * q - 0.5 === nearest && nearest % 2 === 0;
      return at(tied ? nearest - 1 : nearest);
    }
    case 'lower':
      return at(Math.floor(place));
    case 'higher':
      return at(Math.ceil(place));
    case 'midpoint':
      return Number.isInteger(place)
        ? at(place)
        : at(Math.floor(place)) + (at(Math.ceil(place)) - at(Math.floor(place))) / 2;
    case 'nearest': {
      const floor = Math.floor(place);
      const isHalf = place - floor === 0.5;
      return at(isHalf ? floor + (floor % 2) : Math.round(place));
    }
    default:
      return quantileOf(x, q);
  }
}
