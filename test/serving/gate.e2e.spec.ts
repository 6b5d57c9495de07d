import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { deterministicId, ManualClock, newId } from '#libs/runtime';
import { createInferenceServer, sealThrough, type InferenceServer } from '#services/inference';
import { soleLeadership, startProcessManager, type ProcessManager } from '#services/process-manager';
import { governance, type Governance } from './governance.js';
import { installation, type Installation } from './installation.js';
import { smallModel } from './small-model.js';

let all: Installation;
let people: Governance;
let manager: ProcessManager;
let server: InferenceServer;
let base: string;
/** What went wrong on the way, for the message of a wait that does not end. */
const faults: string[] = [];
/** The inference server's own clock: its 30 s pass when the spec says so. */
const clock = new ManualClock(new Date());
const leaseToken = 'lease-token';
const endpoint = 'mortgage';

const startManager = (): ProcessManager =>
  startProcessManager({
    subscribe: (options) => all.fanOut.subscribe(options),
    store: all.ledger.store,
    application: all.application,
    clock: all.clock,
    key: all.permitKey,
    leadership: soleLeadership(),
    leaseToken,
    onFault: (fault, detail) => faults.push(`${fault} ${inspect(detail)}`),
  });

beforeAll(async () => {
  all = await installation();
  people = await governance(all);
  manager = startManager();
  const port = await manager.listen();
  server = createInferenceServer({
    clock,
    workspace: all.workspace,
    environment: 'production',
    server: 'inference-1',
    trusted: [all.permitKey],
    issuer: { url: `http://127.0.0.1:${port}`, token: leaseToken },
    content: all.content,
    seal: sealThrough(all.application, all.workspace, all.clock),
    folder: join(all.folder, 'segments'),
  });
  base = `http://127.0.0.1:${await server.listen()}`;
});
afterAll(async () => {
  await server.close();
  await manager.close();
  await all.close();
  await rm(join(all.folder), { recursive: true, force: true });
});

const infer = async (key = 'customer-1') => {
  const body = {
    parameters: { key },
    inputs: [{ name: 'features', datatype: 'FP32', shape: [1, 2], data: [1, -0.5] }],
  };
  const response = await fetch(`${base}/v2/models/${endpoint}/infer`, { method: 'POST', body: JSON.stringify(body) });
  const answer = (await response.json()) as { outputs?: { data: number[] }[]; parameters?: Record<string, unknown> };
  return { status: response.status, rule: response.headers.get('assay-refused'), answer };
};

async function until(what: string, holds: () => Promise<boolean>): Promise<number> {
  const began = performance.now();
  while (!(await holds())) {
    if (performance.now() - began > 100_000) throw new Error(`never: ${what}; faults: ${faults.join('; ')}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return performance.now() - began;
}

describe('from an approval on the ledger to a scored request', () => {
  test('rule-21 and rule-20: approved, permitted, deployed, served, sealed; revoked and closed within 5 s', async () => {
    const stored = await all.content.add(smallModel());
    const modelVersionId = await people.version({ ...stored, mediaType: 'application/onnx' });
    expect(await people.deploy(modelVersionId, newId())).toMatchObject({ outcome: 'refused', code: 'NoPermit' });
    const { approvalId } = await people.approved(modelVersionId);
    const permitId = deterministicId('permit', all.workspace, approvalId);
    await until(
      'the permit is issued',
      async () => (await all.events(`permit-${all.workspace}.${permitId}`)).length === 1,
    );
    const deploymentId = newId();
    await people.deploy(modelVersionId, permitId, { deploymentId, endpoint });
    const position = await all.done(people.release, 'PromoteDeployment', { deploymentId, modelVersionId });
    expect(await server.lease.waitFor(position, 120_000)).toBe(true);
    const scored = await infer();
    expect(scored.status).toBe(200);
    expect(scored.answer.outputs![0]!.data[0]).toBeCloseTo(0.5, 6);
    expect(scored.answer.parameters).toMatchObject({ permit: permitId, model_version_id: modelVersionId });

    const [segmentId] = await server.sealSegments();
    const [segment] = await all.events(`predictionSegment-${all.workspace}.${segmentId}`);
    expect(segment).toMatchObject({
      type: 'PredictionSegmentSealed',
      data: { deploymentId, rows: { [modelVersionId]: 1 }, permits: [permitId] },
    });
    expect(JSON.stringify(segment)).not.toContain('customer-1');
    const { digest } = (segment!.data as { content: { digest: string } }).content;
    expect((await all.content.bytes(digest)).toString()).toContain('customer-1');

    await all.done(people.compliance, 'RevokeApproval', { approvalId, reason: 'complaints' });
    expect(await until('the gate closes', async () => (await infer()).status === 403)).toBeLessThan(5_000);
    expect(await infer()).toMatchObject({ rule: 'PermitRevoked' });
  });

  test('with the process manager gone the gate closes after 30 s; another one opens it again', async () => {
    const stored = await all.content.add(smallModel());
    const { modelVersionId, approvalId } = await people.approved(
      await people.version({ ...stored, mediaType: 'application/onnx' }),
    );
    const permitId = deterministicId('permit', all.workspace, approvalId);
    await until(
      'the permit is issued',
      async () => (await all.events(`permit-${all.workspace}.${permitId}`)).length === 1,
    );
    const deploymentId = newId();
    await people.deploy(modelVersionId, permitId, { deploymentId, endpoint });
    const position = await all.done(people.release, 'PromoteDeployment', { deploymentId, modelVersionId });
    expect(await server.lease.waitFor(position, 120_000)).toBe(true);
    expect((await infer()).status).toBe(200);
    const port = Number(new URL(manager.url!).port);
    await manager.close();
    clock.advance(25_000);
    expect((await infer()).status).toBe(200);
    clock.advance(5_000);
    expect(await infer()).toMatchObject({ status: 503, rule: 'LeaseExpired' });
    manager = startManager();
    await manager.listen(port);
    await manager.ready;
    // A manager that has not caught up yet gives no lease; the server asks again after 500 ms of its own clock.
    await until('the gate opens again', async () => {
      clock.advance(500);
      await new Promise((resolve) => setTimeout(resolve, 100));
      return (await infer()).status === 200;
    });
  });
});
