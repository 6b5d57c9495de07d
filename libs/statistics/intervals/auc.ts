import type { Interval } from '#libs/lifecycle';
import { criticalValue } from '../special/normal.js';

/**
 * Interval of an area under the ROC curve by its standard error after J. A. Hanley and B. J. McNeil (Radiology 143,
 * 1982), cut to [0, 1]; positives and negatives are independent, as within a group or across two.
 * @returns undefined where there is no area
 */
export function aucInterval(
  area: number | undefined,
  positives: number,
  negatives: number,
  level = 0.95,
): Interval | undefined {
  if (area === undefined || !(positives > 0 && negatives > 0)) return undefined;
  const square = area * area;
  const two = area / (2 - area) - square;
  const other = (2 * square) / (1 + area) - square;
  const variance = (area * (1 - area) + (positives - 1) * two + (negatives - 1) * other) / (positives * negatives);
  const half = criticalValue(level) * Math.sqrt(Math.max(0, variance));
  return { method: 'hanley_mcneil@assay', level, low: Math.max(0, area - half), high: Math.min(1, area + half) };
}
