import { overallCell, weightOf } from '../../fairness/cells.js';
import type { GroupCell, GroupCells } from '../../fairness/cells.js';
import { ratioInterval, newcombe, wilson } from '../../intervals/index.js';
import type { Rate } from '../../intervals/index.js';
import { logLoss, meanOf as mean, rSquared, rocAuc } from '../../performance/index.js';
import { answer } from '../definition.js';
import type { Answer, ArgumentDefinition, MeasureDefinition } from '../definition.js';
import { cellOfGroup, cellsOf, groupArguments, protectedColumns, binary, weights } from '../group-inputs.js';
import { numbersOf } from '../inputs.js';
import type { Inputs } from '../inputs.js';

/**
 * fairlearn 0.15.0 `fairlearn.metrics`. Rates follow scikit-learn: a zero denominator gives 0, so that TPR and FNR of a
 * group without positives are both 0 (the same rates `@aif360` and `@aequitas` are undefined there).
 */
const version = '0.15.0';

interface RateMetric {
  readonly formula: string;
  /** Count and denominator, by weight. */
  rate(cell: GroupCell): readonly [number, number];
  readonly needsLabel: boolean;
}

const rateMetrics: Readonly<Record<string, RateMetric>> = {
  selection_rate: {
    formula: '(TP + FP) / n',
    needsLabel: false,
    rate: (c) => [c.truePositives + c.falsePositives, weightOf(c)],
  },
  true_positive_rate: {
    formula: 'TP / (TP + FN)',
    needsLabel: true,
    rate: (c) => [c.truePositives, c.truePositives + c.falseNegatives],
  },
  true_negative_rate: {
    formula: 'TN / (TN + FP)',
    needsLabel: true,
    rate: (c) => [c.trueNegatives, c.trueNegatives + c.falsePositives],
  },
  false_positive_rate: {
    formula: 'FP / (FP + TN)',
    needsLabel: true,
    rate: (c) => [c.falsePositives, c.trueNegatives + c.falsePositives],
  },
  false_negative_rate: {
    formula: 'FN / (FN + TP)',
    needsLabel: true,
    rate: (c) => [c.falseNegatives, c.truePositives + c.falseNegatives],
  },
  accuracy_score: {
    formula: '(TP + TN) / n',
    needsLabel: true,
    rate: (c) => [c.truePositives + c.trueNegatives, weightOf(c)],
  },
  zero_one_loss: {
    formula: '(FP + FN) / n',
    needsLabel: true,
    rate: (c) => [c.falsePositives + c.falseNegatives, weightOf(c)],
  },
  precision_score: {
    formula: 'TP / (TP + FP)',
    needsLabel: true,
    rate: (c) => [c.truePositives, c.truePositives + c.falsePositives],
  },
  recall_score: {
    formula: 'TP / (TP + FN)',
    needsLabel: true,
    rate: (c) => [c.truePositives, c.truePositives + c.falseNegatives],
  },
  f1_score: {
    formula: '2 TP / (2 TP + FP + FN)',
    needsLabel: true,
    rate: (c) => [2 * c.truePositives, 2 * c.truePositives + c.falsePositives + c.falseNegatives],
  },
};

/** scikit-learn's rule: 0 where the denominator is 0. */
export function rateValue(metric: string, cell: GroupCell): number {
  if (metric === 'balanced_accuracy_score') return balancedAccuracy(cell);
  const [count, denominator] = rateMetrics[metric]!.rate(cell);
  return denominator > 0 ? count / denominator : 0;
}

function balancedAccuracy(cell: GroupCell): number {
  const recalls: number[] = [];
  const positives = cell.truePositives + cell.falseNegatives;
  const negatives = cell.trueNegatives + cell.falsePositives;
  if (positives > 0) recalls.push(cell.truePositives / positives);
  if (negatives > 0) recalls.push(cell.trueNegatives / negatives);
  return recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length;
}

/** The rate as count out of effective trials, for intervals. */
function trials(metric: string, cell: GroupCell): Rate {
  const [count, denominator] = rateMetrics[metric]!.rate(cell);
  const weight = weightOf(cell);
  const scale = weight > 0 ? cell.effective / weight : 0;
  return { count: count * scale, n: denominator * scale };
}

export type Comparison = 'between_groups' | 'to_overall';

/** fairlearn's difference of values per group: max − min, or the largest distance from the whole. */
export function difference(values: readonly number[], overall: number, method: Comparison): number {
  if (method === 'between_groups') return Math.max(...values) - Math.min(...values);
  return Math.max(...values.map((value) => Math.abs(value - overall)));
}

/** fairlearn's ratio: min / max, or the smallest of r and 1 / r to the whole; 0/0 is NaN, where all are skipped. */
export function ratio(values: readonly number[], overall: number, method: Comparison): number {
  if (method === 'between_groups') return Math.min(...values) / Math.max(...values);
  const ratios = values.map((value) => value / overall).map((r) => (r > 1 ? 1 / r : r));
  const known = ratios.filter((value) => !Number.isNaN(value));
  return known.length > 0 ? Math.min(...known) : Number.NaN;
}

const { label, prediction, protected: protectedArgument, positive, weight, group } = groupArguments;
const compareArgument: ArgumentDefinition = {
  name: 'method',
  type: 'text',
  required: false,
  default: 'between_groups',
  description: 'between_groups or to_overall',
};
const missingGroup = 'missing-group-value: a row has no value of a protected column (fairlearn 0.15.0 raises)';

function checkedCells(inputs: Inputs): GroupCells | undefined {
  const cells = cellsOf(inputs);
  return cells.unknown > 0 ? undefined : cells;
}

function comparison(inputs: Inputs): Comparison {
  return inputs.oneOf('method', ['between_groups', 'to_overall'], 'between_groups');
}

function compare(inputs: Inputs, metric: string, kind: 'difference' | 'ratio'): Answer {
  const cells = checkedCells(inputs);
  if (!cells) return { undefined: 'missing-group-value', n: inputs.table().rows };
  const method = comparison(inputs);
  const n = overallCell(cells).rows;
  const values = cells.groups.map((cell) => rateValue(metric, cell));
  const overall = rateValue(metric, overallCell(cells));
  const value = (kind === 'difference' ? difference : ratio)(values, overall, method);
  if (method === 'to_overall' || metric === 'f1_score' || cells.groups.length < 2) return answer(value, { n });
  const low = cells.groups[values.indexOf(Math.min(...values))]!;
  const high = cells.groups[values.indexOf(Math.max(...values))]!;
  const [a, b] = [trials(metric, high), trials(metric, low)];
  return answer(value, { n, interval: kind === 'difference' ? newcombe(a, b) : ratioInterval(b, a) });
}

function base(
  name: string,
  rest: Pick<MeasureDefinition, 'arguments' | 'formula' | 'range' | 'undefinedCases' | 'compute'> &
    Partial<MeasureDefinition>,
): MeasureDefinition {
  return {
    name,
    profile: 'fairlearn',
    version,
    family: 'group-fairness',
    files: 1,
    source: 'Bird et al., Fairlearn: A toolkit for assessing and improving fairness in AI, MSR-TR-2020-32',
    reference: `fairlearn.metrics.${name}`,
    ...rest,
  };
}

const perGroup = [
  'selection_rate',
  'true_positive_rate',
  'true_negative_rate',
  'false_positive_rate',
  'false_negative_rate',
];

const rates = perGroup.map((name) =>
  base(name, {
    arguments: [
      ...(rateMetrics[name]!.needsLabel ? [label] : []),
      prediction,
      { ...protectedArgument, required: false },
      group,
      positive,
      weight,
    ],
    formula: rateMetrics[name]!.formula,
    range: '[0, 1]',
    undefinedCases: [missingGroup],
    differs: name === 'selection_rate' ? undefined : 'a zero denominator gives 0; @aif360 and @aequitas: undefined',
    compute(inputs) {
      const cells = checkedCells(inputs);
      if (!cells) return { undefined: 'missing-group-value', n: inputs.table().rows };
      return rateAnswer(name, inputs.has('group') ? cellOfGroup(cells, inputs.text('group')) : overallCell(cells));
    },
  }),
);

function rateAnswer(metric: string, cell: GroupCell): Answer {
  const rate = trials(metric, cell);
  return answer(rateValue(metric, cell), { n: cell.rows, denominator: rate.n, interval: wilson(rate) });
}

const compared = [
  ...[
    'true_positive_rate',
    'true_negative_rate',
    'false_positive_rate',
    'false_negative_rate',
    'selection_rate',
    'accuracy_score',
    'zero_one_loss',
  ].flatMap((metric) => [
    { name: `${metric}_difference`, metric, kind: 'difference' as const },
    { name: `${metric}_ratio`, metric, kind: 'ratio' as const },
  ]),
  { name: 'demographic_parity_difference', metric: 'selection_rate', kind: 'difference' as const },
  { name: 'demographic_parity_ratio', metric: 'selection_rate', kind: 'ratio' as const },
  { name: 'equal_opportunity_difference', metric: 'true_positive_rate', kind: 'difference' as const },
  { name: 'equal_opportunity_ratio', metric: 'true_positive_rate', kind: 'ratio' as const },
].map(({ name, metric, kind }) =>
  base(name, {
    arguments: [
      ...(rateMetrics[metric]!.needsLabel ? [label] : []),
      prediction,
      protectedArgument,
      positive,
      weight,
      compareArgument,
    ],
    formula: `${kind === 'difference' ? 'max − min (to_overall: max |g − overall|)' : 'min / max (to_overall: min over g of r or 1/r, r = g / overall)'} of ${rateMetrics[metric]!.formula} over the groups`,
    range: '[0, 1]',
    undefinedCases: [missingGroup, ...(kind === 'ratio' ? ['zero-denominator: the highest (overall) rate is 0'] : [])],
    differs:
      name === 'demographic_parity_ratio'
        ? 'folded to ≤ 1; disparate_impact@aif360 is directed and may exceed 1'
        : undefined,
    compute: (inputs) => compare(inputs, metric, kind),
  }),
);

const equalizedOdds = (['difference', 'ratio'] as const).map((kind) =>
  base(`equalized_odds_${kind}`, {
    arguments: [
      label,
      prediction,
      protectedArgument,
      positive,
      weight,
      compareArgument,
      { name: 'agg', type: 'text', required: false, default: 'worst_case', description: 'worst_case or mean' },
    ],
    formula: `${kind === 'difference' ? 'max' : 'min'} (or mean) of the ${kind}s of TPR and FPR`,
    range: '[0, 1]',
    undefinedCases: [
      missingGroup,
      ...(kind === 'ratio' ? ['zero-denominator: the ratio of TPR is 0/0 (with mean: of both)'] : []),
    ],
    differs:
      kind === 'ratio'
        ? 'worst_case takes Python’s min over [TPR, FPR]: 0/0 in FPR is ignored, 0/0 in TPR wins; mean leaves out either'
        : undefined,
    compute(inputs) {
      const cells = checkedCells(inputs);
      if (!cells) return { undefined: 'missing-group-value', n: inputs.table().rows };
      const method = comparison(inputs);
      const overall = overallCell(cells);
      const [tpr, fpr] = ['true_positive_rate', 'false_positive_rate'].map((metric) =>
        (kind === 'difference' ? difference : ratio)(
          cells.groups.map((cell) => rateValue(metric, cell)),
          rateValue(metric, overall),
          method,
        ),
      ) as [number, number];
      const mean = inputs.oneOf('agg', ['worst_case', 'mean'], 'worst_case') === 'mean';
      const worst = kind === 'difference' ? (fpr > tpr ? fpr : tpr) : fpr < tpr ? fpr : tpr;
      // The mean is pandas': what is 0/0 is left out of it.
      const known = [tpr, fpr].filter((value) => !Number.isNaN(value));
      const average = known.reduce((sum, value) => sum + value, 0) / known.length;
      return answer(mean ? average : worst, { n: overall.rows });
    },
  }),
);

const extremes = [
  ...['accuracy_score', 'balanced_accuracy_score', 'precision_score', 'recall_score', 'f1_score'].map(
    (metric) => [metric, 'group_min'] as const,
  ),
  ['zero_one_loss', 'group_max'] as const,
].map(([metric, extreme]) =>
  base(`${metric}_${extreme}`, {
    arguments: [label, prediction, protectedArgument, positive, weight],
    formula: `${extreme === 'group_min' ? 'min' : 'max'} over the groups of ${metric === 'balanced_accuracy_score' ? 'the mean recall of the classes present' : rateMetrics[metric]!.formula}`,
    range: '[0, 1]',
    undefinedCases: [missingGroup],
    compute(inputs) {
      const cells = checkedCells(inputs);
      if (!cells) return { undefined: 'missing-group-value', n: inputs.table().rows };
      const values = cells.groups.map((cell) => rateValue(metric, cell));
      return answer(extreme === 'group_min' ? Math.min(...values) : Math.max(...values), {
        n: overallCell(cells).rows,
      });
    },
  }),
);

type RowMetric = (labels: Float64Array, scores: Float64Array, own: Float64Array | undefined) => number | undefined;

const byRow: Readonly<
  Record<string, { extreme: 'group_min' | 'group_max'; formula: string; numeric: boolean; metric: RowMetric }>
> = {
  roc_auc_score: { extreme: 'group_min', formula: 'area under the ROC curve', numeric: false, metric: rocAuc },
  log_loss: {
    extreme: 'group_max',
    formula: 'mean −ln of the probability of what happened, clipped to [ε, 1 − ε]',
    numeric: false,
    metric: logLoss,
  },
  mean_absolute_error: {
    extreme: 'group_max',
    formula: 'mean |y − ŷ|',
    numeric: true,
    metric: (y, p, w) => mean(y.length, w, (i) => Math.abs(y[i]! - p[i]!)),
  },
  mean_squared_error: {
    extreme: 'group_max',
    formula: 'mean (y − ŷ)²',
    numeric: true,
    metric: (y, p, w) => mean(y.length, w, (i) => (y[i]! - p[i]!) ** 2),
  },
  r2_score: { extreme: 'group_min', formula: '1 − Σ(y − ŷ)² / Σ(y − ȳ)²', numeric: true, metric: rSquared },
};

const rowExtremes = Object.entries(byRow).map(([metric, { extreme, formula, numeric, metric: compute }]) =>
  base(`${metric}_${extreme}`, {
    arguments: [
      label,
      { ...prediction, description: numeric ? 'the predicted number' : 'the score or probability' },
      protectedArgument,
      ...(numeric ? [] : [positive]),
      weight,
    ],
    formula: `${extreme === 'group_min' ? 'min' : 'max'} over the groups of ${formula}`,
    range: metric === 'r2_score' ? '(−∞, 1]' : metric === 'roc_auc_score' ? '[0, 1]' : '[0, ∞)',
    undefinedCases: [
      missingGroup,
      'no-group: in no group is the metric defined (one class); groups without it are skipped',
    ],
    compute(inputs) {
      const columns = protectedColumns(inputs);
      const n = inputs.table().rows;
      if (columns.some(({ nulls }) => nulls > 0)) return { undefined: 'missing-group-value', n };
      const labels = numeric ? inputs.numericColumn('label') : Float64Array.from(binary(inputs, 'label'));
      const predictions = numbersOf(inputs.column('prediction'));
      const own = weights(inputs);
      const rowsOf = new Map<string, number[]>();
      for (let row = 0; row < n; row += 1) {
        const key = columns.map(({ codes }) => codes[row]!).join(',');
        const rows = rowsOf.get(key);
        if (rows) rows.push(row);
        else rowsOf.set(key, [row]);
      }
      const values = [...rowsOf.values()]
        .map((rows) =>
          compute(
            Float64Array.from(rows, (row) => labels[row]!),
            Float64Array.from(rows, (row) => predictions[row]!),
            own && Float64Array.from(rows, (row) => own[row]!),
          ),
        )
        .filter((value) => value !== undefined && !Number.isNaN(value)) as number[];
      return answer(
        values.length === 0 ? undefined : extreme === 'group_min' ? Math.min(...values) : Math.max(...values),
        { n },
        'no-group',
      );
    },
  }),
);

export const fairlearnDefinitions: readonly MeasureDefinition[] = [
  ...rates,
  ...compared,
  ...equalizedOdds,
  ...extremes,
  ...rowExtremes,
];
