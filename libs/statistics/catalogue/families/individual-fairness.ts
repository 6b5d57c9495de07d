import { InputError } from '../../errors.js';
import { consistency, flipTest } from '../../fairness/neighbours.js';
import { columnOf } from '../../table/index.js';
import { answer } from '../definition.js';
import type { ArgumentDefinition, MeasureDefinition } from '../definition.js';
import { meanInterval } from '../../intervals/index.js';
import { binary, groupArguments, privilegedRows, weights } from '../group-inputs.js';
import { numbersOf } from '../inputs.js';
import type { Inputs } from '../inputs.js';

const { label, prediction, positive, privileged, score, weight } = groupArguments;
const features: ArgumentDefinition = {
  name: 'features',
  type: 'columns',
  required: true,
  description: 'columns of numbers in which rows are near each other; not scaled here',
};

function featureColumns(inputs: Inputs): Float64Array[] {
  return inputs.texts('features').map((name) => numbersOf(columnOf(inputs.table(), name)));
}

const ties = 'of rows equally far the earlier one is nearer; scikit-learn’s trees leave that order open';

/** Sums of score and 1 − score in the place of counts. */
const generalized: readonly (readonly [string, 0 | 1, (score: number) => number, string])[] = [
  ['generalized_true_positive_rate', 1, (s) => s, 'Σ w s / Σ w over the positives'],
  ['generalized_false_positive_rate', 0, (s) => s, 'Σ w s / Σ w over the negatives'],
  ['generalized_true_negative_rate', 0, (s) => 1 - s, 'Σ w (1 − s) / Σ w over the negatives'],
  ['generalized_false_negative_rate', 1, (s) => 1 - s, 'Σ w (1 − s) / Σ w over the positives'],
];

const aif360 = {
  profile: 'aif360',
  version: '0.6.1',
  files: 1 as const,
  source: 'Bellamy et al., AI Fairness 360, IBM J. Res. Dev. 63 (2019)',
};

export const individualFairnessDefinitions: readonly MeasureDefinition[] = [
  {
    ...aif360,
    name: 'consistency',
    family: 'individual-fairness',
    arguments: [
      prediction,
      features,
      positive,
      {
        name: 'neighbours',
        type: 'number',
        required: false,
        default: 5,
        description: 'nearest rows, the row itself among them',
      },
    ],
    formula: '1 − mean |ŷ − mean ŷ of the k nearest rows|, the row itself among them, Euclidean',
    range: '[0, 1]',
    undefinedCases: ['no-rows'],
    reference: 'aif360.metrics.BinaryLabelDatasetMetric.consistency',
    differs: ties,
    compute(inputs) {
      const predictions = binary(inputs, 'prediction');
      const n = predictions.length;
      const k = inputs.integer('neighbours', 5);
      if (k < 1) throw inputs.wrong('neighbours', 'at least 1');
      if (n === 0) return { undefined: 'no-rows', n };
      if (k > n)
        throw new InputError('TooFewRows', `${n} rows have no ${k} nearest ones`, {
          field: 'neighbours',
          rule: 'at most the number of rows',
        });
      return answer(consistency(featureColumns(inputs), predictions, k), { n });
    },
  },
  ...generalized.map(([name, side, part, formula]): MeasureDefinition => ({
    ...aif360,
    name,
    family: 'score-fairness',
    arguments: [
      label,
      score,
      privileged,
      { name: 'side', type: 'text', required: false, default: 'all', description: 'privileged, unprivileged or all' },
      positive,
      weight,
    ],
    formula: `${formula} of one side`,
    range: '[0, 1] for scores in [0, 1]',
    undefinedCases: ['zero-denominator: no row of the class'],
    reference: `aif360.metrics.ClassificationMetric.${name}`,
    compute(inputs) {
      const labels = binary(inputs, 'label');
      const scores = inputs.numericColumn('score');
      const own = weights(inputs);
      const inside = privilegedRows(inputs);
      const chosen = inputs.oneOf('side', ['all', 'privileged', 'unprivileged'], 'all');
      let [sum, total] = [0, 0];
      const parts: number[] = [];
      labels.forEach((y, row) => {
        if (y !== side || (chosen !== 'all' && (inside[row] === 1) !== (chosen === 'privileged'))) return;
        const w = own?.[row] ?? 1;
        if (!(w >= 0))
          throw new InputError('Weight', `row ${row} weighs ${w}`, { field: 'weight', row, rule: 'finite and ≥ 0' });
        sum += w * part(scores[row]!);
        total += w;
        parts.push(part(scores[row]!));
      });
      const n = parts.length;
      const range = parts.every((value) => value >= 0 && value <= 1) ? { least: 0, most: 1 } : {};
      const interval = own ? undefined : meanInterval(n, (row) => parts[row]!, range);
      return answer(sum / total, { n, denominator: total, interval });
    },
  })),
  {
    name: 'ft',
    profile: 'smclarify',
    version: '0.5',
    files: 1,
    family: 'individual-fairness',
    source: 'Hardt et al., Amazon SageMaker Clarify, KDD 2021; Black, Yeom and Fredrikson, FAT* 2020',
    arguments: [prediction, features, privileged, positive],
    formula:
      '(favourable decisions of d against the vote of the 5 nearest rows of a − unfavourable ones against it) / n_d; 1 nearest where a has fewer than 10 rows',
    range: '[−1, 1]',
    undefinedCases: ['empty-side: no row is privileged, or all are'],
    reference: 'smclarify.bias.metrics.FT',
    differs: ties,
    compute(inputs) {
      const predictions = binary(inputs, 'prediction');
      return answer(
        flipTest(featureColumns(inputs), predictions, privilegedRows(inputs)),
        { n: predictions.length },
        'empty-side',
      );
    },
  },
];
