import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '#libs/runtime';
import { readCsv, selectRows } from '#libs/statistics';
import { parseJob } from '../job/document.js';
import type { Job } from '../job/document.js';
import { runJob } from '../job/run.js';
import type { SearchDocument } from './document.js';
import { openTrials } from './trials.js';
import type { TrialRecord } from './trials.js';

const whole = (await readCsv(join(repositoryRoot(), 'examples/boston-mortgage/boston-hmda.csv'))).table;
const table = selectRows(
  whole,
  Int32Array.from({ length: 160 }, (_, row) => row * 14),
);
const l2 = { type: 'real', low: 1e-3, high: 100, scale: 'log' };
const jobOf = (search: object, change: object = {}): Job =>
  parseJob({
    version: 1,
    target: { column: 'deny', positive: 'yes' },
    algorithm: { name: 'logistic_regression', l2: 1 },
    search,
    validation: { scheme: 'stratified_k_fold', k: 2 },
    seed: 3,
    ...change,
  });
/** What of a trial is not measured with a clock. */
const lasting = (trials: readonly TrialRecord[]): object[] =>
  trials.map((trial) => ({ ...trial, resources: undefined }));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-search-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a search', () => {
  test.each<[string, object, number]>([
    ['grid', { method: { name: 'grid' }, parameters: { l2: { ...l2, points: 3 } } }, 3],
    ['random', { method: { name: 'random' }, parameters: { l2 }, budget: { trials: 4 } }, 4],
    ['bayesian', { method: { name: 'bayesian', initial: 3 }, parameters: { l2 }, budget: { trials: 5 } }, 5],
    ['genetic', { method: { name: 'genetic', population: 3 }, parameters: { l2 }, budget: { trials: 7 } }, 7],
    ['halving', { method: { name: 'successive_halving', configurations: 4, reduction: 2 }, parameters: { l2 } }, 7],
  ])('%s fits the best of its trials, and goes on behind recorded ones to the same end', async (_, search, count) => {
    const job = jobOf(search);
    const first = await runJob(job, table);
    expect(first.trials).toHaveLength(count);
    expect(first.record.search).toMatchObject({ trials: count, failed: 0 });
    const full = first.trials.filter(({ fraction }) => fraction === 1);
    const best = Math.max(...full.map(({ scores }) => scores['roc_auc_score@sklearn']!));
    expect(first.record.search!.best.score).toBe(best);
    expect(first.record.algorithm).toEqual(first.trials[first.record.search!.best.trial]!.candidate.algorithm);
    const recordedTrials = JSON.parse(JSON.stringify(first.trials.slice(0, 2))) as TrialRecord[];
    const run: number[] = [];
    const again = await runJob(job, table, { recordedTrials, onTrial: ({ trial }) => run.push(trial) });
    expect(run).toEqual(Array.from({ length: count - 2 }, (_, i) => i + 2));
    expect(lasting(again.trials)).toEqual(lasting(first.trials));
    expect(again.digest).toBe(first.digest);
  });

  test('chooses among families, pipelines and layers under one budget', async () => {
    const job = jobOf({
      method: { name: 'random' },
      parameters: { l2 },
      families: [
        {
          algorithm: { name: 'multilayer_perceptron', hiddenLayers: [4], epochs: 3 },
          pipeline: [{ step: 'clip', lower: 0.01, upper: 0.99 }, { step: 'standard_scale' }],
          parameters: {
            hiddenLayers: { type: 'layers', depth: [1, 2], width: [2, 6] },
            dropout: { type: 'real', low: 0, high: 0.5 },
          },
        },
      ],
      objective: { score: 'log_loss@sklearn' },
      budget: { trials: 8 },
    });
    const { trials, record } = await runJob(job, table);
    const names = trials.map(({ candidate }) => candidate.algorithm.name);
    expect(new Set(names)).toEqual(new Set(['logistic_regression', 'multilayer_perceptron']));
    const layers = trials.flatMap(
      ({ candidate }) => (candidate.algorithm['hiddenLayers'] as number[] | undefined) ?? [],
    );
    expect(layers.every((units) => Number.isInteger(units) && units >= 2 && units <= 6)).toBe(true);
    expect(record.search!.objective).toEqual({ score: 'log_loss@sklearn', direction: 'minimize' });
  });

  test('a candidate that cannot be fitted is a failed trial, and all of them failing is refused', async () => {
    const search: SearchDocument = {
      method: { name: 'grid' },
      parameters: { learningRate: { type: 'choice', values: [0.01, 1e300] } },
    };
    const algorithm = { name: 'multilayer_perceptron', hiddenLayers: [3], epochs: 2 };
    const { trials, record } = await runJob(jobOf(search, { algorithm }), table);
    expect(trials.map(({ status }) => status)).toEqual(['scored', 'failed']);
    expect(trials[1]!.error).toEqual({ code: 'Diverged', field: 'algorithm.learningRate' });
    expect(record.search).toMatchObject({ failed: 1, best: { trial: 0 } });
    const hopeless = { ...search, parameters: { learningRate: { type: 'choice', values: [1e299, 1e300] } } };
    await expect(runJob(jobOf(hopeless, { algorithm }), table)).rejects.toMatchObject({ code: 'NoTrial' });
  });

  test.each<[string, object, { deadline?: string }]>([
    ['EmptySpace', { method: { name: 'grid' } }, {}],
    ['EmptySpace', { method: { name: 'random' }, parameters: {}, budget: { trials: 2 } }, {}],
    ['SearchSpace', { method: { name: 'grid' }, parameters: { l2: { type: 'real', low: 3, high: 1 } } }, {}],
    ['SearchSpace', { method: { name: 'grid' }, parameters: { l2: { type: 'real', low: -1, high: 1 } } }, {}],
    ['SearchSpace', { method: { name: 'grid' }, parameters: { strength: l2 } }, {}],
    ['SearchSpace', { method: { name: 'grid' }, parameters: { 'pipeline.0.low': l2 } }, {}],
    [
      'SearchSpace',
      { method: { name: 'grid' }, parameters: { name: { type: 'choice', values: ['ridge', 'lasso'] } } },
      {},
    ],
    ['Budget', { method: { name: 'bayesian' }, parameters: { l2 } }, {}],
    ['Budget', { method: { name: 'grid' }, parameters: { l2 }, budget: { trials: 2 } }, {}],
    ['UnsupportedTask', { method: { name: 'grid' }, families: [{ algorithm: { name: 'ridge', l2: 1 } }] }, {}],
    ['UnknownScore', { method: { name: 'grid' }, parameters: { l2 }, objective: { score: 'r2_score@sklearn' } }, {}],
    ['DeadlinePassed', { method: { name: 'grid' }, parameters: { l2 } }, { deadline: '2020-01-01T00:00:00Z' }],
  ])('is refused as %s: %j', async (code, search, change) => {
    await expect(runJob(jobOf(search, change), table)).rejects.toMatchObject({ code });
  });

  test('is refused by the schema where a method or a parameter is none', () => {
    const invalid = (search: object) =>
      expect(() => jobOf(search)).toThrow(expect.objectContaining({ code: 'InvalidJob' }));
    invalid({ method: { name: 'annealing' } });
    invalid({ method: { name: 'grid' }, parameters: { l2: { type: 'real', low: 1 } } });
    invalid({ method: { name: 'grid' }, budget: {} });
    invalid({ parameters: { l2 } });
  });

  test('ends at its budget of seconds', async () => {
    const { trials, record } = await runJob(
      jobOf({ method: { name: 'random' }, parameters: { l2 }, budget: { trials: 50, seconds: 1e-6 } }),
      table,
    );
    expect(record.search!.ended).toBe('seconds');
    expect(trials).toHaveLength(1);
  });
});

describe('trials.jsonl', () => {
  const trial = (index: number, search = 'a'): TrialRecord => ({
    version: 1,
    trial: index,
    search,
    candidate: { algorithm: { name: 'ridge', l2: index } },
    point: { family: 0, unit: [0.1 + 0.2, index / 3] },
    fraction: 1,
    status: 'scored',
    loss: 1 / 3,
    scores: {},
    folds: [],
    resources: { milliseconds: 1, fitMilliseconds: 1, scoreMilliseconds: 0, memoryBytes: 1 },
  });

  test('is read back to the bit; a torn last line is cut off and written anew', () => {
    const path = join(folder, 'torn.jsonl');
    const log = openTrials(path, 'a');
    log.append(trial(0));
    log.append(trial(1));
    log.close();
    appendFileSync(path, '{"version":1,"trial":2,"sea');
    const again = openTrials(path, 'a');
    expect(again.recorded).toEqual([trial(0), trial(1)]);
    again.append(trial(2));
    again.close();
    expect(
      readFileSync(path, 'utf8')
        .split('\n')
        .map((line) => line && JSON.parse(line)),
    ).toEqual([trial(0), trial(1), trial(2), '']);
  });

  test("another search's trials, a gap and what is no JSON are refused, the file untouched", () => {
    const path = join(folder, 'other.jsonl');
    const refused = (text: string, code: string): void => {
      writeFileSync(path, text);
      expect(() => openTrials(path, 'a')).toThrow(expect.objectContaining({ code }));
      expect(readFileSync(path, 'utf8')).toBe(text);
    };
    refused(`${JSON.stringify(trial(0, 'b'))}\n`, 'TrialsDiffer');
    refused(`${JSON.stringify(trial(0))}\n${JSON.stringify(trial(2))}\n`, 'TrialsDiffer');
    refused('{]\n', 'MalformedJson');
  });
});
