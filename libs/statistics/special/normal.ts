import { cephes } from './cephes.js';

/** Quantile of the standard normal distribution for p in (0, 1) (cephes `ndtri`, Moshier; relative error about 1e-16). */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`normal quantile of ${p}: p is in (0, 1)`);
  return cephes.ndtri(p);
}

/** Two-sided critical value: z with P(|Z| ≤ z) = level. */
export function criticalValue(level: number): number {
  if (!(level > 0 && level < 1)) throw new RangeError(`confidence level ${level} is in (0, 1)`);
  return -normalQuantile((1 - level) / 2);
}
