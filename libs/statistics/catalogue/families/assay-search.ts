import { InputError } from '../../errors.js';
import { answer } from '../definition.js';
import type { ArgumentDefinition, MeasureDefinition } from '../definition.js';
import type { Inputs } from '../inputs.js';

/** What a trained model is worth for what it costs. Numbers come as arguments, from `run.json` and `trials.jsonl`. */
const own = {
  profile: 'assay',
  version: '1',
  family: 'model-selection',
  files: 0 as const,
  source: 'ours',
};

const number = (name: string, description: string, fallback?: number): ArgumentDefinition => ({
  name,
  type: 'number',
  required: fallback === undefined,
  ...(fallback === undefined ? {} : { default: fallback }),
  description,
});

const accuracy = number('accuracy', 'share of right answers, or another score in [0, 1]');
const latency = number('latency', 'milliseconds of one prediction');
const resources = number('resources', 'processor seconds of the run');
const speed = number('speed', 'predictions a second');
const complexity = number('complexity', 'in [0, 1], as model_complexity@assay');
const interpretability = number('interpretability', 'in [0, 1]; 1: every decision can be followed by hand');

/** @throws InputError `WrongArgument` */
function share(inputs: Inputs, name: string, fallback?: number): number {
  const value = inputs.number(name, fallback);
  if (!(value >= 0 && value <= 1)) throw inputs.wrong(name, 'a number in [0, 1]');
  return value;
}

/** @throws InputError `WrongArgument` */
function atLeastZero(inputs: Inputs, name: string, fallback?: number): number {
  const value = inputs.number(name, fallback);
  if (value < 0) throw inputs.wrong(name, 'a number ≥ 0');
  return value;
}

/** Weights over their sum. @throws InputError `WrongArgument` */
function weightsOf(inputs: Inputs, names: readonly (readonly [string, number])[]): number[] {
  const weights = names.map(([name, fallback]) => atLeastZero(inputs, name, fallback));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total === 0)
    throw new InputError('WrongArgument', 'the weights are all 0', { field: names[0]![0], rule: 'some weight > 0' });
  return weights.map((weight) => weight / total);
}

export const assaySearchDefinitions: readonly MeasureDefinition[] = [
  {
    ...own,
    name: 'performance_metric',
    arguments: [
      accuracy,
      latency,
      resources,
      number('referenceLatency', 'milliseconds at which the latency’s part is one half', 1),
      number('referenceResources', 'processor seconds at which the resources’ part is one half', 60),
      number('accuracyWeight', 'weight', 2),
      number('latencyWeight', 'weight', 1),
      number('resourcesWeight', 'weight', 1),
    ],
    formula: '(w₁ accuracy + w₂ L₀ / (L₀ + latency) + w₃ R₀ / (R₀ + resources)) / (w₁ + w₂ + w₃)',
    range: '[0, 1]',
    undefinedCases: ['zero-denominator: a reference and its measurement are both 0'],
    compute(inputs) {
      const [first, second, third] = weightsOf(inputs, [
        ['accuracyWeight', 2],
        ['latencyWeight', 1],
        ['resourcesWeight', 1],
      ]) as [number, number, number];
      const half = (reference: string, fallback: number, name: string): number => {
        const at = atLeastZero(inputs, reference, fallback);
        return at / (at + atLeastZero(inputs, name));
      };
      const value =
        first * share(inputs, 'accuracy') +
        second * half('referenceLatency', 1, 'latency') +
        third * half('referenceResources', 60, 'resources');
      return answer(value, { n: 1 });
    },
  },
  {
    ...own,
    name: 'optimisation_score',
    arguments: [accuracy, resources, speed],
    formula: 'accuracy / resources × speed',
    range: '[0, ∞)',
    undefinedCases: ['zero-denominator: resources is 0'],
    compute: (inputs) => {
      const used = atLeastZero(inputs, 'resources');
      const value = (share(inputs, 'accuracy') / used) * atLeastZero(inputs, 'speed');
      return answer(used === 0 ? undefined : value, { n: 1, denominator: used });
    },
  },
  {
    ...own,
    name: 'performance_index',
    arguments: [speed, resources],
    formula: 'speed / resources',
    range: '[0, ∞)',
    undefinedCases: ['zero-denominator: resources is 0'],
    compute: (inputs) => {
      const used = atLeastZero(inputs, 'resources');
      const value = atLeastZero(inputs, 'speed') / used;
      return answer(used === 0 ? undefined : value, { n: 1, denominator: used });
    },
  },
  {
    ...own,
    name: 'random_search_efficiency',
    arguments: [
      { name: 'values', type: 'numbers', required: true, description: 'score of each trial' },
      number('tolerance', 'share of the span from worst to best', 0.05),
      { name: 'direction', type: 'text', required: false, default: 'maximize', description: 'maximize or minimize' },
    ],
    formula: 'share of trials whose score lies within tolerance × (best − worst) of the best',
    range: '(0, 1]',
    undefinedCases: ['empty-sample: no trial'],
    source:
      'ours; with a share s a search of ln 0.05 / ln(1 − s) draws finds such a trial with probability 0.95 (Bergstra and Bengio 2012)',
    compute(inputs) {
      const sign = inputs.oneOf('direction', ['maximize', 'minimize'], 'maximize') === 'maximize' ? 1 : -1;
      const values = inputs.numbers('values').map((value) => sign * value);
      if (values.length === 0) return { undefined: 'empty-sample', n: 0 };
      const best = values.reduce((a, b) => Math.max(a, b));
      const worst = values.reduce((a, b) => Math.min(a, b));
      const bound = best - share(inputs, 'tolerance', 0.05) * (best - worst);
      const near = values.filter((value) => value >= bound).length;
      return answer(near / values.length, { n: values.length, denominator: values.length });
    },
  },
  {
    ...own,
    name: 'model_complexity',
    arguments: [
      number('parameters', 'constants in the model file'),
      number('reference', 'parameters of complexity 1', 1e6),
    ],
    formula: 'min(1, ln(1 + parameters) / ln(1 + reference))',
    range: '[0, 1]',
    undefinedCases: ['zero-denominator: reference is 0'],
    compute: (inputs) => {
      const reference = Math.log1p(atLeastZero(inputs, 'reference', 1e6));
      const value = Math.min(1, Math.log1p(atLeastZero(inputs, 'parameters')) / reference);
      return answer(reference === 0 ? undefined : value, { n: 1 });
    },
  },
  {
    ...own,
    name: 'algorithm_suitability',
    arguments: [
      accuracy,
      complexity,
      interpretability,
      number('accuracyWeight', 'weight', 2),
      number('complexityWeight', 'weight', 1),
      number('interpretabilityWeight', 'weight', 1),
    ],
    formula: '(w₁ accuracy + w₂ (1 − complexity) + w₃ interpretability) / (w₁ + w₂ + w₃)',
    range: '[0, 1]',
    undefinedCases: [],
    compute(inputs) {
      const [first, second, third] = weightsOf(inputs, [
        ['accuracyWeight', 2],
        ['complexityWeight', 1],
        ['interpretabilityWeight', 1],
      ]) as [number, number, number];
      const value =
        first * share(inputs, 'accuracy') +
        second * (1 - share(inputs, 'complexity')) +
        third * share(inputs, 'interpretability');
      return answer(value, { n: 1 });
    },
  },
];
