import { groupCodes, weightOf } from '../../fairness/cells.js';
import type { GroupCell } from '../../fairness/cells.js';
import { answer } from '../definition.js';
import type { MeasureDefinition } from '../definition.js';
import { binary, cellsOf, groupArguments, privilegedRows, protectedColumns, sides } from '../group-inputs.js';
import type { Counts } from '../group-inputs.js';
import type { Inputs } from '../inputs.js';
import { generalizedEntropy } from './aif360.js';

const { label, prediction, protected: attributes, positive, privileged, score, weight } = groupArguments;
const own = {
  profile: 'aif360',
  version: '0.6.1',
  family: 'group-fairness',
  files: 1 as const,
  source: 'Bellamy et al., AI Fairness 360, IBM J. Res. Dev. 63 (2019)',
};
const reference = (name: string): string => `aif360.metrics.ClassificationMetric.${name}`;

const rateOf = (count: number, rest: number): number => count / (count + rest);

/** Benefits b = ŷ − y + 1, each replaced by the mean of its group. */
function groupMeans(inputs: Inputs, codes: ArrayLike<number>): Float64Array {
  const labels = binary(inputs, 'label');
  const predictions = binary(inputs, 'prediction');
  const sums = new Map<number, { sum: number; n: number }>();
  labels.forEach((y, row) => {
    const group = sums.get(codes[row]!) ?? { sum: 0, n: 0 };
    sums.set(codes[row]!, { sum: group.sum + predictions[row]! - y + 1, n: group.n + 1 });
  });
  return Float64Array.from(labels, (_, row) => {
    const { sum, n } = sums.get(codes[row]!)!;
    return sum / n;
  });
}

const alphaArgument = {
  name: 'alpha',
  type: 'number',
  required: false,
  default: 2,
  description: 'weight of the upper end',
} as const;

function between(
  name: string,
  groups: 'privileged' | 'protected',
  alphaOf: (inputs: Inputs) => number,
  finish: (value: number) => number,
): MeasureDefinition {
  const takesAlpha = name.includes('entropy');
  return {
    ...own,
    name,
    arguments: [
      label,
      prediction,
      groups === 'privileged' ? privileged : attributes,
      positive,
      ...(takesAlpha ? [alphaArgument] : []),
    ],
    formula: `${name.includes('coefficient') ? '√(2 GE(2))' : takesAlpha ? 'GE(α)' : 'GE(1)'} with each b = ŷ − y + 1 replaced by the mean of its ${groups === 'privileged' ? 'side' : 'group'}`,
    range: '[0, ∞)',
    undefinedCases: ['zero-denominator: every benefit is 0', 'infinite: alpha 0 and a group of false negatives'],
    reference: reference(name),
    compute(inputs) {
      const n = inputs.table().rows;
      const columns = groups === 'protected' ? protectedColumns(inputs) : [];
      const codes = groups === 'privileged' ? privilegedRows(inputs) : groupCodes(columns, n);
      return answer(finish(generalizedEntropy(groupMeans(inputs, codes), alphaOf(inputs))), { n });
    },
  };
}

/** Largest |ln pᵢ / pⱼ| and |ln (1 − pᵢ) / (1 − pⱼ)| over pairs of groups, p smoothed by a Dirichlet prior. */
function differentialFairness(cells: readonly GroupCell[], of: (cell: GroupCell) => number, c: number): number {
  const p = cells.map((cell) => (of(cell) + c / 2) / (weightOf(cell) + c));
  const logs = [p.map((value) => Math.log(value)), p.map((value) => Math.log(1 - value))];
  return Math.max(...logs.map((values) => Math.max(...values) - Math.min(...values)));
}

/** As Python's max: where the second is no number the first stands, where the first is none there is none. */
const larger = (first: number, second: number): number => {
  const [a, b] = [Math.abs(first), Math.abs(second)];
  return b > a ? b : a;
};

export const aif360MoreDefinitions: readonly MeasureDefinition[] = [
  {
    ...own,
    name: 'equalized_odds_difference',
    arguments: [label, prediction, privileged, positive, weight],
    formula: 'max(|ΔTPR|, |ΔFPR|), Δ = unprivileged − privileged',
    range: '[0, 1]',
    undefinedCases: ['zero-denominator: a side has no negatives'],
    reference: reference('equalized_odds_difference'),
    differs:
      'between two sides, equalized_odds_difference@fairlearn is over all groups; a side without positives leaves the gap of FPR, as Python’s max does',
    compute(inputs) {
      const { unprivileged: d, privileged: a, n } = sides(inputs);
      const gap = (rate: (c: Counts) => number): number => rate(d) - rate(a);
      return answer(
        larger(
          gap(({ fp, tn }) => rateOf(fp, tn)),
          gap(({ tp, fn }) => rateOf(tp, fn)),
        ),
        { n },
      );
    },
  },
  {
    ...own,
    name: 'generalized_equalized_odds_difference',
    family: 'score-fairness',
    arguments: [label, score, privileged, positive],
    formula: 'max(|ΔGTPR|, |ΔGFPR|), the generalised rates: mean score of the positives and of the negatives of a side',
    range: '[0, 1] for scores in [0, 1]',
    undefinedCases: ['zero-denominator: a side has no negatives'],
    differs: 'a side without positives leaves the gap of the negatives, as Python’s max does',
    reference: reference('generalized_equalized_odds_difference'),
    compute(inputs) {
      const labels = binary(inputs, 'label');
      const scores = inputs.numericColumn('score');
      const inside = privilegedRows(inputs);
      const sums = new Float64Array(4);
      const counts = new Float64Array(4);
      labels.forEach((y, row) => {
        const cell = inside[row]! * 2 + y;
        sums[cell]! += scores[row]!;
        counts[cell]! += 1;
      });
      const mean = (cell: number): number => sums[cell]! / counts[cell]!;
      return answer(larger(mean(0) - mean(2), mean(1) - mean(3)), { n: labels.length });
    },
  },
  between(
    'between_group_coefficient_of_variation',
    'privileged',
    () => 2,
    (value) => Math.sqrt(2 * value),
  ),
  between(
    'between_all_groups_generalized_entropy_index',
    'protected',
    (inputs) => inputs.number('alpha', 2),
    (value) => value,
  ),
  between(
    'between_all_groups_theil_index',
    'protected',
    () => 1,
    (value) => value,
  ),
  between(
    'between_all_groups_coefficient_of_variation',
    'protected',
    () => 2,
    (value) => Math.sqrt(2 * value),
  ),
  {
    ...own,
    name: 'differential_fairness_bias_amplification',
    arguments: [
      label,
      prediction,
      attributes,
      positive,
      weight,
      {
        name: 'concentration',
        type: 'number',
        required: false,
        default: 1,
        description: 'Dirichlet prior, spread over the two outcomes',
      },
    ],
    formula: 'smoothed empirical differential fairness of the predictions − of the labels',
    range: '(−∞, ∞)',
    undefinedCases: ['fewer-than-two-groups'],
    source: 'Foulds, Islam, Keya and Pan, ICDE 2020',
    reference: reference('differential_fairness_bias_amplification'),
    compute(inputs) {
      const { groups } = cellsOf(inputs);
      const n = inputs.table().rows;
      if (groups.length < 2) return { undefined: 'fewer-than-two-groups', n };
      const c = inputs.number('concentration', 1);
      const predicted = differentialFairness(groups, (cell) => cell.truePositives + cell.falsePositives, c);
      const real = differentialFairness(groups, (cell) => cell.truePositives + cell.falseNegatives, c);
      return answer(predicted - real, { n });
    },
  },
];
