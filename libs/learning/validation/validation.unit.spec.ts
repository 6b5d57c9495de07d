import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '#libs/runtime';
import { tableOf } from '#libs/statistics';
import { parseJob, prepare, runJob, validateCandidate, validateNested } from '../index.js';
import type { Job } from '../index.js';
import type { Problem } from '../job/problem.js';
import { confusionOf } from './classification.js';
import { scoresOf } from './scores.js';
import { schemeOf } from './schemes.js';

const path = join(repositoryRoot(), 'test/peers/goldens/learning-validation.json');
const golden = JSON.parse(readFileSync(path, 'utf8')) as {
  labels: number[];
  groups: number[];
  splits: {
    scheme: string;
    options: Record<string, unknown>;
    seed: number | null;
    tests: number[][];
    training: number[][];
  }[];
  binary: {
    labels: number[];
    probabilities: number[];
    scores: Record<string, number>;
    confusion: number[][];
  };
  multiclass: { probabilities: number[][]; scores: Record<string, number> };
  leave_one_out: { x: number[][]; z: number[]; predictions: Record<string, number[]> };
};
const n = golden.labels.length;
const rows = Int32Array.from({ length: n }, (_, row) => row);
const multiclass: Problem = {
  kind: 'multiclass',
  column: 'y',
  classes: ['0', '1', '2'],
  labels: Uint16Array.from(golden.labels),
};
const none = new Float64Array(0);

test.each(golden.splits)('$scheme $options seed $seed splits as scikit-learn 1.9.1', (split) => {
  const document = {
    scheme: split.scheme,
    ...split.options,
    ...(split.scheme === 'group_k_fold' ? { group: 'g' } : {}),
    ...(split.seed === null ? { shuffle: false } : {}),
  };
  const folds = schemeOf(document).folds(document, tableOf({ g: golden.groups }), multiclass, split.seed ?? 0);
  expect(folds.map(({ test: own }) => Array.from(own))).toEqual(split.tests);
  expect(folds.map(({ training }) => Array.from(training))).toEqual(split.training);
});

describe('scores agree with scikit-learn 1.9.1', () => {
  const { labels, probabilities } = golden.binary;
  test('of two classes', () => {
    const problem: Problem = { kind: 'binary', column: 'y', scored: '1', labels: Uint8Array.from(labels) };
    const outputs = Float64Array.from(probabilities.flatMap((p) => [1 - p, p]));
    const scores = scoresOf(problem, rows, outputs, 2, none);
    for (const [name, value] of Object.entries(golden.binary.scores)) expect(scores[name]).toBeCloseTo(value, 12);
    const decided = probabilities.map((p) => Number(p >= 0.5));
    expect(Array.from(confusionOf(labels, decided, 2))).toEqual(golden.binary.confusion.flat());
  });

  test('of three classes', () => {
    const outputs = Float64Array.from(golden.multiclass.probabilities.flat());
    const scores = scoresOf(multiclass, rows, outputs, 3, none);
    for (const [name, value] of Object.entries(golden.multiclass.scores)) expect(scores[name]).toBeCloseTo(value, 12);
  });

  test('what is undefined is null, never NaN', () => {
    const problem: Problem = { kind: 'binary', column: 'y', scored: '1', labels: new Uint8Array(n) };
    const scores = scoresOf(
      problem,
      rows,
      Float64Array.from({ length: 2 * n }, (_, at) => (at % 2 ? 0.1 : 0.9)),
      2,
      none,
    );
    expect(scores).toMatchObject({ 'roc_auc_score@sklearn': null, 'precision_score@sklearn': null });
    expect(scores['accuracy_score@sklearn']).toBe(1);
  });
});

const { x, z } = golden.leave_one_out;
const numbers = tableOf({
  a: x.map((row) => row[0]!),
  b: x.map((row) => row[1]!),
  c: x.map((row) => row[2]!),
  z,
  y: golden.binary.labels.map((label) => (label ? 'yes' : 'no')),
  g: golden.groups.map((group) => `g${group}`),
});
const jobOf = (change: object): Job =>
  parseJob({
    version: 1,
    target: { column: 'z' },
    features: ['a', 'b', 'c'],
    algorithm: { name: 'linear_regression' },
    validation: { scheme: 'leave_one_out' },
    seed: 3,
    ...change,
  });
const context = { checkpoint: () => {} };

describe('leave-one-out', () => {
  test.each([
    ['linear_regression', { name: 'linear_regression' }, undefined],
    ['ridge', { name: 'ridge', l2: 2.5 }, []],
  ] as const)('of %s has a closed form, as refitted n times', (name, algorithm, pipeline) => {
    const job = jobOf({ algorithm, ...(pipeline ? { pipeline } : {}) });
    const { predictions, folds } = validateCandidate(prepare(job, numbers), { algorithm }, context);
    expect(folds).toHaveLength(1);
    golden.leave_one_out.predictions[name]!.forEach((value, row) =>
      expect(predictions.outputs[row]).toBeCloseTo(value, 9),
    );
  });

  test('of another model is n fits, and refused beyond its cap', async () => {
    const change = { target: { column: 'y', positive: 'yes' }, algorithm: { name: 'logistic_regression', l2: 1 } };
    const { record } = await runJob(jobOf(change), numbers);
    expect(record.evaluation).toMatchObject({ rows: n, folds: n });
    expect(record.evaluation.pooled['roc_auc_score@sklearn']).not.toBeNull();
    const capped = jobOf({ ...change, validation: { scheme: 'leave_one_out', maximumRows: 20 } });
    await expect(runJob(capped, numbers)).rejects.toMatchObject({ code: 'TooLarge' });
  });
});

describe('a run', () => {
  test('says its scores by fold with spread and interval, by group, and along its learning curve', async () => {
    const job = jobOf({
      target: { column: 'y', positive: 'yes' },
      protected: ['g'],
      algorithm: { name: 'logistic_regression', l2: 1 },
      validation: { scheme: 'stratified_k_fold', k: 4 },
      learningCurve: { fractions: [0.5, 1] },
    });
    const { record } = await runJob(job, numbers);
    const { scores, pooled, confusion, calibration: bins, groups, learningCurve } = record.evaluation;
    const own = record.folds.map((fold) => fold.scores['log_loss@sklearn']!);
    const { mean, deviation, interval } = scores['log_loss@sklearn']!;
    expect(mean).toBeCloseTo(
      own.reduce((sum, value) => sum + value / 4, 0),
      12,
    );
    const ratio = record.folds.reduce((sum, fold) => sum + fold.testRows / fold.rows / 4, 0);
    // 3.182446: the 0.975 quantile of Student's t with three degrees of freedom.
    expect(interval!.high - mean!).toBeCloseTo(3.182446 * deviation! * Math.sqrt(0.25 + ratio), 5);
    expect(pooled['roc_auc_score@sklearn']).not.toBeNull();
    expect(confusion!.labels).toEqual(['no', 'yes']);
    expect(confusion!.counts.flat().reduce((sum, count) => sum + count, 0)).toBe(n);
    expect(bins!.reduce((sum, bin) => sum + bin.n, 0)).toBe(n);
    expect(groups!.map((group) => group.rows).reduce((sum, count) => sum + count, 0)).toBe(n);
    expect(learningCurve!.map(({ fraction }) => fraction)).toEqual([0.5, 1]);
    expect(learningCurve![1]!.test).toEqual(Object.fromEntries(Object.entries(scores).map(([k, v]) => [k, v.mean])));
    expect(learningCurve![0]!.rows).toBeLessThan(learningCurve![1]!.rows);
  });

  test('of a hold-out tests its share only', async () => {
    const job = jobOf({ validation: { scheme: 'hold_out', share: 0.25 } });
    const { predictions, record } = await runJob(job, numbers);
    expect(predictions.rows).toHaveLength(Math.ceil(n / 4));
    expect(record.evaluation.scores['r2_score@sklearn']).toEqual({ mean: record.folds[0]!.scores['r2_score@sklearn'] });
  });

  test('nested: what is chosen sees the outer training rows only', () => {
    const prepared = prepare(jobOf({ validation: { scheme: 'nested', k: 3, inner: 2 } }), numbers);
    const { folds } = validateNested(
      prepared,
      2,
      (inner, outer) => {
        const outside = new Set(prepared.folds[outer]!.test);
        for (const fold of inner.folds)
          for (const row of [...fold.training, ...fold.test]) expect(outside.has(row)).toBe(false);
        const { mean } = validateCandidate(inner, { algorithm: { name: 'linear_regression' } }, context);
        expect(mean['r2_score@sklearn']).toBeGreaterThan(0);
        return { algorithm: { name: 'linear_regression' } };
      },
      context,
    );
    expect(folds).toHaveLength(3);
  });

  test.each([
    ['Folds', { scheme: 'k_fold', k: 100 }],
    ['NeedsTarget', { scheme: 'stratified_k_fold', k: 3 }],
    ['Folds', { scheme: 'group_k_fold', k: 50, group: 'g' }],
    ['UnknownColumn', { scheme: 'group_k_fold', k: 2, group: 'nowhere' }],
    ['Folds', { scheme: 'time_series_split', k: 70 }],
    ['Folds', { scheme: 'hold_out', share: 0.999 }],
  ])('%s: %j', (code, validation) => {
    expect(() => prepare(jobOf({ validation }), numbers)).toThrow(expect.objectContaining({ code }));
  });
});
