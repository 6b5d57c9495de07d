import type { Interval } from '#libs/lifecycle';
import {
  averagePrecision,
  countsIntervals,
  f1Interval,
  meanInterval,
  precisionRecallInterval,
  rocAucInterval,
  surprise,
  trapezoid,
  wilson,
} from '#libs/statistics';
import type { Problem } from '../job/problem.js';
import { averages, confusionOf } from './classification.js';
import { largest } from './scores.js';

type Intervals = Readonly<Record<string, Interval | undefined>>;

/**
 * Intervals of what `scoresOf` says of the same rows, by definition; a measure that is not here has none: the binned
 * calibration error is biased, a weighted row counts for an unknown number, R² and the distances of clusters and
 * reconstructions have no row of their own. They hold for new rows and these models, not for a model fitted anew.
 * @param outputs row-major, one line per entry of `rows`
 * @param seed of what is drawn
 */
export function intervalsOf(
  problem: Problem,
  rows: Int32Array,
  outputs: Float64Array,
  width: number,
  seed: number,
): Intervals {
  if (problem.weights) return {};
  const n = rows.length;
  switch (problem.kind) {
    case 'binary': {
      const labels = Uint8Array.from(rows, (row) => problem.labels[row]!);
      const scores = outputs.filter((_, at) => at % 2 === 1);
      const decided = Int32Array.from(scores, (p) => Number(p >= 0.5));
      const confusion = confusionOf(labels, decided, 2);
      const [hits, falseAlarms, missed] = [confusion[3]!, confusion[1]!, confusion[2]!];
      const [predicted, actual] = [hits + falseAlarms, hits + missed];
      return {
        ...scoreIntervals(labels, scores),
        'precision_recall_trapezoid@assay': precisionRecallInterval(trapezoid(labels, scores), actual),
        ...ofCounts(confusion, 2, seed),
        'precision_score@sklearn': wilson({ count: hits, n: predicted }),
        'recall_score@sklearn': wilson({ count: hits, n: actual }),
        'f1_score@sklearn': f1Interval({ hits, predicted, actual }),
      };
    }
    case 'multiclass': {
      const labels = Int32Array.from(rows, (row) => problem.labels[row]!);
      const decided = labels.map((_, i) => largest(outputs, i * width, width));
      return {
        'log_loss@sklearn': meanInterval(n, (i) => surprise(1, outputs[i * width + labels[i]!]!), { least: 0 }),
        ...ofCounts(confusionOf(labels, decided, width), width, seed),
      };
    }
    case 'regression': {
      const error = (i: number): number => problem.values[rows[i]!]! - outputs[i]!;
      return {
        'mean_squared_error@sklearn': meanInterval(n, (i) => error(i) ** 2, { least: 0 }),
        'mean_absolute_error@sklearn': meanInterval(n, (i) => Math.abs(error(i)), { least: 0 }),
      };
    }
    case 'clustering':
    case 'reconstruction':
      return {};
  }
}

/** Intervals of what two-class scores say, whatever is decided by them. */
export function scoreIntervals(labels: Uint8Array, scores: Float64Array, level = 0.95) {
  const positives = labels.reduce((sum, label) => sum + label, 0);
  const n = labels.length;
  return {
    'roc_auc_score@sklearn': rocAucInterval(labels, scores, level),
    'average_precision_score@sklearn': precisionRecallInterval(averagePrecision(labels, scores), positives, level),
    'log_loss@sklearn': meanInterval(n, (i) => surprise(labels[i]!, scores[i]!), { level, least: 0 }),
    'brier_score_loss@sklearn': meanInterval(n, (i) => (scores[i]! - labels[i]!) ** 2, { level, least: 0, most: 1 }),
  };
}

/** Of each row one decision is right or wrong: the averages over all counts are the accuracy. */
function ofCounts(confusion: Float64Array, classes: number, seed: number): Intervals {
  const n = confusion.reduce((sum, count) => sum + count, 0);
  let hits = 0;
  for (let own = 0; own < classes; own += 1) hits += confusion[own * classes + own]!;
  const accuracy = wilson({ count: hits, n });
  const drawn = countsIntervals(confusion, (counts) => averages(counts, classes), seed);
  const micro = ['accuracy_score', 'precision_micro', 'recall_micro', 'f1_micro'];
  return { ...drawn, ...Object.fromEntries(micro.map((name) => [`${name}@sklearn`, accuracy])) };
}
