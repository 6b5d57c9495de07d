import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import type { TrialRecord } from '#libs/learning';
import { repositoryRoot } from '#libs/runtime';
import { main } from '../main.js';

const root = repositoryRoot();
const { Ajv2020 } = createRequire(import.meta.url)('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
let folder: string;
let data: string;

class Text extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

async function assay(...args: string[]): Promise<{ code: number; out: string; error: string }> {
  const [stdout, stderr] = [new Text(), new Text()];
  const code = await main(args, { stdout, stderr });
  return { code, out: stdout.text, error: stderr.text };
}

function validated(schema: string, text: string): Record<string, unknown> {
  const value = JSON.parse(text) as Record<string, unknown>;
  const validate = new Ajv2020({ strict: false }).compile(
    JSON.parse(readFileSync(join(root, `schemas/cli/${schema}.schema.json`), 'utf8')),
  );
  validate(value);
  expect(validate.errors).toBeNull();
  return value;
}

const l2 = { type: 'real', low: 0.001, high: 100, scale: 'log' };
const plain = {
  version: 1,
  target: { column: 'deny', positive: 'yes' },
  protected: ['afam'],
  algorithm: { name: 'logistic_regression', l2: 1 },
  validation: { scheme: 'stratified_k_fold', k: 3 },
  seed: 5,
};
const searching = {
  ...plain,
  search: { method: { name: 'bayesian', initial: 4 }, parameters: { l2 }, budget: { trials: 7 } },
};

async function jobFile(name: string, job: object): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, JSON.stringify(job));
  return path;
}
const trialsOf = (out: string): TrialRecord[] =>
  readFileSync(join(out, 'trials.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as TrialRecord);
const lasting = (trials: readonly TrialRecord[]): object[] =>
  trials.map((trial) => ({ ...trial, resources: undefined }));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-train-'));
  const lines: string[] = [];
  for await (const line of createInterface(createReadStream(join(root, 'examples/boston-mortgage/boston-hmda.csv'))))
    if (lines.length < 201) lines.push(line);
  data = join(folder, 'data.csv');
  await writeFile(data, `${lines.join('\n')}\n`);
});
afterAll(async () => rm(folder, { recursive: true }));

describe('assay train', () => {
  test('writes model, record and trial as their schemas say, with a picture', async () => {
    const [out, svg] = [join(folder, 'plain'), join(folder, 'plain.svg')];
    const job = await jobFile('plain.json', plain);
    const {
      code,
      out: printed,
      error,
    } = await assay('train', job, '--data', data, '--out', out, '--json', '--svg', svg);
    expect({ code, error }).toEqual({ code: 0, error: '' });
    const answer = validated('train', printed);
    const record = validated('run', readFileSync(join(out, 'run.json'), 'utf8'));
    expect((record['model'] as { digest: string }).digest).toBe(answer['model']);
    validated('trial', readFileSync(join(out, 'trials.jsonl'), 'utf8'));
    expect(readFileSync(svg, 'utf8')).toMatch(/^<svg .*roc_auc_score.*<\/svg>\n$/s);
    expect((await readdir(out)).sort()).toEqual(['model.onnx', 'run.json', 'trials.jsonl']);
  });

  test('a gate that does not pass exits 1, one that passes 0; the verdicts stand in the record', async () => {
    const gate = { id: 'auc', measure: 'roc_auc_score@sklearn', operator: '>=', reads: 'point' };
    const policy = (threshold: number): Promise<string> =>
      jobFile(`policy-${threshold}.json`, { minimumGroupSize: 10, gates: [{ ...gate, threshold }] });
    const job = await jobFile('gated.json', { ...plain, policy: { file: await policy(0.99), threshold: 0.3 } });
    const out = join(folder, 'gated');
    const failed = await assay('train', job, '--data', data, '--out', out, '--json');
    expect(failed.code).toBe(1);
    expect(validated('train', failed.out)).toMatchObject({ verdicts: [{ verdict: 'fail' }] });
    expect(validated('run', readFileSync(join(out, 'run.json'), 'utf8'))).toMatchObject({
      threshold: 0.3,
      verdicts: [{ verdict: 'fail', gate: { id: 'auc' } }],
    });
    const passed = await assay('train', job, '--data', data, '--out', out, '--policy', await policy(0.5));
    expect(passed).toMatchObject({ code: 0, out: expect.stringContaining('gate auc: PASS') });
  });

  test('a search killed while it runs goes on where it was: the same trials and the same model', async () => {
    const job = await jobFile('searching.json', searching);
    const whole = join(folder, 'whole');
    const svg = join(folder, 'search.svg');
    expect((await assay('train', job, '--data', data, '--out', whole, '--svg', svg)).code).toBe(0);
    expect(readFileSync(svg, 'utf8')).toContain('best so far');
    const out = join(folder, 'killed');
    await killedBehind(2, job, out);
    expect(existsSync(join(out, 'model.onnx'))).toBe(false);
    const kept = trialsOf(out).length;
    expect(kept).toBeGreaterThanOrEqual(2);
    expect(kept).toBeLessThan(7);
    const before = trialsOf(out);
    expect((await assay('train', job, '--data', data, '--out', out)).code).toBe(0);
    expect(trialsOf(out).slice(0, kept)).toEqual(before);
    expect(lasting(trialsOf(out))).toEqual(lasting(trialsOf(whole)));
    expect(readFileSync(join(out, 'model.onnx')).equals(readFileSync(join(whole, 'model.onnx')))).toBe(true);
    for (const line of readFileSync(join(out, 'trials.jsonl'), 'utf8').trimEnd().split('\n')) validated('trial', line);
    validated('run', readFileSync(join(out, 'run.json'), 'utf8'));
    // Another job does not go on in its folder.
    const other = await jobFile('other.json', { ...searching, seed: 6 });
    expect(await assay('train', other, '--data', data, '--out', out)).toMatchObject({
      code: 2,
      error: expect.stringContaining('TrialsDiffer'),
    });
  }, 240_000);

  test.each<[string, object, string]>([
    ['an empty space', { ...plain, search: { method: { name: 'grid' } } }, 'EmptySpace'],
    ['a deadline in the past', { ...plain, deadline: '2020-01-01T00:00:00Z' }, 'DeadlinePassed'],
    ['a policy that is none', { ...plain, policy: { file: 'plain.json' } }, 'InvalidPolicy'],
    ['a policy that is not there', { ...plain, policy: { file: 'nowhere.json' } }, 'Unreadable'],
    ['an unknown member', { ...plain, verbose: true }, 'InvalidJob'],
  ])('%s exits 2 by name and writes nothing', async (name, job, code) => {
    const out = join(folder, name.replaceAll(' ', '-'));
    const result = await assay('train', await jobFile('bad.json', job), '--data', data, '--out', out, '--json');
    expect(result.code).toBe(2);
    expect((JSON.parse(result.error) as { error: { code: string } }).error.code).toBe(code);
    expect(existsSync(join(out, 'model.onnx')) || existsSync(join(out, 'run.json'))).toBe(false);
  });
});

/** Runs the job in a process of its own and kills it when so many trials are on the disk. */
async function killedBehind(trials: number, job: string, out: string): Promise<void> {
  const program = `const { main } = await import(${JSON.stringify(pathToFileURL(join(root, 'services/cli/main.ts')).href)});
    process.on('disconnect', () => process.exit(3));
    process.exit(await main(['train', ${JSON.stringify(job)}, '--data', ${JSON.stringify(data)}, '--out', ${JSON.stringify(out)}]));`;
  const child = spawn(
    process.execPath,
    ['--import', join(root, 'scripts/typescript-loader.mjs'), '--input-type=module', '--eval', program],
    { cwd: root, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
  );
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  const path = join(out, 'trials.jsonl');
  const deadline = Date.now() + 120_000;
  while (child.exitCode === null && Date.now() < deadline) {
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;
    if (lines >= trials) break;
    await new Promise((resolve) => {
      setTimeout(resolve, 2);
    });
  }
  child.kill('SIGKILL');
  await ended;
}
