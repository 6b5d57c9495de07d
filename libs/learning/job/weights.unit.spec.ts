import { describe, expect, test } from '@jest/globals';
import { Generator, tableOf } from '#libs/statistics';
import type { Table } from '#libs/statistics';
import { algorithms } from '../algorithms.js';
import { rowsOf } from '../features/inputs.js';
import { fitCandidate, parseJob, prepare, runJob } from '../index.js';

const random = new Generator(11);
const rows = 90;
const a = Array.from({ length: rows }, () => Math.round(random.normal() * 1000) / 1000);
const b = Array.from({ length: rows }, () => random.integer(5));
const y = a.map((value, i) => (value + b[i]! / 2 + random.normal() / 2 > 1 ? 'yes' : 'no'));
const z = a.map((value, i) => Math.round((3 * value - b[i]! + random.normal()) * 1000) / 1000);
const w = Array.from({ length: rows }, () => random.integer(4));
const columns: Record<string, (number | string)[]> = { a, b, y, z, w };
const table = tableOf(columns);
const times = w.flatMap((weight, row) => Array.from({ length: weight }, () => row));
const repeated = tableOf(
  Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, times.map((row) => values[row]!)])),
);

const jobOf = (algorithm: object, task: string, more: object = {}) =>
  parseJob({
    version: 1,
    ...(task === 'classification' ? { target: { column: 'y' } } : {}),
    ...(task === 'regression' ? { target: { column: 'z' } } : {}),
    task,
    features: ['a', 'b'],
    pipeline: [],
    algorithm,
    validation: { scheme: 'k_fold', k: 3, shuffle: true },
    seed: 1,
    ...more,
  });

const fitted = (job: ReturnType<typeof jobOf>, own: Table): Float64Array => {
  const prepared = prepare(job, own);
  const all = Int32Array.from({ length: own.rows }, (_, row) => row);
  const { model, behind, documents } = fitCandidate(prepared, { algorithm: job.algorithm }, all, { checkpoint() {} });
  const asked = prepare(job, table).inputs(documents);
  const every = Int32Array.from({ length: rows }, (_, row) => row);
  return model.predict(behind(rowsOf(asked, every)), rows);
};

describe('a weight counts a row so many times', () => {
  test.each([
    ['linear_regression', 'regression', {}],
    ['ridge', 'regression', { l2: 1 }],
    ['lasso', 'regression', { alpha: 0.05 }],
    ['elastic_net', 'regression', { alpha: 0.05, l1Ratio: 0.5 }],
    ['logistic_regression', 'classification', { l2: 1 }],
    ['softmax_regression', 'classification', { l2: 1 }],
    ['naive_bayes', 'classification', {}],
    ['decision_tree', 'classification', {}],
    ['decision_tree', 'regression', { maximumDepth: 3 }],
    ['gradient_boosting', 'classification', { rounds: 5, minimumRows: 1, maximumLeaves: 4 }],
    ['gradient_boosting', 'regression', { rounds: 5, minimumRows: 1, maximumLeaves: 4 }],
  ])('%s, %s', (name, task, more) => {
    const own = fitted(jobOf({ name, ...more }, task, { weight: 'w' }), table);
    const twin = fitted(jobOf({ name, ...more }, task), repeated);
    own.forEach((value, i) => expect(value).toBeCloseTo(twin[i]!, 6));
  });
});

const needed: Readonly<Record<string, object>> = {
  ridge: { l2: 1 },
  lasso: { alpha: 0.01 },
  elastic_net: { alpha: 0.01, l1Ratio: 0.5 },
  logistic_regression: { l2: 1 },
  softmax_regression: { l2: 1 },
  k_nearest_neighbours: { neighbours: 5 },
  k_means: { clusters: 3 },
  random_forest: { trees: 3 },
  gradient_boosting: { rounds: 3 },
  multilayer_perceptron: { hiddenLayers: [3], epochs: 2, learningRate: 0.01 },
  autoencoder: { encoderLayers: [1], epochs: 2, learningRate: 0.01 },
};

test.each([...algorithms.values()].flatMap(({ name, tasks }) => tasks.map((task) => [name, task] as const)))(
  '%s, %s: weighed, recorded, and the same bytes again',
  async (name, task) => {
    const quick = needed[name] ?? {};
    const job = jobOf({ name, ...quick }, task, { weight: 'w', protected: ['b'] });
    const { record, digest, measurements } = await runJob(job, table);
    expect(record.weight).toMatchObject({ column: 'w', sum: times.length, zeros: w.filter((one) => one === 0).length });
    const effective = times.length ** 2 / w.reduce((sum, one) => sum + one * one, 0);
    expect(record.weight!.effectiveRows).toBeCloseTo(effective, 9);
    for (const { denominator } of measurements) expect(denominator).toBeCloseTo(effective, 9);
    for (const value of Object.values(record.evaluation.pooled)) expect(value).not.toBeNaN();
    expect((await runJob(job, table)).digest).toBe(digest);
  },
);

test('scores are of rows that count so many times', async () => {
  const job = jobOf({ name: 'naive_bayes' }, 'classification', { weight: 'w' });
  const { record, predictions } = await runJob(job, table);
  if (predictions.kind !== 'binary') throw new Error('two classes');
  const { probabilities, labels } = predictions;
  const right = w.reduce((sum, weight, i) => sum + weight * Number(probabilities[i]! >= 0.5 === (labels[i] === 1)), 0);
  expect(record.evaluation.pooled['accuracy_score@sklearn']).toBeCloseTo(right / times.length, 12);
});

test.each([
  ['negative', { w: w.map((weight, i) => (i === 7 ? -1 : weight)) }, 'Weight'],
  ['missing', { w: w.map((weight, i) => (i === 7 ? null : weight)) }, 'MissingValue'],
  ['nothing', { w: w.map(() => 0) }, 'Weight'],
  ['text', { w: w.map(() => 'heavy') }, 'WrongType'],
])('%s weights are refused', async (_, changed, code) => {
  const own = tableOf({ ...columns, ...changed });
  await expect(runJob(jobOf({ name: 'ridge', l2: 1 }, 'regression', { weight: 'w' }), own)).rejects.toMatchObject({
    code,
  });
});

test('a weight is no feature, and by default none', async () => {
  const job = jobOf({ name: 'ridge', l2: 1 }, 'regression', { weight: 'w', features: ['a', 'w'] });
  await expect(runJob(job, table)).rejects.toMatchObject({ code: 'WeightIsFeature' });
  const { features: _, ...rest } = jobOf({ name: 'ridge', l2: 1 }, 'regression', { weight: 'w' });
  const plain = tableOf({ a, b, z, w });
  expect((await runJob(rest, plain)).record.features).toEqual(['a', 'b']);
  const unknown = jobOf({ name: 'ridge', l2: 1 }, 'regression', { weight: 'nowhere' });
  await expect(runJob(unknown, table)).rejects.toMatchObject({ code: 'UnknownColumn' });
});
