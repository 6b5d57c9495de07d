import { describe, expect, test } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { repositoryRoot } from '#libs/runtime';
import { readCsv, selectRows } from '#libs/statistics';
import { algorithms } from '../algorithms.js';
import { parseJob } from '../job/document.js';
import type { Job } from '../job/document.js';
import { runJob } from '../job/run.js';

const { Ajv2020 } = createRequire(import.meta.url)('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
const schemaOf = (name: string) =>
  new Ajv2020({ strict: false }).compile(
    JSON.parse(readFileSync(join(repositoryRoot(), `schemas/cli/${name}.schema.json`), 'utf8')),
  );
const [isRun, isTrial] = [schemaOf('run'), schemaOf('trial')];
const folder = join(repositoryRoot(), 'examples/jobs');
const jobs = readdirSync(folder)
  .filter((name) => /^(algorithm|search)-/.test(name))
  .map((name): [string, Job] => [name, parseJob(JSON.parse(readFileSync(join(folder, name), 'utf8')))]);
const { table } = await readCsv(join(folder, '../boston-mortgage/boston-hmda.csv'));
const sample = selectRows(
  table,
  Int32Array.from({ length: 198 }, (_, row) => row * 12),
);

describe('example jobs', () => {
  test('there is one for every algorithm, each of its tasks, and every search', () => {
    const own = jobs.filter(([name]) => name.startsWith('algorithm-'));
    const named = own.map(([, { algorithm, task }]) =>
      task === 'regression' ? [algorithm.name, task] : [algorithm.name],
    );
    const tasks = [...algorithms.values()].flatMap(({ name, tasks: all }) =>
      all.map((task) => (task === 'regression' ? [name, task] : [name])),
    );
    expect(new Set(named.map(String))).toEqual(new Set(tasks.map(String)));
    const methods = jobs.flatMap(([, { search }]) => search?.method.name ?? []);
    expect(new Set(methods)).toEqual(new Set(['grid', 'random', 'bayesian', 'genetic', 'successive_halving']));
  });

  test.each(jobs)(
    '%s: onnxruntime agrees, the record is as its schema says; of an algorithm the same bytes come again',
    async (_, job) => {
      const { record, digest, trials, predictions } = await runJob(job, sample);
      const { parity } = record.model;
      expect(parity.rows + (parity.boundary?.rows ?? 0)).toBe(sample.rows);
      if (predictions.kind === 'binary' || predictions.kind === 'multiclass')
        expect(parity.largestDifference).toBeLessThanOrEqual(1e-6);
      expect(JSON.stringify(record)).not.toMatch(/NaN|Infinity/);
      expect(trials).toHaveLength(record.search?.trials ?? 1);
      for (const [validate, value] of [[isRun, record] as const, ...trials.map((trial) => [isTrial, trial] as const)]) {
        validate(JSON.parse(JSON.stringify(value)));
        expect(validate.errors).toBeNull();
      }
      if (job.search) return;
      const again = await runJob(job, sample);
      expect(again.digest).toBe(digest);
      expect(again.record.environment.digest).toBe(record.environment.digest);
    },
  );
});
