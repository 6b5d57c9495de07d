import { andersonTwoSamples } from '../../significance/anderson.js';
import { chiSquareIndependence } from '../../significance/contingency.js';
import type { TestResult } from '../../significance/contingency.js';
import { cramerVonMises, ks2Sample, mannWhitney, studentT } from '../../significance/two-samples.js';
import { answer } from '../definition.js';
import type { Answer, MeasureDefinition } from '../definition.js';
import type { Inputs } from '../inputs.js';
import { numericSamples, resultArgument, sampleArguments, valueCounts } from '../sample-inputs.js';

/** frouros 0.9.0, `detectors.data_drift`: the statistical tests, each one of scipy's with its defaults. */
const empty: Answer = { undefined: 'empty-sample', n: 0 };

function pick(inputs: Inputs, result: TestResult | undefined, n: number): Answer {
  const which = inputs.oneOf('result', ['statistic', 'pvalue'], 'statistic');
  return answer(which === 'statistic' ? result?.statistic : result?.pvalue, { n }, 'constant');
}

const samples =
  (run: (a: Float64Array, b: Float64Array) => TestResult | undefined) =>
  (inputs: Inputs): Answer => {
    const { a, b, n } = numericSamples(inputs);
    return a.length === 0 || b.length === 0 ? empty : pick(inputs, run(a, b), n);
  };

const tests: readonly (readonly [
  name: string,
  reference: string,
  formula: string,
  same: string,
  source: string,
  compute: (inputs: Inputs) => Answer,
])[] = [
  ['ks_test', 'KSTest', 'sup |F − G|', 'ks_2samp@scipy', 'Smirnov 1939', samples((a, b) => ks2Sample(a, b))],
  [
    'cvm_test',
    'CVMTest',
    'Cramér-von Mises T',
    'cramervonmises_2samp@scipy',
    'Anderson 1962',
    samples((a, b) => cramerVonMises(a, b)),
  ],
  [
    'mann_whitney_u_test',
    'MannWhitneyUTest',
    'U of the reference',
    'mannwhitneyu@scipy',
    'Mann and Whitney 1947',
    samples((a, b) => mannWhitney(a, b)),
  ],
  [
    'welch_t_test',
    'WelchTTest',
    '(x̄ − ȳ) / standard error, own variances',
    'ttest_ind@scipy with equal_var false',
    'Welch 1947',
    samples((a, b) => studentT(a, b, false)),
  ],
  [
    'anderson_darling_test',
    'AndersonDarlingTest',
    'normalised A² of two samples',
    'anderson_ksamp@scipy',
    'Scholz and Stephens, JASA 82 (1987)',
    samples(andersonTwoSamples),
  ],
  [
    'chi_square_test',
    'ChiSquareTest',
    'χ² of the 2 × k table of values',
    'chi2_contingency@scipy',
    'Pearson 1900',
    (inputs) => {
      const { a, b, na, nb, n } = valueCounts(inputs);
      return na === 0 || nb === 0 ? empty : pick(inputs, chiSquareIndependence([a, b]), n);
    },
  ],
];

export const frourosTestDefinitions: readonly MeasureDefinition[] = tests.map(
  ([name, reference, formula, same, source, compute]) => ({
    name,
    profile: 'frouros',
    version: '0.9.0',
    family: 'drift',
    files: 2,
    arguments: [...sampleArguments, resultArgument],
    formula: `${formula}, and its p`,
    range: 'p in [0, 1]',
    undefinedCases: ['empty-sample: no value on one side', 'constant: nothing to compare'],
    source,
    reference: `frouros.detectors.data_drift.${reference}`,
    differs: `the same as ${same}`,
    compute,
  }),
);
