import { describe, expect, test } from '@jest/globals';
import { array, assert, double, integer, property, record } from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '#libs/runtime';
import { Generator, InputError, rocAuc } from '#libs/statistics';
import type { Algorithm, FittedModel, TrainingSet } from '../algorithm.js';
import { scoredByRuntime } from '../onnx/scored-model.js';
import { binColumns } from './bins.js';
import { leafOf, rowsOnBoundaries, thresholdBetween } from './ensemble.js';
import { createKernel } from './kernel.js';
import { decisionTree, gradientBoosting, randomForest } from './index.js';
import { readEnsemble } from './onnx.js';

interface Golden {
  algorithm: string;
  hyperparameters: Record<string, number | string>;
  width: number;
  values: number[];
  target: number[];
  classes: number;
  weights: number[] | null;
  outputs: number[];
  nodes: number;
}

const { cases } = JSON.parse(
  readFileSync(join(repositoryRoot(), 'test/peers/goldens/learning-trees.json'), 'utf8'),
) as { cases: Golden[] };
const context = { seed: 7, checkpoint: () => undefined };
const algorithms = [gradientBoosting, decisionTree, randomForest] as unknown as Algorithm[];
const small: Record<string, object> = {
  gradient_boosting: { name: 'gradient_boosting', rounds: 12, maximumLeaves: 6, minimumRows: 3 },
  decision_tree: { name: 'decision_tree', maximumDepth: 5 },
  random_forest: { name: 'random_forest', trees: 7, maximumDepth: 5 },
};

/** Columns of differences in scale, one of few values; the target follows two of them. */
function sample(rows: number, classes: number, seed = 3): TrainingSet {
  const random = new Generator(seed);
  const width = 5;
  const values = new Float64Array(rows * width);
  const target = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) {
    for (let j = 0; j < width; j += 1) values[row * width + j] = Math.fround(random.normal() * 10 ** (2 * j - 4));
    values[row * width + 3] = random.integer(4);
    const z = values[row * width]! * 1e4 + values[row * width + 3]! + random.normal();
    target[row] = classes === 0 ? 1e3 + Math.round(z * 8) : Math.min(classes - 1, Math.max(0, Math.round(z)));
  }
  return { rows, width, names: ['a', 'b', 'c', 'd', 'e'], values, target, classes };
}

const fit = (algorithm: Algorithm, set: TrainingSet, more: object = {}): FittedModel =>
  algorithm.fit(set, { ...small[algorithm.name], ...more } as { name: string }, context);

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
  const own = cases.filter(({ algorithm }) => algorithm === 'decision_tree');
  test.each(own)('decision tree $hyperparameters, $classes classes', (golden) => {
    const { values, target, width, classes, weights, hyperparameters } = golden;
    const set = {
      rows: target.length,
      width,
      names: Array.from({ length: width }, (_, j) => `x${j}`),
      values: Float64Array.from(values),
      target: Float64Array.from(target),
      classes,
      ...(weights ? { weights: Float64Array.from(weights) } : {}),
    };
    const model = decisionTree.fit(set, { name: 'decision_tree', ...hyperparameters }, context);
    expect(model.summary['nodes']).toBe(golden.nodes);
    const found = model.predict(set.values, set.rows);
    golden.outputs.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 8));
  });

  test('boosting ranks as HistGradientBoosting does on data of its own kind', () => {
    const set = sample(3000, 2);
    const model = gradientBoosting.fit(set, { name: 'gradient_boosting', rounds: 30 }, context);
    const scores = model.predict(set.values, set.rows).filter((_, i) => i % 2 === 1);
    expect(rocAuc(Uint8Array.from(set.target), scores)).toBeGreaterThan(0.9);
  });
});

describe.each(algorithms)('$name', (algorithm) => {
  test.each([0, 2, 3])('the file scores as the trainer does, %i classes', async (classes) => {
    const set = sample(300, classes);
    const model = fit(algorithm, set);
    const expected = model.predict(set.values, set.rows);
    const { scores, graph } = await scoredByRuntime(model, set);
    expect(scores.length).toBe(expected.length);
    const scale = classes === 0 ? 1e3 : 1;
    expected.forEach((value, i) => expect(Math.abs(scores[i]! - value) / scale).toBeLessThan(1e-6));
    const read = readEnsemble(graph)!;
    expect(read.trees.length).toBe(model.summary['trees']);
    expect(read.trees[0]!.cover[0]).toBeGreaterThan(0);
  });

  test('the same set and seed give the same bytes', async () => {
    const set = sample(200, 2);
    const [first, second] = await Promise.all(
      [1, 2].map(async () => (await scoredByRuntime(fit(algorithm, set), set)).bytes),
    );
    expect(Buffer.from(first!).equals(Buffer.from(second!))).toBe(true);
  });

  test('scaling by a power of two and shifting by whole numbers parts the rows alike', () => {
    const set = sample(200, 3);
    const moved = { ...set, values: set.values.map((value, i) => (i % 5 === 3 ? value + 5 : value * 8)) };
    const before = fit(algorithm, set).predict(set.values, set.rows);
    expect(fit(algorithm, moved).predict(moved.values, moved.rows)).toEqual(before);
  });

  test('one class, no rows, infinities, bad weights and bad numbers are refused by name', () => {
    const set = sample(40, 2);
    expect(refused(() => fit(algorithm, { ...set, target: set.target.map(() => 1) }))).toBe('OneClass target');
    expect(refused(() => fit(algorithm, { ...set, rows: 0, values: new Float64Array(0) }))).toMatch(/^NoRows/);
    expect(refused(() => fit(algorithm, { ...set, values: set.values.map(() => Infinity) }))).toBe('NotFinite a');
    expect(refused(() => fit(algorithm, { ...set, weights: new Float64Array(40).fill(-1) }))).toBe('Weight weight');
    expect(refused(() => fit(algorithm, set, { minimumRows: 0.5 }))).toBe('Hyperparameter algorithm.minimumRows');
  });

  test('a constant table gives one leaf a tree', () => {
    const set = { ...sample(50, 2), values: new Float64Array(250).fill(3) };
    const model = fit(algorithm, set);
    const found = model.predict(set.values, 50);
    const share = set.target.reduce((sum, label) => sum + label, 0) / 50;
    if (algorithm.name !== 'random_forest') expect(found[1]).toBeCloseTo(share, 6);
    expect(Number.isFinite(found[1])).toBe(true);
  });
});

describe.each([gradientBoosting, decisionTree] as unknown as Algorithm[])('$name promises', (algorithm) => {
  const exact = algorithm.name === 'gradient_boosting' ? { minimumRows: 1, l2: 1 } : {};

  test('the order of rows does not matter', () =>
    assert(
      property(integer({ min: 1, max: 1e6 }), integer({ min: 0, max: 3 }), (seed, kind) => {
        const set = sample(60, kind === 1 ? 2 : kind, seed);
        if (new Set(set.target).size < 2) return;
        const order = Array.from({ length: set.rows }, (_, row) => row);
        const random = new Generator(seed);
        for (let i = set.rows - 1; i > 0; i -= 1) {
          const other = random.integer(i + 1);
          [order[i], order[other]] = [order[other]!, order[i]!];
        }
        const turned = {
          ...set,
          values: Float64Array.from(order.flatMap((row) => [...set.values.subarray(row * 5, row * 5 + 5)])),
          target: Float64Array.from(order, (row) => set.target[row]!),
        };
        const before = fit(algorithm, set).predict(set.values, set.rows);
        const after = fit(algorithm, turned).predict(set.values, set.rows);
        before.forEach((value, i) => expect(after[i]).toBeCloseTo(value, 9));
      }),
      { numRuns: 8 },
    ));

  test('a row of weight w is w rows, one of weight 0 none', () =>
    assert(
      property(integer({ min: 1, max: 1e6 }), integer({ min: 0, max: 3 }), (seed, kind) => {
        const set = sample(50, kind === 1 ? 2 : kind, seed);
        const random = new Generator(seed + 1);
        const weights = Float64Array.from({ length: 50 }, () => random.integer(4));
        const copies = [...weights].flatMap((weight, row) => Array.from({ length: weight }, () => row));
        if (new Set(copies.map((row) => set.target[row])).size < 2) return;
        const repeated = {
          ...set,
          rows: copies.length,
          values: Float64Array.from(copies.flatMap((row) => [...set.values.subarray(row * 5, row * 5 + 5)])),
          target: Float64Array.from(copies, (row) => set.target[row]!),
        };
        const before = fit(algorithm, { ...set, weights }, exact).predict(set.values, set.rows);
        const after = fit(algorithm, repeated, exact).predict(set.values, set.rows);
        before.forEach((value, i) => expect(after[i]).toBeCloseTo(value, 9));
      }),
      { numRuns: 8 },
    ));
});

test('a threshold parts any two float32 numbers', () =>
  assert(
    property(array(double({ noNaN: true, min: -1e30, max: 1e30 }), { minLength: 2, maxLength: 2 }), (pair) => {
      const [a, b] = pair.map(Math.fround).sort((x, y) => x - y) as [number, number];
      if (a === b) return;
      const threshold = thresholdBetween(a, b);
      expect(threshold >= a && threshold < b && Math.fround(threshold) === threshold).toBe(true);
    }),
  ));

test('rows within one float32 of a cut are listed, and only they', () => {
  const tree = {
    feature: Int32Array.of(0, -1, -1),
    threshold: Float64Array.of(1, 0, 0),
    left: Int32Array.of(1, -1, -1),
    right: Int32Array.of(2, -1, -1),
    cover: Float64Array.of(2, 1, 1),
    value: Float64Array.of(0, 1, 2),
    width: 1,
    first: 0,
  };
  const values = Float64Array.of(0.5, 1, Math.fround(1 + 2 ** -23), Math.fround(1 + 2 ** -21), -1);
  expect([...rowsOnBoundaries([tree], values, 5)]).toEqual([1, 2]);
  expect(leafOf(tree, values, 1)).toBe(1);
});

test('bins hold the values between their edges, at most as many as asked', () =>
  assert(
    property(
      record({
        bins: integer({ min: 2, max: 255 }),
        numbers: array(integer({ min: -400, max: 400 }), { minLength: 1, maxLength: 400 }),
      }),
      ({ bins, numbers }) => {
        const values = Float64Array.from(numbers, (x) => Math.fround(x / 7));
        const binned = binColumns(values, values.length, 1, bins, undefined, () => undefined);
        const [edges] = binned.edges;
        expect(edges!.length).toBeLessThan(bins);
        values.forEach((x, row) => {
          const bin = binned.words[0]![row]! & 255;
          expect(bin === 0 || x > edges![bin - 1]!).toBe(true);
          expect(bin === edges!.length || x <= edges![bin]!).toBe(true);
        });
      },
    ),
    { numRuns: 60 },
  ));

test('the kernel adds as the loop it stands for', () => {
  const random = new Generator(5);
  const rows = 500;
  const offsets = Int32Array.of(0, 256, 300, 301, 557, 600, 601, 602, 603);
  const kernel = createKernel(rows, offsets, 2);
  kernel.words.forEach((words, group) =>
    words.forEach((_, row) => {
      let word = 0;
      for (let j = 3; j >= 0; j -= 1) {
        const column = group * 4 + j;
        word = (word << 8) | random.integer(Math.min(256, offsets[column + 1]! - offsets[column]!));
      }
      words[row] = word;
    }),
  );
  kernel.rows.forEach((_, i) => (kernel.rows[i] = random.integer(rows)));
  kernel.pairs.forEach((_, i) => (kernel.pairs[i] = random.normal()));
  const expected = new Float64Array(2 * 603);
  for (let i = 20; i < 420; i += 1)
    for (let column = 0; column < 8; column += 1) {
      const bin = offsets[column]! + ((kernel.words[column >> 2]![kernel.rows[i]!]! >>> ((column & 3) * 8)) & 255);
      expected[2 * bin]! += kernel.pairs[2 * (i - 20)]!;
      expected[2 * bin + 1]! += kernel.pairs[2 * (i - 20) + 1]!;
    }
  kernel.add(20, 420, 1);
  expect(kernel.histograms[1]).toEqual(expected);
  expect(kernel.histograms[0]!.every((value) => value === 0)).toBe(true);
});

test('no training value lies on a cut, also where a node or a draw has not seen it', () => {
  const random = new Generator(12);
  const values = Float64Array.from({ length: 600 }, () => 1 + random.integer(6));
  const target = Float64Array.from({ length: 300 }, () => random.integer(2));
  const set = { rows: 300, width: 2, names: ['a', 'b'], values, target, classes: 2 };
  for (const algorithm of algorithms) {
    const model = algorithm.fit(set, { name: algorithm.name }, context);
    expect(model.boundaryRows!(values, 300).length).toBe(0);
  }
});

test('histograms of more than 2 GiB are refused before anything is fitted', () => {
  const [rows, width] = [4096, 150];
  const random = new Generator(3);
  const set = {
    rows,
    width,
    names: Array.from({ length: width }, (_, j) => `x${j}`),
    values: Float64Array.from({ length: rows * width }, () => Math.fround(random.uniform())),
    target: Float64Array.from({ length: rows }, (_, row) => row % 2),
    classes: 2,
  };
  expect(refused(() => fit(gradientBoosting as unknown as Algorithm, set, { maximumLeaves: 4096 }))).toBe(
    'TooLarge algorithm.maximumLeaves',
  );
});

test('early stopping keeps the round that was best on rows it did not fit', () => {
  const random = new Generator(9);
  const set = { ...sample(400, 2), target: Float64Array.from({ length: 400 }, () => random.integer(2)) };
  const model = gradientBoosting.fit(
    set,
    { name: 'gradient_boosting', rounds: 500, earlyStopping: { fraction: 0.3, rounds: 5 } },
    context,
  );
  expect(model.summary['rounds']).toBeLessThan(50);
  expect(model.summary['heldOutLoss']).toBeLessThan(0.75);
});

test('a forest scores itself on the rows that its trees did not draw', () => {
  const model = randomForest.fit(sample(400, 2), { name: 'random_forest', trees: 30 }, context);
  const { rows, accuracy } = model.summary['outOfBag'] as { rows: number; accuracy: number };
  expect(rows).toBe(400);
  expect(accuracy).toBeGreaterThan(0.7);
});
