import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { verifyPermit } from '#libs/signing';
import { newId } from '#libs/runtime';
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

test('the way of a version: evaluated, approved by two, permitted, deployed, promoted, retired', async () => {
  const made = await makeVersion(app, cast);
  const { approvalId } = await approve(app, cast, made.modelVersionId);
  const permitId = await lifecycle.issuePermit(app, 'approval', approvalId);
  const [issued] = await app.events(`permit-${app.workspace}.${permitId}`);
  expect(verifyPermit(issued!.data as never, [app.permitKey])).toBeUndefined();
  const deploymentId = newId();
  const { modelId, modelVersionId } = made;
  const where = { deploymentId, endpoint: `mortgage-${deploymentId.slice(0, 8)}`, environment: 'production' };
  await app.done(cast.release, 'StartDeployment', {
    ...where,
    modelId,
    modelVersionId,
    permitId,
    strategy: 'blue-green',
    weight: 0,
  });
  await app.done(cast.release, 'PromoteDeployment', { deploymentId, modelVersionId });
  await app.done(app.service('serving-service'), 'SealPredictionSegment', {
    segmentId: newId(),
    deploymentId,
    rows: { [modelVersionId]: 3 },
    permits: [permitId],
    content: lifecycle.content('segment', 'application/jsonl'),
    from: app.clock.now().toISOString(),
    to: app.clock.now().toISOString(),
  });
  const retire = { modelVersionId, reason: 'replaced' };
  expect(refusal(await app.execute(cast.release, 'RetireModelVersion', retire)).code).toBe('StillServing');
  await app.done(cast.release, 'StopDeployment', { deploymentId, cause: 'retired' });
  await app.done(cast.release, 'RetireModelVersion', retire);
  const types = [...(await app.events(`approval-${app.workspace}.${approvalId}`))].map(({ type }) => type);
  expect(types).toEqual(['ApprovalRequested', 'ApprovalSigned', 'ApprovalSigned', 'ApprovalGranted']);
});

test('a failed gate refuses the request with its numbers, and the refusal is on record', async () => {
  const { modelVersionId } = await makeVersion(app, cast, { ratio: 0.69 });
  const input = { approvalId: newId(), modelVersionId, environment: 'production', cause: 'first-release' };
  const result = await app.execute(cast.developer, 'RequestApproval', input);
  const { code, details } = refusal(result);
  expect(code).toBe('GateFailed');
  expect(details).toMatchObject({
    gates: [{ gateId: 'four-fifths-afam', value: 0.69, threshold: 0.8, verdict: 'fail' }],
  });
  expect(result.position).toBeDefined();
  const day = app.clock.now().toISOString().slice(0, 10);
  const denials = await app.events(`denial-${app.workspace}.${cast.developer.id}.${day}`);
  expect(denials.at(-1)?.data).toMatchObject({ rule: 'GateFailed', action: 'RequestApproval', count: 1, details });
});

describe('rule-01 nobody approves what they helped to make', () => {
  test.each([
    ['trained it', 'trainer', ['training-run', 'started-by']],
    ['wrote its code', 'author', ['code:abcdef1', 'author']],
    ['sealed its data', 'steward', ['dataset-version', 'sealed-by']],
    ['evaluated it', 'evaluator', ['evaluation', 'recorded-by']],
  ] as const)('who %s is refused with the path, also with the role', async (_, job, [node, act]) => {
    const made = await makeVersion(app, cast);
    const requested = await request(app, cast.developer, made.modelVersionId);
    const grant = { grantId: newId(), subjectId: cast[job].id, role: 'validator' } as const;
    await app.done(app.administrator, 'GrantAccess', grant);
    const { code, details } = refusal(await sign(app, cast[job], requested, stages.validation));
    expect(code).toBe('Contributor');
    const path = (details as { path: string[] }).path;
    expect(path.some((step) => step.startsWith(node))).toBe(true);
    expect(path).toContain(act);
    await app.done(app.administrator, 'RevokeAccess', { grantId: grant.grantId });
  });

  test('nor under a linked identity, nor the owner of a service that helped, nor by a link made after the request', async () => {
    const alias = await app.person(['validator']);
    const made = await makeVersion(app, cast);
    const requested = await request(app, cast.developer, made.modelVersionId);
    await app.done(app.administrator, 'LinkIdentities', { identityId: alias.id, linkedId: cast.author.id });
    expect(refusal(await sign(app, alias, requested, stages.validation)).code).toBe('Contributor');
  });

  test('who delegated the work, or worked by delegation, is a contributor', async () => {
    const boss = await app.person(['model-developer', 'validator']);
    const helper = await app.person([]);
    const at = (minutes: number): string => new Date(app.clock.now().getTime() + minutes * 60_000).toISOString();
    const delegation = {
      grantId: newId(),
      delegateId: helper.id,
      role: 'model-developer',
      validFrom: at(0),
      validUntil: at(60),
    } as const;
    await app.done(boss, 'GrantDelegation', delegation);
    const made = await makeVersion(app, cast, { trainer: helper });
    const [started] = await app.events(`trainingRun-${app.workspace}.${made.trainingRunId}`);
    expect(started!.metadata).toMatchObject({ onBehalfOf: boss.id });
    const requested = await request(app, cast.developer, made.modelVersionId);
    const { code, details } = refusal(await sign(app, boss, requested, stages.validation));
    expect(code).toBe('Contributor');
    expect((details as { path: string[] }).path).toContain('on-behalf-of');
  });
});

test('rule-02 who signed one stage does not sign the next', async () => {
  const both = await app.person(['validator', 'risk-officer']);
  const requested = await request(app, cast.developer, (await makeVersion(app, cast)).modelVersionId);
  expect(await sign(app, both, requested, stages.validation)).toMatchObject({ outcome: 'accepted' });
  expect(refusal(await sign(app, both, requested, stages.risk)).code).toBe('SignedOtherStage');
});

describe('rule-06 a signature binds to what stands in the store', () => {
  test('evidence that was withdrawn, added to the data, or a policy that moved', async () => {
    const made = await makeVersion(app, cast);
    const requested = await request(app, cast.developer, made.modelVersionId);
    await app.done(cast.evaluator, 'WithdrawEvaluation', { evaluationId: made.evaluationId, reason: 'wrong rows' });
    const { code, details } = refusal(await sign(app, cast.validator, requested, stages.validation));
    expect(code).toBe('EvidenceChanged');
    expect(details).toHaveProperty('stream');
  });

  test('another digest than the one that was shown', async () => {
    const requested = await request(app, cast.developer, (await makeVersion(app, cast)).modelVersionId);
    const seen = { ...requested, evidenceDigest: 'f'.repeat(64) };
    expect(refusal(await sign(app, cast.validator, seen, stages.validation)).code).toBe('EvidenceChanged');
  });

  test('a permit is not issued when a pinned stream moved after the grant', async () => {
    const made = await makeVersion(app, cast);
    const { approvalId } = await approve(app, cast, made.modelVersionId);
    await app.done(cast.steward, 'WithdrawDatasetVersion', {
      datasetVersionId: made.datasetVersionId,
      reason: 'licence',
    });
    const input = { permitId: newId(), basis: { kind: 'approval', id: approvalId } } as const;
    const result = await app.execute(app.service('process-manager-service'), 'IssuePermit', input);
    expect(refusal(result)).toMatchObject({ code: 'EvidenceChanged' });
    expect(JSON.stringify(refusal(result).details)).toContain(made.datasetVersionId);
  });
});

describe('rule-08 a signature needs a fresh re-authentication made for it, used once', () => {
  test('without one, for another meaning, too old, or too weak: refused by rule', async () => {
    const requested = await request(app, cast.developer, (await makeVersion(app, cast)).modelVersionId);
    const { approvalId, evidenceDigest } = requested;
    const input = { approvalId, evidenceDigest, ...stages.validation };
    const over = { approval: approvalId, evidence: evidenceDigest, meaning: 'validated' } as const;
    const old = new Date(app.clock.now().getTime() - 121_000).toISOString();
    const service = {
      ...cast.validator,
      authentication: { method: 'service-key', time: old, tokenId: newId() },
    } as const;
    for (const [actor, rule] of [
      [cast.validator, 'nonce'],
      [reauthenticated(app, cast.validator, { ...over, meaning: 'approved' }), 'nonce'],
      [reauthenticated(app, cast.validator, over, { time: old }), 'age'],
      [reauthenticated(app, cast.validator, over, { acr: 'weak' }), 'acr'],
    ] as const) {
      const { code, details } = refusal(await app.execute(actor, 'SignApproval', input));
      expect({ code, rule: details['rule'] }).toEqual({ code: 'ReauthenticationRequired', rule });
    }
    expect(refusal(await app.execute(service, 'SignApproval', input)).code).toBe('NotPermitted');
  });

  test('a token is used up by its first signature; the same command may come again', async () => {
    const made = await makeVersion(app, cast);
    const requested = await request(app, cast.developer, made.modelVersionId);
    const { approvalId, evidenceDigest } = requested;
    const over = { approval: approvalId, evidence: evidenceDigest, meaning: 'validated' } as const;
    const actor = reauthenticated(app, cast.validator, over);
    const input = { approvalId, evidenceDigest, ...stages.validation, comment: 'looked at all of it' };
    const commandId = newId();
    const first = await app.execute(actor, 'SignApproval', input, { commandId });
    expect(first).toMatchObject({ outcome: 'accepted', repeated: false });
    expect(await app.execute(actor, 'SignApproval', input, { commandId })).toMatchObject({
      outcome: 'accepted',
      repeated: true,
      position: (first as { position: bigint }).position,
    });
    expect(
      await app.identities.reauthentications.use(
        app.workspace,
        'https://issuer.example',
        actor.authentication.tokenId!,
        newId(),
      ),
    ).toBe(false);
  });

  test('of two signatures with one token at once, one stands', async () => {
    const other = await app.person(['validator']);
    const requests = [];
    for (let n = 0; n < 2; n++)
      requests.push(await request(app, cast.developer, (await makeVersion(app, cast)).modelVersionId));
    const tokenId = newId();
    const results = await Promise.all(
      requests.map(({ approvalId, evidenceDigest }) => {
        const over = { approval: approvalId, evidence: evidenceDigest, meaning: 'validated' } as const;
        const input = { approvalId, evidenceDigest, ...stages.validation };
        return app.execute(reauthenticated(app, other, over, { tokenId }), 'SignApproval', input);
      }),
    );
    expect(results.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(1);
    const lost = results.find(({ outcome }) => outcome === 'refused')!;
    expect(refusal(lost)).toMatchObject({ code: 'ReauthenticationRequired', details: { rule: 'used-once' } });
  });
});

test('two signers of one stage at once: both are decided on what stands, none is lost', async () => {
  const others = [await app.person(['validator']), await app.person(['validator']), await app.person(['validator'])];
  const document = lifecycle.mortgagePolicy();
  const quorum = [{ role: 'validator', minimum: 3 }] as const;
  const tiers = Object.fromEntries(
    Object.entries(document.tiers).map(([tier, rules]) => [
      tier,
      { ...rules, stages: rules.stages.map((stage) => (stage.id === 'validation' ? { ...stage, quorum } : stage)) },
    ]),
  ) as unknown as typeof document.tiers;
  const made = await makeVersion(app, cast, { document: { ...document, tiers } });
  const requested = await request(app, cast.developer, made.modelVersionId);
  const results = await Promise.all(others.map((actor) => sign(app, actor, requested, stages.validation)));
  expect(results.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted', 'accepted']);
  const signed = (await app.events(`approval-${app.workspace}.${requested.approvalId}`)).filter(
    ({ type }) => type === 'ApprovalSigned',
  );
  expect(signed).toHaveLength(3);
});

test('rule-23 the decision is logged with policy version, inputs digest and result', async () => {
  const made = await makeVersion(app, cast);
  const { approvalId, policyId } = await approve(app, cast, made.modelVersionId);
  const [, signed] = await app.events(`approval-${app.workspace}.${approvalId}`);
  expect(signed!.data).toMatchObject({ decision: { policyId, policyVersion: 1, result: 'allow' } });
  expect(signed!.metadata).toMatchObject({ policy: `${policyId}@1` });
  const [, gate] = await app.events(`evaluation-${app.workspace}.${made.evaluationId}`);
  expect(gate).toMatchObject({
    type: 'GateDecided',
    data: { verdict: 'pass', decision: { policyId, result: 'pass' } },
  });
});

test('rule-24 deny wins: an administrator with a signing role signs nothing', async () => {
  const boss = await app.person(['validator', 'administrator']);
  const requested = await request(app, cast.developer, (await makeVersion(app, cast)).modelVersionId);
  expect(refusal(await sign(app, boss, requested, stages.validation)).code).toBe('AdministratorCannotSign');
});

test('rule-25 a request times out: a late signature is refused, and the process manager says that it expired', async () => {
  const made = await makeVersion(app, cast);
  const requested = await request(app, cast.developer, made.modelVersionId);
  const { approvalId } = requested;
  const manager = app.service('process-manager-service');
  const expire = { approvalId, what: 'stage', stage: 'validation' } as const;
  expect(refusal(await app.execute(manager, 'ExpireApproval', expire)).code).toBe('NotDue');
  app.clock.advance(72 * 3_600_000 + 1000);
  expect(refusal(await sign(app, cast.validator, requested, stages.validation)).code).toBe('StageExpired');
  await app.done(manager, 'ExpireApproval', expire);
  expect(refusal(await sign(app, cast.validator, requested, stages.validation)).code).toBe('NotPending');
});
