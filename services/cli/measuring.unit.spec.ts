import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '#libs/runtime';
import { main } from './main.js';

const root = repositoryRoot();
const mortgage = join(root, 'examples/boston-mortgage/boston-hmda.csv');
const { Ajv2020 } = createRequire(import.meta.url)('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
let folder: string;

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

async function validated(schema: string, text: string): Promise<unknown> {
  const document: unknown = JSON.parse(text);
  const validate = new Ajv2020({ strict: false }).compile(
    JSON.parse(await readFile(join(root, `schemas/cli/${schema}.schema.json`), 'utf8')),
  );
  validate(document);
  expect(validate.errors).toBeNull();
  return document;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-cli-'));
});
afterAll(async () => rm(folder, { recursive: true }));

describe('assay', () => {
  test('a reader that has seen enough is no error: the exit code stays the command’s, and nothing is said', async () => {
    const child = spawn(process.execPath, [join(root, 'bin/assay.mjs'), 'measures'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (text: Buffer) => (said += text.toString()));
    child.stdout.once('data', () => child.stdout.destroy());
    const [code] = (await once(child, 'close')) as [number];
    expect([code, said]).toEqual([0, '']);
  }, 120_000);

  test('fairness judges by policy: exit 1 and a picture', async () => {
    const picture = join(folder, 'f.svg');
    const args = [
      'fairness',
      mortgage,
      '--label',
      'deny',
      '--prediction',
      'deny',
      '--protected',
      'afam,single',
      '--positive',
      'no',
      '--policy',
      join(root, 'examples/jobs/policy-four-fifths.json'),
    ];
    const { code, out } = await assay(...args, '--json', '--svg', picture);
    const report = (await validated('fairness', out)) as {
      verdicts: { verdict: string }[];
      groupings: { attributes: string[] }[];
    };
    expect(code).toBe(1);
    expect(report.verdicts[0]!.verdict).toBe('fail');
    expect(report.groupings.map(({ attributes }) => attributes.join())).toEqual(['afam', 'single', 'afam,single']);
    expect(await readFile(picture, 'utf8')).toMatch(/^<svg .*<\/svg>\n$/s);
    expect((await assay(...args)).out).toContain('gate four-fifths: FAIL');
  });

  test('mitigation states what it costs, and a verdict is replayed from its record', async () => {
    const data = join(folder, 'scored.csv');
    const rows = Array.from({ length: 400 }, (_, i) => {
      const [g, y] = [i % 2 === 0 ? 'a' : 'b', i % 3 === 0 ? 1 : 0];
      const score = ((i * 37) % 101) / 200 + (y === 1 ? 0.3 : 0.1) + (g === 'a' ? 0.1 : 0);
      return `${g},${y},${score > 0.5 ? 1 : 0},${score.toFixed(3)}`;
    });
    await writeFile(data, `g,y,p,s\n${rows.join('\n')}\n`);
    const args = ['fairness', data, '--label', 'y', '--prediction', 'p', '--protected', 'g', '--score', 's'];
    const odds = (await validated(
      'fairness',
      (await assay(...args, '--mitigate', 'equalized_odds', '--json')).out,
    )) as {
      mitigation: {
        accuracyPaid: number;
        legalNote: { id: string };
        after: { groups: { truePositiveRate: number }[] };
      };
    };
    const [a, b] = odds.mitigation.after.groups;
    expect(a!.truePositiveRate).toBeCloseTo(b!.truePositiveRate, 9);
    expect(odds.mitigation.legalNote.id).toBe('cut-off-by-group');
    expect((await assay(...args, '--mitigate', 'common_cut_off')).out).toContain('paid');
    const weights = (await validated('fairness', (await assay(...args, '--mitigate', 'reweighing', '--json')).out)) as {
      reweighing: { weights: { rows: number; weight: number }[] };
    };
    expect(weights.reweighing.weights.reduce((sum, { rows: n, weight }) => sum + n * weight, 0)).toBeCloseTo(400, 9);
    expect((await assay(...args, '--mitigate', 'magic')).error).toContain('--mitigate is one of');

    const policy = join(folder, 'replayed-policy.json');
    const gate = {
      id: 'four-fifths',
      measure: 'demographic_parity_ratio@fairlearn',
      attribute: 'g',
      operator: '>=',
      threshold: 0.8,
      reads: 'point',
    };
    await writeFile(policy, JSON.stringify({ gates: [gate], minimumGroupSize: 30 }));
    const result = (await assay(...args, '--policy', policy, '--json')).out;
    const record = join(folder, 'record.json');
    await writeFile(record, result);
    const replayed = await assay('fairness', '--replay', record);
    expect(replayed).toMatchObject({ code: 0, out: expect.stringContaining('gate four-fifths: FAIL') });
    await writeFile(record, result.replace('"verdict": "fail"', '"verdict": "pass"'));
    expect(await assay('fairness', '--replay', record)).toMatchObject({
      code: 1,
      out: expect.stringContaining('DIFFERS'),
    });
  });

  test('drift, profile and measures print what their schemas say', async () => {
    const drift = (await validated('drift', (await assay('drift', mortgage, mortgage, '--json')).out)) as {
      share: number;
    };
    expect(drift.share).toBe(0);
    const profile = (await validated(
      'profile',
      (await assay('profile', mortgage, '--target', 'deny', '--json')).out,
    )) as { warnings: { rule: string; column?: string }[] };
    expect(profile.warnings).toContainEqual(expect.objectContaining({ rule: 'leaks-target', column: 'insurance' }));
    const { measures } = (await validated('measures', (await assay('measures', '--json')).out)) as {
      measures: { id: string }[];
    };
    expect(new Set(measures.map(({ id }) => id)).size).toBe(measures.length);
  });

  test('measure answers cases in their order, errors in their place', async () => {
    const path = join(folder, 'cases.jsonl');
    const cases = [
      {
        name: 'demographic_parity_ratio@fairlearn',
        files: [mortgage],
        args: { prediction: 'deny', protected: 'afam', positive: 'no' },
      },
      { name: 'psi@nobody', files: [], args: {} },
      { name: 'ks_2samp@scipy', args: { reference: [1, 2, 3], current: [4, 5, 6], result: 'pvalue' } },
      { name: 'model_drift@assay', args: { initial: 0, current: 1 } },
    ];
    await writeFile(path, cases.map((line) => JSON.stringify(line)).join('\n'));
    const svg = join(folder, 'cases.svg');
    const { code, out } = await assay('measure', '--cases', path, '--svg', svg);
    const picture = await readFile(svg, 'utf8');
    expect(picture).toMatch(
      /^<svg .*4 measures.*demographic_parity_ratio@fairlearn.*undefined: UnknownMeasure.*<\/svg>\n$/s,
    );
    expect(picture).not.toContain('NaN');
    const answers = out.trim().split('\n');
    for (const line of answers) await validated('measure', line);
    const [parity, unknown, ks, drift] = answers.map(
      (line) => JSON.parse(line) as { value: number | null; undefined?: string; n: number },
    );
    expect(code).toBe(2);
    expect(parity!.value).toBeCloseTo(243 / 339 / (1852 / 2041), 15);
    expect(unknown).toMatchObject({ value: null, undefined: 'UnknownMeasure' });
    expect(ks!.value).toBeCloseTo(0.1, 12);
    expect(drift).toMatchObject({ value: null, undefined: 'infinite', n: 1 });
  });

  test('train writes all files or none', async () => {
    const out = join(folder, 'run');
    expect((await assay('train', join(root, 'examples/jobs/mortgage-2.json'), '--out', out)).code).toBe(0);
    expect((await readdir(out)).sort()).toEqual(['model.onnx', 'run.json', 'trials.jsonl']);
    const bad = join(folder, 'bad.json');
    await writeFile(
      bad,
      JSON.stringify({
        ...JSON.parse(await readFile(join(root, 'examples/jobs/mortgage-2.json'), 'utf8')),
        deadline: '2020-01-01T00:00:00Z',
      }),
    );
    const late = await assay('train', bad, '--out', join(folder, 'late'), '--data', mortgage, '--json');
    expect(late.code).toBe(2);
    expect(JSON.parse(late.error)).toMatchObject({ error: { code: 'DeadlinePassed', field: 'deadline' } });
    await expect(readdir(join(folder, 'late'))).rejects.toThrow('ENOENT');
  });

  test.each([
    [['fairness', mortgage, '--label', 'deny', '--prediction', 'deny'], /--protected is missing/],
    [['fairness', mortgage, '--label', 'deny', '--prediction', 'deny', '--protected', 'race'], /no column "race"/],
    [['drift', mortgage], /1 arguments/],
    [['drift', mortgage, mortgage, '--method', 'psi@nobody'], /no measure "psi@nobody"/],
    [['profile', join('nowhere', 'x.csv')], /cannot be read/],
    [['measure', 'mean@numpy', mortgage, '--args', '{"column":"deny"}'], /column of numbers/],
    [['measure', 'mean@numpy', mortgage, '--args', '{'], /no JSON object/],
  ])('%j is refused on stderr with exit code 2', async (args, message) => {
    const { code, out, error } = await assay(...args);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(error).toMatch(message);
  });
});
