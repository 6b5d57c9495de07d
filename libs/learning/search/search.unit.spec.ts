import { describe, expect, test } from '@jest/globals';
import { Generator } from '#libs/statistics';
import { bayesianSearch, logImprovement } from './bayesian.js';
import { fitGaussianProcess } from './gaussian-process.js';
import { geneticSearch, gridSearch, randomSearch, rungsOf, successiveHalving } from './simple.js';
import { Space } from './space.js';
import type { Parameters } from './space.js';
import type { Observation, Strategy } from './strategy.js';
import { normaliseLosses } from './warping.js';

const square: Parameters = {
  x: { type: 'real', low: -1, high: 1 },
  y: { type: 'real', low: 1e-4, high: 1, scale: 'log' },
};
const mixed: Parameters = {
  rate: { type: 'real', low: 1e-5, high: 10, scale: 'log' },
  depth: { type: 'integer', low: 2, high: 6 },
  kernel: { type: 'choice', values: ['a', 'b', 'c'] },
  hiddenLayers: { type: 'layers', depth: [1, 3], width: [4, 64] },
};
const space = new Space([{ parameters: square }]);

/** Smallest at x = 0.3, y = 0.01. */
const bowl = ({ x, y }: Record<string, unknown>): number =>
  ((x as number) - 0.3) ** 2 + (Math.log10(y as number) + 2) ** 2 / 4;

function run(strategy: Strategy, trials: number, loss = bowl, own = space, ended: Observation[] = []): Observation[] {
  while (ended.length < trials) {
    const proposal = strategy.propose(ended);
    if (!proposal) break;
    const { family, unit, fraction } = proposal;
    ended.push({ family, unit: [...unit], fraction, loss: loss(own.decode(family, unit)) });
  }
  return ended;
}
const least = (ended: readonly Observation[]): number => Math.min(...ended.map(({ loss }) => loss!));

describe('a space', () => {
  test('decodes within its bounds, and equal candidates are equal points', () => {
    const all = new Space([{ parameters: mixed }]);
    const random = new Generator(1);
    const depths = new Set<number>();
    for (let i = 0; i < 300; i += 1) {
      const { family, unit } = all.draw(random);
      const value = all.decode(family, unit) as { rate: number; depth: number; kernel: string; hiddenLayers: number[] };
      expect(value.rate).toBeGreaterThanOrEqual(1e-5);
      expect(value.rate).toBeLessThanOrEqual(10);
      expect([2, 3, 4, 5, 6]).toContain(value.depth);
      expect(['a', 'b', 'c']).toContain(value.kernel);
      depths.add(value.hiddenLayers.length);
      expect(value.hiddenLayers.every((units) => Number.isInteger(units) && units >= 4 && units <= 64)).toBe(true);
      expect([...all.snap(family, unit)]).toEqual([...unit]);
      expect(all.decode(family, all.perturb(family, unit, 0.1, 0.5, random))).toBeDefined();
    }
    expect([...depths].sort()).toEqual([1, 2, 3]);
  });

  test.each<[string, string, Parameters[]]>([
    ['no families', 'EmptySpace', []],
    ['one family without parameters', 'EmptySpace', [{}]],
    ['low above high', 'SearchSpace', [{ x: { type: 'real', low: 2, high: 1 } }]],
    ['zero on a log scale', 'SearchSpace', [{ x: { type: 'real', low: 0, high: 1, scale: 'log' } }]],
    ['infinite bounds', 'SearchSpace', [{ x: { type: 'real', low: 0, high: Infinity } }]],
    ['no values', 'SearchSpace', [{ x: { type: 'choice', values: [] } }]],
    ['no layers', 'SearchSpace', [{ x: { type: 'layers', depth: [0, 2], width: [1, 4] } }]],
    ['half integers', 'SearchSpace', [{ x: { type: 'integer', low: 0.5, high: 3 } }]],
  ])('refuses %s as %s', (_, code, families) => {
    expect(() => new Space(families.map((parameters) => ({ parameters })))).toThrow(expect.objectContaining({ code }));
  });
});

describe('strategies', () => {
  test('a grid holds every combination once, its ends too', () => {
    const all = new Space([
      { parameters: { x: { type: 'real', low: 0, high: 1, points: 3 }, k: { type: 'choice', values: ['a', 'b'] } } },
      { parameters: { n: { type: 'integer', low: 1, high: 4, points: 4 } } },
    ]);
    const strategy = gridSearch(all);
    const ended = run(strategy, 1000, () => 0, all);
    expect(ended).toHaveLength(10);
    expect(strategy.trials).toBe(10);
    const seen = ended.map(({ family, unit }) => JSON.stringify(all.decode(family, unit)));
    expect(new Set(seen).size).toBe(10);
    expect(seen.slice(0, 2)).toEqual(['{"x":0,"k":"a"}', '{"x":0,"k":"b"}']);
    expect(seen.slice(6)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}', '{"n":4}']);
  });

  test.each<[string, (seed: number) => Strategy]>([
    ['random', (seed) => randomSearch(space, seed)],
    ['bayesian, expected improvement', (seed) => bayesianSearch(space, seed, {})],
    [
      'bayesian, upper confidence bound',
      (seed) => bayesianSearch(space, seed, { acquisition: 'upper_confidence_bound' }),
    ],
    ['genetic', (seed) => geneticSearch(space, seed, { population: 5 })],
    ['halving', (seed) => successiveHalving(space, seed, { configurations: 9 })],
  ])(
    '%s: goes on behind any of its trials as if it had never stopped; another seed is another search',
    (_, strategy) => {
      const whole = run(strategy(7), 10);
      for (const stop of [3, 8]) {
        const read = JSON.parse(JSON.stringify(whole.slice(0, stop))) as Observation[];
        expect(run(strategy(7), 10, bowl, space, read)).toEqual(whole);
      }
      expect(run(strategy(8), 3)).not.toEqual(whole.slice(0, 3));
    },
  );

  test('Bayesian search finds the bottom, where random search is far', () => {
    for (const acquisition of ['expected_improvement', 'upper_confidence_bound'] as const)
      expect(least(run(bayesianSearch(space, 1, { acquisition }), 16))).toBeLessThan(3e-3);
    expect(least(run(randomSearch(space, 1), 16))).toBeGreaterThan(3e-3);
  });

  test('genetic search gets better from generation to generation', () => {
    const ended = run(geneticSearch(space, 3, {}), 100);
    const of = (generation: number): number => {
      const own = ended.slice(generation * 10, generation * 10 + 10).map(({ loss }) => loss!);
      return own.reduce((sum, value) => sum + value, 0) / 10;
    };
    expect(of(9)).toBeLessThan(of(0) / 4);
    expect(least(ended)).toBeLessThan(0.01);
  });

  test('halving gives ever fewer ever more rows, the best of each rung', () => {
    expect(rungsOf({ configurations: 9 })).toEqual([
      { count: 9, fraction: 1 / 9 },
      { count: 3, fraction: 1 / 3 },
      { count: 1, fraction: 1 },
    ]);
    expect(rungsOf({ configurations: 16, reduction: 4, minimumFraction: 0.25 }).map(({ count }) => count)).toEqual([
      16, 4,
    ]);
    const ended = run(successiveHalving(space, 2, { configurations: 9 }), 100);
    expect(ended.map(({ fraction }) => fraction)).toEqual([...Array(9).fill(1 / 9), ...Array(3).fill(1 / 3), 1]);
    expect(ended.at(-1)!.loss).toBe(least(ended));
  });

  test('families are searched together, and one that always fails does not stop it', () => {
    const families = new Space([
      { parameters: { x: { type: 'real', low: -1, high: 1 } } },
      { parameters: mixed },
      { parameters: {} },
    ]);
    const ended: Observation[] = [];
    const strategy = bayesianSearch(families, 4, {});
    for (let trial = 0; trial < 16; trial += 1) {
      const { family, unit, fraction } = strategy.propose(ended)!;
      const value = families.decode(family, unit) as { x?: number };
      const loss = family === 0 ? { loss: (value.x! - 0.5) ** 2 } : family === 2 ? { loss: 3 } : {};
      ended.push({ family, unit: [...unit], fraction, ...loss });
    }
    expect(least(ended.filter(({ loss }) => loss !== undefined))).toBeLessThan(1e-3);
  });
});

describe('the Gaussian process', () => {
  const points = Array.from({ length: 12 }, (_, i) => Float64Array.of(i / 11, ((i * 5) % 12) / 11));
  const values = Float64Array.from(points, ([x]) => Math.sin(6 * x!));

  test('goes through its points, doubts between them, and sees which coordinate matters', () => {
    const model = fitGaussianProcess(points, values);
    points.forEach((point, i) => expect(model.predict(point).mean).toBeCloseTo(values[i]!, 2));
    expect(model.predict([0.5, 0.5]).deviation).toBeGreaterThan(model.predict(points[3]!).deviation);
    expect(model.lengthScales[1]!).toBeGreaterThan(2 * model.lengthScales[0]!);
  });

  test('is a conditional normal distribution: two points by hand', () => {
    const model = fitGaussianProcess([Float64Array.of(0.2), Float64Array.of(0.8)], Float64Array.of(-1, 1));
    const [ell] = model.lengthScales as unknown as [number];
    const k = (d: number): number => {
      const r = (Math.sqrt(5) * Math.abs(d)) / ell;
      return model.signalVariance * (1 + r + (r * r) / 3) * Math.exp(-r);
    };
    const [a, b] = [model.signalVariance + model.noiseVariance, k(0.6)];
    const [u, v] = [k(0.1), k(0.5)];
    const determinant = a * a - b * b;
    const weights = [(u * a - v * b) / determinant, (v * a - u * b) / determinant] as const;
    const { mean, deviation } = model.predict([0.3]);
    expect(mean).toBeCloseTo(weights[1] - weights[0], 10);
    expect(deviation ** 2).toBeCloseTo(model.signalVariance - weights[0] * u - weights[1] * v, 10);
  });

  test('holds repeated points and equal values', () => {
    const twice = [...points, ...points];
    expect(fitGaussianProcess(twice, Float64Array.from([...values, ...values])).predict([0.1, 0.1]).mean).toBeDefined();
    const flat = fitGaussianProcess(points, new Float64Array(12).fill(4)).predict([0.4, 0.1]);
    expect(flat.mean).toBeCloseTo(4, 6);
    expect(Number.isFinite(flat.deviation)).toBe(true);
  });

  test('log expected improvement joins its two forms and follows the integral', () => {
    expect(logImprovement(0)).toBeCloseTo(Math.log(1 / Math.sqrt(2 * Math.PI)), 12);
    // ∫ max(z − t, 0) φ(t) dt by the midpoint rule.
    for (const z of [1.5, -1, -4]) {
      let sum = 0;
      for (let i = 0; i < 4_000; i += 1) {
        const gap = ((i + 0.5) / 4_000) * 12;
        sum += (gap * Math.exp(-((z - gap) ** 2) / 2) * 12) / 4_000 / Math.sqrt(2 * Math.PI);
      }
      expect(logImprovement(z)).toBeCloseTo(Math.log(sum), 4);
    }
    expect(Math.abs(logImprovement(-6 + 1e-9) - logImprovement(-6 - 1e-9))).toBeLessThan(1e-3);
    expect(Number.isFinite(logImprovement(-200))).toBe(true);
  });

  test('warping keeps the order of losses', () => {
    const losses = Float64Array.of(1e6, 3, 2, 50, 1000, 2.5);
    const warped = normaliseLosses(losses);
    const order = (own: Float64Array): number[] => [...own.keys()].sort((a, b) => own[a]! - own[b]!);
    expect(order(warped)).toEqual(order(losses));
    expect(Math.max(...warped)).toBeLessThan(3);
    expect([...normaliseLosses(new Float64Array(5).fill(2))]).toEqual([0, 0, 0, 0, 0]);
  });
});
