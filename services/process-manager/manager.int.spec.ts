import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { Registry } from 'prom-client';
import type { Id } from '#libs/lifecycle';
import { checkHealth, deterministicId, newId } from '#libs/runtime';
import { document, governance, type Governance } from '../../test/serving/governance.js';
import { installation, type Installation } from '../../test/serving/installation.js';
import {
  advisoryLeadership,
  soleLeadership,
  startProcessManager,
  type Leadership,
  type ProcessManager,
} from './index.js';
import { healthOf, registerMetrics } from './probes.js';

const hours = (count: number): number => count * 3_600_000;
const days = (count: number): number => hours(24 * count);

let all: Installation;
let people: Governance;
let manager: ProcessManager;
let faults: unknown[] = [];

const start = (change: Partial<Parameters<typeof startProcessManager>[0]> = {}): ProcessManager =>
  startProcessManager({
    subscribe: (options) => all.fanOut.subscribe(options),
    store: all.ledger.store,
    application: all.application,
    clock: all.clock,
    key: all.permitKey,
    leadership: soleLeadership(),
    leaseToken: 'token',
    onFault: (what, detail) => faults.push([what, detail]),
    ...change,
  });

beforeAll(async () => {
  all = await installation();
  people = await governance(all);
});
beforeEach(async () => {
  manager = start();
  await manager.ready;
});
afterEach(async () => {
  await manager.close();
  expect(faults).toEqual([]);
  faults = [];
});
afterAll(() => all.close());

const approvalStream = (id: Id): string => `approval-${all.workspace}.${id}`;
const permitOf = (basis: Id): Id => deterministicId('permit', all.workspace, basis);
const permitStream = (basis: Id): string => `permit-${all.workspace}.${permitOf(basis)}`;

/** Waits until a stream ends with an event of this type, and answers its data. */
async function last(stream: string, type: string): Promise<Record<string, unknown>> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    const found = (await all.events(stream)).at(-1);
    if (found?.type === type) return found.data;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`${stream} does not end with ${type}: ${JSON.stringify(await all.events(stream))}`);
}

describe('the process manager on a real ledger', () => {
  test('rule-21 issues one signed permit for a granted approval, and a restart issues none', async () => {
    const { approvalId, modelVersionId } = await people.approved();
    const { permit } = (await last(permitStream(approvalId), 'PermitIssued')) as { permit: Record<string, unknown> };
    expect(permit).toMatchObject({
      modelVersionId,
      environment: 'production',
      basis: { kind: 'approval', id: approvalId },
    });
    await manager.close();
    manager = start();
    await manager.ready;
    await manager.settled(all.directory.position!);
    expect(await all.events(permitStream(approvalId))).toHaveLength(1);
  });

  test('rule-21 does what was left undone while it was away', async () => {
    await manager.close();
    const { approvalId } = await people.approved();
    expect(await all.events(permitStream(approvalId))).toEqual([]);
    manager = start();
    await last(permitStream(approvalId), 'PermitIssued');
  });

  test('rule-20 a revoked approval revokes its permit at once', async () => {
    const { approvalId } = await people.approved();
    await last(permitStream(approvalId), 'PermitIssued');
    const began = performance.now();
    await all.done(people.compliance, 'RevokeApproval', { approvalId, reason: 'complaints' });
    expect(await last(permitStream(approvalId), 'PermitRevoked')).toMatchObject({ cause: 'approval-revoked' });
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  test('evidence that is withdrawn voids the approval, and the permit is revoked', async () => {
    const { approvalId, evaluationId } = await people.approved();
    await last(permitStream(approvalId), 'PermitIssued');
    await all.done(people.evaluator, 'WithdrawEvaluation', { evaluationId, reason: 'wrong data' });
    expect(await last(approvalStream(approvalId), 'ApprovalVoided')).toMatchObject({ cause: 'evidence-changed' });
    expect(await last(permitStream(approvalId), 'PermitRevoked')).toMatchObject({ cause: 'approval-voided' });
  });

  test('rule-06 a newer evaluation voids a pending request and a granted approval: its tier rests on it', async () => {
    const modelVersionId = await people.version();
    await people.evaluate(modelVersionId);
    const pending = await people.request(modelVersionId);
    const granted = await people.approved();
    for (const [version, approvalId] of [
      [modelVersionId, pending],
      [granted.modelVersionId, granted.approvalId],
    ] as const) {
      await people.evaluate(version);
      expect(await last(approvalStream(approvalId), 'ApprovalVoided')).toMatchObject({
        cause: 'evidence-changed',
        stream: `riskAssessment-${all.workspace}.${version}`,
      });
    }
  });

  test('rule-10 a lapsed condition suspends the permit, and meeting it opens it again', async () => {
    const dueAt = new Date(all.clock.now().getTime() + days(2)).toISOString();
    const condition = { conditionId: newId(), ownerId: people.owner.id, dueAt, text: 'monitor denials' };
    const { approvalId } = await people.approved(undefined, condition);
    await last(permitStream(approvalId), 'PermitIssued');
    all.clock.advance(days(2) - 1000);
    await manager.settled(all.directory.position!);
    expect((await all.events(permitStream(approvalId))).at(-1)!.type).toBe('PermitIssued');
    all.clock.advance(1000);
    await last(approvalStream(approvalId), 'ApprovalConditionLapsed');
    expect(await last(permitStream(approvalId), 'PermitSuspended')).toMatchObject({ cause: 'condition-lapsed' });
    const { conditionId } = condition;
    await all.done(people.owner, 'MeetCondition', { approvalId, conditionId, evidence: 'c'.repeat(64) });
    await last(permitStream(approvalId), 'PermitResumed');
  });

  test('rule-25 a request that nobody signs times out', async () => {
    const modelVersionId = await people.version();
    await people.evaluate(modelVersionId);
    const approvalId = await people.request(modelVersionId);
    await manager.settled(all.directory.position!);
    all.clock.advance(hours(document.tiers.high.stages[0]!.timeoutHours));
    expect(await last(approvalStream(approvalId), 'ApprovalExpired')).toMatchObject({
      what: 'stage',
      stage: 'validation',
    });
  });

  test('rule-11 a granted approval expires after its days, and its permit with it', async () => {
    const { approvalId } = await people.approved();
    await last(permitStream(approvalId), 'PermitIssued');
    await manager.settled(all.directory.position!);
    all.clock.advance(days(366));
    await last(approvalStream(approvalId), 'ApprovalExpired');
    for (;;) {
      const { type } = (await all.events(permitStream(approvalId))).at(-1)!;
      if (type === 'PermitRevoked' || type === 'PermitExpired') break;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  });

  test('rule-18 an unreviewed override loses its permit, its traffic goes back and the next promotion is blocked', async () => {
    const stable = await people.approved();
    const stablePermit = permitOf(stable.approvalId);
    await last(permitStream(stable.approvalId), 'PermitIssued');
    const endpoint = `endpoint-${newId().slice(0, 8)}`;
    const first = newId();
    expect(await people.deploy(stable.modelVersionId, stablePermit, { deploymentId: first, endpoint })).toMatchObject({
      outcome: 'accepted',
    });
    await all.done(people.release, 'PromoteDeployment', { deploymentId: first, modelVersionId: stable.modelVersionId });
    const rushed = await people.version();
    await people.evaluate(rushed);
    const overrideId = await people.useOverride(rushed);
    const { permit } = (await last(permitStream(overrideId), 'PermitIssued')) as { permit: { basis: unknown } };
    expect(permit.basis).toEqual({ kind: 'override', id: overrideId });
    const second = newId();
    await people.deploy(rushed, permitOf(overrideId), { deploymentId: second, endpoint });
    await all.done(people.release, 'PromoteDeployment', { deploymentId: second, modelVersionId: rushed });
    await manager.settled(all.directory.position!);
    all.clock.advance(hours(document.override.reviewHours));
    await last(approvalStream(overrideId), 'OverrideReviewLapsed');
    const back = await last(`deployment-${all.workspace}.${second}`, 'DeploymentRolledBack');
    expect(back).toMatchObject({ modelVersionId: stable.modelVersionId, cause: 'override-review-lapsed' });
    expect(back['arms']).toMatchObject([
      { modelVersionId: stable.modelVersionId, weight: 10_000 },
      { modelVersionId: rushed, weight: 0 },
    ]);
    const blocked = await all.execute(people.release, 'PromoteDeployment', {
      deploymentId: second,
      modelVersionId: stable.modelVersionId,
    });
    expect(blocked).toMatchObject({ outcome: 'refused', code: 'PromotionBlocked' });
    await all.done(people.compliance, 'ReviewOverride', { overrideId, verdict: 'justified', reason: 'seen' });
  });

  test('a version that is retired keeps no permit', async () => {
    const { approvalId, modelVersionId } = await people.approved();
    await last(permitStream(approvalId), 'PermitIssued');
    await all.done(people.owner, 'RetireModelVersion', { modelVersionId, reason: 'replaced' });
    await last(permitStream(approvalId), 'PermitRevoked');
  });

  test('an expired grant is ended on the ledger', async () => {
    const grantId = newId();
    const validUntil = new Date(all.clock.now().getTime() + hours(1)).toISOString();
    await all.done(all.administrator, 'GrantAccess', {
      grantId,
      subjectId: people.owner.id,
      role: 'auditor',
      validUntil,
    });
    await manager.settled(all.directory.position!);
    all.clock.advance(hours(1));
    await last(`accessGrant-${all.workspace}.${grantId}`, 'AccessExpired');
  });

  test('two issuers: one acts; with both acting every act is done once', async () => {
    const standby: number[] = [];
    const [one, two] = [1, 2].map((number) =>
      advisoryLeadership(all.ledger.databaseUrl, { onStandby: () => standby.push(number) }),
    ) as [Leadership, Leadership];
    try {
      const both = performance.now() + 100_000;
      while (!((one.held() || two.held()) && standby.length === 1) && performance.now() < both)
        await new Promise((resolve) => setTimeout(resolve, 20));
      // Told once, to the one that does not act.
      expect(standby).toEqual([one.held() ? 2 : 1]);
      expect([one.held(), two.held()].filter(Boolean)).toHaveLength(1);
      const [holder, other] = one.held() ? [one, two] : [two, one];
      expect([holder.state(), other.state()]).toEqual(['leading', 'standing-by']);
      expect([await holder.confirm(), await other.confirm()]).toEqual([true, false]);
      await holder.close();
      const deadline = performance.now() + 100_000;
      while (!other.held() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(other.held()).toBe(true);
    } finally {
      await Promise.all([one.close(), two.close()]);
    }
    // The worst case: a zombie that still believes that it leads.
    const zombieFaults: unknown[] = [];
    const zombie = start({
      application: all.newApplication(),
      onFault: (what, detail) => zombieFaults.push([what, detail]),
    });
    try {
      await zombie.ready;
      const { approvalId } = await people.approved();
      await last(permitStream(approvalId), 'PermitIssued');
      await all.done(people.compliance, 'RevokeApproval', { approvalId, reason: 'complaints' });
      await last(permitStream(approvalId), 'PermitRevoked');
      await Promise.all([manager, zombie].map((each) => each.settled(all.directory.position!)));
      expect(await all.events(permitStream(approvalId))).toHaveLength(2);
      // Who comes too late is told so, and has done nothing.
      for (const fault of zombieFaults) expect(fault).toMatchObject(['CommandRefused', { code: 'NotGranted' }]);
    } finally {
      await zombie.close();
    }
  });

  test('a second issuer says that it stands by, issues nothing and leases; whoever has lost the lock issues nothing', async () => {
    await manager.close();
    // It does not look again by itself before it is asked.
    const leader = advisoryLeadership(all.ledger.databaseUrl, { retryMilliseconds: 3_600_000 });
    while (!leader.held()) await new Promise((resolve) => setTimeout(resolve, 20));
    const second = advisoryLeadership(all.ledger.databaseUrl);
    const standby = start({ leadership: second });
    try {
      while (second.state() === 'unknown') await new Promise((resolve) => setTimeout(resolve, 20));
      await standby.ready;
      const health = await checkHealth(healthOf(standby));
      expect(health).toMatchObject({ ready: true, states: { permits: expect.stringContaining('standing by') } });
      const registry = new Registry();
      registerMetrics(registry, standby);
      const metrics = await registry.metrics();
      expect(metrics).toMatch(/assay_process_manager_standing_by 1\n/);
      expect(metrics).toMatch(/assay_process_manager_leading 0\n/);
      const { approvalId } = await people.approved();
      await standby.settled(all.directory.position!);
      expect(await all.events(permitStream(approvalId))).toEqual([]);

      // Whatever a process believes: it is asked in the lock's session, and what it would write is refused.
      const input = { permitId: permitOf(approvalId), basis: { kind: 'approval', id: approvalId } } as const;
      const issue = (isPermitIssuer: () => Promise<boolean>) =>
        all.newApplication({ isPermitIssuer }).execute('IssuePermit', input, {
          workspace: all.workspace,
          actor: all.service('process-manager-service'),
          commandId: newId(),
          correlationId: newId(),
          now: all.clock.now().toISOString(),
        });
      expect(await issue(() => second.confirm())).toMatchObject({ outcome: 'refused', code: 'NotLeading' });
      expect(await all.events(permitStream(approvalId))).toEqual([]);
      // The database ends the leader's session under it: the next question finds that out, and the other one leads.
      const client = new Client({ connectionString: all.ledger.databaseUrl });
      await client.connect();
      await client.query(`SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted
        AND classid = 1634956129 AND pid <> pg_backend_pid()
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`);
      await client.end();
      expect(await issue(() => leader.confirm())).toMatchObject({ outcome: 'refused', code: 'NotLeading' });
      await Promise.all([leader.close(), last(permitStream(approvalId), 'PermitIssued')]);
      expect(await all.events(permitStream(approvalId))).toHaveLength(1);
    } finally {
      await standby.close();
      await Promise.all([leader.close(), second.close()]);
    }
  });

  test('leases are for those who show the token and ask well; an event that cannot be read is named', async () => {
    const port = await manager.listen();
    const ask = async (token = 'token', body: unknown = undefined) => {
      const question = { workspace: all.workspace, environment: 'production', server: 's', nonce: 'a'.repeat(32) };
      const response = await fetch(`http://127.0.0.1:${port}/leases`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify(body ?? question),
      });
      await response.arrayBuffer();
      return response.status;
    };
    expect(await ask()).toBe(200);
    expect(await ask('other')).toBe(401);
    for (const body of [
      'x',
      { workspace: 'a' },
      { workspace: 'a', environment: 'b', server: 's', nonce: 'short' },
      ['x'.repeat(9000)],
    ])
      expect(await ask('token', body)).toBe(400);
    expect(
      (await fetch(`http://127.0.0.1:${port}/leases/stream`, { headers: { authorization: 'Bearer x' } })).status,
    ).toBe(401);
    const poison = {
      id: newId(),
      type: 'ApprovalGranted',
      data: Buffer.from('{"approvalId":1}'),
      metadata: Buffer.from('{}'),
    };
    await all.ledger.store.append(approvalStream(newId()), [poison], 'any');
    while (manager.status().unreadable.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(faults).toMatchObject([['PoisonEvent', { message: expect.stringContaining(poison.id) }]]);
    faults = [];
    const { ready, alarms } = await checkHealth(healthOf(manager));
    expect([ready, alarms]).toEqual([true, { decisions: expect.stringContaining(poison.id) }]);
    // Another approval's: what does not rest on it is leased on.
    expect(await ask()).toBe(200);
  });
});
