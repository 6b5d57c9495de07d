import { countInBins, doaneEdges, equalEdges, quantileOf, shares } from '../../drift/bins.js';
import {
  cdfDistance,
  energyDistance,
  hellinger,
  jensenShannon,
  largestDifference,
  psi,
} from '../../drift/distances.js';
import { chiSquareIndependence } from '../../significance/contingency.js';
import { ordered } from '../../significance/ordered.js';
import { ks2Sample } from '../../significance/two-samples.js';
import { answer } from '../definition.js';
import type { Answer, ArgumentDefinition, MeasureDefinition } from '../definition.js';
import type { Inputs } from '../inputs.js';
import { kindArgument, numericSamples, pairOf, sampleArguments, valueCounts } from '../sample-inputs.js';

/** The same names in nannyml 0.13.1, frouros 0.9.0 and deepchecks 0.19.1: other bins, other fills, other numbers. */
const versions = { nannyml: '0.13.1', frouros: '0.9.0', deepchecks: '0.19.1' } as const;
type Library = keyof typeof versions;

const rareArgument: ArgumentDefinition = {
  name: 'min_category_size_ratio',
  type: 'number',
  required: false,
  default: 0.01,
  description: 'values under this share of the reference, new ones among them, are taken together',
};
const balanceArgument: ArgumentDefinition = {
  name: 'balance_classes',
  type: 'boolean',
  required: false,
  default: false,
  description: 'all values of the reference weigh the same; rare ones then stay apart',
};
const empty: Answer = { undefined: 'empty-sample', n: 0 };

function definition(
  name: string,
  profile: Library,
  formula: string,
  range: string,
  source: string,
  compute: (inputs: Inputs) => Answer,
  more: Partial<MeasureDefinition> = {},
): MeasureDefinition {
  return {
    name,
    profile,
    version: versions[profile],
    family: 'drift',
    files: 2,
    arguments: [...sampleArguments, kindArgument],
    formula,
    range,
    undefinedCases: ['empty-sample: no value on one side'],
    source,
    reference: `${profile}: ${name}`,
    compute,
    ...more,
  };
}

interface Shares {
  readonly p: Float64Array;
  readonly q: Float64Array;
  readonly n: number;
}

function deepchecksShares(inputs: Inputs): Shares | undefined {
  const { a, b, na, nb, n } = withoutRare(inputs);
  return na === 0 || nb === 0 ? undefined : { p: shares(a, na), q: shares(b, nb), n };
}

const samples =
  (run: (a: Float64Array, b: Float64Array) => number | undefined) =>
  (inputs: Inputs): Answer => {
    const { a, b, n } = numericSamples(inputs);
    return a.length === 0 || b.length === 0 ? empty : answer(run(a, b), { n });
  };

function byValue(inputs: Inputs): Shares | undefined {
  const { a, b, na, nb, n } = valueCounts(inputs);
  return na === 0 || nb === 0 ? undefined : { p: shares(a, na), q: shares(b, nb), n };
}

/** deepchecks: values under a share of the reference (new ones among them) are one value, "other". */
function withoutRare(inputs: Inputs): { a: Float64Array; b: Float64Array; na: number; nb: number; n: number } {
  const { a, b, na, nb, n } = valueCounts(inputs);
  const least = inputs.number('min_category_size_ratio', 0.01);
  if (least < 0 || least > 1) throw inputs.wrong('min_category_size_ratio', 'in [0, 1]');
  const kept = Array.from(a.keys()).filter((i) => a[i]! / na >= least);
  const merged = (counts: Float64Array): Float64Array => {
    const own = kept.map((i) => counts[i]!);
    if (kept.length === counts.length) return Float64Array.from(own);
    const rest = counts.reduce((sum, count) => sum + count, 0) - own.reduce((sum, count) => sum + count, 0);
    return Float64Array.of(...own, rest);
  };
  return na === 0 || nb === 0 ? { a, b, na, nb, n } : { a: merged(a), b: merged(b), na, nb, n };
}

/** nannyml: numbers in numpy's Doane bins of the reference, what lies outside as one more bin. */
function nannymlShares(inputs: Inputs): Shares | undefined {
  if (!pairOf(inputs).numeric) return byValue(inputs);
  const { a, b, n } = numericSamples(inputs);
  if (a.length === 0 || b.length === 0) return undefined;
  const edges = doaneEdges(a);
  const [p, q] = [shares(countInBins(a, edges), a.length), shares(countInBins(b, edges), b.length)];
  const outside = 1 - q.reduce((sum, value) => sum + value, 0);
  return { p: Float64Array.from([...p, 0]), q: Float64Array.from([...q, Math.max(0, outside)]), n };
}

const over =
  (
    binning: (inputs: Inputs) => Shares | undefined,
    distance: (p: Float64Array, q: Float64Array) => number | undefined,
  ) =>
  (inputs: Inputs): Answer => {
    const found = binning(inputs);
    return found ? answer(distance(found.p, found.q), { n: found.n }) : empty;
  };

/** frouros: ten equal bins from the pooled minimum to the pooled maximum. */
function frourosShares(inputs: Inputs): Shares | undefined {
  const { a, b, n } = numericSamples(inputs);
  if (a.length === 0 || b.length === 0) return undefined;
  const [x, y] = [ordered(a), ordered(b)];
  const edges = equalEdges(Math.min(x[0]!, y[0]!), Math.max(x.at(-1)!, y.at(-1)!), 10);
  return { p: shares(countInBins(a, edges), a.length), q: shares(countInBins(b, edges), b.length), n };
}

const smallestNormal = 2.2250738585072014e-308;

/** deepchecks: each sample cut to its central 95 %, both scaled by their pooled range. */
function scaledEarthMovers(a: Float64Array, b: Float64Array): number {
  const cut = (values: Float64Array): Float64Array => {
    const x = ordered(values);
    const [low, high] = [quantileOf(x, 0.025), quantileOf(x, 0.975)];
    return x.filter((value) => value >= low && value <= high);
  };
  const [x, y] = [cut(a), cut(b)];
  const low = Math.min(x[0]!, y[0]!);
  const range = Math.max(x.at(-1)!, y.at(-1)!) - low;
  return range > 0 ? cdfDistance(x, y, 1) / range : 0;
}

/** The larger sample scaled down to the smaller and rounded. */
function sameSize(a: Float64Array, b: Float64Array, na: number, nb: number): Float64Array[] {
  const [scaleA, scaleB] = [na > nb ? nb / na : 1, nb > na ? na / nb : 1];
  return [a.map((count) => roundHalfEven(count * scaleA)), b.map((count) => roundHalfEven(count * scaleB))];
}

/**
 * Counts as if all values of the reference were equally frequent: the larger sample scaled down, one added to each count, the reference
 * spread evenly, the current counts changed by the same factors and scaled back to that total; rounded at each step.
 */
function balanced(a: Float64Array, b: Float64Array, na: number, nb: number): Float64Array[] {
  const [scaleA, scaleB] = [na > nb ? nb / na : 1, nb > na ? na / nb : 1];
  const even = Math.floor((Math.min(na, nb) + a.length) / a.length);
  const changed = b.map((count, i) => roundHalfEven((even * (count * scaleB + 1)) / (a[i]! * scaleA + 1)));
  const scale = (even * a.length) / changed.reduce((sum, count) => sum + count, 0);
  return [a.map(() => even), changed.map((count) => roundHalfEven(count * scale))];
}

/** Bias-corrected Cramér's V (Bergsma 2013) of a 2 × k table; 0 of one value alone. */
function correctedV(table: readonly Float64Array[]): number | undefined {
  const kept = Array.from(table[0]!.keys()).filter((i) => table[0]![i]! + table[1]![i]! > 0);
  const columns = table.map((row) => Float64Array.from(kept, (i) => row[i]!));
  if (kept.length < 2) return 0;
  const test = chiSquareIndependence(columns);
  if (!test) return undefined;
  const n = columns.reduce((sum, row) => sum + row.reduce((own, value) => own + value, 0), 0);
  const [r, k] = [2, kept.length];
  const phi = Math.max(0, test.statistic / n - ((k - 1) * (r - 1)) / (n - 1));
  const least = Math.min(k - (k - 1) ** 2 / (n - 1), r - (r - 1) ** 2 / (n - 1)) - 1;
  return Math.sqrt(phi / least);
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

const nannymlSource = 'nannyml.readthedocs.io, univariate drift detection';
const frourosSource = 'Céspedes Sisniega and López García, SoftwareX 26 (2024)';
const deepchecksSource = 'docs.deepchecks.com, drift user guide';

export const otherDriftDefinitions: readonly MeasureDefinition[] = [
  definition(
    'jensen_shannon',
    'nannyml',
    '√JSD in base 2 over Doane bins of the reference, outside mass as one bin',
    '[0, 1]',
    nannymlSource,
    over(nannymlShares, (p, q) => jensenShannon(p, q, 2)),
    { differs: 'jensenshannon@evidently: nats, pooled Sturges bins' },
  ),
  definition(
    'hellinger',
    'nannyml',
    '‖√p − √q‖ / √2 over the same bins',
    '[0, 1]',
    nannymlSource,
    over(nannymlShares, hellinger),
  ),
  definition(
    'wasserstein',
    'nannyml',
    '∫ |F − G|, in the units of the column',
    '[0, ∞)',
    nannymlSource,
    samples((a, b) => cdfDistance(a, b, 1)),
    { differs: 'from 10,000 reference rows nannyml itself approximates over 10,000 bins; ours stays exact' },
  ),
  definition(
    'kolmogorov_smirnov',
    'nannyml',
    'sup |F − G|',
    '[0, 1]',
    nannymlSource,
    samples((a, b) => ks2Sample(a, b, 'asymp').statistic),
    { differs: 'above 10,000 reference rows nannyml itself bins; ours stays exact' },
  ),
  definition(
    'l_infinity',
    'nannyml',
    'max |p − q| over values',
    '[0, 1]',
    nannymlSource,
    over(byValue, largestDifference),
  ),
  definition(
    'chi2',
    'nannyml',
    'χ² of the 2 × k table, Yates’s correction at one degree of freedom',
    '[0, ∞)',
    nannymlSource,
    (inputs) => {
      const { a, b, n } = valueCounts(inputs);
      return answer(chiSquareIndependence([a, b])?.statistic, { n }, 'zero-margin');
    },
  ),
  definition(
    'psi',
    'frouros',
    'Σ (q − p) ln(q / p) over ten equal bins of the pooled range; a share of 0 is 2.2e-308',
    '[0, ∞)',
    frourosSource,
    over(frourosShares, (p, q) =>
      psi(
        p.map((v) => (v === 0 ? smallestNormal : v)),
        q.map((v) => (v === 0 ? smallestNormal : v)),
      ),
    ),
    { arguments: sampleArguments, differs: 'an empty bin on one side makes it explode; psi@evidently fills with 1e-4' },
  ),
  definition(
    'hellinger_distance',
    'frouros',
    '‖√p − √q‖ / √2 over ten equal bins',
    '[0, 1]',
    frourosSource,
    over(frourosShares, hellinger),
    { arguments: sampleArguments },
  ),
  definition(
    'bhattacharyya_distance',
    'frouros',
    '1 − Σ √(p q) over ten equal bins',
    '[0, 1]',
    frourosSource,
    over(frourosShares, (p, q) => 1 - p.reduce((sum, value, i) => sum + Math.sqrt(value * q[i]!), 0)),
    { arguments: sampleArguments, differs: 'not −ln of the coefficient, as elsewhere' },
  ),
  definition(
    'hi_normalized_complement',
    'frouros',
    '1 − Σ min(p, q) over ten equal bins',
    '[0, 1]',
    frourosSource,
    over(frourosShares, (p, q) => 1 - p.reduce((sum, value, i) => sum + Math.min(value, q[i]!), 0)),
    { arguments: sampleArguments },
  ),
  definition(
    'emd',
    'frouros',
    '∫ |F − G|',
    '[0, ∞)',
    frourosSource,
    samples((a, b) => cdfDistance(a, b, 1)),
    { arguments: sampleArguments },
  ),
  definition('energy_distance', 'frouros', '√2 (∫ (F − G)²)^½', '[0, ∞)', frourosSource, samples(energyDistance), {
    arguments: sampleArguments,
  }),
  definition(
    'psi',
    'deepchecks',
    'Σ (p − q) ln(p / q) over values, those under 1 % of the reference as one; shares floored at 0.01',
    '[0, ∞)',
    deepchecksSource,
    over(deepchecksShares, (p, q) =>
      psi(
        p.map((v) => Math.max(v, 0.01)),
        q.map((v) => Math.max(v, 0.01)),
      ),
    ),
    { arguments: [...sampleArguments, kindArgument, rareArgument] },
  ),
  definition(
    'cramers_v',
    'deepchecks',
    'bias-corrected Cramér’s V, the larger sample scaled down and rounded; with balance_classes every value weighs the same',
    '[0, 1]',
    'Bergsma, J. Korean Stat. Soc. 42 (2013); docs.deepchecks.com, drift user guide',
    (inputs) => {
      const evenly = inputs.flag('balance_classes', false);
      const { a, b, na, nb, n } = evenly ? valueCounts(inputs) : withoutRare(inputs);
      if (na === 0 || nb === 0) return empty;
      return answer(correctedV((evenly ? balanced : sameSize)(a, b, na, nb)), { n }, 'zero-margin');
    },
    {
      arguments: [...sampleArguments, kindArgument, rareArgument, balanceArgument],
      differs:
        'cramers_v@scipy is uncorrected; balanced, of unequal sizes of which the smaller is divisible by the number of values, deepchecks may lose a row a value by rounding, as the order of a Python set has it',
    },
  ),
  definition(
    'earth_movers_distance',
    'deepchecks',
    '∫ |F − G| after each sample is cut to its central 95 % and both are scaled by their pooled range',
    '[0, 1]',
    deepchecksSource,
    samples(scaledEarthMovers),
    { differs: 'wasserstein_distance@scipy: neither cut nor scaled' },
  ),
  definition(
    'ks',
    'deepchecks',
    'sup |F − G|',
    '[0, 1]',
    deepchecksSource,
    samples((a, b) => ks2Sample(a, b, 'asymp').statistic),
  ),
];
