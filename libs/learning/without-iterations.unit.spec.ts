// Nearest neighbours, naive Bayes and k-means: goldens, promises, refusals.
import { describe, expect, test } from '@jest/globals';
import { assert, integer, property } from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '#libs/runtime';
import { Generator, InputError } from '#libs/statistics';
import type { Algorithm, TrainingSet } from './algorithm.js';
import { naiveBayes } from './bayes/naive-bayes.js';
import { kMeans, kMeansModel } from './clustering/k-means.js';
import { lloyd } from './clustering/lloyd.js';
import { kNearestNeighbours } from './neighbours/k-nearest-neighbours.js';
import { scoredByRuntime } from './onnx/scored-model.js';

interface Golden {
  algorithm: string;
  hyperparameters: Record<string, number | string>;
  width: number;
  values: number[];
  target: number[];
  classes: number;
  weights: number[] | null;
  outputs: number[];
  asked?: number[];
  initial?: number[];
  centres?: number[];
  inertia?: number;
}

const { cases } = JSON.parse(
  readFileSync(join(repositoryRoot(), 'test/peers/goldens/learning-trees.json'), 'utf8'),
) as { cases: Golden[] };
const context = { seed: 7, checkpoint: () => undefined };

const setOf = ({ values, target, width, classes, weights }: Golden): TrainingSet => ({
  rows: values.length / width,
  width,
  names: Array.from({ length: width }, (_, j) => `x${j}`),
  values: Float64Array.from(values, Math.fround),
  target: Float64Array.from(target),
  classes,
  ...(weights ? { weights: Float64Array.from(weights) } : {}),
});

const named = (algorithm: string): Golden[] => cases.filter((golden) => golden.algorithm === algorithm);

/**
 * Where columns lie at 5,000 ± 1 the references square them before they subtract: an error of 5,000² × 2^-52 × width, about
 * 2e-8, in a squared distance (more in the root of a small one), as much in a log-likelihood; ours subtract first.
 */
const bound = ({ values }: Golden): number => (Math.abs(values[0]!) > 1000 ? 1e-7 : 1e-9);

const near = (found: ArrayLike<number>, expected: readonly number[], relative: number): void =>
  expected.forEach((value, i) =>
    expect(Math.abs(found[i]! - value)).toBeLessThanOrEqual(relative * Math.max(1, Math.abs(value))),
  );

async function agrees(
  model: Parameters<typeof scoredByRuntime>[0] & { predict: Function },
  set: TrainingSet,
  allowed = 1e-6,
) {
  const expected = model.predict(set.values, set.rows) as Float64Array;
  const { scores } = await scoredByRuntime(model, set);
  expect(scores.length).toBe(expected.length);
  expected.forEach((value, i) =>
    expect(Math.abs(scores[i]! - value)).toBeLessThanOrEqual(allowed * Math.max(1, Math.abs(value))),
  );
}

const refused = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof InputError) return `${error.code} ${error.place.field ?? ''}`;
    throw error;
  }
  return 'nothing was refused';
};

describe('scikit-learn 1.9.1', () => {
  test.each(named('naive_bayes'))('naive Bayes $hyperparameters', async (golden) => {
    const set = setOf(golden);
    const model = naiveBayes.fit(set, { name: 'naive_bayes', ...golden.hyperparameters }, context);
    // scikit-learn adds a billionth of the variance without weights; ours weighs it, so that a row of weight 2 is two rows.
    const weighed = golden.weights && golden.hyperparameters['distribution'] === 'gaussian' ? 1e-8 : 0;
    near(model.predict(set.values, set.rows), golden.outputs, Math.max(weighed, bound(golden)));
    await agrees(model, set);
  });

  test.each(named('k_nearest_neighbours'))('neighbours $hyperparameters, $classes classes', async (golden) => {
    const set = setOf(golden);
    const model = kNearestNeighbours.fit(set, { name: 'k_nearest_neighbours', ...golden.hyperparameters }, context);
    const asked = Float64Array.from(golden.asked!, Math.fround);
    near(model.predict(asked, asked.length / set.width), golden.outputs, bound(golden));
    await agrees(model, { ...set, rows: asked.length / set.width, values: asked });
  });

  test.each(named('k_means'))('k-means from given centres', async (golden) => {
    const set = setOf(golden);
    const found = lloyd(set, Float64Array.from(golden.initial!, Math.fround), 500, () => undefined);
    near(found.centres, golden.centres!, 1e-9);
    expect(Math.abs(found.inertia / golden.inertia! - 1)).toBeLessThan(1e-9);
    const model = kMeansModel(found, set.width);
    near(model.predict(set.values, set.rows), golden.outputs, bound(golden));
    await agrees(model, set);
  });
});

const sample = (seed: number, rows = 60): TrainingSet => {
  const random = new Generator(seed);
  return {
    rows,
    width: 3,
    names: ['a', 'b', 'c'],
    values: Float64Array.from({ length: rows * 3 }, () => random.integer(9)),
    target: Float64Array.from({ length: rows }, (_, row) => row % 3),
    classes: 3,
  };
};

const repeat = (set: TrainingSet, weights: Float64Array): TrainingSet => {
  const copies = [...weights].flatMap((weight, row) => Array.from({ length: weight }, () => row));
  return {
    ...set,
    rows: copies.length,
    values: Float64Array.from(copies.flatMap((row) => [...set.values.subarray(row * 3, row * 3 + 3)])),
    target: Float64Array.from(copies, (row) => set.target[row]!),
  };
};

describe('promises', () => {
  test.each(['gaussian', 'bernoulli', 'multinomial'] as const)(
    '%s: weights are repeated rows, their order is nothing',
    (distribution) =>
      assert(
        property(integer({ min: 1, max: 1e6 }), (seed) => {
          const set = sample(seed);
          const random = new Generator(seed + 1);
          const weights = Float64Array.from({ length: 60 }, () => 1 + random.integer(3));
          const hyperparameters = { name: 'naive_bayes', distribution } as const;
          const before = naiveBayes.fit({ ...set, weights }, hyperparameters, context).predict(set.values, 60);
          const after = naiveBayes.fit(repeat(set, weights), hyperparameters, context).predict(set.values, 60);
          before.forEach((value, i) => expect(after[i]).toBeCloseTo(value, 9));
        }),
        { numRuns: 10 },
      ),
  );

  test('rows whose last neighbour is as near as the next are listed, all others agree with the runtime', async () => {
    const set = sample(4);
    const model = kNearestNeighbours.fit(set, { name: 'k_nearest_neighbours', neighbours: 4 }, context);
    const ties = new Set(model.boundaryRows!(set.values, 60));
    expect(ties.size).toBeGreaterThan(5);
    const clear = Array.from({ length: 60 }, (_, row) => row).filter((row) => !ties.has(row));
    expect(clear.length).toBeGreaterThan(5);
    await agrees(model, {
      ...set,
      rows: clear.length,
      values: Float64Array.from(clear.flatMap((row) => [...set.values.subarray(row * 3, row * 3 + 3)])),
    });
  });

  test('k-means: more restarts are no worse, a cluster that is lost comes back, weight 0 is no row', () => {
    const set = { ...sample(5), target: new Float64Array(0), classes: 0 };
    const inertia = (restarts: number): number =>
      kMeans.fit(set, { name: 'k_means', clusters: 5, restarts }, context).summary['inertia'] as number;
    expect(inertia(20)).toBeLessThanOrEqual(inertia(1));
    const far = lloyd(set, Float64Array.of(4, 4, 4, 1e3, 1e3, 1e3), 100, () => undefined);
    expect(far.converged).toBe(true);
    expect(Math.max(...far.centres)).toBeLessThan(10);
    const weights = Float64Array.from({ length: 60 }, (_, row) => (row < 30 ? 1 : 0));
    const half = lloyd({ ...set, weights }, set.values.slice(0, 6), 100, () => undefined);
    const alone = lloyd(
      { ...set, rows: 30, values: set.values.slice(0, 90) },
      set.values.slice(0, 6),
      100,
      () => undefined,
    );
    expect([...half.centres]).toEqual([...alone.centres]);
  });

  test.each([
    [naiveBayes, { name: 'naive_bayes' }],
    [kNearestNeighbours, { name: 'k_nearest_neighbours' }],
    [kMeans, { name: 'k_means', clusters: 4 }],
  ] as unknown as [Algorithm, { name: string }][])(
    'the same set and seed give the same bytes',
    async (algorithm, hyperparameters) => {
      const set = sample(6);
      const bytes = async (): Promise<Buffer> =>
        Buffer.from((await scoredByRuntime(algorithm.fit(set, hyperparameters, context), set)).bytes);
      expect((await bytes()).equals(await bytes())).toBe(true);
    },
  );
});

describe('refusals name the field', () => {
  const set = sample(1);
  test.each<[string, () => unknown]>([
    [
      'OneClass target',
      () => naiveBayes.fit({ ...set, target: new Float64Array(60) }, { name: 'naive_bayes' }, context),
    ],
    [
      'Singular features',
      () => naiveBayes.fit({ ...set, values: new Float64Array(180) }, { name: 'naive_bayes' }, context),
    ],
    [
      'Negative a',
      () =>
        naiveBayes.fit(
          { ...set, values: new Float64Array(180).fill(-1) },
          { name: 'naive_bayes', distribution: 'multinomial' },
          context,
        ),
    ],
    ['Hyperparameter algorithm.smoothing', () => naiveBayes.fit(set, { name: 'naive_bayes', smoothing: 0 }, context)],
    [
      'TooLarge algorithm.maximumRows',
      () => kNearestNeighbours.fit(set, { name: 'k_nearest_neighbours', maximumRows: 59 }, context),
    ],
    [
      'Hyperparameter algorithm.neighbours',
      () => kNearestNeighbours.fit(set, { name: 'k_nearest_neighbours', neighbours: 61 }, context),
    ],
    ['Hyperparameter algorithm.clusters', () => kMeans.fit(set, { name: 'k_means', clusters: 61 }, context)],
    [
      'NotFinite a',
      () =>
        kMeans.fit(
          { ...set, values: new Float64Array(180).fill(Number.NaN) },
          { name: 'k_means', clusters: 2 },
          context,
        ),
    ],
    [
      'Weight weight',
      () =>
        kNearestNeighbours.fit({ ...set, weights: new Float64Array(60) }, { name: 'k_nearest_neighbours' }, context),
    ],
  ])('%s', (expected, run) => expect(refused(run)).toBe(expected));
});
