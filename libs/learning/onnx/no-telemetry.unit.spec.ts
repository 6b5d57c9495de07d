import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { repositoryRoot } from '#libs/runtime';
import { elementTypes, encodeModel } from './format.js';

const root = repositoryRoot();
const dimension = { shape: { dim: [{ dim_value: 1 }] }, elem_type: elementTypes.float32 };
const model = encodeModel({
  ir_version: 8,
  opset_import: [{ domain: '', version: 17 }],
  graph: {
    name: 'same',
    node: [{ name: 'same', op_type: 'Identity', input: ['in'], output: ['out'], attribute: [] }],
    input: [{ name: 'in', type: { tensor_type: dimension } }],
    output: [{ name: 'out', type: { tensor_type: dimension } }],
    initializer: [],
  },
} as unknown as Parameters<typeof encodeModel>[0]);

/** Opens a model in a process with a home of its own, and tells what ONNX Runtime has left there. */
function leftBy(program: string, environment: Readonly<Record<string, string>> = {}): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'assay-telemetry-'));
  try {
    const home = join(folder, 'home');
    mkdirSync(home);
    writeFileSync(join(folder, 'model.onnx'), model);
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--import', './scripts/typescript-loader.mjs', '--input-type=module', '-e', program],
      {
        cwd: root,
        // Not CI: there ONNX Runtime is silent anyway.
        env: { PATH: process.env['PATH'], HOME: home, MODEL: join(folder, 'model.onnx'), ...environment },
        encoding: 'utf8',
      },
    );
    expect([status, stderr]).toEqual([0, '']);
    return readdirSync(home, { recursive: true })
      .map(String)
      .filter((path) => path.endsWith('deviceid') || path.includes('onnxruntime'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const read = `import { readFileSync } from 'node:fs'; const bytes = readFileSync(process.env.MODEL);`;

test('opening a model tells nobody of it', () => {
  const opened = `await (await openSession(bytes)).release();`;
  const program = `import { openSession } from './libs/learning/onnx/session.ts'; ${read} ${opened}`;
  expect(leftBy(program)).toEqual([]);
  // This is what it leaves where somebody wants it to.
  if (process.platform !== 'win32') expect(leftBy(program, { ORT_DISABLE_TELEMETRY: '0' })).not.toEqual([]);
});

test.each(['libs/learning/onnx/session.ts', 'services/inference/models.ts'])(
  '%s says so before ONNX Runtime is loaded, as does every program',
  (path) => {
    const source = readFileSync(join(root, path), 'utf8');
    expect(source).toMatch(/^import '[./a-z]+\/runtime\/no-telemetry\.js';\n/);
    expect(readFileSync(join(root, 'libs/runtime/index.ts'), 'utf8')).toMatch(/^import '\.\/no-telemetry\.js';\n/);
  },
);

test('no other file loads ONNX Runtime', () => {
  const loading = ['libs', 'services'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .map((name) => join(folder, String(name)))
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'))
      .filter((path) =>
        /(from |require\([^)]*\)\(|\)\()'onnxruntime-node'/.test(readFileSync(join(root, path), 'utf8')),
      ),
  );
  expect(loading.sort()).toEqual(['libs/learning/onnx/session.ts', 'services/inference/models.ts']);
});
