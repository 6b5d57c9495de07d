import { smoothedShares } from '../../drift/automatic-bins.js';
import { equalEdges } from '../../drift/bins.js';
import { jensenShannon } from '../../drift/distances.js';
import { baumgartnerWeissSchindler } from '../../significance/bws.js';
import { kuiperSf } from '../../significance/kuiper.js';
import { ordered } from '../../significance/ordered.js';
import { ks2Sample } from '../../significance/two-samples.js';
import { answer } from '../definition.js';
import type { Answer, ArgumentDefinition, MeasureDefinition } from '../definition.js';
import type { Inputs } from '../inputs.js';
import { numericSamples, resultArgument } from '../sample-inputs.js';
import { twoSampleMeasures } from '../two-sample-measures.js';

/** frouros 0.9.0: the distances over smoothed shares, and two tests whose numbers are not those of their names elsewhere. */
const empty: Answer = { undefined: 'empty-sample', n: 0 };
const mostPoints = 100_000;

const pointsArgument: ArgumentDefinition = {
  name: 'num_bins',
  type: 'number',
  required: false,
  default: 10,
  description: `points that bound the bins, 2 to ${mostPoints.toLocaleString('en')}: ten points are nine bins`,
};
const baseArgument: ArgumentDefinition = {
  name: 'base',
  type: 'number',
  required: false,
  description: 'of the logarithm, above 1; default: e',
};

const samples =
  (compute: (inputs: Inputs, a: Float64Array, b: Float64Array, n: number) => Answer) =>
  (inputs: Inputs): Answer => {
    const { a, b, n } = numericSamples(inputs);
    return a.length === 0 || b.length === 0 ? empty : compute(inputs, a, b, n);
  };

/** Both samples' shares in the bins; undefined where every value is the same. @throws InputError `RangeTooWide`, `WrongArgument` */
function smoothed(inputs: Inputs, a: Float64Array, b: Float64Array): { p: Float64Array; q: Float64Array } | undefined {
  const points = inputs.integer('num_bins', 10);
  if (points < 2 || points > mostPoints)
    throw inputs.wrong('num_bins', `an integer from 2 to ${mostPoints.toLocaleString('en')}`);
  const [x, y] = [ordered(a), ordered(b)];
  const [low, high] = [Math.min(x[0]!, y[0]!), Math.max(x.at(-1)!, y.at(-1)!)];
  if (low === high) return undefined;
  const edges = equalEdges(low, high, points - 1);
  return { p: smoothedShares(a, edges), q: smoothedShares(b, edges) };
}

/** Σ c ln(c / r), the shares as they are: what a density puts outside is not made good. */
function relativeEntropy(c: Float64Array, r: Float64Array): number {
  return c.reduce((sum, value, i) => sum + (value > 0 ? value * Math.log(value / r[i]!) : 0), 0);
}

const smoothing =
  'over num_bins − 1 equal bins of the pooled range; shares from a density that is flat within each sample’s own bins (numpy auto)';

const library = { profile: 'frouros', version: '0.9.0', module: 'frouros.detectors.data_drift' };

export const frourosMoreDefinitions: readonly MeasureDefinition[] = twoSampleMeasures(library, [
  {
    name: 'js',
    reference: 'JS',
    formula: `√JSD in nats ${smoothing}`,
    range: '[0, √ln 2]; in base b [0, √log_b 2]',
    source: 'Lin, IEEE Trans. Inf. Theory 37 (1991)',
    undefinedCases: ['constant: every value of both sides is the same'],
    differs:
      'jensenshannon@evidently: pooled Sturges bins, counted; jensen_shannon@nannyml: base 2, Doane bins of the reference; psi@frouros and hellinger_distance@frouros count in ten bins',
    arguments: [pointsArgument, baseArgument],
    compute: samples((inputs, a, b, n) => {
      const base = inputs.number('base', Math.E);
      if (!(base > 1)) throw inputs.wrong('base', 'above 1');
      const found = smoothed(inputs, a, b);
      return answer(found && jensenShannon(found.p, found.q, base), { n }, 'constant');
    }),
  },
  {
    name: 'kl',
    reference: 'KL',
    formula: `Σ c ln(c / r), current from reference, ${smoothing}`,
    range: 'about [0, ∞); 0 where every value is the same',
    source: 'Kullback and Leibler 1951',
    undefinedCases: ['infinite: the reference has nothing where the current data has something'],
    differs: 'kl_div@evidently: reference from current, filled, normalised; entropy@scipy: normalised',
    arguments: [pointsArgument],
    compute: samples((inputs, a, b, n) => {
      const found = smoothed(inputs, a, b);
      return answer(found ? relativeEntropy(found.q, found.p) : 0, { n });
    }),
  },
  {
    name: 'kuiper_test',
    reference: 'KuiperTest',
    formula: 'max(D⁺, D⁻) = sup |F − G|, and Kuiper’s tail at it for N = n m / (n + m)',
    range: '[0, 1]; far out p may end 1e-6 below 0, as the expansion does',
    source: 'Kuiper 1960; Stephens, Biometrika 52 (1965); Paltani, A&A 420 (2004)',
    undefinedCases: ['below-range: no p where the statistic is under 1/N, which Kuiper’s never is'],
    differs:
      'Kuiper’s V is D⁺ + D⁻: frouros takes the larger of the two, so its p is too large; kuiper_test@assay has V; below 1/N frouros prints NaN, or a p of up to 2',
    arguments: [resultArgument],
    compute: samples((inputs, a, b, n) => {
      const which = inputs.oneOf('result', ['statistic', 'pvalue'], 'statistic');
      const { statistic } = ks2Sample(a, b, 'asymp');
      return which === 'statistic'
        ? answer(statistic, { n })
        : answer(kuiperSf(statistic, (a.length * b.length) / n), { n }, 'below-range');
    }),
  },
  {
    name: 'bws_test',
    reference: 'BWSTest',
    formula: 'mean over both samples of (rank − expected rank)² / its variance',
    range: '[0, ∞)',
    source: 'Baumgartner, Weiß and Schindler, Biometrics 54 (1998)',
    undefinedCases: ['too-few: fewer than two values on a side'],
    differs: 'frouros’s p is drawn (9,999 permutations) and not offered: of its draws no two agree',
    compute: samples((_inputs, a, b, n) => answer(baumgartnerWeissSchindler(a, b), { n }, 'too-few')),
  },
]);
