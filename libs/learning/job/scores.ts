import { averagePrecision, brierScore, logLoss, meanOf, rSquared, rocAuc } from '#libs/statistics';
import type { Scores } from './candidate.js';
import type { Problem } from './problem.js';

/**
 * What a fold's test rows say of a model, by definition; null where it is undefined.
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
  switch (problem.kind) {
    case 'binary': {
      const labels = Uint8Array.from(rows, (row) => problem.labels[row]!);
      const scores = outputs.filter((_, at) => at % 2 === 1);
      return known({
        'roc_auc_score@sklearn': rocAuc(labels, scores),
        'average_precision_score@sklearn': averagePrecision(labels, scores),
        'log_loss@sklearn': logLoss(labels, scores),
        'brier_score_loss@sklearn': brierScore(labels, scores),
        'accuracy_score@sklearn': meanOf(rows.length, undefined, (i) =>
          Number(scores[i]! >= 0.5 === (labels[i] === 1)),
        ),
      });
    }
    case 'multiclass': {
      const own = (i: number): number => problem.labels[rows[i]!]!;
      return known({
        'log_loss@sklearn': meanOf(rows.length, undefined, (i) => {
          const p = outputs[i * width + own(i)]!;
          return -Math.log(Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, p)));
        }),
        'accuracy_score@sklearn': meanOf(rows.length, undefined, (i) =>
          Number(largest(outputs, i * width, width) === own(i)),
        ),
      });
    }
    case 'regression': {
      const values = Float64Array.from(rows, (row) => problem.values[row]!);
      return known({
        'mean_squared_error@sklearn': meanOf(rows.length, undefined, (i) => (values[i]! - outputs[i]!) ** 2),
        'mean_absolute_error@sklearn': meanOf(rows.length, undefined, (i) => Math.abs(values[i]! - outputs[i]!)),
        'r2_score@sklearn': rSquared(values, outputs),
      });
    }
    case 'clustering':
      return known({
        'mean_squared_distance@assay': meanOf(rows.length, undefined, (i) => {
          let nearest = Infinity;
          for (let j = 0; j < width; j += 1) nearest = Math.min(nearest, outputs[i * width + j]!);
          return nearest * nearest;
        }),
      });
    case 'reconstruction':
      return known({
        'mean_squared_error@sklearn': meanOf(outputs.length, undefined, (at) => (outputs[at]! - inputs[at]!) ** 2),
      });
  }
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
