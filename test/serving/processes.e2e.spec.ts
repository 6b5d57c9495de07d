import { type ChildProcess, spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { deterministicId, newId, repositoryRoot } from '#libs/runtime';
import { generateSigningKey, privateKeyPem } from '#libs/signing';
import { writeFile } from 'node:fs/promises';
import { governance, type Governance } from './governance.js';
import { installation, type Installation } from './installation.js';
import { smallModel } from './small-model.js';

let all: Installation;
let people: Governance;
let common: Record<string, string>;
const key = generateSigningKey();
const children = new Set<ChildProcess>();
const endpoint = 'mortgage';

beforeAll(async () => {
  all = await installation();
  people = await governance(all);
  await writeFile(join(all.folder, 'permit-key.pem'), privateKeyPem(key), { mode: 0o600 });
  common = {
    EVENTSTORE_URL: all.ledger.connectionString,
    DATABASE_URL: all.databaseUrl,
    ASSAY_LEASE_TOKEN: 'token',
    ASSAY_PERMIT_KEY: join(all.folder, 'permit-key.pem'),
    ASSAY_PERMIT_KEYS: key.publicKeyBase64,
    ASSAY_WORKSPACE: all.workspace,
    ASSAY_ENVIRONMENT: 'production',
    ASSAY_CONTENT: join(all.folder, 'content'),
    ASSAY_SEGMENTS: join(all.folder, 'segments'),
    ASSAY_INTERNAL_TOKEN: 'internal',
    PORT: '0',
  };
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await all.close();
});

/** Starts a service as a process of its own and waits for its line. */
async function start(
  service: string,
  environment: Record<string, string> = {},
): Promise<{ child: ChildProcess; line: string }> {
  const root = repositoryRoot();
  const args = [join(root, 'dist', 'services', service, 'main.js')];
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env['PATH'], ...common, ...environment, ASSAY_PARENT: String(process.pid) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  let line = '';
  for await (const chunk of child.stdout!.setEncoding('utf8')) {
    line += chunk as string;
    if (line.includes('\n')) break;
  }
  return { child, line };
}

function ended(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
}

async function until(holds: () => Promise<boolean>): Promise<number> {
  const began = performance.now();
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
  return performance.now() - began;
}

test('two processes: a permit by one opens the other, kill -9 loses no prediction, a revocation closes within 5 s', async () => {
  const manager = await start('process-manager');
  const url = /leases at (\S+),/.exec(manager.line)![1]!;
  const stored = await all.content.add(smallModel());
  const version = await people.version({ ...stored, mediaType: 'application/onnx' });
  const { modelVersionId, approvalId } = await people.approved(version);
  const permitId = deterministicId('permit', all.workspace, approvalId);
  await until(async () => (await all.events(`permit-${all.workspace}.${permitId}`)).length === 1);
  const deploymentId = newId();
  await people.deploy(modelVersionId, permitId, { deploymentId, endpoint });
  await all.done(people.release, 'PromoteDeployment', { deploymentId, modelVersionId });

  let inference = await start('inference', { ASSAY_LEASE_URL: url });
  const infer = async (): Promise<number> => {
    const base = /(http:\S+)\/v2/.exec(inference.line)![1]!;
    const body = { inputs: [{ name: 'features', datatype: 'FP32', shape: [1, 2], data: [1, -0.5] }] };
    const response = await fetch(`${base}/v2/models/${endpoint}/infer`, { method: 'POST', body: JSON.stringify(body) });
    await response.arrayBuffer();
    return response.status;
  };
  await until(async () => (await infer()) === 200);
  const killed = ended(inference.child);
  inference.child.kill('SIGKILL');
  expect(await killed).toBe('SIGKILL');
  const [left] = await readdir(join(all.folder, 'segments'));
  const [, segmentId] = left!.split('.');
  inference = await start('inference', { ASSAY_LEASE_URL: url });
  await until(async () => (await all.events(`predictionSegment-${all.workspace}.${segmentId}`)).length === 1);
  const [segment] = await all.events(`predictionSegment-${all.workspace}.${segmentId}`);
  expect(segment!.data).toMatchObject({ rows: { [modelVersionId]: 1 }, permits: [permitId] });

  await until(async () => (await infer()) === 200);
  await all.done(people.compliance, 'RevokeApproval', { approvalId, reason: 'complaints' });
  expect(await until(async () => (await infer()) === 403)).toBeLessThan(5_000);

  for (const { child } of [inference, manager]) {
    const exit = ended(child);
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
  }
}, 120_000);

test('a wrong configuration is named, and nothing starts', async () => {
  const { child, line } = await start('inference', { ASSAY_LEASE_URL: '', PORT: '99999' });
  expect(line).toBe('');
  expect(child.exitCode ?? (await ended(child))).toBe(2);
});
