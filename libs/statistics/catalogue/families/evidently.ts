import { countInBins, shares, sturgesEdges } from '../../drift/bins.js';
import { cdfDistance, energyDistance, jensenShannon, klDivergence, psi } from '../../drift/distances.js';
import { andersonTwoSamples } from '../../significance/anderson.js';
import { chiSquareOneWay } from '../../significance/contingency.js';
import { distinctUpTo, mergeOrdered, ordered } from '../../significance/ordered.js';
import { eppsSingleton } from '../../significance/epps-singleton.js';
import { cramerVonMises, ks2Sample, mannWhitney, moments, studentT } from '../../significance/two-samples.js';
import { normalSf } from '../../special/distributions.js';
import { answer } from '../definition.js';
import type { Answer, MeasureDefinition } from '../definition.js';
import type { Inputs } from '../inputs.js';
import { kindArgument, numericSamples, pairOf, sampleArguments, valueCounts } from '../sample-inputs.js';

/**
 * evidently 0.7.23, `evidently.legacy.calculations.stattests`. Infinities and nulls are dropped, an empty column is
 * undefined (the library raises). Numbers with more than 20 distinct reference values are binned by numpy's Sturges rule
 * over the pooled data, all else by value.
 */
const version = '0.7.23';
const source = 'docs.evidentlyai.com, data drift algorithm';

interface Binned {
  readonly p: Float64Array;
  readonly q: Float64Array;
  readonly n: number;
}

function binned(inputs: Inputs, fillZeroes: boolean): Binned | undefined {
  const { numeric, reference } = pairOf(inputs);
  const { a, b, na, nb } = reference.kind === 'numeric' && numeric ? numericBins(inputs) : valueCounts(inputs);
  if (na === 0 || nb === 0) return undefined;
  const [p, q] = [shares(a, na), shares(b, nb)];
  return fillZeroes ? { p: filled(p), q: filled(q), n: na + nb } : { p, q, n: na + nb };
}

function numericBins(inputs: Inputs): { a: Float64Array; b: Float64Array; na: number; nb: number } {
  const { a, b, integers } = numericSamples(inputs, true);
  if (a.length === 0 || b.length === 0 || distinctUpTo(21, a) <= 20) return valueCounts(inputs);
  const edges = sturgesEdges(integers, a, b);
  return { a: countInBins(a, edges), b: countInBins(b, edges), na: a.length, nb: b.length };
}

/** A share of 0 becomes 1e-4, or a millionth of the smallest share where that is at most 1e-4. */
function filled(p: Float64Array): Float64Array {
  let smallest = Infinity;
  for (const value of p) if (value > 0 && value < smallest) smallest = value;
  const fill = smallest <= 0.0001 ? smallest / 1e6 : 0.0001;
  return p.map((value) => (value === 0 ? fill : value));
}

const empty: Answer = { undefined: 'empty-sample', n: 0 };
const emptyCase = 'empty-sample: no value on one side';
const oneValueCase = 'one-value: no degree of freedom (the library’s p is NaN or 0)';

function definition(
  name: string,
  formula: string,
  range: string,
  compute: (inputs: Inputs) => Answer,
  more: Partial<MeasureDefinition> = {},
): MeasureDefinition {
  return {
    name,
    profile: 'evidently',
    version,
    family: 'drift',
    files: 2,
    arguments: [...sampleArguments, kindArgument],
    formula,
    range,
    undefinedCases: [emptyCase],
    source,
    reference: `evidently.legacy.calculations.stattests.${name}`,
    compute,
    ...more,
  };
}

const overBins =
  (fill: boolean, distance: (p: Float64Array, q: Float64Array) => number) =>
  (inputs: Inputs): Answer => {
    const bins = binned(inputs, fill);
    return bins ? answer(distance(bins.p, bins.q), { n: bins.n }) : empty;
  };

const overSamples =
  (compute: (a: Float64Array, b: Float64Array) => number | undefined, reason = 'constant') =>
  (inputs: Inputs): Answer => {
    const { a, b, n } = numericSamples(inputs, true);
    return a.length === 0 || b.length === 0 ? empty : answer(compute(a, b), { n }, reason);
  };

/** Hellinger over Sturges bins of the pooled distinct values (numbers), or over values. */
function hellinger(inputs: Inputs): Answer {
  const { numeric } = pairOf(inputs);
  let p: Float64Array;
  let q: Float64Array;
  let n: number;
  if (numeric) {
    const { a, b, integers, n: all } = numericSamples(inputs, true);
    if (a.length === 0 || b.length === 0) return empty;
    const edges = sturgesEdges(integers, distinctOf(a, b));
    [p, q, n] = [shares(countInBins(a, edges), a.length), shares(countInBins(b, edges), b.length), all];
  } else {
    const counts = valueCounts(inputs);
    if (counts.na === 0 || counts.nb === 0) return empty;
    [p, q, n] = [shares(counts.a, counts.na), shares(counts.b, counts.nb), counts.n];
  }
  const coefficient = p.reduce((sum, value, i) => sum + Math.sqrt(value * q[i]!), 0);
  return answer(Math.sqrt(Math.max(0, 1 - coefficient)), { n });
}

function distinctOf(a: Float64Array, b: Float64Array): Float64Array {
  const pooled = mergeOrdered(ordered(a), ordered(b));
  return pooled.filter((value, i) => i === 0 || value !== pooled[i - 1]);
}

function oneWay(inputs: Inputs, lambda: number): Answer {
  const { a, b, na, nb, n } = valueCounts(inputs);
  if (na === 0 || nb === 0) return empty;
  if (a.length < 2) return { undefined: 'one-value', n };
  const { pvalue } = chiSquareOneWay(
    b,
    a.map((count) => (count / na) * nb),
    lambda,
  );
  return answer(pvalue, { n });
}

function proportionsZ(inputs: Inputs): Answer {
  const { a, b, na, nb, n } = valueCounts(inputs);
  if (na === 0 || nb === 0) return empty;
  const [p1, p2] = [a[0]! / na, b[0]! / nb];
  const pooled = (na * p1 + nb * p2) / n;
  const sd = Math.sqrt(pooled * (1 - pooled) * (1 / na + 1 / nb));
  return answer(sd > 0 ? 2 * normalSf(Math.abs((p1 - p2) / sd)) : 1, { n });
}

const p = '[0, 1], a p-value';

export const evidentlyDefinitions: readonly MeasureDefinition[] = [
  definition(
    'psi',
    'Σ (r − c) ln(r / c) over the bins; a share of 0 is filled with 1e-4 (or min / 1e6)',
    '[0, ∞)',
    overBins(true, psi),
    {
      differs:
        'edges come from the pooled data and move with the current window; psi@assay uses the reference’s deciles, psi@frouros ten equal bins',
    },
  ),
  definition(
    'jensenshannon',
    '√JSD in nats over the same bins, no fill',
    '[0, √ln 2]',
    overBins(false, jensenShannon),
    { differs: 'jensen_shannon@nannyml: base 2, Doane edges of the reference' },
  ),
  definition('kl_div', 'Σ r ln(r / c) over the same bins, filled, normalised', '[0, ∞)', overBins(true, klDivergence)),
  definition('hellinger', '√(1 − Σ √(r c)) over Sturges bins of the pooled distinct values', '[0, 1]', hellinger),
  definition(
    'wasserstein',
    '∫ |F − G| / max(population sd of the reference, 0.001)',
    '[0, ∞)',
    overSamples((a, b) => {
      const sd = a.length > 1 ? Math.sqrt((moments(a)[1] * (a.length - 1)) / a.length) : 0;
      return cdfDistance(a, b, 1) / Math.max(sd, 0.001);
    }),
    { differs: 'wasserstein_distance@scipy is not divided' },
  ),
  definition('ed', 'energy distance √2 (∫ (F − G)²)^½', '[0, ∞)', overSamples(energyDistance)),
  definition(
    'ks',
    'p of the two-sample Kolmogorov-Smirnov test (ks_2samp@scipy, auto)',
    p,
    overSamples((a, b) => ks2Sample(a, b).pvalue),
  ),
  definition(
    'anderson',
    'p of the k-sample Anderson-Darling test',
    '[0.001, 0.25]',
    overSamples((a, b) => andersonTwoSamples(a, b)?.pvalue),
    { undefinedCases: [emptyCase, 'constant'] },
  ),
  definition(
    'cramer_von_mises',
    'p of the two-sample Cramér-von Mises test (cramervonmises_2samp@scipy, auto)',
    p,
    overSamples((a, b) => cramerVonMises(a, b).pvalue),
    {
      differs:
        'up to 20 values a side the library’s own exact p has the eleven bits of a float16; ours is scipy’s exact p',
    },
  ),
  definition(
    'es',
    'p of the Epps-Singleton test',
    p,
    overSamples((a, b) => eppsSingleton(a, b)?.pvalue),
    { undefinedCases: [emptyCase, 'constant: the interquartile range is 0, or under five values'] },
  ),
  definition(
    't_test',
    'p of Student’s t, pooled variance',
    p,
    overSamples((a, b) => studentT(a, b)?.pvalue),
    { undefinedCases: [emptyCase, 'constant'] },
  ),
  definition(
    'mannw',
    'p of the Mann-Whitney test, one-sided (reference less than current)',
    p,
    overSamples((a, b) => mannWhitney(a, b, 'less').pvalue),
    {
      differs:
        'its documentation says two-tailed; the number is one-sided, as mannwhitneyu@scipy with alternative less',
    },
  ),
  definition(
    'chisquare',
    'p of the one-way chi-square of current counts against reference shares',
    p,
    (inputs) => oneWay(inputs, 1),
    {
      undefinedCases: [emptyCase, oneValueCase],
      differs: 'a value that is new in the current data gives 0; chi2_contingency@scipy tests both samples',
    },
  ),
  definition(
    'g_test',
    'p of the one-way G-test of current counts against reference shares',
    p,
    (inputs) => oneWay(inputs, 0),
    {
      undefinedCases: [emptyCase, oneValueCase],
      differs:
        'evidently 0.7.23 passes unscaled counts to scipy, which raises where the windows differ in size; ours scales them',
    },
  ),
  definition('z', 'p of the two-proportion z-test of the share of the first value, ascending', p, proportionsZ, {
    differs: 'of more than two values it sees the first against all others, as the library does',
  }),
];
