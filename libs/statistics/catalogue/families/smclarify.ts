import { answer } from '../definition.js';
import type { MeasureDefinition } from '../definition.js';
import { binaryOf, groupArguments, privilegedRows, sides } from '../group-inputs.js';
import type { Counts } from '../group-inputs.js';
import { asCategories, columnOf } from '../../table/index.js';
import type { CategoryColumn } from '../../table/index.js';
import type { Inputs } from '../inputs.js';
import { InputError } from '../../errors.js';

/**
 * smclarify 0.5 (Amazon SageMaker Clarify). a = privileged (advantaged) facet, d = the others. Division follows the
 * library: 0/0 is 0, x/0 is infinite (then undefined with us). An empty facet is undefined (the library raises).
 */
const version = '0.5';
const source = 'Hardt et al., Amazon SageMaker Clarify, KDD 2021; docs.aws.amazon.com clarify-measure-data-bias';

/** Clarify's division. */
export function divide(a: number, b: number): number {
  if (b === 0) return a === 0 ? 0 : a > 0 ? Infinity : -Infinity;
  return a / b;
}

const total = ({ tp, fp, tn, fn }: Counts): number => tp + fp + tn + fn;
const minus = (a: number, b: number): number => (Math.abs(a) === Infinity && a === b ? 0 : a - b);

type SideMetric = (a: Counts, d: Counts) => number;

interface Entry {
  readonly title: string;
  readonly formula: string;
  readonly range: string;
  readonly uses: 'label' | 'prediction' | 'both';
  readonly compute: SideMetric;
}

const entries: Readonly<Record<string, Entry>> = {
  ci: {
    title: 'class imbalance',
    formula: '(n_a − n_d) / (n_a + n_d)',
    range: '[−1, 1]',
    uses: 'label',
    compute: (a, d) => divide(a.rows - d.rows, a.rows + d.rows),
  },
  dpl: {
    title: 'difference in proportions of labels',
    formula: 'q_a − q_d, q = P / n',
    range: '[−1, 1]',
    uses: 'label',
    compute: (a, d) => divide(a.tp + a.fn, total(a)) - divide(d.tp + d.fn, total(d)),
  },
  dppl: {
    title: 'difference in positive proportions in predicted labels',
    formula: 'SR_a − SR_d',
    range: '[−1, 1]',
    uses: 'prediction',
    compute: (a, d) => divide(a.tp + a.fp, total(a)) - divide(d.tp + d.fp, total(d)),
  },
  di: {
    title: 'disparate impact',
    formula: 'SR_d / SR_a',
    range: '[0, ∞)',
    uses: 'prediction',
    compute: (a, d) => divide(divide(d.tp + d.fp, total(d)), divide(a.tp + a.fp, total(a))),
  },
  dca: {
    title: 'difference in conditional acceptance',
    formula: 'P_a / P̂_a − P_d / P̂_d',
    range: '(−∞, ∞)',
    uses: 'both',
    compute: (a, d) => minus(divide(a.tp + a.fn, a.tp + a.fp), divide(d.tp + d.fn, d.tp + d.fp)),
  },
  dcr: {
    title: 'difference in conditional rejection',
    formula: 'N_d / N̂_d − N_a / N̂_a',
    range: '(−∞, ∞)',
    uses: 'both',
    compute: (a, d) => minus(divide(d.tn + d.fp, d.tn + d.fn), divide(a.tn + a.fp, a.tn + a.fn)),
  },
  rd: {
    title: 'recall difference',
    formula: 'recall_a − recall_d',
    range: '[−1, 1]',
    uses: 'both',
    compute: (a, d) => divide(a.tp, a.tp + a.fn) - divide(d.tp, d.tp + d.fn),
  },
  sd: {
    title: 'specificity difference',
    formula: 'specificity_d − specificity_a',
    range: '[−1, 1]',
    uses: 'both',
    compute: (a, d) => divide(d.tn, d.tn + d.fp) - divide(a.tn, a.tn + a.fp),
  },
  dar: {
    title: 'difference in acceptance rates',
    formula: 'precision_a − precision_d',
    range: '[−1, 1]',
    uses: 'both',
    compute: (a, d) => divide(a.tp, a.tp + a.fp) - divide(d.tp, d.tp + d.fp),
  },
  drr: {
    title: 'difference in rejection rates',
    formula: 'NPV_d − NPV_a',
    range: '[−1, 1]',
    uses: 'both',
    compute: (a, d) => divide(d.tn, d.tn + d.fn) - divide(a.tn, a.tn + a.fn),
  },
  ad: {
    title: 'accuracy difference',
    formula: 'accuracy_a − accuracy_d',
    range: '[−1, 1]',
    uses: 'both',
    compute: (a, d) => divide(a.tp + a.tn, total(a)) - divide(d.tp + d.tn, total(d)),
  },
  te: {
    title: 'treatment equality',
    formula: 'FN_d / FP_d − FN_a / FP_a',
    range: '(−∞, ∞)',
    uses: 'both',
    compute: (a, d) => minus(divide(d.fn, d.fp), divide(a.fn, a.fp)),
  },
};

const { label, prediction, privileged, positive } = groupArguments;

function definition(
  name: string,
  rest: Pick<MeasureDefinition, 'arguments' | 'formula' | 'range' | 'compute'> & Partial<MeasureDefinition>,
): MeasureDefinition {
  return {
    name,
    profile: 'smclarify',
    version,
    family: 'group-fairness',
    files: 1,
    source,
    reference: `smclarify.bias.metrics.${name.toUpperCase()}`,
    undefinedCases: ['empty-facet', 'infinite: x / 0'],
    ...rest,
  };
}

const sided = Object.entries(entries).map(([name, { title, formula, range, uses, compute }]) =>
  definition(name, {
    arguments: [
      ...(uses === 'prediction' ? [] : [label]),
      ...(uses === 'label' ? [] : [prediction]),
      privileged,
      positive,
    ],
    formula: `${title}: ${formula}`,
    range,
    differs: '0/0 is 0 (fairlearn also 0, AIF360 and Aequitas undefined)',
    compute(inputs) {
      const { privileged: a, unprivileged: d, n } = sides(inputs);
      if (a.rows === 0 || d.rows === 0) return { undefined: 'empty-facet', n };
      return answer(compute(a, d), { n });
    },
  }),
);

/** Shares of the label's values per side, over the values that occur on both (not renormalised). */
function alignedShares(inputs: Inputs, argument: string): { a: number[]; d: number[]; n: number } | undefined {
  const side = privilegedRows(inputs);
  const column = inputs.categoryColumn(argument);
  const counts = [new Float64Array(column.categories.length), new Float64Array(column.categories.length)];
  column.codes.forEach((code, row) => (counts[side[row]!]![code]! += 1));
  const sums = counts.map((own) => own.reduce((sum, value) => sum + value, 0));
  if (sums[0] === 0 || sums[1] === 0) return undefined;
  const both = column.categories
    .map((_, code) => code)
    .filter((code) => counts[0]![code]! > 0 && counts[1]![code]! > 0);
  return {
    a: both.map((code) => counts[1]![code]! / sums[1]!),
    d: both.map((code) => counts[0]![code]! / sums[0]!),
    n: sums[0]! + sums[1]!,
  };
}

const kl = (p: number[], q: number[]): number => p.reduce((sum, value, i) => sum + value * Math.log(value / q[i]!), 0);

const divergences: Readonly<Record<string, readonly [string, (a: number[], d: number[]) => number]>> = {
  kl: ['Σ a ln(a / d)', kl],
  js: [
    '½ (KL(a, m) + KL(d, m)), m = (a + d) / 2, nats, no root',
    (a, d) => {
      const m = a.map((value, i) => (value + d[i]!) / 2);
      return (kl(a, m) + kl(d, m)) / 2;
    },
  ],
  lp: ['(Σ |a − d|²)^½', (a, d) => Math.sqrt(a.reduce((sum, value, i) => sum + (value - d[i]!) ** 2, 0))],
  tvd: ['½ Σ |a − d|', (a, d) => a.reduce((sum, value, i) => sum + Math.abs(value - d[i]!), 0) / 2],
  ks: [
    'max |a − d| of the shares (not of the distribution functions)',
    (a, d) => Math.max(...a.map((value, i) => Math.abs(value - d[i]!))),
  ],
};

const distributional = Object.entries(divergences).map(([name, [formula, compute]]) =>
  definition(name, {
    arguments: [{ ...label, description: 'label or prediction, any number of values' }, privileged],
    formula: `${formula}, over values that occur on both sides, not renormalised`,
    range: name === 'kl' ? '(−∞, ∞): negative where a value occurs on one side only' : '[0, ∞)',
    undefinedCases: ['empty-facet', 'no-common-value'],
    differs:
      name === 'ks'
        ? 'ks_2samp@scipy compares distribution functions'
        : name === 'js'
          ? 'jensenshannon@scipy is the square root'
          : undefined,
    compute(inputs) {
      const shares = alignedShares(inputs, 'label');
      const n = inputs.table().rows;
      if (!shares) return { undefined: 'empty-facet', n };
      if (shares.a.length === 0) return { undefined: 'no-common-value', n };
      return answer(compute(shares.a, shares.d), { n });
    },
  }),
);

/** Conditional demographic disparity: Σ nᵢ DDᵢ / Σ nᵢ over the strata, DD = share of rejected in d − of accepted in d. */
function conditionalDisparity(inputs: Inputs, argument: 'label' | 'prediction'): { value: number; n: number } {
  const side = privilegedRows(inputs);
  const column = inputs.categoryColumn(argument);
  const accepted = binaryOf(column, inputs.has('positive') ? inputs.text('positive') : undefined);
  const strata: CategoryColumn = asCategories(columnOf(inputs.table(), inputs.text('control')));
  if (strata.nulls > 0)
    throw new InputError('MissingValue', `column "${strata.name}" has missing values`, {
      field: strata.name,
      rule: 'no missing values',
    });
  const cells = Array.from({ length: strata.categories.length }, () => ({
    n: 0,
    rejected: 0,
    rejectedD: 0,
    accepted: 0,
    acceptedD: 0,
  }));
  strata.codes.forEach((code, row) => {
    const cell = cells[code]!;
    cell.n += 1;
    const inD = 1 - side[row]!;
    if (accepted[row] === 1) {
      cell.accepted += 1;
      cell.acceptedD += inD;
    } else {
      cell.rejected += 1;
      cell.rejectedD += inD;
    }
  });
  const disparity = cells.reduce(
    (sum, cell) => sum + cell.n * (divide(cell.rejectedD, cell.rejected) - divide(cell.acceptedD, cell.accepted)),
    0,
  );
  const n = strata.codes.length;
  return { value: divide(disparity, n), n };
}

const control = {
  name: 'control',
  type: 'column',
  required: true,
  description: 'column whose values make the strata',
} as const;

const conditional = (['label', 'prediction'] as const).map((argument) =>
  definition(argument === 'label' ? 'cddl' : 'cddpl', {
    arguments: [groupArguments[argument], privileged, control, positive],
    formula:
      'Σ nᵢ DDᵢ / Σ nᵢ over the strata, DD = (share of d among the rejected) − (share of d among the accepted); an empty share is 0',
    range: '[−1, 1]',
    undefinedCases: ['no-rows'],
    compute(inputs) {
      const { value, n } = conditionalDisparity(inputs, argument);
      return answer(n === 0 ? undefined : value, { n }, 'no-rows');
    },
  }),
);

const entropy = definition('ge', {
  arguments: [label, prediction, positive],
  formula: '(1/2n) Σ ((b/μ)² − 1), b = ŷ − y + 1',
  range: '[0, ∞)',
  undefinedCases: ['all-false-negatives: every benefit is 0'],
  compute(inputs) {
    const positiveValue = inputs.has('positive') ? inputs.text('positive') : undefined;
    const y = binaryOf(inputs.categoryColumn('label'), positiveValue);
    const p = binaryOf(inputs.categoryColumn('prediction'), positiveValue);
    const benefits = Array.from(y, (own, row) => p[row]! - own + 1);
    const mean = benefits.reduce((sum, value) => sum + value, 0) / benefits.length;
    if (!(mean > 0)) return { undefined: 'all-false-negatives', n: y.length };
    return answer(benefits.reduce((sum, value) => sum + (value / mean) ** 2 - 1, 0) / (2 * benefits.length), {
      n: y.length,
    });
  },
});

export const smclarifyDefinitions: readonly MeasureDefinition[] = [
  ...sided,
  ...distributional,
  ...conditional,
  entropy,
];
