import type { GroupCount, Measurement } from '#libs/lifecycle';
import {
  InputError,
  averagePrecision,
  brierScore,
  countCells,
  f1Interval,
  logLoss,
  measured,
  overallCell,
  parityMeasurements,
  rocAuc,
  toGroupCounts,
  wilson,
} from '#libs/statistics';
import type { CategoryColumn } from '#libs/statistics';
import { scoreIntervals } from '../validation/intervals.js';
import type { PooledPredictions } from './predictions.js';

export interface PooledEvaluation {
  /** Measurements of the whole, then per protected attribute of its groups and between them (`{afam: '*'}`). */
  readonly measurements: readonly Measurement[];
  /** Counts per value of each attribute; "positive" is the favourable decision, i.e. not the scored label. */
  readonly groups: readonly GroupCount[];
}

/**
 * What a policy reads of a model: the scored label is decided at probability ≥ `threshold` (unfavourable, as in
 * denial); the favourable decision is the other one, and selection rates are rates of the favourable decision.
 *
 * Of the whole: `accuracy_score@sklearn`, `roc_auc_score@sklearn`, `average_precision_score@sklearn`,
 * `log_loss@sklearn`, `brier_score_loss@sklearn`, and `precision_score`, `recall_score`, `f1_score@sklearn` of the
 * scored label, each with its interval. Per attribute: {@link parityMeasurements}. The four-fifths gate reads
 * `demographic_parity_ratio@fairlearn` with `group: {[attribute]: '*'}`.
 * @throws InputError `Threshold`
 */
export function evaluatePooled(
  { probabilities, labels }: Pick<PooledPredictions, 'probabilities' | 'labels'>,
  protectedColumns: readonly CategoryColumn[],
  threshold: number,
  level = 0.95,
): PooledEvaluation {
  if (!(threshold > 0 && threshold <= 1))
    throw new InputError('Threshold', `threshold ${threshold}`, { field: 'decision.threshold', rule: 'in (0, 1]' });
  const n = labels.length;
  const favourableLabel = labels.map((label) => 1 - label);
  const favourable = Uint8Array.from(probabilities, (p) => (p >= threshold ? 0 : 1));
  const perAttribute = protectedColumns.map((column) => countCells([column], favourableLabel, favourable));
  // The favourable label is the table's positive, so the scored label's true positives are its true negatives.
  const whole = overallCell(countCells([everyone(n)], favourableLabel, favourable));
  const correct = whole.truePositives + whole.trueNegatives;
  const decided = whole.trueNegatives + whole.falseNegatives;
  const scored = whole.trueNegatives + whole.falsePositives;
  const intervals = scoreIntervals(labels, probabilities, level);
  const scoreOf = (definition: keyof typeof intervals, value: number | undefined, reason = 'one-class'): Measurement =>
    measured(definition, value, { n, denominator: n, interval: intervals[definition] }, reason);
  return {
    measurements: [
      measured(
        'accuracy_score@sklearn',
        n > 0 ? correct / n : undefined,
        {
          n,
          denominator: n,
          interval: wilson({ count: correct, n }, level),
        },
        'no-rows',
      ),
      scoreOf('roc_auc_score@sklearn', rocAuc(labels, probabilities)),
      scoreOf('average_precision_score@sklearn', averagePrecision(labels, probabilities)),
      scoreOf('log_loss@sklearn', logLoss(labels, probabilities), 'no-rows'),
      scoreOf('brier_score_loss@sklearn', brierScore(labels, probabilities), 'no-rows'),
      measured(
        'precision_score@sklearn',
        decided > 0 ? whole.trueNegatives / decided : undefined,
        {
          n,
          denominator: decided,
          interval: wilson({ count: whole.trueNegatives, n: decided }, level),
        },
        'nothing-predicted',
      ),
      measured(
        'recall_score@sklearn',
        scored > 0 ? whole.trueNegatives / scored : undefined,
        {
          n,
          denominator: scored,
          interval: wilson({ count: whole.trueNegatives, n: scored }, level),
        },
        'no-positives',
      ),
      measured(
        'f1_score@sklearn',
        decided + scored > 0 ? (2 * whole.trueNegatives) / (decided + scored) : undefined,
        {
          n,
          denominator: decided + scored,
          interval: f1Interval({ hits: whole.trueNegatives, predicted: decided, actual: scored }, level),
        },
        'no-positives',
      ),
      ...perAttribute.flatMap((cells) => parityMeasurements(cells, level)),
    ],
    groups: perAttribute.flatMap(toGroupCounts),
  };
}

/** The measurement of that definition, of the whole or of a group. */
export function findMeasurement(
  measurements: readonly Measurement[],
  definition: string,
  group: Readonly<Record<string, string>> = {},
): Measurement | undefined {
  const keys = Object.keys(group);
  return measurements.find(
    (candidate) =>
      candidate.definition === definition &&
      Object.keys(candidate.group ?? {}).length === keys.length &&
      keys.every((key) => candidate.group?.[key] === group[key]),
  );
}

function everyone(n: number): CategoryColumn {
  return {
    kind: 'category',
    name: 'everyone',
    type: 'string',
    nulls: 0,
    codes: new Int32Array(n),
    categories: ['everyone'],
  };
}
