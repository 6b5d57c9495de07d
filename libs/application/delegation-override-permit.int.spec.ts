import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newId } from '#libs/runtime';
import type { CommandResult } from './contract.js';
import { refusal, testApplication, type TestApplication } from './testing.js';
import * as lifecycle from './testing-lifecycle.js';
import {
  approve,
  castOf,
  makeVersion,
  reauthenticated,
  request,
  sign,
  stages,
  type Cast,
} from './testing-lifecycle.js';

let app: TestApplication;
let cast: Cast;

beforeAll(async () => {
  app = await testApplication();
  cast = await castOf(app);
});
afterAll(() => app?.close());

describe('rule-17 delegation', () => {
  test('signs on behalf of the delegator, visibly, and not beyond scope, time or revocation', async () => {
    const delegate = await app.person([]);
    const made = await makeVersion(app, cast);
    const at = (minutes: number): string => new Date(app.clock.now().getTime() + minutes * 60_000).toISOString();
    const delegation = {
      grantId: newId(),
      delegateId: delegate.id,
      role: 'validator',
      scope: made.modelId,
      validFrom: at(0),
      validUntil: at(30),
    } as const;
    await app.done(cast.validator, 'GrantDelegation', delegation);
    const requested = await request(app, cast.developer, made.modelVersionId);
    const other = await request(app, cast.developer, (await makeVersion(app, cast)).modelVersionId);
    expect(refusal(await sign(app, delegate, other, stages.validation)).code).toBe('NotPermitted');
    expect(await sign(app, delegate, requested, stages.validation)).toMatchObject({ outcome: 'accepted' });
    const [, signed] = await app.events(`approval-${app.workspace}.${requested.approvalId}`);
    expect(signed!.data).toMatchObject({ signature: { signerId: delegate.id, onBehalfOf: cast.validator.id } });
    expect(signed!.metadata).toMatchObject({ onBehalfOf: cast.validator.id });
    // The delegator is the same vote: they cannot sign beside their delegate.
    const again = await makeVersion(app, cast);
    expect(
      refusal(await sign(app, delegate, await request(app, cast.developer, again.modelVersionId), stages.validation))
        .code,
    ).toBe('NotPermitted');
  });

  test('is not handed on, not given to oneself, and not of a role that one does not hold', async () => {
    const delegate = await app.person([]);
    const at = (minutes: number): string => new Date(app.clock.now().getTime() + minutes * 60_000).toISOString();
    const give = (delegateId: string, role: 'risk-officer' | 'validator'): object => ({
      grantId: newId(),
      delegateId,
      role,
      validFrom: at(0),
      validUntil: at(30),
    });
    await app.done(cast.risk, 'GrantDelegation', give(delegate.id, 'risk-officer') as never);
    const further = await app.execute(delegate, 'GrantDelegation', give(cast.operator.id, 'risk-officer') as never);
    expect(refusal(further).code).toBe('ReDelegation');
    expect(
      refusal(await app.execute(cast.risk, 'GrantDelegation', give(cast.risk.id, 'risk-officer') as never)).code,
    ).toBe('SelfDelegation');
    expect(refusal(await app.execute(cast.risk, 'GrantDelegation', give(delegate.id, 'validator') as never)).code).toBe(
      'RoleNotHeld',
    );
  });
});

describe('rule-18 an override', () => {
  async function useOverride(
    modelVersionId: string,
    actor = cast.operator,
  ): Promise<{ overrideId: string; incidentId: string; result: CommandResult }> {
    const overrideId = newId();
    const incidentId = newId();
    const { evidenceDigest } = (await app.application.evidenceOf(app.workspace, modelVersionId))!;
    const by = reauthenticated(app, actor, { approval: overrideId, evidence: evidenceDigest, meaning: 'override' });
    const input = {
      overrideId,
      modelVersionId,
      environment: 'production',
      reason: 'outage',
      incidentId,
      evidenceDigest,
    };
    return { overrideId, incidentId, result: await app.execute(by, 'UseOverride', input) };
  }

  test('is a capability of its own, opens its incident, permits for a short time and is reviewed by somebody else', async () => {
    const made = await makeVersion(app, cast);
    expect(refusal((await useOverride(made.modelVersionId, cast.release)).result).code).toBe('RoleNotHeld');
    const { overrideId, incidentId, result } = await useOverride(made.modelVersionId);
    expect(result).toMatchObject({ outcome: 'accepted' });
    expect(await app.events(`incident-${app.workspace}.${incidentId}`)).toMatchObject([
      { type: 'IncidentOpened', data: { kind: 'override', reference: overrideId } },
    ]);
    await lifecycle.issuePermit(app, 'override', overrideId);
    const own = await app.execute(cast.operator, 'ReviewOverride', {
      overrideId,
      verdict: 'justified',
      reason: 'mine',
    });
    expect(refusal(own).code).toBe('OwnOverride');
    await app.done(cast.compliance, 'ReviewOverride', {
      overrideId,
      verdict: 'justified',
      reason: 'the outage was real',
    });
  });

  test('whose review is overdue blocks the next promotion, before anybody has said that it lapsed', async () => {
    const made = await makeVersion(app, cast);
    const { approvalId } = await approve(app, cast, made.modelVersionId);
    const permitId = await lifecycle.issuePermit(app, 'approval', approvalId);
    const deploymentId = newId();
    const { modelId, modelVersionId } = made;
    const where = { deploymentId, endpoint: `override-${deploymentId.slice(0, 8)}`, environment: 'production' };
    await app.done(cast.release, 'StartDeployment', {
      ...where,
      modelId,
      modelVersionId,
      permitId,
      strategy: 'blue-green',
      weight: 0,
    });
    const { overrideId } = await useOverride(modelVersionId);
    app.clock.advance(73 * 3_600_000);
    const promote = { deploymentId, modelVersionId };
    const blocked = await app.execute(cast.release, 'PromoteDeployment', promote);
    expect(refusal(blocked)).toMatchObject({ code: 'PromotionBlocked', details: { blockedBy: [{ id: overrideId }] } });
    const manager = app.service('process-manager-service');
    await app.done(manager, 'LapseOverrideReview', { overrideId });
    expect(refusal(await app.execute(cast.release, 'PromoteDeployment', promote)).code).toBe('PromotionBlocked');
    await app.done(cast.compliance, 'ReviewOverride', { overrideId, verdict: 'not-justified', reason: 'it was late' });
    await app.done(cast.release, 'PromoteDeployment', promote);
  });
});

test('rule-20 who revokes an approval, and why, is on record, and the permit can be taken away', async () => {
  const made = await makeVersion(app, cast);
  const { approvalId } = await approve(app, cast, made.modelVersionId);
  const permitId = await lifecycle.issuePermit(app, 'approval', approvalId);
  expect(refusal(await app.execute(cast.developer, 'RevokeApproval', { approvalId, reason: 'no' })).code).toBe(
    'NotPermitted',
  );
  await app.done(cast.risk, 'RevokeApproval', { approvalId, reason: 'new findings' });
  const revoked = (await app.events(`approval-${app.workspace}.${approvalId}`)).at(-1)!;
  expect(revoked).toMatchObject({ type: 'ApprovalRevoked', data: { revokerId: cast.risk.id } });
  const digest = (revoked.data as unknown as { reason: string }).reason;
  expect((await app.vault.reveal(app.workspace, [digest])).get(digest)).toMatchObject({ text: 'new findings' });
  await app.done(app.service('process-manager-service'), 'RevokePermit', { permitId, cause: 'approval-revoked' });
  const again = { permitId: newId(), basis: { kind: 'approval', id: approvalId } } as const;
  expect(refusal(await app.execute(app.service('process-manager-service'), 'IssuePermit', again)).code).toBe(
    'NotGranted',
  );
});

describe('rule-21 no traffic without a permit', () => {
  test('of its own, active, for this version and environment', async () => {
    const made = await makeVersion(app, cast);
    const { approvalId } = await approve(app, cast, made.modelVersionId);
    const permitId = await lifecycle.issuePermit(app, 'approval', approvalId);
    const { modelId, modelVersionId } = made;
    const start = (permit: string, environment: string): Promise<CommandResult> =>
      app.execute(cast.release, 'StartDeployment', {
        deploymentId: newId(),
        endpoint: 'gate',
        environment,
        modelId,
        modelVersionId,
        permitId: permit,
        strategy: 'blue-green',
        weight: 0,
      });
    expect(refusal(await start(newId(), 'production'))).toMatchObject({
      code: 'NoPermit',
      details: { rule: 'missing' },
    });
    expect(refusal(await start(permitId, 'staging'))).toMatchObject({
      code: 'NoPermit',
      details: { rule: 'other-environment' },
    });
    await app.done(app.service('process-manager-service'), 'SuspendPermit', { permitId, cause: 'condition-lapsed' });
    expect(refusal(await start(permitId, 'production'))).toMatchObject({
      code: 'NoPermit',
      details: { rule: 'suspended' },
    });
  });

  test('only the permit issuer gives one, and nobody by hand', async () => {
    const made = await makeVersion(app, cast);
    const { approvalId } = await approve(app, cast, made.modelVersionId);
    const input = { permitId: newId(), basis: { kind: 'approval', id: approvalId } } as const;
    for (const actor of [cast.release, cast.risk, app.administrator, app.service('serving-service')])
      expect(refusal(await app.execute(actor, 'IssuePermit', input)).code).toBe('NotPermitted');
  });
});
