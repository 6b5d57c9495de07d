import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '#libs/runtime';
import { asCategories, columnOf, tableOf } from '#libs/statistics';
import { GraphBuilder, elementTypes, integer, scoreOnnx } from '../onnx/index.js';
import { inputsOf, rowsOf } from './inputs.js';
import type { Inputs } from './inputs.js';
import { fitPipeline } from './pipeline.js';
import type { FittedPipeline } from './pipeline.js';
import type { StepContext, StepDocument } from './step.js';

interface Case {
  name: string;
  columns: string[];
  pipeline: StepDocument[];
  target?: 'y' | 'z' | 'k';
  seed: number;
  tolerance: number;
  values: number[][];
  training?: number[][];
}

const path = join(repositoryRoot(), 'test/peers/goldens/learning-features.json');
const goldens = JSON.parse(readFileSync(path, 'utf8')) as {
  table: Record<string, (string | number | null)[]>;
  mutual_information: Record<string, number>;
  cases: Case[];
};
const table = tableOf(goldens.table);
const all = Int32Array.from({ length: table.rows }, (_, row) => row);

function contextOf(target: string | undefined, seed: number): StepContext {
  const context = { seed, checkpoint: () => {}, rows: all };
  if (target === undefined) return context;
  const column = columnOf(table, target);
  if (column.kind === 'numeric') return { ...context, target: { values: column.values, classes: 0 } };
  const { codes, categories } = asCategories(column);
  return { ...context, target: { values: Float64Array.from(codes), classes: categories.length } };
}

async function served(pipeline: FittedPipeline, inputs: Inputs): Promise<Float32Array> {
  const graph = new GraphBuilder('pipeline');
  const raw = graph.input('features', ['n', inputs.names.length]);
  const wide = graph.node('Cast', 'wide', [raw], [integer('to', elementTypes.float64)]);
  const result = pipeline.addTo(graph, wide);
  const narrow = graph.node('Cast', 'narrow', [result], [integer('to', elementTypes.float32)]);
  graph.output('columns', narrow, ['n', pipeline.names.length]);
  return scoreOnnx(graph.finish('test', {}), inputs.values, inputs.names.length, 'columns');
}

function expectClose(own: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(own.length).toBe(expected.length);
  let worst = 0;
  for (let at = 0; at < own.length; at += 1) {
    const distance = Math.abs(own[at]! - expected[at]!) / Math.max(1, Math.abs(expected[at]!));
    worst = Math.max(worst, Number.isNaN(distance) ? Infinity : distance);
  }
  expect(worst).toBeLessThanOrEqual(tolerance);
}

describe('steps agree with scikit-learn 1.9.1, and onnxruntime with the steps', () => {
  test.each(goldens.cases)('$name', async ({ columns, pipeline: documents, target, seed, tolerance, ...golden }) => {
    const inputs = inputsOf(table, columns, documents);
    const { pipeline, training } = fitPipeline(documents, rowsOf(inputs, all), contextOf(target, seed));
    const own = pipeline.transform(rowsOf(inputs, all));
    expectClose(own, golden.values.flat(), tolerance);
    expectClose(training, (golden.training ?? golden.values).flat(), tolerance);
    expectClose(await served(pipeline, inputs), own, 1e-6);
  });

  test.each([
    { step: 'clip', minimum: 0 },
    { step: 'log_scale', shift: 40 },
    { step: 'exponential_scale', rate: 0.1 },
    { step: 'yeo_johnson' },
    { step: 'quantile_scale', quantiles: 20 },
    { step: 'min_max_scale' },
    { step: 'robust_scale' },
  ] as StepDocument[])('$step lets missing values through, here and in the runtime', async (document) => {
    const inputs = inputsOf(table, ['am', 'bm', 'cm', 'dm']);
    const documents = [document, { step: 'impute', strategy: 'constant', value: -99 } as StepDocument];
    const { pipeline } = fitPipeline(documents, rowsOf(inputs, all), contextOf(undefined, 0));
    const own = pipeline.transform(rowsOf(inputs, all));
    inputs.values.forEach((value, at) => expect(own[at] === -99).toBe(Number.isNaN(value)));
    expectClose(await served(pipeline, inputs), own, 1e-6);
  });

  test('mutual information of values', () => {
    const context = contextOf('y', 0);
    const inputs = inputsOf(table, ['a', 'b', 'c', 'd']);
    const documents = [{ step: 'select', by: 'mutual_information', bins: 1000, count: 2 }];
    const { pipeline } = fitPipeline(documents, rowsOf(inputs, all), context);
    const { scores } = pipeline.steps[0]!.summary as { scores: Record<string, number> };
    for (const [name, value] of Object.entries(goldens.mutual_information)) expect(scores[name]).toBeCloseTo(value, 12);
  });
});
