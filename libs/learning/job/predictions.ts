import type { FoldOutputs } from './validate.js';
import type { Problem } from './problem.js';

/** Predictions of rows that were not fitted on, pooled over the folds; each array has one entry a row of `rows`. */
export type Predictions = PooledPredictions | ClassPredictions | NumberPredictions | OtherPredictions;

interface Tested {
  /** Rows of the table, ascending; a scheme need not test all of them. */
  readonly rows: Int32Array;
  /** Fold that scored the row. */
  readonly folds: Int32Array;
}

export interface PooledPredictions extends Tested {
  readonly kind: 'binary';
  /** Probability of the scored label, per row. */
  readonly probabilities: Float64Array;
  /** 1 where the row's label is the scored one. */
  readonly labels: Uint8Array;
}

export interface ClassPredictions extends Tested {
  readonly kind: 'multiclass';
  readonly classes: readonly string[];
  /** Row-major, `rows × classes`. */
  readonly probabilities: Float64Array;
  readonly labels: Uint16Array;
}

export interface NumberPredictions extends Tested {
  readonly kind: 'regression';
  readonly predictions: Float64Array;
  readonly values: Float64Array;
}

export interface OtherPredictions extends Tested {
  readonly kind: 'clustering' | 'reconstruction';
  /** Row-major, `rows × width`. */
  readonly outputs: Float64Array;
  readonly width: number;
}

export function predictionsOf(problem: Problem, { rows, folds, outputs, width }: FoldOutputs): Predictions {
  const tested = { rows, folds };
  switch (problem.kind) {
    case 'binary':
      return {
        kind: 'binary',
        ...tested,
        probabilities: outputs.filter((_, at) => at % 2 === 1),
        labels: Uint8Array.from(rows, (row) => problem.labels[row]!),
      };
    case 'multiclass':
      return {
        kind: 'multiclass',
        ...tested,
        classes: problem.classes,
        probabilities: outputs,
        labels: Uint16Array.from(rows, (row) => problem.labels[row]!),
      };
    case 'regression':
      return {
        kind: 'regression',
        ...tested,
        predictions: outputs,
        values: Float64Array.from(rows, (row) => problem.values[row]!),
      };
    default:
      return { kind: problem.kind, ...tested, outputs, width };
  }
}

/**
 * One class against all others: what a policy that names that class decides on. Two classes as they are.
 * @returns undefined where no class has that name, or the predictions are of no classes
 */
export function againstRest(predictions: Predictions, scored: string | undefined): PooledPredictions | undefined {
  if (predictions.kind === 'binary') return predictions;
  if (predictions.kind !== 'multiclass' || scored === undefined) return undefined;
  const { rows, folds, classes, labels, probabilities } = predictions;
  const own = classes.indexOf(scored);
  if (own < 0) return undefined;
  return {
    kind: 'binary',
    rows,
    folds,
    labels: Uint8Array.from(labels, (label) => Number(label === own)),
    probabilities: Float64Array.from(labels, (_, i) => probabilities[i * classes.length + own]!),
  };
}
