import { shares } from '../../drift/bins.js';
import { absoluteDifference } from '../../drift/distances.js';
import { maximumMeanDiscrepancy, mmdRows } from '../../multivariate/mmd.js';
import { spacedRows } from '../../multivariate/numbers.js';
import { fisherExact } from '../../significance/contingency.js';
import { permutedTotalVariation } from '../../significance/permuted.js';
import { answer } from '../definition.js';
import type { Answer, ArgumentDefinition, MeasureDefinition } from '../definition.js';
import type { Inputs } from '../inputs.js';
import { numericSamples, resultArgument, sampleArguments, valueCounts } from '../sample-inputs.js';

/** evidently 0.7.23: its tests by permutation, whose distance it keeps to itself, and Fisher's test of two values. */
const empty: Answer = { undefined: 'empty-sample', n: 0 };
const emptyCase = 'empty-sample: no value on one side';
const most = 10_000;

const drawnArguments = (permutations: number): readonly ArgumentDefinition[] => [
  ...sampleArguments,
  resultArgument,
  {
    name: 'n_permutations',
    type: 'number',
    required: false,
    default: permutations,
    description: `for the p-value, 1 to ${most.toLocaleString('en')}`,
  },
  { name: 'seed', type: 'number', required: false, default: 0, description: 'of the draw' },
];

/** What a p-value is drawn with; undefined where the statistic is asked for. */
function draw(inputs: Inputs, fallback: number): { permutations: number; seed: number } | undefined {
  const permutations = inputs.integer('n_permutations', fallback);
  if (permutations < 1 || permutations > most)
    throw inputs.wrong('n_permutations', `an integer from 1 to ${most.toLocaleString('en')}`);
  const seed = inputs.integer('seed', 0);
  return inputs.oneOf('result', ['statistic', 'pvalue'], 'statistic') === 'pvalue' ? { permutations, seed } : undefined;
}

function spaced(values: Float64Array): Float64Array {
  return values.length <= mmdRows
    ? values
    : Float64Array.from(spacedRows(values.length, mmdRows), (row) => values[row]!);
}

/** √(½ the upper median of all m² squared distances of the reference to itself); where that is 0 the kernel is exp(−d²). */
function upperMedianSigma(reference: Float64Array): number {
  const m = reference.length;
  const squared = new Float64Array(m * m);
  for (let i = 0; i < m; i += 1)
    for (let j = 0; j < m; j += 1) squared[i * m + j] = (reference[i]! - reference[j]!) ** 2;
  squared.sort();
  const median = squared[Math.floor((m * m) / 2)]!;
  return Math.sqrt((median > 0 ? median : 1) / 2);
}

const shared = { profile: 'evidently', version: '0.7.23', family: 'drift', files: 2 } as const;

export const evidentlyMoreDefinitions: readonly MeasureDefinition[] = [
  {
    ...shared,
    name: 'tvd',
    arguments: drawnArguments(1000),
    formula: '½ Σ |r − c| over values; p: share of permutations at least as far',
    range: '[0, 1]',
    undefinedCases: [emptyCase],
    source: 'Levin and Peres, Markov Chains and Mixing Times (2017), section 4.1; Fisher 1935',
    reference: 'evidently.legacy.calculations.stattests.tvd_test',
    differs:
      'evidently returns the p alone; it is drawn, by our own generator here; total_variation@assay takes numbers in deciles; tvd@smclarify leaves out values of one side',
    compute(inputs) {
      const drawn = draw(inputs, 1000);
      const { a, b, na, nb, n } = valueCounts(inputs);
      if (na === 0 || nb === 0) return empty;
      return answer(
        drawn
          ? permutedTotalVariation(a, b, drawn.permutations, drawn.seed)
          : absoluteDifference(shares(a, na), shares(b, nb)) / 2,
        { n },
      );
    },
  },
  {
    ...shared,
    name: 'empirical_mmd',
    arguments: drawnArguments(100),
    formula:
      'unbiased MMD² with exp(−(x − y)² / 2σ²), 2σ² the upper median squared distance between reference values, 1 where that is 0; p: share of permutations at least as far',
    range: 'about [−1, 2]; p in [0, 1]',
    undefinedCases: [
      emptyCase,
      'too-few: fewer than two values on a side',
      'not-finite: a squared distance is beyond a double',
    ],
    source: 'Gretton et al., JMLR 13 (2012)',
    reference: 'evidently.legacy.calculations.stattests.empirical_mmd',
    differs: `evidently returns the p alone; it is drawn, by our own generator here; mmd_drift@alibi_detect takes another median, mmd@frouros σ = 1; a missing value makes evidently’s p 0, here it is left out; over ${mmdRows.toLocaleString('en')} values a side, evenly spaced ones are taken`,
    compute(inputs) {
      const drawn = draw(inputs, 100);
      const { a, b, n } = numericSamples(inputs, true);
      if (a.length === 0 || b.length === 0) return empty;
      const [x, y] = [spaced(a), spaced(b)];
      const found = maximumMeanDiscrepancy(x, y, 1, { sigma: upperMedianSigma(x), ...drawn });
      return answer(drawn ? found?.pvalue : found?.distance, { n }, found ? 'not-finite' : 'too-few');
    },
  },
  {
    ...shared,
    name: 'fisher_exact',
    arguments: sampleArguments,
    formula: 'two-sided p of Fisher’s exact test of the 2 × 2 table of two values; 1 where there is one value alone',
    range: '[0, 1], a p-value',
    undefinedCases: [emptyCase, 'more-than-two-values: the library raises'],
    source: 'Fisher 1935',
    reference: 'evidently.legacy.calculations.stattests.fisher_exact_test',
    differs:
      'evidently raises where the windows differ in size or hold a missing value; ours takes any sizes and leaves missing values out; fet_drift@alibi_detect is one-sided',
    compute(inputs) {
      const { a, b, na, nb, n, values } = valueCounts(inputs);
      if (na === 0 || nb === 0) return empty;
      if (values.length > 2) return { undefined: 'more-than-two-values', n };
      if (values.length < 2) return answer(1, { n });
      return answer(
        fisherExact([
          [a[0]!, a[1]!],
          [b[0]!, b[1]!],
        ]).pvalue,
        { n },
      );
    },
  },
];
