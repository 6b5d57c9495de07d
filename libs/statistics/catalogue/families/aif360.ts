import { weightOf } from '../../fairness/cells.js';
import { answer } from '../definition.js';
import type { MeasureDefinition } from '../definition.js';
import { binary, cellsOf, groupArguments, privilegedRows, sides } from '../group-inputs.js';
import type { Counts } from '../group-inputs.js';
import type { Inputs } from '../inputs.js';

/**
 * AIF360 0.6.1, `ClassificationMetric` and `BinaryLabelDatasetMetric`. Conventions are mixed, and matched: TPR, TNR,
 * FPR, FNR are undefined (NaN) where their class is empty; PPV, NPV, FDR, FOR are 0 where nothing was predicted so.
 */
const version = '0.6.1';
const source = 'Bellamy et al., AI Fairness 360, IBM J. Res. Dev. 63 (2019)';

const total = ({ tp, fp, tn, fn }: Counts): number => tp + fp + tn + fn;
const over = (count: number, denominator: number): number => count / denominator;
const orZero = (count: number, denominator: number): number => (denominator > 0 ? count / denominator : 0);

const rates: Readonly<Record<string, (c: Counts) => number>> = {
  selection_rate: (c) => over(c.tp + c.fp, total(c)),
  base_rate: (c) => over(c.tp + c.fn, total(c)),
  true_positive_rate: (c) => over(c.tp, c.tp + c.fn),
  true_negative_rate: (c) => over(c.tn, c.tn + c.fp),
  false_positive_rate: (c) => over(c.fp, c.fp + c.tn),
  false_negative_rate: (c) => over(c.fn, c.fn + c.tp),
  positive_predictive_value: (c) => orZero(c.tp, c.tp + c.fp),
  negative_predictive_value: (c) => orZero(c.tn, c.tn + c.fn),
  false_discovery_rate: (c) => orZero(c.fp, c.tp + c.fp),
  false_omission_rate: (c) => orZero(c.fn, c.tn + c.fn),
  accuracy: (c) => orZero(c.tp + c.tn, total(c)),
  error_rate: (c) => 1 - orZero(c.tp + c.tn, total(c)),
};

const gap = (rate: string) => (d: Counts, a: Counts) => rates[rate]!(d) - rates[rate]!(a);
const quotient = (rate: string) => (d: Counts, a: Counts) => rates[rate]!(d) / rates[rate]!(a);

interface Comparison {
  readonly formula: string;
  readonly compute: (unprivileged: Counts, privileged: Counts) => number;
  readonly labelOnly?: boolean;
  readonly differs?: string;
  readonly predictionOnly?: boolean;
}

const comparisons: Readonly<Record<string, Comparison>> = {
  mean_difference: {
    formula: 'base rate of the unprivileged − of the privileged (labels)',
    compute: gap('base_rate'),
    labelOnly: true,
  },
  statistical_parity_difference: {
    formula: 'SR unprivileged − SR privileged',
    compute: gap('selection_rate'),
    predictionOnly: true,
    differs: 'directed; demographic_parity_difference@fairlearn is max − min',
  },
  disparate_impact: {
    formula: 'SR unprivileged / SR privileged',
    compute: quotient('selection_rate'),
    predictionOnly: true,
    differs: 'directed, not folded: may exceed 1; DI@smclarify gives 0 for 0/0',
  },
  equal_opportunity_difference: { formula: 'TPR unprivileged − TPR privileged', compute: gap('true_positive_rate') },
  average_odds_difference: {
    formula: '½ (ΔFPR + ΔTPR), Δ = unprivileged − privileged',
    compute: (d, a) => 0.5 * (gap('false_positive_rate')(d, a) + gap('true_positive_rate')(d, a)),
  },
  average_abs_odds_difference: {
    formula: '½ (|ΔFPR| + |ΔTPR|)',
    compute: (d, a) => 0.5 * (Math.abs(gap('false_positive_rate')(d, a)) + Math.abs(gap('true_positive_rate')(d, a))),
  },
  average_predictive_value_difference: {
    formula: '½ (ΔPPV + ΔFOR)',
    compute: (d, a) => 0.5 * (gap('positive_predictive_value')(d, a) + gap('false_omission_rate')(d, a)),
  },
  ...Object.fromEntries(
    (
      [
        ['true_positive_rate', ['difference']],
        ['false_positive_rate', ['difference', 'ratio']],
        ['false_negative_rate', ['difference', 'ratio']],
        ['false_omission_rate', ['difference', 'ratio']],
        ['false_discovery_rate', ['difference', 'ratio']],
        ['error_rate', ['difference', 'ratio']],
      ] as const
    ).flatMap(([rate, kinds]) =>
      kinds.map((kind): [string, Comparison] => [
        `${rate}_${kind}`,
        {
          formula: `${rate} unprivileged ${kind === 'ratio' ? '/' : '−'} privileged`,
          compute: kind === 'ratio' ? quotient(rate) : gap(rate),
        },
      ]),
    ),
  ),
};

const { label, prediction, privileged, positive, weight } = groupArguments;

function definition(
  name: string,
  rest: Omit<MeasureDefinition, 'name' | 'profile' | 'version' | 'family' | 'files' | 'source' | 'reference'>,
): MeasureDefinition {
  return {
    name,
    profile: 'aif360',
    version,
    family: 'group-fairness',
    files: 1,
    source,
    reference: `aif360.metrics.ClassificationMetric.${name}`,
    ...rest,
  };
}

const sideArgument = {
  name: 'side',
  type: 'text',
  required: false,
  default: 'all',
  description: 'privileged, unprivileged or all',
} as const;

const rateDefinitions = Object.entries(rates).map(([name, rate]) =>
  definition(name, {
    arguments: [label, prediction, privileged, sideArgument, positive, weight],
    formula: `${name.replaceAll('_', ' ')} of one side, from weighted counts`,
    range: '[0, 1]',
    undefinedCases: ['zero-denominator: no row (TPR, TNR, FPR, FNR: no row of the class)'],
    differs: /predictive|discovery|omission/.test(name)
      ? 'a zero denominator gives 0; @aequitas: undefined'
      : 'a zero denominator is undefined; @fairlearn: 0',
    compute(inputs) {
      const counts = sides(inputs);
      const side = inputs.oneOf('side', ['all', 'privileged', 'unprivileged'], 'all');
      return answer(rate(counts[side]), { n: counts[side].rows });
    },
  }),
);

const comparisonDefinitions = Object.entries(comparisons).map(
  ([name, { formula, compute, labelOnly, predictionOnly, differs }]) =>
    definition(name, {
      arguments: [...(predictionOnly ? [] : [label]), ...(labelOnly ? [] : [prediction]), privileged, positive, weight],
      formula,
      range: /ratio|impact/.test(name) ? '[0, ∞)' : '[−1, 1]',
      undefinedCases: [
        'zero-denominator: a rate has no rows behind it, or the quotient is 0/0',
        'infinite: the privileged rate is 0',
      ],
      differs,
      compute(inputs) {
        const { unprivileged, privileged: a, n } = sides(inputs);
        return answer(compute(unprivileged, a), { n });
      },
    }),
);

/** Generalised entropy of benefits b (Speicher et al., KDD 2018). */
export function generalizedEntropy(benefits: ArrayLike<number>, alpha: number): number {
  const n = benefits.length;
  let mean = 0;
  for (let i = 0; i < n; i += 1) mean += benefits[i]! / n;
  // With Σ (b/μ − 1) = 0, the linear term is taken out of each row: what is left does not cancel.
  let sum = 0;
  for (let i = 0; i < n; i += 1) {
    const d = (benefits[i]! - mean) / mean;
    if (alpha === 1) sum += (d > -1 ? (1 + d) * Math.log1p(d) : 0) - d;
    else if (alpha === 0) sum += d - Math.log1p(d);
    else if (alpha === 2) sum += (d * d) / 2;
    else sum += (Math.expm1(alpha * Math.log1p(d)) - alpha * d) / (alpha * (alpha - 1));
  }
  return sum / n;
}

function benefitsOf(inputs: Inputs): Float64Array {
  const labels = binary(inputs, 'label');
  const predictions = binary(inputs, 'prediction');
  return Float64Array.from(labels, (y, row) => predictions[row]! - y + 1);
}

const entropyNotes = [
  'zero-denominator: every benefit is 0 (all rows are false negatives)',
  'infinite: alpha 0 and one false negative',
];

function entropy(
  name: string,
  formula: string,
  alphaOf: (inputs: Inputs) => number,
  benefits: (inputs: Inputs) => Float64Array,
  finish = (value: number): number => value,
): MeasureDefinition {
  const takesAlpha = name.includes('entropy');
  return definition(name, {
    arguments: [
      label,
      prediction,
      ...(name.includes('between') ? [privileged] : []),
      positive,
      ...(takesAlpha
        ? [
            {
              name: 'alpha',
              type: 'number',
              required: false,
              default: 2,
              description: 'weight of large benefits',
            } as const,
          ]
        : []),
    ],
    formula,
    range: '[0, ∞)',
    undefinedCases: entropyNotes,
    differs:
      'alpha = 0: AIF360’s code divides by the mean once more than its documentation; ours is the documented mean of −ln(b/μ)',
    compute(inputs) {
      const own = benefits(inputs);
      return answer(finish(generalizedEntropy(own, alphaOf(inputs))), { n: own.length });
    },
  });
}

function betweenSides(inputs: Inputs): Float64Array {
  const benefits = benefitsOf(inputs);
  const side = privilegedRows(inputs);
  const sums = [0, 0];
  const counts = [0, 0];
  benefits.forEach((benefit, row) => {
    sums[side[row]!]! += benefit;
    counts[side[row]!]! += 1;
  });
  return benefits.map((_, row) => sums[side[row]!]! / counts[side[row]!]!);
}

const alphaOf = (inputs: Inputs): number => inputs.number('alpha', 2);
const b = 'b = ŷ − y + 1, μ = mean b';

const individual = [
  entropy(
    'generalized_entropy_index',
    `mean((b/μ)^α − 1) / (α (α − 1)); α = 1: mean((b/μ) ln(b/μ)); ${b}`,
    alphaOf,
    benefitsOf,
  ),
  entropy('theil_index', `mean((b/μ) ln(b/μ)); ${b}`, () => 1, benefitsOf),
  entropy(
    'coefficient_of_variation',
    `√(2 GE(2)), the standard deviation of b over its mean; ${b}`,
    () => 2,
    benefitsOf,
    (value) => Math.sqrt(2 * value),
  ),
  entropy(
    'between_group_generalized_entropy_index',
    `GE(α) with each b replaced by the mean of its side; ${b}`,
    alphaOf,
    betweenSides,
  ),
  entropy(
    'between_group_theil_index',
    `GE(1) with each b replaced by the mean of its side; ${b}`,
    () => 1,
    betweenSides,
  ),
];

const smoothed = definition('smoothed_empirical_differential_fairness', {
  arguments: [
    prediction,
    { ...groupArguments.protected },
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
  formula:
    'max over ordered pairs of groups of |ln p_i / p_j| and |ln (1 − p_i) / (1 − p_j)|, p = (selected + c/2) / (n + c)',
  range: '[0, ∞)',
  undefinedCases: ['fewer-than-two-groups'],
  compute(inputs) {
    const concentration = inputs.number('concentration', 1);
    const cells = cellsOf(inputs).groups.map(
      (cell) => [cell.truePositives + cell.falsePositives, weightOf(cell)] as const,
    );
    if (cells.length < 2) return { undefined: 'fewer-than-two-groups', n: inputs.table().rows };
    const p = cells.map(([selected, n]) => (selected + concentration / 2) / (n + concentration));
    const logs = [p.map((value) => Math.log(value)), p.map((value) => Math.log(1 - value))];
    return answer(Math.max(...logs.map((values) => Math.max(...values) - Math.min(...values))), {
      n: inputs.table().rows,
    });
  },
});

export const aif360Definitions: readonly MeasureDefinition[] = [
  ...rateDefinitions,
  ...comparisonDefinitions,
  ...individual,
  smoothed,
];
