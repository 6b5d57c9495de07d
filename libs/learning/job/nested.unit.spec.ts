import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '#libs/runtime';
import { hashRows, readCsv, selectRows } from '#libs/statistics';
import type { Table } from '#libs/statistics';
import { openTrials, parseJob, runJob, searchDigest } from '../index.js';
import type { JobResult, RunRecord, TrialRecord } from '../index.js';

const examples = join(repositoryRoot(), 'examples/jobs');
const document = JSON.parse(readFileSync(join(examples, 'validation-nested.json'), 'utf8')) as object;
const { table } = await readCsv(join(examples, '../boston-mortgage/boston-hmda.csv'));
const { Ajv2020 } = createRequire(import.meta.url)('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
const isTrial = new Ajv2020({ strict: false }).compile(
  JSON.parse(readFileSync(join(repositoryRoot(), 'schemas/cli/trial.schema.json'), 'utf8')),
);
const everySeventh = (rows: number): Table =>
  selectRows(
    table,
    Int32Array.from({ length: rows }, (_, row) => row * 7),
  );

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-nested-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('a nested search chooses in each outer fold, and once more on all rows', async () => {
  const { record, trials } = await runJob(parseJob(document), everySeventh(300));
  expect(record.scheme).toBe('nested-cross-validation(5, 3, pooled)');
  expect(record.folds).toHaveLength(5);
  for (const fold of record.folds) expect(fold['chosen']).toMatchObject({ name: 'logistic_regression' });
  expect(record.search).toMatchObject({ trials: 4 });
  expect(trials.map(({ trial, outerFold }) => [outerFold, trial])).toEqual(
    [undefined, 0, 1, 2, 3, 4].flatMap((fold) => [0, 1, 2, 3].map((trial) => [fold, trial])),
  );
  for (const { folds } of trials) expect(folds).toHaveLength(3);
  expect(record.evaluation.rows).toBe(300);
});

// A Bayesian search: what it proposes hangs on the trials before.
const small = parseJob({
  ...document,
  search: {
    method: { name: 'bayesian', initial: 2 },
    parameters: { l2: { type: 'real', low: 0.1, high: 100, scale: 'log' } },
    budget: { trials: 3 },
  },
  validation: { scheme: 'nested', k: 2, inner: 2 },
});
const rows = everySeventh(80);
const search = searchDigest(small, hashRows(rows).digest());
const whole = await runJob(small, rows);

/** What of a run is not measured with a clock. */
const lasting = (record: RunRecord): object => ({
  ...record,
  timings: undefined,
  resources: undefined,
  efficiency: record.efficiency.map(({ definition }) => definition),
});
const lastingTrials = (trials: readonly TrialRecord[]): object[] =>
  trials.map((trial) => ({ ...trial, resources: undefined }));

test('a nested search stopped behind every one of its trials goes on to the same file, record and model', async () => {
  expect(whole.trials).toHaveLength(9);
  const path = join(folder, 'trials.jsonl');
  let result: JobResult | undefined;
  const ran: number[] = [];
  for (let run = 0; run < 12 && !result; run += 1) {
    const log = openTrials(path, search);
    const onTrial = (trial: TrialRecord): void => {
      log.append(trial);
      ran.push(log.recorded.length);
      throw new Error('stopped');
    };
    result = await runJob(small, rows, { recordedTrials: log.recorded, onTrial }).catch((error: Error) => {
      expect(error.message).toBe('stopped');
      return undefined;
    });
    log.close();
  }
  expect(ran).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  for (const line of lines) expect(isTrial(JSON.parse(line)) ? [] : isTrial.errors).toEqual([]);
  expect(lastingTrials(lines.map((line) => JSON.parse(line) as TrialRecord))).toEqual(lastingTrials(whole.trials));
  expect(Buffer.from(result!.model).equals(whole.model)).toBe(true);
  expect(lasting(result!.record)).toEqual(lasting(whole.record));
  expect(result!.trials).toEqual(lines.map((line) => JSON.parse(line)));
});

test('trials of an outer fold that are missing, too many or changed are refused', async () => {
  const { trials } = whole;
  const differs = async (recordedTrials: readonly TrialRecord[]): Promise<void> =>
    expect(runJob(small, rows, { recordedTrials })).rejects.toMatchObject({ code: 'TrialsDiffer' });
  await differs(trials.filter((_, index) => index !== 2));
  await differs([...trials, { ...trials[8]!, trial: 3 }]);
  await differs(trials.map((trial, index) => (index === 4 ? { ...trial, point: trials[3]!.point! } : trial)));
  await differs(trials.map((trial, index) => (index === 7 ? { ...trial, candidate: trials[8]!.candidate } : trial)));
});

test('trials.jsonl is read in the order in which the searches run, and no other', () => {
  const line = (trial: number, outerFold?: number): TrialRecord => ({
    version: 1,
    trial,
    ...(outerFold === undefined ? {} : { outerFold }),
    search,
    candidate: { algorithm: small.algorithm },
    fraction: 1,
    status: 'scored',
    loss: 0,
    scores: {},
    folds: [],
    resources: { milliseconds: 1, fitMilliseconds: 1, scoreMilliseconds: 0, memoryBytes: 1 },
  });
  const read = (name: string, trials: readonly TrialRecord[]): readonly TrialRecord[] => {
    const path = join(folder, name);
    const written = openTrials(path, search);
    for (const trial of trials) written.append(trial);
    written.close();
    const { recorded, close } = openTrials(path, search);
    close();
    return recorded;
  };
  const ordered = [line(0), line(1), line(0, 0), line(1, 0), line(0, 1)];
  expect(read('ordered', ordered)).toEqual(ordered);
  for (const [name, trials] of Object.entries({
    gap: [line(0), line(0, 0), line(2, 0)],
    skipped: [line(0), line(0, 1)],
    back: [line(0), line(0, 0), line(1)],
    without: [line(0, 0)],
  }))
    expect(() => read(name, trials)).toThrow(expect.objectContaining({ code: 'TrialsDiffer' }));
});
