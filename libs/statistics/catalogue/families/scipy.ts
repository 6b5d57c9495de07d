import { cdfDistance, energyDistance, jensenShannon, klDivergence } from '../../drift/distances.js';
import { andersonTwoSamples } from '../../significance/anderson.js';
import { chiSquareIndependence, chiSquareOneWay, fisherExact } from '../../significance/contingency.js';
import type { TestResult } from '../../significance/contingency.js';
import { eppsSingleton } from '../../significance/epps-singleton.js';
import { cramerVonMises, ks2Sample, mannWhitney, studentT } from '../../significance/two-samples.js';
import { answer } from '../definition.js';
import type { Answer, ArgumentDefinition, MeasureDefinition } from '../definition.js';
import type { Inputs } from '../inputs.js';
import { numericSamples, resultArgument, sampleArguments, valueCounts } from '../sample-inputs.js';

/** scipy 1.17.1, `scipy.stats`. Nulls are left out, infinities refused. */
const version = '1.17.1';

const empty: Answer = { undefined: 'empty-sample', n: 0 };
const emptyCase = 'empty-sample: no value on one side';
const oneValueCase = 'one-value: p, where there is no degree of freedom (scipy: NaN)';
const alternativeArgument: ArgumentDefinition = {
  name: 'alternative',
  type: 'text',
  required: false,
  default: 'two-sided',
  description: 'two-sided, less or greater',
};

function pick(inputs: Inputs, result: TestResult | undefined, n: number, reason = 'constant'): Answer {
  const which = inputs.oneOf('result', ['statistic', 'pvalue'], 'statistic');
  return answer(result?.[which], { n }, reason);
}

function definition(
  name: string,
  formula: string,
  range: string,
  source: string,
  compute: (inputs: Inputs) => Answer,
  more: Partial<MeasureDefinition> = {},
): MeasureDefinition {
  return {
    name,
    profile: 'scipy',
    version,
    family: 'drift',
    files: 2,
    arguments: [...sampleArguments, resultArgument],
    formula,
    range,
    undefinedCases: [emptyCase],
    source,
    reference: `scipy.stats.${name}`,
    compute,
    ...more,
  };
}

const test =
  (run: (a: Float64Array, b: Float64Array, inputs: Inputs) => TestResult | undefined, reason?: string) =>
  (inputs: Inputs): Answer => {
    const { a, b, n } = numericSamples(inputs);
    return a.length === 0 || b.length === 0 ? empty : pick(inputs, run(a, b, inputs), n, reason);
  };

const distance =
  (run: (a: Float64Array, b: Float64Array) => number) =>
  (inputs: Inputs): Answer => {
    const { a, b, n } = numericSamples(inputs);
    return a.length === 0 || b.length === 0 ? empty : answer(run(a, b), { n });
  };

const alternative = (inputs: Inputs): 'two-sided' | 'less' | 'greater' =>
  inputs.oneOf('alternative', ['two-sided', 'less', 'greater'], 'two-sided');

const method = (inputs: Inputs): 'auto' | 'asymptotic' | 'exact' =>
  inputs.oneOf('method', ['auto', 'asymptotic', 'exact'], 'auto');

const methodArgument: ArgumentDefinition = {
  name: 'method',
  type: 'text',
  required: false,
  default: 'auto',
  description: 'auto, asymptotic or exact',
};

function oneWay(inputs: Inputs, lambda: 0 | 1): Answer {
  const { a, b, na, nb, n } = valueCounts(inputs);
  if (na === 0 || nb === 0) return empty;
  if (a.length < 2)
    return inputs.oneOf('result', ['statistic', 'pvalue'], 'statistic') === 'pvalue'
      ? { undefined: 'one-value', n }
      : answer(0, { n });
  const expected = a.map((count) => (count / na) * nb);
  return pick(inputs, chiSquareOneWay(b, expected, lambda), n);
}

/** The 2 × k table of two columns, or the table given. */
function contingency(inputs: Inputs): { table: Float64Array[]; n: number } {
  if (inputs.has('table')) {
    const table = inputs.matrix('table');
    if (table.some((row) => row.some((value) => value < 0))) throw inputs.wrong('table', 'counts ≥ 0');
    return { table, n: table.reduce((sum, row) => sum + row.reduce((own, value) => own + value, 0), 0) };
  }
  const { a, b, n } = valueCounts(inputs);
  return { table: [a, b], n };
}

const tableArgument: ArgumentDefinition = {
  name: 'table',
  type: 'table',
  required: false,
  description: 'counts, where no files are given',
};

export const scipyDefinitions: readonly MeasureDefinition[] = [
  definition(
    'ks_2samp',
    'sup |F − G|; p exact by lattice paths while max(n1, n2) ≤ 10,000, else kstwo.sf(D, round(n1 n2 / (n1 + n2)))',
    '[0, 1]',
    'Kolmogorov 1933, Smirnov 1939; Hodges 1958; Simard and L’Ecuyer 2011',
    test((a, b, inputs) =>
      ks2Sample(
        a,
        b,
        inputs.oneOf<'auto' | 'exact' | 'asymp'>('method', ['auto', 'exact', 'asymp'], 'auto'),
        alternative(inputs),
      ),
    ),
    {
      arguments: [
        ...sampleArguments,
        resultArgument,
        alternativeArgument,
        { name: 'method', type: 'text', required: false, default: 'auto', description: 'auto, exact or asymp' },
      ],
      differs: 'ks@evidently is its p; kolmogorov_smirnov@nannyml is D only; ks@smclarify compares shares',
    },
  ),
  definition(
    'mannwhitneyu',
    'U of the first sample; p exact where a sample has at most 8 values and there are no ties, else by the normal approximation with tie and continuity correction',
    'U in [0, n1 n2], p in [0, 1]',
    'Mann and Whitney 1947',
    test((a, b, inputs) => mannWhitney(a, b, alternative(inputs), method(inputs))),
    { arguments: [...sampleArguments, resultArgument, alternativeArgument, methodArgument] },
  ),
  definition(
    'ttest_ind',
    '(x̄ − ȳ) / standard error, pooled or (equal_var false) Welch',
    '(−∞, ∞)',
    'Student 1908, Welch 1947',
    test((a, b, inputs) => studentT(a, b, inputs.flag('equal_var', true))),
    {
      arguments: [
        ...sampleArguments,
        resultArgument,
        { name: 'equal_var', type: 'boolean', required: false, default: true, description: 'pooled variance' },
      ],
      undefinedCases: [
        emptyCase,
        'constant: no variance and no distance, or fewer than two values',
        'infinite: two constants at a distance (their p is 0)',
      ],
    },
  ),
  definition(
    'cramervonmises_2samp',
    'T = U / (n m (n + m)) − (4 n m − 1) / (6 (n + m)); p exact up to 20 values a side, else asymptotic',
    '[0, ∞)',
    'Anderson, Ann. Math. Statist. 33 (1962)',
    test(
      (a, b, inputs) => (Math.min(a.length, b.length) < 2 ? undefined : cramerVonMises(a, b, method(inputs))),
      'too-small',
    ),
    {
      arguments: [...sampleArguments, resultArgument, methodArgument],
      undefinedCases: [emptyCase, 'too-small: fewer than two values on a side'],
      differs: 'scipy ends its series at terms of 1e-7, and so does ours: an asymptotic p has that absolute error',
    },
  ),
  definition(
    'anderson_ksamp',
    'normalised A² of two samples, midranks; p interpolated in [0.001, 0.25]',
    '(−∞, ∞)',
    'Scholz and Stephens, JASA 82 (1987)',
    test(andersonTwoSamples),
    { undefinedCases: [emptyCase, 'constant'] },
  ),
  definition(
    'epps_singleton_2samp',
    'Mahalanobis distance of the characteristic functions at 0.4 and 0.8 over half the pooled IQR; χ² with its rank',
    '[0, ∞)',
    'Epps and Singleton 1986; Goerg and Kaiser 2009',
    test((a, b) => eppsSingleton(a, b)),
    {
      undefinedCases: [emptyCase, 'constant: the interquartile range is 0, or under five values'],
      differs: 'of a singular covariance (two distinct values) scipy inverts the rounding; ours takes its true rank',
    },
  ),
  definition(
    'wasserstein_distance',
    '∫ |F − G|',
    '[0, ∞)',
    'Kantorovich 1942; Ramdas et al. 2017',
    distance((a, b) => cdfDistance(a, b, 1)),
    { arguments: sampleArguments, differs: 'wasserstein@evidently divides by the reference’s sd' },
  ),
  definition('energy_distance', '√2 (∫ (F − G)²)^½', '[0, ∞)', 'Székely 2002', distance(energyDistance), {
    arguments: sampleArguments,
  }),
  definition(
    'jensenshannon',
    '√JSD of the shares of values, in the given base (default e)',
    '[0, √(ln 2 / ln base)]',
    'Endres and Schindelin 2003',
    (inputs) => {
      const { a, b, na, nb, n } = valueCounts(inputs);
      return na === 0 || nb === 0 ? empty : answer(jensenShannon(a, b, inputs.number('base', Math.E)), { n });
    },
    {
      arguments: [
        ...sampleArguments,
        { name: 'base', type: 'number', required: false, default: Math.E, description: 'base of the logarithm' },
      ],
      reference: 'scipy.spatial.distance.jensenshannon',
    },
  ),
  definition(
    'chi2_contingency',
    'Σ (O − E)² / E over the 2 × k table; Yates’s correction at one degree of freedom, capped at the gap',
    '[0, ∞)',
    'Pearson 1900, Yates 1934',
    (inputs) => {
      const { table, n } = contingency(inputs);
      const isG = inputs.oneOf('lambda_', ['pearson', 'log-likelihood'], 'pearson') === 'log-likelihood';
      return pick(inputs, chiSquareIndependence(table, inputs.flag('correction', true), isG ? 0 : 1), n, 'zero-margin');
    },
    {
      arguments: [
        ...sampleArguments,
        tableArgument,
        resultArgument,
        { name: 'correction', type: 'boolean', required: false, default: true, description: 'Yates’s correction' },
        {
          name: 'lambda_',
          type: 'text',
          required: false,
          default: 'pearson',
          description: 'pearson, or log-likelihood: the G-test 2 Σ O ln(O / E)',
        },
      ],
      undefinedCases: ['zero-margin: a row or column sums to 0 (scipy raises)'],
    },
  ),
  definition(
    'chisquare',
    'Σ (O − E)² / E of the current counts, E the reference’s shares',
    '[0, ∞)',
    'Pearson 1900',
    (inputs) => oneWay(inputs, 1),
    {
      arguments: [...sampleArguments, resultArgument],
      undefinedCases: [emptyCase, 'infinite: a value is new in the current data (its p is 0)', oneValueCase],
      differs: 'chi2_contingency@scipy counts the chance in both samples; chisquare@evidently is this p',
    },
  ),
  definition(
    'power_divergence',
    'G = 2 Σ O ln(O / E) of the current counts, E the reference’s shares (lambda_ log-likelihood)',
    '[0, ∞)',
    'Wilks 1938; Cressie and Read 1984',
    (inputs) => oneWay(inputs, 0),
    {
      arguments: [...sampleArguments, resultArgument],
      undefinedCases: [emptyCase, 'infinite: a value is new in the current data (its p is 0)', oneValueCase],
      differs:
        'scipy’s own default is Pearson’s (chisquare@scipy); the G-test of both samples is chi2_contingency@scipy with lambda_',
    },
  ),
  definition(
    'entropy',
    'Kullback-Leibler divergence Σ p ln(p / q) of the reference’s shares from the current ones, in the given base',
    '[0, ∞)',
    'Kullback and Leibler 1951',
    (inputs) => {
      const { a, b, na, nb, n } = valueCounts(inputs);
      return na === 0 || nb === 0 ? empty : answer(klDivergence(a, b) / Math.log(inputs.number('base', Math.E)), { n });
    },
    {
      arguments: [
        ...sampleArguments,
        { name: 'base', type: 'number', required: false, default: Math.E, description: 'base of the logarithm' },
      ],
      undefinedCases: [emptyCase, 'infinite: a value of the reference is gone'],
      differs: 'kl_div@evidently fills empty bins',
    },
  ),
  definition(
    'cramers_v',
    '√(χ² / n / min(r − 1, c − 1)), without correction',
    '[0, 1]',
    'Cramér 1946',
    (inputs) => {
      const { table, n } = contingency(inputs);
      const result = chiSquareIndependence(table, false);
      const least = Math.min(table.length, table[0]!.length) - 1;
      return answer(result && least > 0 ? Math.sqrt(result.statistic / n / least) : undefined, { n }, 'zero-margin');
    },
    {
      arguments: [...sampleArguments, tableArgument],
      reference: 'scipy.stats.contingency.association(method="cramer")',
      undefinedCases: ['zero-margin', 'one value only'],
      differs: 'cramers_v@deepchecks is bias-corrected and rescales the larger sample',
    },
  ),
  definition(
    'fisher_exact',
    'sum of the hypergeometric probabilities of all 2 × 2 tables at most as likely as the observed',
    '[0, 1]',
    'Fisher 1935',
    (inputs) => {
      const table = inputs.matrix('table');
      if (
        table.length !== 2 ||
        table[0]!.length !== 2 ||
        table.some((row) => row.some((value) => value < 0 || !Number.isSafeInteger(value)))
      )
        throw inputs.wrong('table', 'a 2 × 2 table of counts');
      const [[a, b], [c, d]] = table as unknown as [[number, number], [number, number]];
      const n = a + b + c + d;
      return pick(
        inputs,
        fisherExact(
          [
            [a, b],
            [c, d],
          ],
          alternative(inputs),
        ),
        n,
        'zero-margin',
      );
    },
    {
      files: 0,
      family: 'significance',
      arguments: [{ ...tableArgument, required: true }, resultArgument, alternativeArgument],
      undefinedCases: ['zero-margin: the odds ratio is 0/0', 'infinite: the odds ratio is x/0'],
    },
  ),
];
