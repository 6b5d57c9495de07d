import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newId, repositoryRoot } from '#libs/runtime';
import { canonicalBytes } from '#libs/signing';
import { example, examples } from '../../libs/lifecycle/examples.js';
import { installation, type Installation } from './installation.js';

let all: Installation;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  all = await installation();
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await all.close();
});

async function start(): Promise<ChildProcess> {
  const root = repositoryRoot();
  const args = [join(root, 'dist', 'services', 'trainer', 'main.js')];
  const child = spawn(process.execPath, args, {
    env: {
      PATH: process.env['PATH'],
      EVENTSTORE_URL: all.ledger.connectionString,
      DATABASE_URL: all.databaseUrl,
      ASSAY_CONTENT: join(all.folder, 'content'),
      ASSAY_WORK: join(all.folder, 'trainer'),
      ASSAY_PARENT: String(process.pid),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  await new Promise((resolve) => child.stdout!.once('data', resolve));
  return child;
}

/** Jobs that run in this installation's work folder. */
function jobs(): string[] {
  return commandLines().filter((line) => line.includes('job-child') && line.includes(all.folder));
}

function commandLines(): string[] {
  if (!existsSync('/proc/self/cmdline')) return execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' }).split('\n');
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return ''; // It has just ended.
      }
    });
}

async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

test('a trainer killed with -9 in the middle of a job takes its job with it, and the next one finishes the run', async () => {
  const rows = Array.from(
    { length: 2_000 },
    (_, row) => `${row % 3 ? 'no' : 'yes'},${(row * 7919) % 1009},${(row * 104729) % 997}`,
  );
  const data = await all.content.add(Buffer.from(`deny,a,b\n${rows.join('\n')}\n`));
  const job = await all.content.add(
    canonicalBytes({
      version: 1,
      target: { column: 'deny', positive: 'yes' },
      algorithm: { name: 'logistic_regression', l2: 1 },
      validation: { scheme: 'stratified_k_fold', k: 5 },
      seed: 1,
    }),
  );
  const datasetVersionId = newId();
  const trainingRunId = newId();
  const run = `trainingRun-${all.workspace}.${trainingRunId}`;
  const { modelId } = examples.ModelRegistered;
  await all.write(
    `datasetVersion-${all.workspace}.${datasetVersionId}`,
    example('DatasetVersionSealed', { datasetVersionId, content: { ...data, mediaType: 'text/csv' } }),
  );
  const first = await start();
  await all.write(
    run,
    example('TrainingRunStarted', {
      trainingRunId,
      modelId,
      datasetVersionIds: [datasetVersionId],
      job: { ...job, mediaType: 'application/json' },
    }),
  );
  await until(() => jobs().length === 1);
  const gone = new Promise((resolve) => first.once('exit', resolve));
  first.kill('SIGKILL');
  await gone;
  expect(await all.events(run)).toHaveLength(1);
  await until(() => jobs().length === 0);
  await start();
  await until(async () => (await all.events(run)).length > 1);
  expect((await all.events(run)).map(({ type }) => type)).toEqual(['TrainingRunStarted', 'TrainingRunCompleted']);
}, 120_000);
