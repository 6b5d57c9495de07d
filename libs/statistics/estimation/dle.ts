import { InputError } from '../errors.js';
import { fitBoostedTrees, scoreBoostedTrees } from './boosted-trees.js';

export const dleMetrics = ['mae', 'mse', 'rmse', 'mape', 'msle', 'rmsle'] as const;
export type DleMetric = (typeof dleMetrics)[number];

/** Loss of one row. */
function lossOf(metric: DleMetric, y: number, prediction: number): number {
  switch (metric) {
    case 'mae':
      return Math.abs(y - prediction);
    case 'mse':
    case 'rmse':
      return (y - prediction) ** 2;
    // scikit-learn's denominator: |y|, at least ε.
    case 'mape':
      return Math.abs(y - prediction) / Math.max(Math.abs(y), Number.EPSILON);
    case 'msle':
    case 'rmsle':
      return (Math.log1p(y) - Math.log1p(prediction)) ** 2;
    default:
      return metric satisfies never;
  }
}

const isRooted = (metric: DleMetric): boolean => metric === 'rmse' || metric === 'rmsle';

/** @throws InputError `NegativeTarget` where a logarithm has no place */
export function lossesOf(metric: DleMetric, labels: ArrayLike<number>, predictions: ArrayLike<number>): Float64Array {
  return Float64Array.from(labels, (y, row) => {
    const loss = lossOf(metric, y, predictions[row]!);
    if (!Number.isFinite(loss))
      throw new InputError('NegativeTarget', `row ${row}: ${metric} of ${y} against ${predictions[row]}`, {
        row,
        field: 'metric',
        rule: 'target and prediction above −1',
      });
    return loss;
  });
}

/** What the labels show. @returns undefined without rows */
export function realisedLoss(metric: DleMetric, losses: ArrayLike<number>): number | undefined {
  if (losses.length === 0) return undefined;
  let sum = 0;
  for (let row = 0; row < losses.length; row += 1) sum += losses[row]!;
  const mean = sum / losses.length;
  return isRooted(metric) ? Math.sqrt(mean) : mean;
}

/**
 * Direct loss estimation (NannyML 0.13.1 `DLE`): trees learn on the reference what the model's loss is, from the features and the
 * prediction; the estimate is the mean of what they foresee for the current rows. NannyML learns with LightGBM, ours are
 * `boosted-trees.ts` with its defaults (100 trees of at most 31 leaves, rate 0.1, at least 20 rows a leaf, 255 bins).
 * @param reference features and prediction, a column each; NaN is missing
 * @returns the foreseen loss of each current row, in the unit of `metric` before its root
 */
export function foreseenLosses(
  losses: Float64Array,
  reference: readonly Float64Array[],
  current: readonly Float64Array[],
): Float64Array {
  const all = (n: number): Int32Array => Int32Array.from({ length: n }, (_, row) => row);
  const model = fitBoostedTrees(reference, losses, all(losses.length), { loss: 'squared' });
  // A loss is not negative, whatever a sum of trees says.
  return scoreBoostedTrees(model, current, all(current[0]!.length)).map((loss) => Math.max(0, loss));
}
