import { f1Interval, meanInterval, precisionRecallInterval, rocAucInterval, wilson } from '../../intervals/index.js';
import type { Interval } from '#libs/lifecycle';
import { InputError } from '../../errors.js';
import { averagePrecision, brierScore, logLoss, meanOf, rSquared, rocAuc, surprise } from '../../performance/index.js';
import { asCategories, columnOf } from '../../table/index.js';
import { answer } from '../definition.js';
import type { Answer, ArgumentDefinition, MeasureDefinition } from '../definition.js';
import { binary, groupArguments, weights } from '../group-inputs.js';
import { classLogLoss, classesArgument, scoresArgument } from '../class-scores.js';
import type { Inputs } from '../inputs.js';

/**
 * scikit-learn 1.9.1, `sklearn.metrics`. A zero denominator gives 0 there (zero_division) with a warning; here it is
 * undefined, with the reason, unless `zero_division` is given.
 */
const version = '1.9.1';
const { label, prediction, positive, weight, score } = groupArguments;

const average: ArgumentDefinition = {
  name: 'average',
  type: 'text',
  required: false,
  default: 'binary',
  description: 'binary (of the positive), macro, micro or weighted',
};
export const zeroDivision: ArgumentDefinition = {
  name: 'zero_division',
  type: 'number',
  required: false,
  description: 'value in place of 0/0',
};

function definition(
  name: string,
  rest: Pick<MeasureDefinition, 'arguments' | 'formula' | 'range' | 'undefinedCases' | 'source' | 'compute'> &
    Partial<MeasureDefinition>,
): MeasureDefinition {
  return {
    name,
    profile: 'sklearn',
    version,
    family: 'performance',
    files: 1,
    reference: `sklearn.metrics.${name}`,
    ...rest,
  };
}

interface ClassCounts {
  readonly tp: number;
  readonly predicted: number;
  readonly actual: number;
}

/** Counts per class of label and prediction, over the union of their values, and the rows. */
function classes(inputs: Inputs): { counts: Map<string, ClassCounts>; correct: number; total: number; n: number } {
  const y = inputs.categoryColumn('label');
  const p = inputs.categoryColumn('prediction');
  const own = weights(inputs);
  const counts = new Map(
    [...new Set([...y.categories, ...p.categories])].sort().map((value) => [value, { tp: 0, predicted: 0, actual: 0 }]),
  );
  let correct = 0;
  let total = 0;
  y.codes.forEach((code, row) => {
    const w = own?.[row] ?? 1;
    if (w < 0) throw new InputError('Weight', `row ${row} weighs ${w}`, { field: 'weight', row, rule: '≥ 0' });
    const [truth, guess] = [y.categories[code]!, p.categories[p.codes[row]!]!];
    counts.get(truth)!.actual += w;
    counts.get(guess)!.predicted += w;
    total += w;
    if (truth === guess) {
      counts.get(truth)!.tp += w;
      correct += w;
    }
  });
  return { counts, correct, total, n: y.codes.length };
}

/** What is averaged over the classes: a share of two counts, and its interval within one class. */
interface Averaged {
  readonly formula: string;
  readonly part: (c: ClassCounts) => readonly [number, number];
  readonly interval: (c: ClassCounts) => Interval | undefined;
}

type Average = 'binary' | 'macro' | 'micro' | 'weighted';

/** Of the positive class, or over the classes. @throws InputError `PositiveNeeded`, `Weight` */
export function averaged(inputs: Inputs, { part, interval }: Averaged, fixed?: Average): Answer {
  const { counts, n } = classes(inputs);
  const weighted = inputs.has('weight');
  const how = fixed ?? inputs.oneOf<Average>('average', ['binary', 'macro', 'micro', 'weighted'], 'binary');
  const instead = inputs.has('zero_division') ? inputs.number('zero_division') : undefined;
  const value = (c: ClassCounts): number => {
    const [count, denominator] = part(c);
    return denominator > 0 ? count / denominator : (instead ?? Number.NaN);
  };
  if (how === 'binary') {
    const chosen = positiveClass(inputs, [...counts.keys()]);
    const own = counts.get(chosen) ?? { tp: 0, predicted: 0, actual: 0 };
    const [, denominator] = part(own);
    return answer(value(own), { n, denominator, interval: weighted ? undefined : interval(own) }, 'zero-denominator');
  }
  const all = [...counts.values()];
  if (how === 'micro') {
    const sum = all.reduce((a, b) => ({
      tp: a.tp + b.tp,
      predicted: a.predicted + b.predicted,
      actual: a.actual + b.actual,
    }));
    // Each row has one label and one prediction: of all counts together it is hit or missed.
    return answer(value(sum), { n, interval: weighted ? undefined : wilson({ count: sum.tp, n: sum.actual }) });
  }
  const support = all.reduce((sum, { actual }) => sum + actual, 0);
  const parts = all.map((c) => value(c) * (how === 'macro' ? 1 / all.length : c.actual / support));
  return answer(
    parts.reduce((sum, own) => sum + own, 0),
    { n },
  );
}

function positiveClass(inputs: Inputs, values: readonly string[]): string {
  if (inputs.has('positive')) return inputs.text('positive');
  const found = ['1', 'true', 'yes', 'True', 'Yes'].find((candidate) => values.includes(candidate));
  if (found === undefined && values.length > 1)
    throw new InputError('PositiveNeeded', 'which value is the positive one?', {
      field: 'positive',
      rule: `one of ${values.slice(0, 20).join(', ')}`,
    });
  return found ?? '1';
}

const labelled = [label, prediction, positive, weight, average, zeroDivision];
export const averagedParts: Readonly<Record<string, Averaged>> = {
  precision_score: {
    formula: 'TP / (TP + FP)',
    part: (c) => [c.tp, c.predicted],
    interval: (c) => wilson({ count: c.tp, n: c.predicted }),
  },
  recall_score: {
    formula: 'TP / (TP + FN)',
    part: (c) => [c.tp, c.actual],
    interval: (c) => wilson({ count: c.tp, n: c.actual }),
  },
  f1_score: {
    formula: '2 TP / (2 TP + FP + FN)',
    part: (c) => [2 * c.tp, c.predicted + c.actual],
    interval: ({ tp, predicted, actual }) => f1Interval({ hits: tp, predicted, actual }),
  },
};

const byClass = Object.entries(averagedParts).map(([name, own]) =>
  definition(name, {
    arguments: labelled,
    formula: own.formula,
    range: '[0, 1]',
    undefinedCases: ['zero-denominator'],
    source: 'van Rijsbergen 1979',
    differs: 'scikit-learn gives 0 for a zero denominator unless told; ours is undefined unless zero_division is given',
    compute: (inputs) => averaged(inputs, own),
  }),
);

const scored = (
  name: string,
  formula: string,
  range: string,
  source: string,
  compute: ScoreMetric,
  probability: boolean,
  interval: ScoreInterval,
): MeasureDefinition =>
  definition(name, {
    arguments: [label, score, positive, weight],
    formula,
    range,
    undefinedCases: [
      'one-class: no positives or no negatives (log loss and Brier score: no rows)',
      ...(probability ? ['not-a-probability: a score outside [0, 1]'] : []),
    ],
    source,
    compute: (inputs) => twoClasses(inputs, compute, probability, interval),
  });

type ScoreMetric = (y: Float64Array, p: Float64Array, w: Float64Array | undefined) => number | undefined;

/** Of unweighted rows: labels, scores and the measure's own value. */
type ScoreInterval = (y: Float64Array, p: Float64Array, value: number | undefined) => Interval | undefined;

const logLossInterval: ScoreInterval = (y, p) => meanInterval(y.length, (i) => surprise(y[i]!, p[i]!), { least: 0 });

function twoClasses(inputs: Inputs, compute: ScoreMetric, probability: boolean, interval: ScoreInterval): Answer {
  const y = Float64Array.from(binary(inputs, 'label'));
  const p = inputs.numericColumn('score');
  if (probability && p.some((value) => value < 0 || value > 1)) return { undefined: 'not-a-probability', n: p.length };
  const own = weights(inputs);
  const value = compute(y, p, own);
  return answer(value, { n: y.length, interval: own ? undefined : interval(y, p, value) }, 'one-class');
}

const regression = (
  name: string,
  formula: string,
  range: string,
  compute: ScoreMetric,
  loss?: (error: number) => number,
): MeasureDefinition =>
  definition(name, {
    arguments: [label, prediction, weight],
    formula,
    range,
    undefinedCases: ['no-rows (R²: fewer than two)'],
    source: 'standard',
    compute(inputs) {
      const y = inputs.numericColumn('label');
      const p = inputs.numericColumn('prediction');
      const own = weights(inputs);
      const interval = loss && !own ? meanInterval(y.length, (i) => loss(y[i]! - p[i]!), { least: 0 }) : undefined;
      return answer(compute(y, p, own), { n: y.length, interval }, 'no-rows');
    },
  });

export const sklearnDefinitions: readonly MeasureDefinition[] = [
  definition('accuracy_score', {
    arguments: [label, prediction, weight],
    formula: 'share of rows whose prediction is the label',
    range: '[0, 1]',
    undefinedCases: ['no-rows'],
    source: 'standard',
    compute(inputs) {
      const { correct, total, n } = classes(inputs);
      return answer(
        correct / total,
        { n, denominator: total, interval: inputs.has('weight') ? undefined : wilson({ count: correct, n: total }) },
        'no-rows',
      );
    },
  }),
  definition('balanced_accuracy_score', {
    arguments: [label, prediction, weight],
    formula: 'mean recall of the classes that occur as label',
    range: '[0, 1]',
    undefinedCases: ['no-rows'],
    source: 'Brodersen et al. 2010',
    compute(inputs) {
      const { counts, n } = classes(inputs);
      const recalls = [...counts.values()].filter(({ actual }) => actual > 0).map(({ tp, actual }) => tp / actual);
      return answer(recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length, { n }, 'no-rows');
    },
  }),
  ...byClass,
  scored(
    'roc_auc_score',
    'P(score of a positive > score of a negative), ties half',
    '[0, 1]',
    'Mann and Whitney 1947',
    rocAuc,
    false,
    (y, p) => rocAucInterval(y, p),
  ),
  scored(
    'average_precision_score',
    'Σ (Rₙ − Rₙ₋₁) Pₙ over the distinct scores, no interpolation',
    '[0, 1]',
    'Buckley and Voorhees 2000',
    averagePrecision,
    false,
    (y, _, value) =>
      precisionRecallInterval(
        value,
        y.reduce((sum, own) => sum + own, 0),
      ),
  ),
  definition('log_loss', {
    arguments: [
      label,
      { ...score, required: false, description: 'probability of the positive, of two classes' },
      { ...scoresArgument, required: false },
      classesArgument,
      positive,
      weight,
    ],
    formula: 'mean −ln of the probability of what happened, clipped to [ε, 1 − ε], ε = 2⁻⁵²',
    range: '[0, ∞)',
    undefinedCases: ['no-rows', 'not-a-probability: a score outside [0, 1]'],
    source: 'Good 1952',
    compute: (inputs) =>
      inputs.has('scores') ? classLogLoss(inputs) : twoClasses(inputs, logLoss, true, logLossInterval),
  }),
  scored('brier_score_loss', 'mean (p − y)²', '[0, 1]', 'Brier 1950', brierScore, true, (y, p) =>
    meanInterval(y.length, (i) => (p[i]! - y[i]!) ** 2, { least: 0, most: 1 }),
  ),
  regression(
    'mean_squared_error',
    'mean (y − ŷ)²',
    '[0, ∞)',
    (y, p, w) => meanOf(y.length, w, (i) => (y[i]! - p[i]!) ** 2),
    (error) => error * error,
  ),
  regression(
    'mean_absolute_error',
    'mean |y − ŷ|',
    '[0, ∞)',
    (y, p, w) => meanOf(y.length, w, (i) => Math.abs(y[i]! - p[i]!)),
    Math.abs,
  ),
  regression('r2_score', '1 − Σ(y − ŷ)² / Σ(y − ȳ)²', '(−∞, 1]', rSquared),
  definition('mutual_info_score', {
    family: 'association',
    arguments: [
      { ...label, description: 'first column' },
      { ...prediction, description: 'second column' },
    ],
    formula: 'Σ p(a, b) ln(p(a, b) / (p(a) p(b))), nats, plug-in',
    range: '[0, ∞)',
    undefinedCases: ['no-rows'],
    source: 'Shannon 1948',
    compute(inputs) {
      const [a, b] = ['label', 'prediction'].map((argument) =>
        asCategories(columnOf(inputs.table(), inputs.text(argument))),
      ) as [ReturnType<typeof asCategories>, ReturnType<typeof asCategories>];
      const n = a.codes.length;
      const joint = new Map<number, number>();
      const [pa, pb] = [new Float64Array(a.categories.length + 1), new Float64Array(b.categories.length + 1)];
      a.codes.forEach((code, row) => {
        const [i, j] = [code + 1, b.codes[row]! + 1];
        joint.set(i * (b.categories.length + 1) + j, (joint.get(i * (b.categories.length + 1) + j) ?? 0) + 1);
        if (i < pa.length) pa[i]! += 1;
        pb[j]! += 1;
      });
      let sum = 0;
      for (const [key, count] of joint)
        sum +=
          (count / n) *
          Math.log(
            (count * n) / (pa[Math.floor(key / (b.categories.length + 1))]! * pb[key % (b.categories.length + 1)]!),
          );
      return answer(n === 0 ? undefined : Math.max(0, sum), { n }, 'no-rows');
    },
  }),
];
