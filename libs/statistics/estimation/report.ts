import type { Interval, Measurement } from '#libs/lifecycle';
import { InputError } from '../errors.js';
import { measured } from '../measurement.js';
import { averagePrecision, rocAuc } from '../performance/index.js';
import { criticalValue } from '../special/normal.js';
import { cellText } from '../table/index.js';
import type { CategoryColumn, TableColumn } from '../table/index.js';
import { cbpeMetrics, estimateMetric } from './cbpe.js';
import type { CbpeMetric } from './cbpe.js';
import { dleMetrics, foreseenLosses, lossesOf, realisedLoss } from './dle.js';
import { applyIsotonic, fitIsotonic } from './isotonic.js';

/** One number of the model: what the reference's labels show, and what is to be expected of the current rows. */
export interface EstimatedMetric {
  readonly metric: string;
  readonly reference: Measurement;
  readonly estimated: Measurement;
  /** What the current labels show, where there are any. */
  readonly realised?: Measurement;
  /** (estimated − reference) / |reference|; absent where either is undefined or the reference is 0. */
  readonly change?: number;
}

export interface EstimatedPart {
  /** Absent for all rows. */
  readonly group?: Readonly<Record<string, string>>;
  readonly rows: number;
  readonly metrics: readonly EstimatedMetric[];
}

export interface EstimateReport {
  readonly method: 'cbpe@nannyml' | 'dle@assay';
  readonly rows: { readonly reference: number; readonly current: number };
  readonly parts: readonly EstimatedPart[];
}

export const deltaMethod = 'poisson_binomial@assay';

/** A classifier's scored rows; labels are 0 or 1. */
export interface ScoredRows {
  readonly probabilities: Float64Array;
  readonly labels?: Uint8Array;
  /** Attributes whose values are groups. */
  readonly groups: readonly CategoryColumn[];
}

/**
 * A classifier's performance on rows without labels, of all and of each group. The probabilities are calibrated by the
 * rising function that fits the reference's labels best (NannyML does so where its cross-validated calibration error gains by it; ours
 * always). A row is predicted positive at probability ≥ `threshold`, as the model serves it, before calibration.
 * @throws InputError `NoRows`, `OneClass`, `Threshold`
 */
export function estimateClassifier(
  reference: ScoredRows & { readonly labels: Uint8Array },
  current: ScoredRows,
  threshold: number,
  level = 0.95,
): EstimateReport {
  if (!(threshold > 0 && threshold <= 1))
    throw new InputError('Threshold', `threshold ${threshold}`, { field: 'threshold', rule: 'in (0, 1]' });
  refuseEmpty(reference.probabilities.length, current.probabilities.length);
  if (!reference.labels.includes(0) || !reference.labels.includes(1))
    throw new InputError('OneClass', 'the reference has one class only', { field: 'label', rule: 'two classes' });
  const isotonic = fitIsotonic(reference.probabilities, reference.labels);
  const calibrated = applyIsotonic(isotonic, current.probabilities);
  const decide = (p: number): number => (p >= threshold ? 1 : 0);
  const predicted = Uint8Array.from(current.probabilities, decide);
  const before = Uint8Array.from(reference.probabilities, decide);
  const metrics = cbpeMetrics.filter((metric) => !/^(true|false)_/.test(metric));
  const parts = partsOf(current.groups, reference.groups, current.probabilities.length, reference.labels.length);
  return {
    method: 'cbpe@nannyml',
    rows: { reference: reference.probabilities.length, current: current.probabilities.length },
    parts: parts.map(({ group, rows, referenceRows }) => ({
      ...(group ? { group } : {}),
      rows: rows.length,
      metrics: metrics.map((metric) => {
        const { value, deviation, denominator } = estimateMetric(metric, calibrated, predicted, rows);
        const interval = value === undefined ? undefined : normalInterval(value, deviation, level);
        const { labels } = current;
        return entry(
          metric,
          measured(
            `cbpe_${metric}@nannyml`,
            value,
            { n: rows.length, denominator, interval, group },
            'zero-denominator',
          ),
          observed(metric, reference.probabilities, reference.labels, before, referenceRows, group),
          labels && observed(metric, current.probabilities, labels, predicted, rows, group),
        );
      }),
    })),
  };
}

/** A regression's predicted rows with the features that its loss may depend on. */
export interface PredictedRows {
  readonly predictions: Float64Array;
  readonly labels?: Float64Array;
  /** Features as numbers; NaN is missing. */
  readonly features: readonly Float64Array[];
  readonly groups: readonly CategoryColumn[];
}

/** A regression's loss on rows without labels, of all and of each group. @throws InputError `NoRows` */
export function estimateRegression(
  reference: PredictedRows & { readonly labels: Float64Array },
  current: PredictedRows,
): EstimateReport {
  refuseEmpty(reference.predictions.length, current.predictions.length);
  const logarithmic = [reference.labels, reference.predictions, current.predictions].every((values) =>
    values.every((value) => value > -1),
  );
  const metrics = dleMetrics.filter((metric) => logarithmic || !metric.endsWith('msle'));
  const found = metrics.map((metric) => {
    const losses = lossesOf(metric, reference.labels, reference.predictions);
    return {
      metric,
      losses,
      foreseen: foreseenLosses(
        losses,
        [...reference.features, reference.predictions],
        [...current.features, current.predictions],
      ),
      realised: current.labels && lossesOf(metric, current.labels, current.predictions),
    };
  });
  const parts = partsOf(current.groups, reference.groups, current.predictions.length, reference.predictions.length);
  return {
    method: 'dle@assay',
    rows: { reference: reference.predictions.length, current: current.predictions.length },
    parts: parts.map(({ group, rows, referenceRows }) => ({
      ...(group ? { group } : {}),
      rows: rows.length,
      metrics: found.map(({ metric, losses, foreseen, realised }) => {
        const mean = (values: Float64Array, own: Int32Array, definition: string): Measurement =>
          measured(
            definition,
            realisedLoss(
              metric,
              Float64Array.from(own, (row) => values[row]!),
            ),
            { n: own.length, denominator: own.length, group },
            'no-rows',
          );
        const name = `${metric}@assay`;
        return entry(
          metric,
          mean(foreseen, rows, `dle_${metric}@assay`),
          mean(losses, referenceRows, name),
          realised && mean(realised, rows, name),
        );
      }),
    })),
  };
}

function entry(
  metric: string,
  estimated: Measurement,
  reference: Measurement,
  realised: Measurement | undefined,
): EstimatedMetric {
  const known = estimated.value !== null && reference.value !== null && reference.value !== 0;
  return {
    metric,
    reference,
    estimated,
    ...(realised ? { realised } : {}),
    ...(known ? { change: (estimated.value! - reference.value!) / Math.abs(reference.value!) } : {}),
  };
}

/** The same metric, by labels. */
function observed(
  metric: CbpeMetric,
  probabilities: Float64Array,
  labels: Uint8Array,
  predicted: Uint8Array,
  rows: Int32Array,
  group: Readonly<Record<string, string>> | undefined,
): Measurement {
  const own = Uint8Array.from(rows, (row) => labels[row]!);
  const scores = Float64Array.from(rows, (row) => probabilities[row]!);
  if (metric === 'roc_auc')
    return measured('roc_auc_score@sklearn', rocAuc(own, scores), { n: rows.length, group }, 'one-class');
  if (metric === 'average_precision')
    return measured(
      'average_precision_score@sklearn',
      averagePrecision(own, scores),
      { n: rows.length, group },
      'one-class',
    );
  // Labels are probabilities that are sure.
  const { value, denominator } = estimateMetric(metric, labels, predicted, rows);
  return measured(observedNames[metric]!, value, { n: rows.length, denominator, group }, 'zero-denominator');
}

const observedNames: Readonly<Partial<Record<CbpeMetric, string>>> = {
  accuracy: 'accuracy_score@sklearn',
  precision: 'precision_score@sklearn',
  recall: 'recall_score@sklearn',
  specificity: 'true_negative_rate@aif360',
  f1: 'f1_score@sklearn',
  selection_rate: 'selection_rate@fairlearn',
};

/** Within [0, 1]: every metric that has a deviation here is a share. */
export function normalInterval(value: number, deviation: number | undefined, level: number): Interval | undefined {
  if (deviation === undefined) return undefined;
  const half = criticalValue(level) * deviation;
  return { method: deltaMethod, level, low: Math.max(0, value - half), high: Math.min(1, value + half) };
}

interface Part {
  readonly group?: Readonly<Record<string, string>>;
  readonly rows: Int32Array;
  readonly referenceRows: Int32Array;
}

/** All rows, then each value of each attribute that either side has. */
function partsOf(
  current: readonly CategoryColumn[],
  reference: readonly CategoryColumn[],
  rows: number,
  referenceRows: number,
): Part[] {
  const all = (n: number): Int32Array => Int32Array.from({ length: n }, (_, row) => row);
  const whole: Part = { rows: all(rows), referenceRows: all(referenceRows) };
  return [
    whole,
    ...current.flatMap((column, j) =>
      [...new Set([...reference[j]!.categories, ...column.categories])].sort().map((value) => ({
        group: { [column.name]: value },
        rows: rowsOf(column, value),
        referenceRows: rowsOf(reference[j]!, value),
      })),
    ),
  ];
}

function rowsOf({ codes, categories }: CategoryColumn, value: string): Int32Array {
  const code = categories.indexOf(value);
  const rows: number[] = [];
  codes.forEach((own, row) => {
    if (code >= 0 && own === code) rows.push(row);
  });
  return Int32Array.from(rows);
}

function refuseEmpty(reference: number, current: number): void {
  if (reference === 0 || current === 0)
    throw new InputError('NoRows', `${reference} reference rows, ${current} current rows`, {
      rule: 'at least one row on either side',
    });
}

/** Features as numbers for the loss: texts by their order over both sides, missing as NaN. */
export function featureNumbers(reference: TableColumn, current: TableColumn): [Float64Array, Float64Array] {
  if (reference.kind === 'numeric' && current.kind === 'numeric') return [reference.values, current.values];
  const texts = (column: TableColumn): (string | undefined)[] =>
    Array.from({ length: column.kind === 'numeric' ? column.values.length : column.codes.length }, (_, row) =>
      cellText(column, row),
    );
  const [a, b] = [texts(reference), texts(current)];
  const order = new Map(
    [...new Set([...a, ...b])]
      .filter((text) => text !== undefined)
      .sort()
      .map((text, i) => [text, i]),
  );
  const numbers = (cells: (string | undefined)[]): Float64Array =>
    Float64Array.from(cells, (text) => (text === undefined ? Number.NaN : order.get(text)!));
  return [numbers(a), numbers(b)];
}
