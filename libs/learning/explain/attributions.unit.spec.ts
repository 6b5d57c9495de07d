import { describe, expect, test } from '@jest/globals';
import { assert, integer, property } from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '#libs/runtime';
import {
  Generator,
  interventionalTreeShap,
  leafOf,
  linearAttribution,
  scoreEnsemble,
  treeShap,
} from '#libs/statistics';
import type { Ensemble, Tree } from '#libs/statistics';
import { decisionTree } from '../trees/index.js';
import { readEnsemble } from '../trees/onnx.js';
import { scoredByRuntime } from '../onnx/scored-model.js';
import { partialDependence } from './partial-dependence.js';
import { permutationImportance } from './permutation-importance.js';
import { sampledShapley } from './sampled-shapley.js';
import { blocksOf } from './tensor.js';

interface GoldenTree {
  feature: number[];
  threshold: number[];
  left: number[];
  right: number[];
  cover: number[];
  value: number[];
  width: number;
}

interface Goldens {
  width: number;
  table: number[];
  asked: number[];
  background: number[];
  cases: {
    name: string;
    outputs: number;
    trees: GoldenTree[];
    pathDependent: number[];
    pathBase: number[];
    interventional: number[];
    interventionalBase: number[];
  }[];
  linear: { coefficients: number[]; intercept: number; values: number[]; base: number };
  dependence: { trees: GoldenTree[]; column: number; grid: number[]; means: number[] };
}

const goldens = JSON.parse(
  readFileSync(join(repositoryRoot(), 'test/peers/goldens/learning-explain.json'), 'utf8'),
) as Goldens;
const { width } = goldens;
const floats = (numbers: readonly number[]): Float64Array => Float64Array.from(numbers, Math.fround);
const asked = floats(goldens.asked);
const background = floats(goldens.background);
const rows = asked.length / width;

const ensembleOf = (trees: readonly GoldenTree[], outputs = 1): Ensemble => ({
  outputs,
  base: new Float64Array(outputs),
  trees: trees.map((tree) => ({
    feature: Int32Array.from(tree.feature),
    threshold: Float64Array.from(tree.threshold),
    left: Int32Array.from(tree.left),
    right: Int32Array.from(tree.right),
    cover: Float64Array.from(tree.cover),
    value: Float64Array.from(tree.value),
    width: tree.width,
    first: 0,
  })),
});

const near = (found: ArrayLike<number>, expected: readonly number[], allowed = 1e-9): void => {
  expect(found.length).toBe(expected.length);
  expected.forEach((value, i) =>
    expect(Math.abs(found[i]! - value)).toBeLessThanOrEqual(allowed * Math.max(1, Math.abs(value))),
  );
};

describe('shap 0.51.0', () => {
  test.each(goldens.cases)('$name', ({ trees, outputs, ...golden }) => {
    const ensemble = ensembleOf(trees, outputs);
    const path = treeShap(ensemble, asked, rows);
    near(path.values, golden.pathDependent);
    near(path.base, golden.pathBase);
    const against = interventionalTreeShap(ensemble, asked, rows, background, background.length / width);
    // shap weighs and sums the interventional shares in float32; the definition below holds ours to 1e-9.
    near(against.values, golden.interventional, 1e-6);
    near(against.base, golden.interventionalBase);
  });

  test('a linear model against its background', () => {
    const { coefficients, intercept, values, base } = goldens.linear;
    const found = linearAttribution(
      { coefficients: Float64Array.from(coefficients), intercepts: Float64Array.of(intercept), outputs: 1 },
      asked,
      rows,
      background,
    );
    near(found.values, values);
    near(found.base, [base]);
  });
});

test('partial dependence is that of scikit-learn 1.9.1', async () => {
  const { trees, column, grid, means } = goldens.dependence;
  const ensemble = ensembleOf(trees);
  const score = async (tensor: Float32Array) =>
    scoreEnsemble(ensemble, Float64Array.from(tensor), tensor.length / width);
  const found = await partialDependence(Float32Array.from(goldens.table), width, column, grid, 1, score);
  near(
    found.map(({ means: own }) => own[0]!),
    means,
  );
});

/** The definition: Σ over subsets, of what `value` says a known subset is worth. */
function byDefinition(columns: number, value: (known: number) => number): number[] {
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  return Array.from({ length: columns }, (_, column) => {
    let sum = 0;
    for (let known = 0; known < 1 << columns; known += 1) {
      if (known & (1 << column)) continue;
      const size = known.toString(2).replaceAll('0', '').length;
      const weight = (factorial(size) * factorial(columns - size - 1)) / factorial(columns);
      sum += weight * (value(known | (1 << column)) - value(known));
    }
    return sum;
  });
}

/** Algorithm 1 of the paper: what is not known goes both ways. */
function conditional(
  { feature, threshold, left, right, cover, value }: Tree,
  x: Float64Array,
  known: number,
  node = 0,
): number {
  const column = feature[node]!;
  if (column < 0) return value[node]!;
  const [l, r] = [left[node]!, right[node]!];
  const tree = { feature, threshold, left, right, cover, value, width: 1, first: 0 };
  if (known & (1 << column)) return conditional(tree, x, known, x[column]! <= threshold[node]! ? l : r);
  return (cover[l]! * conditional(tree, x, known, l) + cover[r]! * conditional(tree, x, known, r)) / cover[node]!;
}

test('both tree attributions are the Shapley values of their definition and add up to the score', () =>
  assert(
    property(integer({ min: 1, max: 1e6 }), (seed) => {
      const random = new Generator(seed);
      const set = {
        rows: 40,
        width: 4,
        names: ['a', 'b', 'c', 'd'],
        values: Float64Array.from({ length: 160 }, () => random.integer(5)),
        target: Float64Array.from({ length: 40 }, () => random.integer(7)),
        classes: 0,
      };
      const context = { seed, checkpoint: () => undefined };
      const graph = fitTree(set, context);
      const x = set.values.slice(0, 4);
      const other = set.values.slice(40, 48);
      const ensemble = graph;
      const path = treeShap(ensemble, x, 1);
      near(
        path.values,
        byDefinition(4, (known) => conditional(ensemble.trees[0]!, x, known)),
      );
      const score = scoreEnsemble(ensemble, x, 1)[0]!;
      expect(path.base[0]! + path.values.reduce((sum, own) => sum + own, 0)).toBeCloseTo(score, 9);
      const mixed = (known: number, row: number): number => {
        const own = Float64Array.from(x, (value, j) => (known & (1 << j) ? value : other[row * 4 + j]!));
        return ensemble.trees[0]!.value[leafOf(ensemble.trees[0]!, own, 0)]!;
      };
      const against = interventionalTreeShap(ensemble, x, 1, other, 2);
      near(
        against.values,
        byDefinition(4, (known) => (mixed(known, 0) + mixed(known, 1)) / 2),
      );
    }),
    { numRuns: 20 },
  ));

/** The tree of a fitted model, without a file between. */
function fitTree(
  set: Parameters<typeof decisionTree.fit>[0],
  context: Parameters<typeof decisionTree.fit>[2],
): Ensemble {
  const nodes: { ensemble?: Ensemble } = {};
  const model = decisionTree.fit(set, { name: 'decision_tree', maximumDepth: 5 }, context);
  model.addTo(
    {
      node: (op: string, name: string, inputs: string[], attributes: [], domain: string) => {
        if (op === 'TreeEnsembleRegressor')
          nodes.ensemble = readEnsemble({
            node: [{ name, op_type: op, domain, input: inputs, output: [name], attribute: attributes }],
          })!;
        return name;
      },
      constant: (name: string) => name,
    } as never,
    'columns',
  );
  return nodes.ensemble!;
}

test('trees read out of the file are the trees that were fitted', async () => {
  const random = new Generator(8);
  const set = {
    rows: 60,
    width: 3,
    names: ['a', 'b', 'c'],
    values: Float64Array.from({ length: 180 }, () => Math.fround(random.normal())),
    target: Float64Array.from({ length: 60 }, () => random.integer(3)),
    classes: 3,
  };
  const model = decisionTree.fit(set, { name: 'decision_tree' }, { seed: 1, checkpoint: () => undefined });
  const { graph } = await scoredByRuntime(model, set);
  const read = readEnsemble(graph)!;
  expect([...scoreEnsemble(read, set.values, 60)]).toEqual([...model.predict(set.values, 60)]);
  expect(read.trees[0]!.cover[0]).toBe(60);
});

const blocks = ['a', 'b', 'c'].map((feature, first) => ({ feature, first, width: 1 }));
const additive = async (tensor: Float32Array): Promise<Float64Array> =>
  Float64Array.from(
    { length: tensor.length / 3 },
    (_, row) => 2 * tensor[row * 3]! + tensor[row * 3]! * tensor[row * 3 + 1]!,
  );

test('sampled Shapley values add up exactly and lie within their errors of the true ones', async () => {
  const random = new Generator(2);
  const data = Float32Array.from({ length: 90 }, () => random.normal());
  const row = data.slice(0, 3);
  const { base, values, errors } = await sampledShapley(row, data, blocks, 1, additive, 400, 3);
  const answer = (await additive(row))[0]!;
  expect(base[0]! + values.reduce((sum, own) => sum + own, 0)).toBeCloseTo(answer, 9);
  const truth = byDefinition(3, (known) => {
    let sum = 0;
    for (let other = 0; other < 30; other += 1) {
      const own = [0, 1].map((j) => (known & (1 << j) ? row[j]! : data[other * 3 + j]!));
      sum += (2 * own[0]! + own[0]! * own[1]!) / 30;
    }
    return sum;
  });
  truth.forEach((value, j) => expect(Math.abs(values[j]! - value)).toBeLessThanOrEqual(4.5 * errors[j]! + 1e-12));
  expect(values[2]).toBe(0);
});

test('permutation importance: what is not read has none, what is read has some, and the seed decides all', async () => {
  const random = new Generator(4);
  const data = Float32Array.from({ length: 300 }, () => random.normal());
  const target = await additive(data);
  const score = async (tensor: Float32Array): Promise<number> =>
    -(await additive(tensor)).reduce((sum, own, i) => sum + (own - target[i]!) ** 2, 0);
  const run = () => permutationImportance(data, 3, blocks, score, 5, 9);
  const found = (await run())!;
  expect(found.baseline).toBe(-0);
  expect(found.features[0]!.mean).toBeGreaterThan(found.features[1]!.mean);
  expect(found.features[1]!.mean).toBeGreaterThan(0);
  expect(found.features[2]).toEqual({ feature: 'c', mean: 0, sd: 0 });
  expect(await run()).toEqual(found);
  expect(await permutationImportance(data, 3, blocks, async () => undefined, 5, 9)).toBeUndefined();
});

test('a text is one feature of many columns; a model that reads earlier rows is refused', () => {
  const metadata = { features: ['a', 'words', 'b'], encoding: {}, lineage: {} };
  const text = { words: { buckets: 4, ngrams: 1, signed: true } };
  expect(blocksOf({ ...metadata, text }).map(({ first, width: own }) => [first, own])).toEqual([
    [0, 1],
    [1, 4],
    [5, 1],
  ]);
  expect(() => blocksOf({ ...metadata, derived: { b: {} } })).toThrow('reads earlier rows (b)');
});
