import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { ExplainReport } from '#libs/learning';
import { repositoryRoot } from '#libs/runtime';
import { sha256 } from '#libs/signing';
import { decodeModel, elementTypes, encodeModel } from '../../libs/learning/onnx/format.js';
import type { ModelProto } from '../../libs/learning/onnx/format.js';
import { main } from './main.js';

const root = repositoryRoot();
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

const deny = { target: { column: 'deny', positive: 'yes' }, drop: ['insurance'], protected: ['afam'] };
const jobs: Record<string, object> = {
  boosting: { ...deny, algorithm: { name: 'gradient_boosting', rounds: 15, maximumLeaves: 6 } },
  logistic: { ...deny, algorithm: { name: 'logistic_regression', l2: 1 } },
  // Two categories for each column: the model sees columns that the data does not have.
  forest: {
    ...deny,
    pipeline: [{ step: 'one_hot', columns: ['phist', 'single'] }],
    algorithm: { name: 'random_forest', trees: 8, maximumDepth: 4 },
  },
  neighbours: {
    ...deny,
    features: ['pirat', 'lvrat', 'afam'],
    drop: [],
    algorithm: { name: 'k_nearest_neighbours', neighbours: 9 },
  },
  bayes: {
    target: { column: 'mhist' },
    task: 'classification',
    features: ['pirat', 'lvrat', 'chist'],
    algorithm: { name: 'naive_bayes' },
  },
  tree: {
    target: { column: 'pirat' },
    task: 'regression',
    features: ['hirat', 'lvrat', 'chist', 'single'],
    algorithm: { name: 'decision_tree', maximumDepth: 4 },
  },
  filled: {
    ...deny,
    pipeline: [{ step: 'impute', strategy: 'mean' }],
    algorithm: { name: 'logistic_regression', l2: 1 },
  },
  clusters: { features: ['pirat', 'lvrat'], algorithm: { name: 'k_means', clusters: 3, restarts: 2 } },
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-explain-'));
  const text = await readFile(join(root, 'examples/boston-mortgage/boston-hmda.csv'), 'utf8');
  await writeFile(at('data.csv'), text.split('\n').slice(0, 401).join('\n'));
  for (const [name, job] of Object.entries(jobs)) {
    const scheme = name === 'tree' || name === 'clusters' ? 'k_fold' : 'stratified_k_fold';
    const document = { version: 1, data: 'data.csv', validation: { scheme, k: 2 }, seed: 1, ...job };
    await writeFile(at(`${name}.json`), JSON.stringify(document));
    const { code, error } = await assay('train', at(`${name}.json`), '--out', at(name));
    if (code !== 0) throw new Error(`${name}: ${error}`);
  }
}, 120_000);

afterAll(() => rm(folder, { recursive: true }));

const explained = async (name: string, ...more: string[]): Promise<ExplainReport> => {
  const { code, out, error } = await assay('explain', at(name), at('data.csv'), '--json', ...more);
  expect(error).toBe('');
  expect(code).toBe(0);
  return JSON.parse(out) as ExplainReport;
};

const definitions: Record<string, [string, string]> = {
  boosting: ['tree_explainer@shap', 'log-odds'],
  logistic: ['linear_explainer@shap', 'log-odds'],
  forest: ['tree_explainer@shap', 'probability'],
  neighbours: ['shapley_sampling@assay', 'probability'],
  bayes: ['shapley_sampling@assay', 'probability'],
  tree: ['tree_explainer@shap', 'number'],
  filled: ['linear_explainer@shap', 'log-odds'],
  clusters: ['shapley_sampling@assay', 'number'],
};

describe('assay explain', () => {
  test.each(Object.keys(jobs))('%s: shares add up to the score of the row, as the schema says', async (name) => {
    const report = await explained(name, '--row', '3', '--repeats', '2');
    const schema = JSON.parse(await readFile(join(root, 'schemas/cli/explain.schema.json'), 'utf8')) as object;
    const validate = new Ajv2020({ strict: true, strictTypes: false }).compile(schema);
    expect(validate(report) || validate.errors).toBe(true);
    const { attribution, answer, counterfactuals } = report.decision!;
    expect([attribution.definition, attribution.space]).toEqual(definitions[name]);
    attribution.outputs.forEach(({ base, score, shares }, k) => {
      expect(shares.reduce((sum, { share }) => sum + share, base)).toBeCloseTo(score, 9);
      const linked = attribution.space === 'log-odds' ? 1 / (1 + Math.exp(-score)) : score;
      // The answer is a float32.
      expect(Math.abs(linked - answer[k]!)).toBeLessThan(1e-6);
    });
    expect('undefined' in report.importance).toBe(name === 'clusters');
    expect('undefined' in counterfactuals).toBe(name === 'tree' || name === 'clusters');
  });

  test('interventional and path-dependent shares differ, and both add up', async () => {
    const [path, against] = await Promise.all([
      explained('boosting', '--row', '5', '--repeats', '1'),
      explained('boosting', '--row', '5', '--repeats', '1', '--attribution', 'interventional'),
    ]);
    const [one, other] = [path, against].map(({ decision }) => decision!.attribution.outputs[0]!);
    expect(one!.score).toBeCloseTo(other!.score, 9);
    expect(one!.shares).not.toEqual(other!.shares);
  });

  test('a counterfactual changes the decision, only by values that occur, and nothing that must stay', async () => {
    const table = (await readFile(at('data.csv'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => line.split(','));
    const occurs = (feature: string): Set<string> =>
      new Set(table.slice(1).map((cells) => cells[table[0]!.indexOf(feature)]!));
    let changed = 0;
    for (const row of ['0', '17', '110']) {
      const { decision } = await explained(
        'boosting',
        '--row',
        row,
        '--repeats',
        '1',
        '--threshold',
        '0.2',
        '--immutable',
        'single,pirat',
      );
      const found = decision!.counterfactuals;
      if ('undefined' in found) throw new Error('undefined');
      expect(found.unchanged).toEqual(expect.arrayContaining(['afam', 'single', 'pirat']));
      for (const { changes, answer } of found.found) {
        expect(answer[0]! >= 0.2).not.toBe(decision!.answer[0]! >= 0.2);
        changed += 1;
        for (const { feature, from, to } of changes) {
          expect(['afam', 'single', 'pirat']).not.toContain(feature);
          expect(to).not.toBe(from);
          expect(occurs(feature).has(String(to))).toBe(true);
        }
      }
    }
    expect(changed).toBeGreaterThan(2);
  });

  test('the same seed gives the same bytes; the table and the picture are there', async () => {
    const once = (): Promise<{ out: string }> =>
      assay('explain', at('neighbours'), at('data.csv'), '--row', '2', '--seed', '9', '--svg', at('picture.svg'));
    const [first, second] = [await once(), await once()];
    expect(first.out).toBe(second.out);
    expect(first.out).toContain('shapley_sampling@assay');
    expect(first.out).toContain('never changed: afam');
    const picture = await readFile(at('picture.svg'), 'utf8');
    expect(picture).toMatch(/^<svg [\s\S]+<\/svg>\n$/);
    expect(picture).not.toMatch(/NaN|undefined|Infinity/);
  });

  test('columns behind a one-hot step are named and led back to their features', async () => {
    const { attribution } = await explained('forest', '--repeats', '1');
    const columns = attribution.outputs[0]!.columns;
    expect(columns.find(({ column }) => column === 'single=yes')?.feature).toBe('single');
  });

  test('a background of one value, and a column without any: distances and curves are numbers or undefined', async () => {
    const [head, ...rows] = (await readFile(at('data.csv'), 'utf8')).trim().split('\n');
    const pirat = head!.split(',').indexOf('pirat');
    const withPirat = (value: string): string =>
      [head, ...rows.map((row) => row.split(',').with(pirat, value).join(','))].join('\n');
    await writeFile(at('one.csv'), withPirat('3'));
    const { decision } = await explained('logistic', '--row', '17', '--repeats', '1', '--background', at('one.csv'));
    const found = decision!.counterfactuals;
    if ('undefined' in found) throw new Error('undefined');
    expect(found.found.flatMap(({ changes }) => changes.map(({ feature }) => feature))).toContain('pirat');
    for (const { distance } of found.found) expect(distance).toBeLessThanOrEqual(1);
    await writeFile(at('none.csv'), withPirat(''));
    const { code, out } = await assay('explain', at('filled'), at('none.csv'), '--repeats', '1');
    expect(code).toBe(0);
    expect(out).toMatch(/pirat +undefined \(no-values\) +undefined \(no-values\)/);
  });

  test('a model that somebody put into the folder by hand is refused, whatever is wrong with it', async () => {
    const bytes = await readFile(at('logistic/model.onnx'));
    const run = JSON.parse(await readFile(at('logistic/run.json'), 'utf8')) as { model: { digest: string } };
    const code = async (change: (model: ModelProto) => void, digest?: string): Promise<string> => {
      const model = decodeModel(bytes);
      change(model);
      const changed = encodeModel(model);
      await mkdir(at('by-hand'), { recursive: true });
      await writeFile(at('by-hand/model.onnx'), changed);
      const recorded = { ...run, model: { ...run.model, digest: digest ?? sha256(changed) } };
      await writeFile(at('by-hand/run.json'), JSON.stringify(recorded));
      const codes = await Promise.all(
        [
          ['explain', at('by-hand'), at('data.csv')],
          ['estimate', at('by-hand'), at('data.csv'), at('data.csv')],
        ].map(async (args) => {
          const { code: exit, out, error } = await assay(...args, '--json');
          expect([exit, out]).toEqual([2, '']);
          return (JSON.parse(error) as { error: { code: string } }).error.code;
        }),
      );
      return [...new Set(codes)].join();
    };
    const property = (model: ModelProto, name: string) => model.metadata_props!.find(({ key }) => key === name)!;
    expect(
      await code(({ graph }) => {
        const { name } = graph!.output![0]!;
        graph!.node!.push({ op_type: 'ZipMap', domain: 'ai.onnx.ml', input: [name!], output: ['maps'] });
        graph!.output![0]!.name = 'maps';
      }),
    ).toBe('UnsupportedOnnx');
    expect(await code(({ graph }) => (graph!.node![0]!.op_type = 'Bogus'))).toBe('UnsupportedOnnx');
    expect(await code((model) => (property(model, 'assay.features').value = '{"x":1}'))).toBe('ModelMetadata');
    expect(await code((model) => (property(model, 'assay.encoding').value = 'null'))).toBe('ModelMetadata');
    expect(
      await code(({ graph }) => {
        for (const tensor of graph!.initializer!)
          if (tensor.data_type === elementTypes.float64)
            Object.assign(tensor, { raw_data: Buffer.alloc(8 * Number(tensor.dims!.reduce((a, b) => a * b)), 255) });
      }),
    ).toBe('NotFinite');
    expect(await code(() => undefined, 'another')).toBe('ChangedModel');
  });

  test.each<[string, string[], string]>([
    ['Usage', ['explain', 'x'], '1 arguments'],
    ['Unreadable', ['explain', '/nowhere', 'data.csv'], 'model.onnx'],
    ['UnknownRow', ['explain', 'boosting', 'data.csv', '--row', '400'], '0 to 399'],
    ['Usage', ['explain', 'boosting', 'data.csv', '--row', '-1'], '--row'],
    ['Usage', ['explain', 'boosting', 'data.csv', '--attribution', 'best'], '--attribution'],
    ['UnsupportedModel', ['explain', 'boosting', 'data.csv', '--attribution', 'linear'], 'a linear model'],
    ['UnsupportedModel', ['explain', 'logistic', 'data.csv', '--attribution', 'interventional'], 'a model of trees'],
    ['UnknownColumn', ['explain', 'boosting', 'data.csv', '--immutable', 'colour'], 'colour'],
  ])('%s %j: exit 2, nothing on stdout', async (code, args, part) => {
    const places = args.map((arg) => (arg in jobs || arg === 'data.csv' ? at(arg) : arg));
    const result = await assay(...places, '--json');
    expect(result.code).toBe(2);
    expect(result.out).toBe('');
    const { error } = JSON.parse(result.error) as { error: { code: string } };
    expect(error.code).toBe(code);
    expect(result.error).toContain(part);
  });
});
