import { countInBins, quantileEdges, shares } from '../../drift/bins.js';
import { absoluteDifference, hellinger, jensenShannon, largestDifference, strictPsi } from '../../drift/distances.js';
import { kuiperSf } from '../../significance/kuiper.js';
import { ks2Sample } from '../../significance/two-samples.js';
import { answer } from '../definition.js';
import type { Answer, ArgumentDefinition, MeasureDefinition } from '../definition.js';
import type { Inputs } from '../inputs.js';
import {
  kindArgument,
  numericSamples,
  pairOf,
  resultArgument,
  sampleArguments,
  valueCounts,
} from '../sample-inputs.js';

/**
 * Our own drift profiles: bins are the deciles of the reference with open ends (values for texts), so that the edges are
 * fixed when a reference is registered and windows merge by adding counts.
 */
const bins: ArgumentDefinition = {
  name: 'bins',
  type: 'number',
  required: false,
  default: 10,
  description: 'equal-frequency bins of the reference',
};

function binned(inputs: Inputs): { p: Float64Array; q: Float64Array; n: number } | undefined {
  if (!pairOf(inputs).numeric) {
    const { a, b, na, nb, n } = valueCounts(inputs);
    return na === 0 || nb === 0 ? undefined : { p: shares(a, na), q: shares(b, nb), n };
  }
  const { a, b, n } = numericSamples(inputs);
  if (a.length === 0 || b.length === 0) return undefined;
  const count = inputs.integer('bins', 10);
  if (count < 2 || count > 10_000) throw inputs.wrong('bins', 'an integer from 2 to 10,000');
  const edges = quantileEdges(a, count);
  return { p: shares(countInBins(a, edges), a.length), q: shares(countInBins(b, edges), b.length), n };
}

function definition(
  name: string,
  formula: string,
  range: string,
  differs: string | undefined,
  compute: (p: Float64Array, q: Float64Array) => number,
): MeasureDefinition {
  return {
    name,
    profile: 'assay',
    version: '1',
    family: 'drift',
    files: 2,
    arguments: [...sampleArguments, kindArgument, bins],
    formula,
    range,
    undefinedCases: [
      'empty-sample: no value on one side',
      ...(name === 'psi' ? ['infinite: a bin is empty on one side only'] : []),
    ],
    source: 'ours; bins at the reference’s deciles (numpy’s linear quantiles), [a, b), open outwards',
    differs,
    compute(inputs): Answer {
      const found = binned(inputs);
      return found ? answer(compute(found.p, found.q), { n: found.n }) : { undefined: 'empty-sample', n: 0 };
    },
  };
}

export const assayDriftDefinitions: readonly MeasureDefinition[] = [
  definition(
    'psi',
    'Σ (p − q) ln(p / q) over the reference’s deciles, no fill',
    '[0, ∞)',
    'psi@evidently: Sturges bins of the pooled data, filled; psi@frouros: ten equal bins',
    strictPsi,
  ),
  definition(
    'drift_magnitude',
    'Σ |p − q|, twice the total variation',
    '[0, 2]',
    'tvd@evidently: half of it, over values',
    absoluteDifference,
  ),
  definition('total_variation', '½ Σ |p − q|', '[0, 1]', undefined, (p, q) => absoluteDifference(p, q) / 2),
  definition('l_infinity', 'max |p − q|', '[0, 1]', 'l_infinity@nannyml is over values only', largestDifference),
  definition('hellinger', '‖√p − √q‖ / √2', '[0, 1]', 'hellinger@evidently, hellinger@nannyml: other bins', hellinger),
  definition('jensenshannon', '√JSD in base 2', '[0, 1]', 'jensenshannon@evidently: nats, other bins', (p, q) =>
    jensenShannon(p, q, 2),
  ),
  {
    name: 'kuiper_test',
    profile: 'assay',
    version: '1',
    family: 'drift',
    files: 2,
    arguments: [...sampleArguments, resultArgument],
    formula: 'V = D⁺ + D⁻, and its p for N = n m / (n + m); p is 1 under 1/N',
    range: 'V in [0, 1], p in [0, 1]',
    undefinedCases: ['empty-sample: no value on one side'],
    source: 'Kuiper 1960; Stephens, Biometrika 52 (1965); Paltani, A&A 420 (2004)',
    differs: 'kuiper_test@frouros takes max(D⁺, D⁻) for V',
    compute(inputs): Answer {
      const { a, b, n } = numericSamples(inputs);
      if (a.length === 0 || b.length === 0) return { undefined: 'empty-sample', n: 0 };
      const gap = (side: 'less' | 'greater'): number => ks2Sample(a, b, 'asymp', side).statistic;
      const v = Math.max(0, gap('less')) + Math.max(0, gap('greater'));
      const which = inputs.oneOf('result', ['statistic', 'pvalue'], 'statistic');
      const p = kuiperSf(v, (a.length * b.length) / n) ?? 1;
      return answer(which === 'statistic' ? v : Math.min(1, Math.max(0, p)), { n });
    },
  },
  {
    name: 'model_drift',
    profile: 'assay',
    version: '1',
    family: 'performance-drift',
    files: 0,
    arguments: [
      { name: 'initial', type: 'number', required: true, description: 'the measure at release' },
      { name: 'current', type: 'number', required: true, description: 'the measure now' },
    ],
    formula: '|current − initial| / |initial|',
    range: '[0, ∞)',
    undefinedCases: ['zero-denominator: initial is 0'],
    source: 'ours',
    differs: 'a share, not a percentage; its sign is told beside it where it is reported',
    compute: (inputs) =>
      answer(Math.abs(inputs.number('current') - inputs.number('initial')) / Math.abs(inputs.number('initial')), {
        n: 1,
      }),
  },
];
