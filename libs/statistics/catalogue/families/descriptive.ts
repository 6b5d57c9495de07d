import { littleTest } from '../../profile/missing.js';
import { quantileBy, quantileMethods } from '../../profile/quantile-methods.js';
import { excessKurtosis, isConstant, momentsOf, pearson, ranks, skewness, squaresOf } from '../../profile/moments.js';
import type { Moments } from '../../profile/moments.js';
import { normalityP } from '../../profile/numbers.js';
import { studentSf } from '../../special/distributions.js';
import { answer } from '../definition.js';
import type { Answer, ArgumentDefinition, MeasureDefinition } from '../definition.js';
import type { Inputs } from '../inputs.js';
import { resultArgument } from '../sample-inputs.js';

const column: ArgumentDefinition = {
  name: 'column',
  type: 'column',
  required: true,
  description: 'a column of numbers; nulls and infinities are left out',
};
const other: ArgumentDefinition = {
  name: 'other',
  type: 'column',
  required: true,
  description: 'a second column of numbers',
};
const exactness =
  'judged against exact rational arithmetic; numpy, scipy and DuckDB lose digits where the mean is large against the spread';

function finite(inputs: Inputs, argument = 'column'): Float64Array {
  const own = inputs.column(argument);
  if (own.kind !== 'numeric') throw inputs.wrong(argument, 'a column of numbers');
  return own.values.map((value) => (Number.isFinite(value) ? value : Number.NaN));
}

function definition(
  name: string,
  profile: 'numpy' | 'scipy' | 'assay',
  formula: string,
  range: string,
  source: string,
  compute: (inputs: Inputs) => Answer,
  more: Partial<MeasureDefinition> = {},
): MeasureDefinition {
  const version = { numpy: '2.4.1', scipy: '1.17.1', assay: '1' }[profile];
  return {
    name,
    profile,
    version,
    family: 'descriptive',
    files: 1,
    arguments: [column],
    formula,
    range,
    undefinedCases: ['empty-sample: no value'],
    source,
    ...(profile === 'assay' ? {} : { reference: `${profile === 'numpy' ? 'numpy' : 'scipy.stats'}.${name}` }),
    compute,
    ...more,
  };
}

const moment =
  (of: (m: Moments, inputs: Inputs) => number | undefined, reason = 'empty-sample') =>
  (inputs: Inputs): Answer => {
    const m = momentsOf(finite(inputs));
    return answer(m.n === 0 ? undefined : of(m, inputs), { n: m.n }, m.n === 0 ? 'empty-sample' : reason);
  };

const ddof: ArgumentDefinition = {
  name: 'ddof',
  type: 'number',
  required: false,
  default: 0,
  description: 'taken from n in the denominator',
};
const shape = {
  undefinedCases: ['empty-sample: no value', 'constant: rounding alone explains the variance'],
  differs: `biased, as scipy’s default; pandas and DuckDB correct the bias. ${exactness}`,
};

const correlation =
  (transform: (values: Float64Array) => Float64Array) =>
  (inputs: Inputs): Answer => {
    const [x, y] = [finite(inputs), finite(inputs, 'other')];
    // Pairwise complete: rows where both are present.
    const [a, b] = [
      x.filter((_, i) => !Number.isNaN(y[i]) && !Number.isNaN(x[i])),
      y.filter((_, i) => !Number.isNaN(y[i]) && !Number.isNaN(x[i])),
    ];
    const n = a.length;
    const r = pearson(transform(a), transform(b));
    if (r === undefined) return { undefined: 'constant', n };
    if (inputs.oneOf('result', ['statistic', 'pvalue'], 'statistic') === 'statistic') return answer(r, { n });
    if (n < 3) return { undefined: 'fewer-than-three-rows', n };
    const t = Math.abs(r) >= 1 ? Infinity : Math.abs(r) * Math.sqrt((n - 2) / ((1 - r) * (1 + r)));
    return answer(Math.min(1, 2 * studentSf(t, n - 2)), { n });
  };

export const descriptiveDefinitions: readonly MeasureDefinition[] = [
  definition(
    'mean',
    'numpy',
    'Σ x / n',
    '(−∞, ∞)',
    'compensated sum, Neumaier 1974',
    moment((m) => m.mean),
    { differs: exactness },
  ),
  definition(
    'var',
    'numpy',
    'Σ (x − mean)² / (n − ddof)',
    '[0, ∞)',
    'two passes, compensated',
    moment(
      (m, inputs) => (m.n > inputs.number('ddof', 0) ? squaresOf(m) / (m.n - inputs.number('ddof', 0)) : undefined),
      'too-few-rows',
    ),
    { arguments: [column, ddof], differs: exactness },
  ),
  definition(
    'std',
    'numpy',
    '√(Σ (x − mean)² / (n − ddof))',
    '[0, ∞)',
    'two passes, compensated',
    moment(
      (m, inputs) =>
        m.n > inputs.number('ddof', 0) ? Math.sqrt(m.m2 / (m.n - inputs.number('ddof', 0))) * m.scale : undefined,
      'too-few-rows',
    ),
    { arguments: [column, ddof], differs: exactness },
  ),
  definition(
    'skew',
    'scipy',
    'g1 = m3 / m2^1.5, m_k = Σ (x − mean)^k / n',
    '(−∞, ∞)',
    'Fisher',
    moment((m) => (isConstant(m) ? undefined : skewness(m)), 'constant'),
    shape,
  ),
  definition(
    'kurtosis',
    'scipy',
    'g2 = m4 / m2² − 3',
    '[−2, ∞)',
    'Fisher',
    moment((m) => (isConstant(m) ? undefined : excessKurtosis(m)), 'constant'),
    shape,
  ),
  definition(
    'normaltest',
    'scipy',
    'p of K² = Z(g1)² + Z(g2)² on χ² with 2 degrees',
    '[0, 1]',
    'D’Agostino and Pearson 1973',
    moment((m) => (isConstant(m) ? undefined : normalityP(m)), 'constant or under 8 values'),
  ),
  definition(
    'quantile',
    'numpy',
    'linear between order statistics (Hyndman and Fan 7), or by the method named: types 1 to 9 and lower, higher, midpoint, nearest',
    '(−∞, ∞)',
    'Hyndman and Fan 1996',
    (inputs) => {
      const values = finite(inputs)
        .filter((value) => !Number.isNaN(value))
        .sort();
      const q = inputs.number('q');
      if (q < 0 || q > 1) throw inputs.wrong('q', 'in [0, 1]');
      const method = inputs.oneOf('method', quantileMethods, 'linear');
      return answer(
        values.length === 0 ? undefined : quantileBy(values, q, method),
        { n: values.length },
        'empty-sample',
      );
    },
    {
      arguments: [
        column,
        { name: 'q', type: 'number', required: true, description: 'in [0, 1]' },
        { name: 'method', type: 'text', required: false, default: 'linear', description: quantileMethods.join(', ') },
      ],
    },
  ),
  definition(
    'pearsonr',
    'scipy',
    'Σ (x − x̄)(y − ȳ) / √(Σ (x − x̄)² Σ (y − ȳ)²), rows where both are present; p by t with n − 2',
    '[−1, 1]',
    'Pearson 1895',
    correlation((values) => values),
    { arguments: [column, other, resultArgument], undefinedCases: ['constant'] },
  ),
  definition(
    'spearmanr',
    'scipy',
    'Pearson’s r of the ranks, ties averaged; p by t with n − 2',
    '[−1, 1]',
    'Spearman 1904',
    correlation(ranks),
    { arguments: [column, other, resultArgument], undefinedCases: ['constant'] },
  ),
  definition(
    'little_mcar_test',
    'assay',
    'Σ n_j (ȳ_j − μ)′ Σ⁻¹ (ȳ_j − μ) over missing-data patterns, μ and Σ by EM; χ² with Σ k_j − k degrees',
    '[0, ∞)',
    'Little, JASA 83 (1988)',
    (inputs) => {
      const test = littleTest(inputs.table());
      const n = inputs.table().rows;
      if (!test) return { undefined: 'nothing-missing', n };
      if ('undefined' in test) return { undefined: test.undefined, n };
      return answer(test[inputs.oneOf('result', ['statistic', 'pvalue'], 'statistic')], { n });
    },
    {
      arguments: [resultArgument],
      undefinedCases: ['nothing-missing', 'one-pattern', 'singular-covariance', 'fewer-than-two-varying-columns'],
    },
  ),
];
