import { Adwin, Ddm, Eddm, Kswin, PageHinkley } from '../../streaming/detectors.js';
import type { Detector } from '../../streaming/detectors.js';
import { numbersOf } from '../inputs.js';
import type { Inputs } from '../inputs.js';
import type { ArgumentDefinition, MeasureDefinition } from '../definition.js';
import { answer } from '../definition.js';

/** River 0.26.1, `river.drift`: detectors over a stream of values, in file order. The value is where drift is found. */
const version = '0.26.1';
const stream: readonly ArgumentDefinition[] = [
  { name: 'column', type: 'column', required: false, description: 'the values, in order' },
  { name: 'values', type: 'numbers', required: false, description: 'the values, where no file is given' },
  {
    name: 'result',
    type: 'text',
    required: false,
    default: 'first',
    description: 'first (index from 0), count, or last',
  },
];

const number = (name: string, fallback: number, description: string): ArgumentDefinition => ({
  name,
  type: 'number',
  required: false,
  default: fallback,
  description,
});

function definition(
  name: string,
  formula: string,
  source: string,
  own: readonly ArgumentDefinition[],
  make: (inputs: Inputs) => Detector,
  differs?: string,
): MeasureDefinition {
  return {
    name,
    profile: 'river',
    version,
    family: 'streaming-drift',
    files: 1,
    arguments: [...stream, ...own],
    formula,
    range: '0, 1, 2, …',
    undefinedCases: ['no-drift: nothing was found (first, last)'],
    source,
    reference: `river.drift.${name}`,
    differs,
    compute(inputs) {
      const values = inputs.tables.length > 0 ? numbersOf(inputs.column('column')) : inputs.numbers('values');
      const detector = make(inputs);
      const found: number[] = [];
      values.forEach((value, i) => {
        if (detector.update(value)) found.push(i);
      });
      const which = inputs.oneOf('result', ['first', 'count', 'last'], 'first');
      if (which === 'count') return answer(found.length, { n: values.length });
      return answer(which === 'first' ? found[0] : found.at(-1), { n: values.length }, 'no-drift');
    },
  };
}

export const riverDefinitions: readonly MeasureDefinition[] = [
  definition(
    'adwin',
    'two parts of the window differ by more than √(2 m v d) + ⅔ d m',
    'Bifet and Gavaldà, SDM 2007',
    [
      number('delta', 0.002, 'confidence'),
      number('clock', 32, 'values between checks'),
      number('max_buckets', 5, 'buckets a level'),
      number('min_window_length', 5, 'values in a part'),
      number('grace_period', 10, 'values before the first check'),
    ],
    (inputs) =>
      new Adwin(
        inputs.number('delta', 0.002),
        inputs.integer('clock', 32),
        inputs.integer('max_buckets', 5),
        inputs.integer('min_window_length', 5),
        inputs.integer('grace_period', 10),
      ),
  ),
  definition(
    'ddm',
    'p + s > p_min + 3 s_min over a stream of errors (1) and hits (0)',
    'Gama et al., SBIA 2004',
    [number('warm_start', 30, 'values before the first'), number('drift_threshold', 3, 'standard deviations')],
    (inputs) => new Ddm(inputs.integer('warm_start', 30), inputs.number('drift_threshold', 3)),
  ),
  definition(
    'eddm',
    '(p′ + 2 s′) / max < 0.9, over distances between errors',
    'Baena-García et al. 2006',
    [number('warm_start', 30, 'errors before the first'), number('beta', 0.9, 'drift level')],
    (inputs) => new Eddm(inputs.integer('warm_start', 30), inputs.number('beta', 0.9)),
  ),
  definition(
    'kswin',
    'the last stat_size values against as many drawn from the rest of the window: p ≤ alpha of the Kolmogorov-Smirnov test and D > 0.1',
    'Raab, Heusinger and Schleif, Neurocomputing 416 (2020)',
    [
      number('alpha', 0.005, 'significance'),
      number('window_size', 100, 'values in the window'),
      number('stat_size', 30, 'values that are compared, at most half of the window'),
      number('seed', 0, 'of the draw'),
    ],
    (inputs) => {
      const [size, own] = [inputs.integer('window_size', 100), inputs.integer('stat_size', 30)];
      if (size < 2 || size > 100_000) throw inputs.wrong('window_size', 'an integer from 2 to 100,000');
      if (own < 1 || own * 2 > size) throw inputs.wrong('stat_size', 'an integer from 1 to half of window_size');
      const seed = inputs.integer('seed', 0);
      if (seed < 0 || seed >= 2 ** 32) throw inputs.wrong('seed', 'an integer in [0, 2^32)');
      return new Kswin(inputs.number('alpha', 0.005), size, own, seed);
    },
    'River draws with Python’s random.sample (without a seed: differently each time); with a seed the drift is found at the same value',
  ),
  definition(
    'page_hinkley',
    'S − min S > λ (or max − S), S ← α S + x − mean ∓ δ',
    'Page 1954',
    [
      number('min_instances', 30, 'values before the first'),
      number('delta', 0.005, 'tolerated change'),
      number('threshold', 50, 'λ'),
      number('alpha', 0.9999, 'forgetting'),
      { name: 'mode', type: 'text', required: false, default: 'both', description: 'up, down or both' },
    ],
    (inputs) =>
      new PageHinkley(
        inputs.integer('min_instances', 30),
        inputs.number('delta', 0.005),
        inputs.number('threshold', 50),
        inputs.number('alpha', 0.9999),
        inputs.oneOf<'up' | 'down' | 'both'>('mode', ['up', 'down', 'both'], 'both'),
      ),
    'River’s release is two-sided by default, has no max(0, ·) and starts its maximum at −1',
  ),
];
