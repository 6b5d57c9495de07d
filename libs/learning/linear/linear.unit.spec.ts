import { describe, expect, test } from '@jest/globals';
import { array, assert, integer as integers, pre, property } from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '#libs/runtime';
import type { Algorithm, FitContext, TrainingSet } from '../algorithm.js';
import { GraphBuilder, integer, elementTypes, scoreOnnx } from '../onnx/index.js';
import { elasticNet, lasso, linearRegression, ridge } from './regression.js';
import { softmaxRegression } from './softmax.js';

interface Golden {
  kind: string;
  values: number[][];
  target: number[];
  classes: number[];
  weights: number[];
  models: {
    hyperparameters: { name: string; l2?: number };
    weighted: boolean;
    coefficients: number[][];
    intercepts: number[];
    predictions: number[][];
  }[];
}

const { cases } = JSON.parse(
  readFileSync(join(repositoryRoot(), 'test/peers/goldens/learning-linear.json'), 'utf8'),
) as { cases: Golden[] };
const own = new Map<string, Algorithm>(
  [linearRegression, ridge, lasso, elasticNet, softmaxRegression].map((algorithm) => [
    algorithm.name,
    algorithm as Algorithm,
  ]),
);
const context: FitContext = { seed: 1, checkpoint: () => undefined };

function setOf(
  rows: readonly (readonly number[])[],
  target: readonly number[],
  weights?: readonly number[],
  classes = 0,
): TrainingSet {
  const width = rows[0]?.length ?? 0;
  return {
    rows: rows.length,
    width,
    names: Array.from({ length: width }, (_, j) => `x${j}`),
    values: Float64Array.from(rows.flat()),
    target: Float64Array.from(target),
    classes,
    ...(weights ? { weights: Float64Array.from(weights) } : {}),
  };
}

describe('scikit-learn 1.9.1', () => {
  test.each(
    cases.flatMap((golden) =>
      golden.models.map((model) => ({
        ...golden,
        ...model,
        name: `${JSON.stringify(model.hyperparameters)} ${golden.kind}`,
      })),
    ),
  )('$name, weighted $weighted', ({ values, target, classes, weights, weighted, hyperparameters, predictions }) => {
    const isClass = hyperparameters.name === 'softmax_regression';
    const set = setOf(values, isClass ? classes : target, weighted ? weights : undefined, isClass ? 3 : 0);
    const model = own.get(hyperparameters.name)!.fit(set, hyperparameters, context);
    expect(model.summary['converged']).toBe(true);
    const scored = model.predict(set.values, set.rows);
    predictions
      .flat()
      .forEach((expected, i) =>
        expect(scored[i]! / Math.max(1, Math.abs(expected))).toBeCloseTo(expected / Math.max(1, Math.abs(expected)), 9),
      );
  });
});

describe('every linear model', () => {
  const [plain] = cases as [Golden];
  const jobs: [string, { name: string }][] = [
    ['linear_regression', { name: 'linear_regression' }],
    ['ridge', { name: 'ridge', l2: 1 } as { name: string }],
    ['lasso', { name: 'lasso', alpha: 0.1 } as { name: string }],
    ['elastic_net', { name: 'elastic_net', alpha: 0.1, l1Ratio: 0.5 } as { name: string }],
    ['softmax_regression', { name: 'softmax_regression', l2: 1 } as { name: string }],
  ];
  const target = (name: string): number[] => (name === 'softmax_regression' ? plain.classes : plain.target);
  const classes = (name: string): number => (name === 'softmax_regression' ? 3 : 0);

  test.each(jobs)('%s scores in onnxruntime as here, and the same bytes come again', async (name, hyperparameters) => {
    const set = setOf(plain.values, target(name), plain.weights, classes(name));
    const fit = () => own.get(name)!.fit(set, hyperparameters, context);
    const bytes = (): Uint8Array => {
      const graph = new GraphBuilder('test');
      const input = graph.input('features', ['n', set.width]);
      const model = fit();
      const wide = graph.node('Cast', 'wide', [input], [integer('to', elementTypes.float64)]);
      const { name: last } = model.addTo(graph, wide);
      graph.output('y', graph.node('Cast', 'narrow', [last], [integer('to', elementTypes.float32)]), [
        'n',
        model.outputs,
      ]);
      return graph.finish('0', {});
    };
    const rows = Float32Array.from(set.values);
    const expected = fit().predict(Float64Array.from(rows), set.rows);
    const scored = await scoreOnnx(bytes(), rows, set.width, 'y');
    expected.forEach((value, i) =>
      expect(Math.abs(scored[i]! - value)).toBeLessThan(1e-6 * Math.max(1, Math.abs(value))),
    );
    expect(Buffer.from(bytes()).equals(Buffer.from(bytes()))).toBe(true);
  });

  test.each(jobs)('%s: weights are repeated rows, order does not matter', (name, hyperparameters) => {
    assert(
      property(array(integers({ min: 0, max: 3 }), { minLength: 60, maxLength: 60 }), (repeats) => {
        pre(repeats.reduce((a, b) => a + b, 0) > 30);
        // α of the lasso is per unit of weight, λ of the others is not: both agree with repeated rows.
        const weighted = own
          .get(name)!
          .fit(setOf(plain.values, target(name), repeats, classes(name)), hyperparameters, context);
        const order = repeats.flatMap((times, row) => Array.from({ length: times }, () => row)).reverse();
        const repeated = own.get(name)!.fit(
          setOf(
            order.map((row) => plain.values[row]!),
            order.map((row) => target(name)[row]!),
            undefined,
            classes(name),
          ),
          hyperparameters,
          context,
        );
        const values = Float64Array.from(plain.values.flat());
        const [a, b] = [weighted.predict(values, 60), repeated.predict(values, 60)];
        a.forEach((value, i) => expect(value).toBeCloseTo(b[i]!, 5));
      }),
      { numRuns: 3, seed: 7 },
    );
  });

  test.each(jobs)('%s refuses what it cannot fit by name', (name, hyperparameters) => {
    const fit = (set: TrainingSet) => () => own.get(name)!.fit(set, hyperparameters, context);
    const set = setOf(plain.values, target(name), undefined, classes(name));
    const refused = (change: Partial<TrainingSet>, code: string): void =>
      expect(fit({ ...set, ...change })).toThrow(expect.objectContaining({ code }));
    refused({ rows: 0 }, 'NoRows');
    refused({ width: 0 }, 'NoFeatures');
    refused({ values: set.values.map((v, i) => (i === 3 ? Infinity : v)) }, 'NotFinite');
    refused({ weights: new Float64Array(60).fill(-1) }, 'Weight');
    refused({ weights: new Float64Array(60) }, 'Weight');
    if (name === 'softmax_regression') refused({ target: new Float64Array(60) }, 'OneClass');
  });

  test('what has not converged says so', () => {
    const set = setOf(plain.values, plain.target);
    const summary = lasso.fit(
      set,
      { name: 'lasso', alpha: 1e-6, tolerance: 1e-15, maximumIterations: 1 },
      context,
    ).summary;
    expect(summary).toMatchObject({ converged: false, iterations: 1 });
    expect(summary['dualityGap']).toBeGreaterThan(0);
  });

  test('classes that a line parts need l2', () => {
    const rows = Array.from({ length: 30 }, (_, row) => [row, row % 7]);
    const set = setOf(
      rows,
      rows.map((_, row) => Math.floor(row / 10)),
      undefined,
      3,
    );
    const fit = (l2: number) => softmaxRegression.fit(set, { name: 'softmax_regression', l2 }, context);
    expect(() => fit(0)).toThrow(expect.objectContaining({ code: 'Singular' }));
    expect(fit(0.01).summary['converged']).toBe(true);
  });

  test('hyperparameters out of range are refused', () => {
    const set = setOf(plain.values, plain.target);
    expect(() => ridge.fit(set, { name: 'ridge', l2: -1 }, context)).toThrow(
      expect.objectContaining({ code: 'Hyperparameter' }),
    );
    expect(() => lasso.fit(set, { name: 'lasso', alpha: 0 }, context)).toThrow(
      expect.objectContaining({ code: 'Hyperparameter' }),
    );
    expect(() => elasticNet.fit(set, { name: 'elastic_net', alpha: 1, l1Ratio: 0 }, context)).toThrow(
      expect.objectContaining({ code: 'Hyperparameter' }),
    );
  });
});
