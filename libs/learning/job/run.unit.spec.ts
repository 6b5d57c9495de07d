import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '#libs/runtime';
import { InputError, asCategories, columnOf, readCsv, selectRows } from '#libs/statistics';
import type { Table } from '#libs/statistics';
import {
  GraphBuilder,
  decodeModel,
  describeOnnx,
  encodeModel,
  encodeRow,
  evaluatePooled,
  findMeasurement,
  parseJob,
  readMetadata,
  runJob,
  scoreOnnx,
} from '../index.js';
import type { Job, PooledPredictions } from '../index.js';

interface Golden {
  drop: string[];
  reweighing: boolean;
  l2: number;
  seed: number | null;
  selected: { yes: number; no: number };
  n: { yes: number; no: number };
  demographic_parity_ratio: number;
  demographic_parity_difference: number;
  koopman: [number, number];
  accuracy: number;
  roc_auc: number;
  log_loss: number;
  brier: number;
  average_precision: number;
  probabilities: number[];
  coefficients: number[];
  intercept: number;
}

const root = repositoryRoot();
const goldens = (JSON.parse(readFileSync(join(root, 'test/peers/goldens/spine.json'), 'utf8')) as { models: Golden[] })
  .models;
const { table } = await readCsv(join(root, 'examples/boston-mortgage/boston-hmda.csv'));
const afam = asCategories(columnOf(table, 'afam'));

const jobOf = ({ drop, reweighing, l2, seed }: Pick<Golden, 'drop' | 'reweighing' | 'l2' | 'seed'>): Job =>
  parseJob({
    version: 1,
    target: { column: 'deny', positive: 'yes' },
    drop,
    ...(reweighing ? { reweighing: { protected: 'afam' } } : {}),
    algorithm: { name: 'logistic_regression', l2 },
    validation: { scheme: 'stratified_k_fold', k: 5, shuffle: seed !== null },
    seed: seed ?? 0,
  });

const refusal = async (change: Partial<Job>, data: Table = table): Promise<string> => {
  try {
    await runJob({ ...jobOf(goldens[0]!), ...change }, data);
  } catch (error) {
    if (error instanceof InputError) return error.code;
    throw error;
  }
  return 'nothing was refused';
};

describe('the mortgage models agree with scikit-learn 1.9.1 and fairlearn 0.15.0', () => {
  test.each(goldens)('l2 $l2, without $drop, reweighing $reweighing, seed $seed', async (golden) => {
    const { predictions: own, record, measurements } = await runJob(jobOf(golden), table);
    const predictions = own as PooledPredictions;
    const coefficients = record.fit['coefficients'] as Record<string, number>;
    golden.probabilities.forEach((p, row) => expect(predictions.probabilities[row]).toBeCloseTo(p, 9));
    Object.values(coefficients).forEach((value, j) => expect(value).toBeCloseTo(golden.coefficients[j]!, 9));
    expect(record.fit['intercept']).toBeCloseTo(golden.intercept, 9);
    expect(record.fit['converged']).toBe(true);
    expect(record.model.parity.largestDifference).toBeLessThan(1e-6);
    const evaluation = evaluatePooled(predictions, [afam], 0.3);
    expect(Object.fromEntries(evaluation.groups.map(({ group, n }) => [group['afam'], n]))).toEqual(golden.n);
    expect(
      Object.fromEntries(
        evaluation.groups.map((cell) => [cell.group['afam'], cell.truePositives + cell.falsePositives]),
      ),
    ).toEqual(golden.selected);
    const find = (definition: string, group = {}) => findMeasurement(evaluation.measurements, definition, group)!;
    const ratio = find('demographic_parity_ratio@fairlearn', { afam: '*' });
    expect(ratio.value).toBeCloseTo(golden.demographic_parity_ratio, 12);
    expect(ratio.interval!.low).toBeCloseTo(golden.koopman[0], 9);
    expect(ratio.interval!.high).toBeCloseTo(golden.koopman[1], 9);
    expect(find('demographic_parity_difference@fairlearn', { afam: '*' }).value).toBeCloseTo(
      golden.demographic_parity_difference,
      12,
    );
    expect(find('accuracy_score@sklearn').value).toBeCloseTo(golden.accuracy, 12);
    expect(find('log_loss@sklearn').value).toBeCloseTo(golden.log_loss, 9);
    expect(find('brier_score_loss@sklearn').value).toBeCloseTo(golden.brier, 9);
    expect(find('average_precision_score@sklearn').value).toBeCloseTo(golden.average_precision, 9);
    expect(findMeasurement(measurements, 'roc_auc_score@sklearn')!.value).toBeCloseTo(golden.roc_auc, 9);
  });
});

describe('a run', () => {
  test('gives the same bytes again, and other bytes for another strength', async () => {
    const first = await runJob(jobOf(goldens[0]!), table);
    const second = await runJob(jobOf(goldens[0]!), table);
    expect(second.digest).toBe(first.digest);
    expect(second.record.environment.digest).toBe(first.record.environment.digest);
    expect((await runJob(jobOf({ ...goldens[0]!, l2: 2 }), table)).digest).not.toBe(first.digest);
  });

  test('writes a file that says how to call it', async () => {
    const { model } = await runJob(jobOf(goldens[1]!), table);
    const description = describeOnnx(model);
    expect(description.inputs).toEqual([{ name: 'features', type: 'float32', shape: [-1, 12] }]);
    expect(description.outputs).toEqual([{ name: 'probability', type: 'float32', shape: [-1, 1] }]);
    expect({ ir: description.irVersion, ...description.operatorSets }).toEqual({
      ir: 8,
      'ai.onnx': 17,
      'ai.onnx.ml': 3,
    });
    expect(description.parameters).toBe(12 * 3 + 3);
    const metadata = readMetadata(description.metadata)!;
    expect(metadata.encoding['phist']).toEqual({ no: 0, yes: 1 });
    expect(metadata.target).toEqual({ column: 'deny', scored: 'yes', other: 'no' });
    const row = Object.fromEntries(
      table.columns.map((column) => [
        column.name,
        column.kind === 'numeric' ? column.values[0]! : column.categories[column.codes[0]!]!,
      ]),
    );
    const [probability] = await scoreOnnx(model, encodeRow(metadata, row), 12);
    expect(probability).toBeGreaterThan(0);
    expect(() => encodeRow(metadata, { ...row, phist: 'perhaps' })).toThrow(/no category/);
    expect(() => encodeRow(metadata, { ...row, pirat: undefined })).toThrow(/missing/);
    expect(() => encodeRow(metadata, { ...row, pirat: 1e300 })).toThrow(/finite/);
  });

  test('reports its progress and stops when told', async () => {
    const seen: string[] = [];
    const abort = new AbortController();
    const run = runJob(jobOf(goldens[0]!), table, {
      signal: abort.signal,
      onProgress: ({ stage, done }) => {
        seen.push(`${stage}${done}`);
        if (done === 2) abort.abort();
      },
    });
    await expect(run).rejects.toMatchObject({ code: 'Cancelled' });
    expect(seen).toEqual(['fold1', 'fold2']);
  });

  test('a column of mean 1e6 and sd 1 keeps parity, since the graph computes in float64', async () => {
    const shifted: Table = {
      ...table,
      columns: table.columns.map((column) =>
        column.name === 'pirat' && column.kind === 'numeric'
          ? { ...column, values: column.values.map((value) => 1e6 + value * 10) }
          : column,
      ),
    };
    expect((await runJob(jobOf(goldens[0]!), shifted)).record.model.parity.largestDifference).toBeLessThan(1e-6);
  });
});

describe('bad input is refused by name', () => {
  const only = (accept: (row: number) => boolean): Table =>
    selectRows(table, Int32Array.from({ length: table.rows }, (_, i) => i).filter(accept));

  test.each<[string, Partial<Job>]>([
    ['LeakingTarget', { features: ['deny', 'pirat'] }],
    ['UnknownColumn', { features: ['income'] }],
    ['UnknownColumn', { drop: ['income'] }],
    ['UnknownLabel', { target: { column: 'deny', positive: 'maybe' } }],
    ['DeadlinePassed', { deadline: '2020-01-01T00:00:00Z' }],
    ['MemoryLimit', { limits: { memoryMegabytes: 1 } }],
    ['NoFeatures', { features: ['pirat'], drop: ['pirat'] }],
  ])('%s', async (code, change) => expect(await refusal(change)).toBe(code));

  test('one class, missing values, infinities, several categories', async () => {
    const deny = columnOf(table, 'deny');
    const denied = only((row) => deny.kind === 'category' && deny.categories[deny.codes[row]!] === 'yes');
    expect(
      await refusal(
        {},
        {
          ...denied,
          columns: denied.columns.map((c) =>
            c.name === 'deny' && c.kind === 'category'
              ? { ...c, categories: ['yes'], codes: new Int32Array(denied.rows) }
              : c,
          ),
        },
      ),
    ).toBe('OneClass');
    const replace = (value: number): Table => ({
      ...table,
      columns: table.columns.map((c) =>
        c.name === 'pirat' && c.kind === 'numeric'
          ? { ...c, values: c.values.map((v, row) => (row === 7 ? value : v)) }
          : c,
      ),
    });
    expect(await refusal({}, replace(Number.NaN))).toBe('MissingValue');
    expect(await refusal({}, replace(Infinity))).toBe('NotFinite');
    const three = { ...afam, categories: ['a', 'b', 'c'], codes: afam.codes.map((_, row) => row % 3) };
    expect(await refusal({}, { ...table, columns: table.columns.map((c) => (c.name === 'afam' ? three : c)) })).toBe(
      'NeedsEncoding',
    );
  });

  test.each<[string, unknown]>([
    ['seed', { ...jobOf(goldens[0]!), seed: -1 }],
    ['validation.k', { ...jobOf(goldens[0]!), validation: { scheme: 'stratified_k_fold', k: 1 } }],
    ['algorithm.l2', { ...jobOf(goldens[0]!), algorithm: { name: 'logistic_regression', l2: -1 } }],
  ])('a job with a bad %s', (field, document) => {
    expect(() => parseJob(document)).toThrow(
      expect.objectContaining({ code: 'InvalidJob', place: expect.objectContaining({ field }) }),
    );
  });

  test('ZipMap, external data, and what is no ONNX at all', async () => {
    const graph = new GraphBuilder('g');
    const input = graph.input('x', ['n', 1]);
    graph.node('ZipMap', 'maps', [input], [], 'ai.onnx.ml');
    graph.output('y', input, ['n', 1]);
    expect(() => describeOnnx(graph.finish('0', {}))).toThrow(expect.objectContaining({ code: 'UnsupportedOnnx' }));
    expect(() => describeOnnx(Buffer.from('no model'))).toThrow(expect.objectContaining({ code: 'MalformedOnnx' }));
    const { model } = await runJob(jobOf(goldens[1]!), table);
    const decoded = decodeModel(model);
    decoded.graph!.initializer![0]!.data_location = 1;
    expect(() => describeOnnx(encodeModel(decoded))).toThrow(/another file/);
    expect(() => describeOnnx(model.subarray(0, model.length - 5))).toThrow(InputError);
  });
});
