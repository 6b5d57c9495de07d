import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { repositoryRoot } from '#libs/runtime';
import { main } from './main.js';

const { Ajv2020 } = createRequire(import.meta.url)('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
let folder: string;
const at = (name: string): string => join(folder, name);

async function assay(...args: string[]): Promise<{ code: number; out: string }> {
  let out = '';
  const stdout = new Writable({
    write(chunk: Buffer, _encoding, done) {
      out += chunk.toString();
      done();
    },
  });
  return { code: await main(args, { stdout, stderr: stdout }), out };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-drift-'));
  const rows = (shift: number): string =>
    [
      'x,k',
      ...Array.from({ length: 80 }, (_, i) => `${((i * 37) % 80) + shift},${i % 9 === 0 ? '' : 'ab'[i % 2]}`),
    ].join('\n');
  await writeFile(at('a.csv'), rows(0));
  await writeFile(at('b.csv'), rows(60));
});
afterAll(async () => rm(folder, { recursive: true }));

test('all columns at once, the quality of each, and a policy: exit code 1 where a gate fails', async () => {
  const gate = { id: 'range', measure: 'out_of_range_share@assay', operator: '<=', threshold: 0.1, reads: 'point' };
  await writeFile(at('policy.json'), JSON.stringify({ minimumGroupSize: 10, gates: [gate] }));
  const methods = 'domain_classifier@assay,data_reconstruction@nannyml,mmd_drift@alibi_detect,total_variation@assay';
  const args = ['drift', at('a.csv'), at('b.csv'), '--method', methods, '--policy', at('policy.json')];
  const { code, out } = await assay(...args, '--json', '--svg', at('d.svg'));
  expect(code).toBe(1);
  const report = JSON.parse(out) as {
    multivariate: { definition: string; drifted?: boolean }[];
    columns: { measures: { definition: string }[] }[];
    verdicts: { verdict: string }[];
  };
  const schema = await readFile(join(repositoryRoot(), 'schemas/cli/drift.schema.json'), 'utf8');
  const validate = new Ajv2020({ strict: false }).compile(JSON.parse(schema));
  validate(report);
  expect(validate.errors).toBeNull();
  expect(report.multivariate.map(({ drifted }) => drifted)).toEqual([true, undefined, true]);
  expect(report.columns.map(({ measures }) => measures.map(({ definition }) => definition))).toEqual([
    ['total_variation@assay'],
    ['total_variation@assay'],
  ]);
  expect(report.verdicts.map(({ verdict }) => verdict)).toEqual(['fail']);
  expect(await readFile(at('d.svg'), 'utf8')).toContain('domain_classifier@assay');
  expect((await assay(...args)).out).toContain('gate range (x): FAIL');
});

test('files without a column in common are refused, not called free of drift', async () => {
  await writeFile(at('other.csv'), 'y,z\n1,2\n3,4\n');
  const { code, out } = await assay('drift', at('a.csv'), at('other.csv'));
  expect(code).toBe(2);
  expect(out).toMatch(/no column in common \(NoCommonColumn; columns: at least one column of both files\)/);
});
