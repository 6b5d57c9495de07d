import { expect, test } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '#libs/runtime';
import { readCsv, selectRows } from '#libs/statistics';
import { parseJob, runJob } from '../index.js';

const folder = join(repositoryRoot(), 'examples/jobs');
const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const jobs = readdirSync(folder).filter((name) => !name.startsWith('policy'));
const own = jobs.filter((name) => /^(pipeline|validation)-/.test(name));
const { table } = await readCsv(join(folder, '../boston-mortgage/boston-hmda.csv'));
const sample = selectRows(
  table,
  Int32Array.from({ length: table.rows }, (_, row) => row).filter((row) => row % 10 === 3),
);

test.each(jobs)('%s is a job', (name) => {
  expect(() => parseJob(read(name))).not.toThrow();
});

test.each(own)('%s runs, agrees with its file, and gives the same bytes again', async (name) => {
  const job = parseJob(read(name));
  const { digest, record } = await runJob(job, sample);
  expect(record.model.parity.rows + (record.model.parity.boundary?.rows ?? 0)).toBe(sample.rows);
  expect(record.evaluation.rows).toBeGreaterThan(0);
  for (const value of Object.values(record.evaluation.pooled)) expect(value).not.toBeNaN();
  expect((await runJob(job, sample)).digest).toBe(digest);
});
