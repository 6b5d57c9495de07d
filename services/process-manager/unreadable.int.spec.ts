import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Actor, Id } from '#libs/lifecycle';
import { deterministicId, newId } from '#libs/runtime';
import type { Directory } from '#libs/serving';
import { governance, type Governance } from '../../test/serving/governance.js';
import { installation, type Installation } from '../../test/serving/installation.js';
import { soleLeadership, startProcessManager, type ProcessManager } from './index.js';

let all: Installation;
let people: Governance;
let manager: ProcessManager;
let port: number;
const faults: unknown[] = [];

beforeAll(async () => {
  all = await installation();
  people = await governance(all);
  manager = startProcessManager({
    subscribe: (options) => all.fanOut.subscribe(options),
    store: all.ledger.store,
    application: all.newApplication(),
    clock: all.clock,
    key: all.permitKey,
    leadership: soleLeadership(),
    leaseToken: 'token',
    onFault: (what) => faults.push(what),
  });
  port = await manager.listen();
  await manager.ready;
}, 120_000);
afterAll(async () => {
  await manager.close();
  await all.close();
});

const stream = (aggregate: string, id: Id): string => `${aggregate}-${all.workspace}.${id}`;

/** An event of a type that there is, in bytes that no codec of ours has written. */
async function poison(aggregate: string, id: Id, type: string): Promise<Id> {
  const eventId = newId();
  const bytes = Buffer.from('{"not":"an event"}');
  await all.ledger.store.append(stream(aggregate, id), [{ id: eventId, type, data: bytes, metadata: bytes }], 'any');
  return eventId;
}

/** As `assay views release decisions EVENT --skip` records it. */
const release = (eventId: Id, decision: 'skip' | 'retry' = 'skip') =>
  all.done(all.administrator, 'ReleasePartition', {
    view: 'decisions',
    partition: 0,
    eventId,
    position: 1n,
    decision,
    reason: 'written by a broken import',
  });

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 120_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`it does not come true: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function lease(): Promise<Directory> {
  const response = await fetch(`http://127.0.0.1:${port}/leases`, {
    method: 'POST',
    headers: { authorization: 'Bearer token' },
    body: JSON.stringify({
      workspace: all.workspace,
      environment: 'production',
      server: 's',
      nonce: 'a'.repeat(32),
    }),
  });
  expect(response.status).toBe(200);
  return ((await response.json()) as { lease: Directory }).lease;
}
const leased = async (): Promise<readonly Id[]> => (await lease()).permits.map(({ permit }) => permit.permitId).sort();

/** A version that is approved, permitted and deployed. */
async function serving(endpoint: string) {
  const made = await people.approved();
  const permitId = deterministicId('permit', all.workspace, made.approvalId);
  await until(async () => (await all.events(stream('permit', permitId))).length > 0);
  const deploymentId = newId();
  expect(await people.deploy(made.modelVersionId, permitId, { endpoint, deploymentId })).toMatchObject({
    outcome: 'accepted',
  });
  await manager.settled(all.directory.position!);
  return { ...made, permitId, deploymentId };
}

const refusedFor = (eventId: Id, aggregate: string, id: Id) => ({
  outcome: 'refused',
  code: 'StreamUnreadable',
  details: {
    eventId,
    stream: stream(aggregate, id),
    message: expect.stringContaining('assay views release decisions'),
  },
});

test('a poison event stops what rests on its stream; all else goes on; a recorded decision lets it go on', async () => {
  const [touched, other] = [await serving('one'), await serving('two')];
  await until(async () => (await leased()).length === 2);
  const eventId = await poison('approval', touched.approvalId, 'ApprovalRevoked');
  // It may be a revocation: the permit that rests on it is closed, and no other.
  await until(async () => (await leased()).length === 1);
  expect(await leased()).toEqual([other.permitId]);
  expect(manager.status().unreadable).toMatchObject([{ eventId }]);
  expect(faults).toEqual(['PoisonEvent']);

  const revoke = (approvalId: Id) => all.execute(people.compliance, 'RevokeApproval', { approvalId, reason: 'x' });
  const before = await all.events(stream('approval', touched.approvalId));
  expect(await revoke(touched.approvalId)).toMatchObject(refusedFor(eventId, 'approval', touched.approvalId));
  expect(await all.events(stream('approval', touched.approvalId))).toHaveLength(before.length);
  // Also for a process that starts now.
  const fresh = all.newApplication();
  await fresh.catchUp();

  const third = await people.approved();
  await until(
    async () =>
      (await all.events(stream('permit', deterministicId('permit', all.workspace, third.approvalId)))).length === 1,
  );
  expect(await revoke(other.approvalId)).toMatchObject({ outcome: 'accepted' });
  await until(async () => (await leased()).length === 1);

  await release(eventId);
  await until(async () => (await lease()).permits.some(({ permit }) => permit.permitId === touched.permitId));
  expect(manager.status().unreadable).toEqual([]);
  // A retry takes it back, and another skip that.
  await release(eventId, 'retry');
  await until(async () => !(await leased()).includes(touched.permitId));
  await release(eventId);
  expect(await revoke(touched.approvalId)).toMatchObject({ outcome: 'accepted' });
  await until(
    async () =>
      (await lease()).permits.find(({ permit }) => permit.permitId === touched.permitId)?.status === 'revoked',
  );
}, 180_000);

test.each([
  ['permit', 'PermitRevoked', ({ permitId }: { permitId: Id }) => permitId],
  ['evaluation', 'EvaluationWithdrawn', ({ evaluationId }: { evaluationId: Id }) => evaluationId],
  ['modelVersion', 'ModelVersionRetired', ({ modelVersionId }: { modelVersionId: Id }) => modelVersionId],
  ['identity', 'IdentityLinked', () => people.validator.id],
])(
  'a permit is closed while its %s cannot be read',
  async (aggregate, type, idOf) => {
    const made = await serving(aggregate.toLowerCase());
    await until(async () => (await leased()).includes(made.permitId));
    const eventId = await poison(aggregate, idOf(made), type);
    await until(async () => !(await leased()).includes(made.permitId));
    await release(eventId);
    await until(async () => (await leased()).includes(made.permitId));
  },
  180_000,
);

test('two links that nobody can read may join any two: nothing that keeps people apart is decided, nothing leased', async () => {
  const third: Actor = await all.person([]);
  const [modelVersionId, next] = [await people.version(), await people.version()];
  for (const id of [modelVersionId, next]) await people.evaluate(id);
  const approvalId = await people.request(modelVersionId);
  const made = await serving('joined');
  const isLeased = async () => (await leased()).includes(made.permitId);
  await until(isLeased);
  const one = await poison('identity', third.id, 'IdentityLinked');
  expect(await isLeased()).toBe(true);
  const two = await poison('identity', third.id, 'IdentityLinked');
  await expect(people.sign(approvalId, 'validation')).rejects.toThrow('StreamUnreadable');
  await expect(people.request(next)).rejects.toThrow('StreamUnreadable');
  const grant = { grantId: newId(), subjectId: people.validator.id, role: 'data-steward' } as const;
  expect(await all.execute(all.administrator, 'GrantAccess', grant)).toMatchObject(
    refusedFor(one, 'identity', third.id),
  );
  await until(async () => !(await isLeased()));
  await release(two);
  await people.sign(approvalId, 'validation');
  await until(isLeased);
  await release(one);
  const newer = await poison('identity', third.id, 'IdentitiesJoined');
  await expect(people.sign(approvalId, 'risk')).rejects.toThrow('StreamUnreadable');
  await release(newer);
  await people.sign(approvalId, 'risk');
}, 180_000);

test('a deployment that may have been stopped is not served', async () => {
  const { deploymentId } = await serving('stopped');
  const eventId = await poison('deployment', deploymentId, 'DeploymentStopped');
  const deployed = async () => (await lease()).deployments.some((one) => one.deploymentId === deploymentId);
  await until(async () => !(await deployed()));
  await release(eventId);
  await until(deployed);
}, 180_000);

test('rights that may have been taken away are not held', async () => {
  const grantId = newId();
  const actor: Actor = await all.person([]);
  const administrator = all.administrator;
  await all.done(administrator, 'GrantAccess', { grantId, subjectId: actor.id, role: 'data-steward' });
  const register = () => {
    const datasetId = newId();
    const input = { datasetId, name: `data ${datasetId}`, purpose: 'tests', legalBasis: 'public data' };
    return all.execute(actor, 'RegisterDataset', input);
  };
  expect(await register()).toMatchObject({ outcome: 'accepted' });
  const eventId = await poison('accessGrant', grantId, 'AccessRevoked');
  expect(await register()).toMatchObject({ outcome: 'refused', code: 'NotPermitted' });
  await release(eventId);
  expect(await register()).toMatchObject({ outcome: 'accepted' });
  const erased = await poison('identity', actor.id, 'IdentityErased');
  expect(await register()).toMatchObject(refusedFor(erased, 'identity', actor.id));
  await release(erased);
  // What comes after it in its stream counts.
  const keyed = { grantId, reason: 'the end' };
  await all.done(administrator, 'RevokeAccess', keyed);
  expect(await register()).toMatchObject({ outcome: 'refused', code: 'NotPermitted' });
}, 180_000);

test('what may have changed the workspace holds up everything but the decision about it', async () => {
  const id = newId();
  const eventId = await poison('workspace', id, 'WorkspaceOpened');
  const register = () =>
    all.execute(all.administrator, 'RegisterPerson', { identityId: newId(), issuer: 'https://i.example', subject: id });
  expect(await register()).toMatchObject(refusedFor(eventId, 'workspace', id));
  await release(eventId);
  expect(await register()).toMatchObject({ outcome: 'accepted' });
}, 180_000);

test('an evaluation of nobody knows what holds up requests and signatures, an unknown type its stream', async () => {
  const modelVersionId = await people.version();
  await people.evaluate(modelVersionId);
  const approvalId = await people.request(modelVersionId);
  const evaluationId = newId();
  const eventId = await poison('evaluation', evaluationId, 'EvaluationRecorded');
  await expect(people.sign(approvalId, 'validation')).rejects.toThrow('StreamUnreadable');
  await expect(people.request(await people.version())).rejects.toThrow('StreamUnreadable');
  await release(eventId);
  await people.sign(approvalId, 'validation');
  const newer = await poison('approval', approvalId, 'ApprovalBlessed');
  await expect(people.sign(approvalId, 'risk')).rejects.toThrow(/StreamUnreadable.*ApprovalBlessed/);
  await release(newer);
  await people.sign(approvalId, 'risk');
}, 180_000);
