import { chiSquareIndependence, fisherExact } from '../../significance/contingency.js';
import type { TestResult } from '../../significance/contingency.js';
import { cramerVonMises, ks2Sample } from '../../significance/two-samples.js';
import type { Alternative } from '../../significance/two-samples.js';
import { answer } from '../definition.js';
import type { Answer, ArgumentDefinition, MeasureDefinition } from '../definition.js';
import type { Inputs } from '../inputs.js';
import { numericSamples, resultArgument, valueCounts } from '../sample-inputs.js';
import { twoSampleMeasures } from '../two-sample-measures.js';

/** alibi-detect 0.13.0, one column each. Its numbers are float32 (seven digits at best), and over several columns it divides the threshold by their number. */
const empty: Answer = { undefined: 'empty-sample', n: 0 };

const alternativeArgument = (fallback: string): ArgumentDefinition => ({
  name: 'alternative',
  type: 'text',
  required: false,
  default: fallback,
  description: 'two-sided, less or greater',
});

function pick(inputs: Inputs, result: TestResult | undefined, n: number, reason: string): Answer {
  const which = inputs.oneOf('result', ['statistic', 'pvalue'], 'statistic');
  return answer(which === 'statistic' ? result?.statistic : result?.pvalue, { n }, reason);
}

function samples(run: (a: Float64Array, b: Float64Array, inputs: Inputs) => TestResult) {
  return (inputs: Inputs): Answer => {
    const { a, b, n } = numericSamples(inputs);
    return a.length === 0 || b.length === 0 ? empty : pick(inputs, run(a, b, inputs), n, 'not-finite');
  };
}

const library = { profile: 'alibi_detect', version: '0.13.0', module: 'alibi_detect.cd' };

export const alibiDefinitions: readonly MeasureDefinition[] = twoSampleMeasures(library, [
  {
    name: 'ks_drift',
    reference: 'KSDrift',
    formula: 'sup |F − G| and its p, always by the limiting distribution (one-sided: Hodges)',
    range: '[0, 1]',
    source: 'Kolmogorov 1933, Smirnov 1939',
    arguments: [resultArgument, alternativeArgument('two-sided')],
    differs: 'ks_2samp@scipy and ks@evidently take the exact p up to 10,000 values',
    compute: samples((a, b, inputs) =>
      ks2Sample(a, b, 'asymp', inputs.oneOf<Alternative>('alternative', ['two-sided', 'less', 'greater'], 'two-sided')),
    ),
  },
  {
    name: 'cvm_drift',
    reference: 'CVMDrift',
    formula: 'two-sample Cramér-von Mises T; p exact up to 20 values a side, else asymptotic',
    range: 'T ≥ 0, p in [0, 1]',
    source: 'Anderson, Ann. Math. Statist. 33 (1962)',
    arguments: [resultArgument],
    differs: 'cramervonmises_2samp@scipy, which it calls',
    compute: samples((a, b) => cramerVonMises(a, b)),
  },
  {
    name: 'chi_square_drift',
    reference: 'ChiSquareDrift',
    formula: 'χ² of the 2 × k table of values, Yates’s correction at one degree of freedom',
    range: 'χ² ≥ 0, p in [0, 1]',
    source: 'Pearson 1900',
    arguments: [resultArgument],
    differs: 'chi2_contingency@scipy, which it calls; chisquare@evidently takes the reference as known',
    compute: (inputs) => {
      const { a, b, na, nb, n } = valueCounts(inputs);
      return na === 0 || nb === 0 ? empty : pick(inputs, chiSquareIndependence([a, b]), n, 'zero-margin');
    },
  },
  {
    name: 'fet_drift',
    reference: 'FETDrift',
    formula: 'Fisher’s exact test of two shares: odds ratio of the current against the reference, and p',
    range: 'odds ratio ≥ 0, p in [0, 1]',
    source: 'Fisher 1935',
    arguments: [resultArgument, alternativeArgument('greater')],
    differs: 'one-sided by default: greater says that the larger of the two values has become more frequent',
    compute: (inputs) => {
      const { a, b, na, nb, n, values } = valueCounts(inputs);
      if (na === 0 || nb === 0) return empty;
      if (values.length > 2) return { undefined: 'more-than-two-values', n };
      if (values.length < 2) return { undefined: 'constant', n };
      const alternative = inputs.oneOf<Alternative>('alternative', ['two-sided', 'less', 'greater'], 'greater');
      return pick(
        inputs,
        fisherExact(
          [
            [b[1]!, b[0]!],
            [a[1]!, a[0]!],
          ],
          alternative,
        ),
        n,
        'zero-margin',
      );
    },
    undefinedCases: [
      'more-than-two-values',
      'constant',
      'infinite: the odds ratio is x/0',
      'zero-margin: the odds ratio is 0/0',
    ],
  },
]);
