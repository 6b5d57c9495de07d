import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { repositoryRoot } from '#libs/runtime';
import { main } from './main.js';

const root = repositoryRoot();
const mortgage = join(root, 'examples/boston-mortgage/boston-hmda.csv');
const { Ajv2020 } = createRequire(import.meta.url)('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
let folder: string;
const at = (name: string): string => join(folder, name);

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

interface Report {
  readonly method: string;
  readonly parts: readonly {
    readonly group?: Record<string, string>;
    readonly rows: number;
    readonly metrics: readonly {
      readonly metric: string;
      readonly reference: { value: number };
      readonly estimated: { value: number; interval?: { low: number; high: number } };
      readonly realised?: { value: number };
    }[];
  }[];
  readonly verdicts?: readonly { verdict: string }[];
}

const metricsOf = (report: Report, part = 0) =>
  Object.fromEntries(report.parts[part]!.metrics.map((entry) => [entry.metric, entry]));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-estimate-'));
  const [header, ...lines] = (await readFile(mortgage, 'utf8')).trim().split('\n');
  // Every other application is the reference; the rest are current, the heavily indebted ones only.
  const rest = lines.filter((_, i) => i % 2 === 1);
  const column = header!.split(',').indexOf('pirat');
  const indebted = rest.filter((line) => Number(line.split(',')[column]) > 0.33);
  const write = (name: string, own: readonly string[]): Promise<void> =>
    writeFile(at(name), [header, ...own].join('\n'));
  await write(
    'reference.csv',
    lines.filter((_, i) => i % 2 === 0),
  );
  await write('current.csv', indebted);
  const target = header!.split(',').indexOf('deny');
  await writeFile(
    at('unlabelled.csv'),
    [header!, ...indebted]
      .map((line) =>
        line
          .split(',')
          .filter((_, i) => i !== target)
          .join(','),
      )
      .join('\n'),
  );
  await assay('train', join(root, 'examples/jobs/mortgage-2.json'), '--out', at('run'));
}, 60_000);
afterAll(async () => rm(folder, { recursive: true }));

describe('assay estimate', () => {
  test('foresees, without labels, what the labels then show; whole and by group', async () => {
    const { out, code } = await assay(
      'estimate',
      at('run'),
      at('reference.csv'),
      at('current.csv'),
      '--threshold',
      '0.3',
      '--json',
    );
    const report = JSON.parse(out) as Report;
    const validate = new Ajv2020({ strict: false }).compile(
      JSON.parse(await readFile(join(root, 'schemas/cli/estimate.schema.json'), 'utf8')),
    );
    validate(report);
    expect(validate.errors).toBeNull();
    expect(code).toBe(0);
    expect(report.parts.map(({ group }) => group)).toEqual([
      undefined,
      { afam: 'no' },
      { afam: 'yes' },
      { single: 'no' },
      { single: 'yes' },
    ]);
    const { accuracy, roc_auc: auc } = metricsOf(report);
    const { low, high } = accuracy!.estimated.interval!;
    // Worse than on the reference, as it should be, and the truth lies in the interval.
    expect(accuracy!.estimated.value).toBeLessThan(accuracy!.reference.value);
    expect(accuracy!.realised!.value).toBeGreaterThan(low);
    expect(accuracy!.realised!.value).toBeLessThan(high);
    expect(Math.abs(auc!.estimated.value - auc!.realised!.value)).toBeLessThan(0.08);
    const blind = JSON.parse(
      (await assay('estimate', at('run'), at('reference.csv'), at('unlabelled.csv'), '--threshold', '0.3', '--json'))
        .out,
    ) as Report;
    expect(metricsOf(blind)['accuracy']!.estimated).toEqual(accuracy!.estimated);
    expect(metricsOf(blind)['accuracy']).not.toHaveProperty('realised');
  }, 60_000);

  test('a gate that fails is exit code 1; the picture and the table are there', async () => {
    const policy = at('policy.json');
    const gate = (threshold: number) => ({
      id: 'accuracy',
      measure: 'cbpe_accuracy@nannyml',
      operator: '>=',
      threshold,
      reads: 'bound',
    });
    const run = async (threshold: number) => {
      await writeFile(policy, JSON.stringify({ minimumGroupSize: 10, gates: [gate(threshold)] }));
      return assay(
        'estimate',
        at('run'),
        at('reference.csv'),
        at('unlabelled.csv'),
        '--policy',
        policy,
        '--svg',
        at('e.svg'),
      );
    };
    const strict = await run(0.99);
    expect(strict.code).toBe(1);
    expect(strict.out).toContain('gate accuracy: FAIL');
    expect((await run(0.5)).code).toBe(0);
    expect(await readFile(at('e.svg'), 'utf8')).toMatch(/^<svg .*afam=yes, estimated.*<\/svg>\n$/s);
  }, 60_000);

  test('a regression is estimated by its losses', async () => {
    const rows = Array.from({ length: 300 }, (_, i) => [
      (i * 37) % 300,
      (i * 7) % 11,
      3 * ((i * 37) % 300) + ((i * 7) % 11),
    ]);
    const text = (own: number[][]): string => ['x,z,y', ...own.map((row) => row.join(','))].join('\n');
    await writeFile(at('numbers.csv'), text(rows));
    await writeFile(
      at('job.json'),
      JSON.stringify({
        version: 1,
        data: 'numbers.csv',
        target: { column: 'y' },
        algorithm: { name: 'linear_regression' },
        validation: { scheme: 'k_fold', k: 3 },
        seed: 1,
      }),
    );
    const trained = await assay('train', at('job.json'), '--out', at('regression'));
    expect(trained.error).toBe('');
    const { out, error } = await assay('estimate', at('regression'), at('numbers.csv'), at('numbers.csv'), '--json');
    expect(error).toBe('');
    const report = JSON.parse(out) as Report;
    expect(report.method).toBe('dle@assay');
    const { mae } = metricsOf(report);
    expect(mae!.estimated.value).toBeCloseTo(mae!.realised!.value, 3);
  }, 60_000);

  test.each([
    [['run', 'unlabelled.csv', 'current.csv'], /no column "deny"/],
    [['nowhere', 'reference.csv', 'current.csv'], /model.onnx cannot be read/],
    [['run', 'reference.csv', 'current.csv', '--threshold', '2'], /--threshold 2/],
    [['run', 'reference.csv', 'current.csv', '--groups', 'race'], /no column "race"/],
    [['run', 'reference.csv', 'policy.json'], /./],
  ])('%j is refused with exit code 2', async (args, message) => {
    const [dir, reference, current, ...rest] = args as [string, string, string, ...string[]];
    const { code, out, error } = await assay('estimate', at(dir), at(reference), at(current), ...rest);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(error).toMatch(message);
  });
});
