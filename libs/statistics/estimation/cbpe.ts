import { sortedRows } from './order.js';

/** Expected counts of a confusion table; they need not be whole. */
export interface ExpectedCells {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
}

export const cbpeMetrics = [
  'accuracy',
  'precision',
  'recall',
  'specificity',
  'f1',
  'selection_rate',
  'roc_auc',
  'average_precision',
  'true_positive',
  'false_positive',
  'false_negative',
  'true_negative',
] as const;
export type CbpeMetric = (typeof cbpeMetrics)[number];

/** A number that is expected, and the standard deviation of what labels would show (absent for curves). */
export interface Expected {
  /** Undefined where its denominator is 0. */
  readonly value: number | undefined;
  readonly deviation?: number;
  readonly denominator: number;
}

/**
 * Confidence-based performance estimation (NannyML 0.13.1 `CBPE`, two classes): where p is the calibrated probability
 * of the positive label, a row that is predicted positive is a true positive with p and a false one with 1 − p.
 *
 * It presumes that p still holds: covariate shift is seen, a change of the concept is not. `deviation` is that of the
 * labels that would be drawn (independent Bernoulli; ratios by the delta method), not the doubt in the calibration.
 * @param probabilities calibrated, of the positive label
 * @param predictions 0 or 1
 * @param rows the rows to look at (a group); default all
 */
export function estimateMetric(
  metric: CbpeMetric,
  probabilities: ArrayLike<number>,
  predictions: ArrayLike<number>,
  rows?: ArrayLike<number>,
): Expected {
  const p = rows ? Float64Array.from(rows, (row) => probabilities[row]!) : Float64Array.from(probabilities);
  const predicted = rows ? Uint8Array.from(rows, (row) => predictions[row]!) : Uint8Array.from(predictions);
  if (metric === 'roc_auc') return { value: expectedAuc(p), denominator: p.length };
  if (metric === 'average_precision') return { value: expectedAveragePrecision(p), denominator: p.length };
  const cells = expectedCells(p, predicted);
  const { truePositives: tp, falsePositives: fp, falseNegatives: fn, trueNegatives: tn } = cells;
  switch (metric) {
    case 'accuracy':
      return ratio(tp + tn, p.length, p, () => 1);
    case 'precision':
      return ratio(tp, tp + fp, p, (row) => predicted[row]!);
    case 'recall':
      return ratio(tp, tp + fn, p, (row, value) => predicted[row]! - value);
    case 'specificity':
      return ratio(tn, tn + fp, p, (row, value) => 1 - predicted[row]! - value);
    // 0 without expected positives and without predicted ones.
    case 'f1':
      return ratio(2 * tp, 2 * tp + fp + fn, p, (row, value) => 2 * predicted[row]! - value);
    case 'selection_rate':
      return { value: p.length > 0 ? (tp + fp) / p.length : undefined, deviation: 0, denominator: p.length };
    case 'true_positive':
      return count(tp, p, (row) => predicted[row] === 1);
    case 'false_positive':
      return count(fp, p, (row) => predicted[row] === 1);
    case 'false_negative':
      return count(fn, p, (row) => predicted[row] === 0);
    case 'true_negative':
      return count(tn, p, (row) => predicted[row] === 0);
    default:
      return metric satisfies never;
  }
}

export function expectedCells(p: ArrayLike<number>, predicted: ArrayLike<number>): ExpectedCells {
  let [truePositives, falsePositives, falseNegatives, trueNegatives] = [0, 0, 0, 0];
  for (let row = 0; row < p.length; row += 1)
    if (predicted[row] === 1) {
      truePositives += p[row]!;
      falsePositives += 1 - p[row]!;
    } else {
      falseNegatives += p[row]!;
      trueNegatives += 1 - p[row]!;
    }
  return { truePositives, falsePositives, falseNegatives, trueNegatives };
}

/** A/B whose change by the label of a row is `slope(row, A/B) / B`. */
function ratio(
  numerator: number,
  denominator: number,
  p: Float64Array,
  slope: (row: number, value: number) => number,
): Expected {
  if (!(denominator > 0)) return { value: undefined, denominator };
  const value = numerator / denominator;
  let variance = 0;
  for (let row = 0; row < p.length; row += 1) variance += p[row]! * (1 - p[row]!) * slope(row, value) ** 2;
  return { value, deviation: Math.sqrt(variance) / denominator, denominator };
}

function count(value: number, p: Float64Array, counted: (row: number) => boolean): Expected {
  let variance = 0;
  for (let row = 0; row < p.length; row += 1) if (counted(row)) variance += p[row]! * (1 - p[row]!);
  return { value, deviation: Math.sqrt(variance), denominator: p.length };
}

/** Area under the expected ROC curve: rows count p positive and 1 − p negative, ties half. */
function expectedAuc(p: Float64Array): number | undefined {
  let [positives, negatives, area] = [0, 0, 0];
  eachTie(p, (own, size) => {
    area += (size - own) * (positives + own / 2);
    positives += own;
    negatives += size - own;
  });
  return positives > 0 && negatives > 0 ? area / (positives * negatives) : undefined;
}

/** Row by row: tied rows are alike, so that their order does not matter (but a tie is not one step, as it is with labels). */
function expectedAveragePrecision(p: Float64Array): number | undefined {
  let [positives, selected, sum] = [0, 0, 0];
  for (const value of p.toSorted().reverse()) {
    positives += value;
    selected += 1;
    sum += (value * positives) / selected;
  }
  return positives > 0 ? sum / positives : undefined;
}

/** Expected positives and size of each tie, from the highest probability down. */
function eachTie(p: Float64Array, visit: (positives: number, size: number) => void): void {
  const order = sortedRows(p);
  for (let i = order.length - 1; i >= 0;) {
    const value = p[order[i]!]!;
    let [own, size] = [0, 0];
    for (; i >= 0 && p[order[i]!] === value; i -= 1, size += 1) own += value;
    visit(own, size);
  }
}
