import {
  averagePrecision,
  brierScore,
  calibrationError,
  logLoss,
  meanOf,
  rSquared,
  rocAuc,
  trapezoid,
} from '#libs/statistics';
import type { Scores } from '../job/candidate.js';
import { weightsAt } from '../job/problem.js';
import type { Problem } from '../job/problem.js';
import { averages, confusionOf } from './classification.js';

/**
 * What test rows say of a model, by definition; null where it is undefined (one class, a class that is never
 * predicted). Probabilities decide at 0.5, or by the largest.
 *
 * Of classes: `precision_score`, `recall_score`, `f1_score@sklearn` of the scored label, and as `…_macro`, `…_micro`,
 * `…_weighted@sklearn` (scikit-learn's names of the scorers); `average_precision_score@sklearn`, and the area under
 * the same curve by straight lines as `precision_recall_trapezoid@assay`; `expected_calibration_error@assay`.
 * @param outputs row-major, one line per entry of `rows`
 * @param inputs what a reconstruction is compared with: the columns behind the pipeline
 */
export function scoresOf(
  problem: Problem,
  rows: Int32Array,
  outputs: Float64Array,
  width: number,
  inputs: Float64Array,
): Scores {
  const n = rows.length;
  const weights = weightsAt(problem, rows);
  switch (problem.kind) {
    case 'binary': {
      const labels = Uint8Array.from(rows, (row) => problem.labels[row]!);
      const scores = outputs.filter((_, at) => at % 2 === 1);
      const decided = Int32Array.from(scores, (p) => Number(p >= 0.5));
      const confusion = confusionOf(labels, decided, 2, weights);
      const [tp, fp, fn] = [confusion[3]!, confusion[1]!, confusion[2]!];
      return known({
        'roc_auc_score@sklearn': rocAuc(labels, scores, weights),
        'average_precision_score@sklearn': averagePrecision(labels, scores, weights),
        'precision_recall_trapezoid@assay': trapezoid(labels, scores, weights),
        'log_loss@sklearn': logLoss(labels, scores, weights),
        'brier_score_loss@sklearn': brierScore(labels, scores, weights),
        'expected_calibration_error@assay': calibrationError({
          group: '',
          labels,
          scores,
          ...(weights ? { weights } : {}),
        }),
        'accuracy_score@sklearn': (confusion[0]! + tp) / (confusion[0]! + tp + fp + fn),
        'precision_score@sklearn': tp / (tp + fp),
        'recall_score@sklearn': tp / (tp + fn),
        'f1_score@sklearn': (2 * tp) / (2 * tp + fp + fn),
        ...averages(confusion, 2),
      });
    }
    case 'multiclass': {
      const labels = Int32Array.from(rows, (row) => problem.labels[row]!);
      const decided = labels.map((_, i) => largest(outputs, i * width, width));
      return known({
        'log_loss@sklearn': meanOf(n, weights, (i) => {
          const p = outputs[i * width + labels[i]!]!;
          return -Math.log(Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, p)));
        }),
        'accuracy_score@sklearn': meanOf(n, weights, (i) => Number(decided[i] === labels[i])),
        'roc_auc_ovr@sklearn': oneAgainstRest(labels, outputs, width, weights),
        ...averages(confusionOf(labels, decided, width, weights), width),
      });
    }
    case 'regression': {
      const values = Float64Array.from(rows, (row) => problem.values[row]!);
      return known({
        'mean_squared_error@sklearn': meanOf(n, weights, (i) => (values[i]! - outputs[i]!) ** 2),
        'mean_absolute_error@sklearn': meanOf(n, weights, (i) => Math.abs(values[i]! - outputs[i]!)),
        'r2_score@sklearn': rSquared(values, outputs, weights),
      });
    }
    case 'clustering':
      return known({
        'mean_squared_distance@assay': meanOf(n, weights, (i) => {
          let nearest = Infinity;
          for (let j = 0; j < width; j += 1) nearest = Math.min(nearest, outputs[i * width + j]!);
          return nearest * nearest;
        }),
      });
    case 'reconstruction':
      return known({
        'mean_squared_error@sklearn': meanOf(
          outputs.length,
          weights && outputs.map((_, at) => weights[Math.floor(at / width)]!),
          (at) => (outputs[at]! - inputs[at]!) ** 2,
        ),
      });
  }
}

/** Mean over the classes of the AUC of one against the rest (scikit-learn 1.9.1 `roc_auc_score(multi_class='ovr')`). */
function oneAgainstRest(
  labels: Int32Array,
  outputs: Float64Array,
  width: number,
  weights: Float64Array | undefined,
): number | undefined {
  let sum = 0;
  for (let own = 0; own < width; own += 1) {
    const area = rocAuc(
      labels.map((label) => Number(label === own)),
      Float64Array.from(labels, (_, i) => outputs[i * width + own]!),
      weights,
    );
    if (area === undefined) return undefined;
    sum += area;
  }
  return sum / width;
}

/** Place of the largest of `width` values from `start`; the first of equal ones. */
export function largest(values: ArrayLike<number>, start: number, width: number): number {
  let best = 0;
  for (let j = 1; j < width; j += 1) if (values[start + j]! > values[start + best]!) best = j;
  return best;
}

/** The mean over folds of each score that every fold has. */
export function meanScores(folds: readonly { readonly scores: Scores }[]): Scores {
  const definitions = Object.keys(folds[0]?.scores ?? {});
  return known(
    Object.fromEntries(
      definitions.map((definition) => {
        const values = folds.map(({ scores }) => scores[definition]);
        return [
          definition,
          values.some((value) => value === null) ? undefined : meanOf(folds.length, undefined, (i) => values[i]!),
        ];
      }),
    ),
  );
}

function known(scores: Readonly<Record<string, number | undefined>>): Scores {
  return Object.fromEntries(
    Object.entries(scores).map(([definition, value]) => [
      definition,
      value !== undefined && Number.isFinite(value) ? value : null,
    ]),
  );
}
