import { describe, expect, test } from '@jest/globals';
import { example, examples, id, stageExamples, time } from '../../libs/lifecycle/examples.js';
import { plan } from './plan.js';
import { given } from './testing.js';
import type { GovernanceView } from './view.js';

const at = (view: GovernanceView, minutes: number) =>
  plan(view, Date.parse(time(minutes))).intents.map(({ name, input }) => ({ name, ...input }));

const evaluated = [example('EvaluationRecorded'), example('GateDecided')];
const requested = [...evaluated, example('ApprovalRequested')];
const signed = [
  ...requested,
  example('ApprovalSigned'),
  example('ApprovalSigned', {
    stage: 'risk',
    signature: { ...examples.ApprovalSigned.signature, signerId: id('rita'), role: 'risk-officer', signedAt: time(40) },
  }),
];
const granted = [...signed, example('ApprovalGranted')];
const permitted = [...granted, example('PermitIssued')];
const approvalId = id('approval');
const permitId = id('permit');

describe('the plan of the process manager', () => {
  test('rule-21 a granted approval gets its one permit, under an id that a restart repeats', () => {
    expect(at(given(...signed), 50)).toEqual([]);
    const [intent, ...rest] = at(given(...granted), 50);
    expect(rest).toEqual([]);
    expect(intent).toMatchObject({ name: 'IssuePermit', basis: { kind: 'approval', id: approvalId } });
    const ids = [given(...granted), given(...granted)].map(
      (view) => plan(view, Date.parse(time(51))).intents[0]!.commandId,
    );
    expect(ids[0]).toBe(ids[1]);
    expect(at(given(...permitted), 50)).toEqual([]);
  });

  test('evidence that moves voids a pending and a granted approval, and the permit after it', () => {
    const eventId = id('event-3');
    const stream = examples.ApprovalRequested.pins[0]!.stream;
    const voids = { name: 'VoidApproval', approvalId, cause: 'evidence-changed', stream };
    for (const moved of [example('EvaluationWithdrawn'), example('EvaluationAmended')])
      expect(at(given(...requested, moved), 50)).toEqual([{ ...voids, eventId }]);
    expect(at(given(...permitted, example('EvaluationWithdrawn')), 50)).toEqual([{ ...voids, eventId: id('event-7') }]);
    const voided = given(...permitted, example('EvaluationWithdrawn'), example('ApprovalVoided'));
    expect(at(voided, 50)).toEqual([{ name: 'RevokePermit', permitId, cause: 'approval-voided' }]);
    const closed = given(
      ...permitted,
      example('EvaluationWithdrawn'),
      example('ApprovalVoided'),
      example('PermitRevoked'),
    );
    expect(plan(closed, Date.parse(time(50)))).toMatchObject({ intents: [], settled: [approvalId] });
  });

  test('evidence that moved between the pinning and the request is seen too', () => {
    const view = given(...evaluated, example('EvaluationWithdrawn'), example('ApprovalRequested'));
    expect(at(view, 50)).toMatchObject([{ name: 'VoidApproval', eventId: id('event-2') }]);
  });

  test('what was pinned at its head is not moved by what stood there before', () => {
    expect(at(given(...requested), 50)).toEqual([]);
  });

  test('a superseded policy is named as the cause', () => {
    const pin = { ...examples.ApprovalRequested.pins[0]!, kind: 'policy' as const, revision: '0' };
    const view = given(...evaluated, example('ApprovalRequested', { pins: [pin] }));
    expect(at(view, 50)).toMatchObject([{ name: 'VoidApproval', cause: 'policy-superseded' }]);
  });

  test('a signer who turns out to be one person with a contributor voids the approval', () => {
    const link = example('IdentityLinked', { identityId: id('vera'), linkedId: id('alias') });
    const other = example('IdentityLinked', { identityId: id('alias'), linkedId: id('ana') });
    expect(at(given(...requested, link, other), 50)).toEqual([]); // Vera has not signed.
    const views = [given(...granted, link, other), given(link, other, ...granted)];
    for (const view of views)
      expect(at(view, 50)).toMatchObject([{ name: 'VoidApproval', cause: 'contributor-changed' }]);
    expect(at(given(...granted, link), 50)).toMatchObject([{ name: 'IssuePermit' }]);
  });

  test('rule-14 a pending request does not outlive the age of its evidence', () => {
    const { expiresAt } = examples.EvaluationRecorded;
    const young = { ...example('EvaluationRecorded'), data: { ...examples.EvaluationRecorded, expiresAt: time(90) } };
    const view = given(young, example('GateDecided'), example('ApprovalRequested'));
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.parse(time(90)));
    expect(at(view, 89)).toEqual([]);
    expect(at(view, 90)).toMatchObject([{ name: 'VoidApproval', cause: 'evidence-expired' }]);
  });

  test('rule-25 requests time out by stage and as a whole', () => {
    const hours = (count: number): number => count * 60;
    expect(plan(given(...requested), Date.parse(time(0))).nextDue).toBe(Date.parse(time(hours(72))));
    expect(at(given(...requested), hours(72) - 1)).toEqual([]);
    expect(at(given(...requested), hours(72))).toEqual([
      { name: 'ExpireApproval', approvalId, what: 'stage', stage: 'validation' },
    ]);
    expect(at(given(...requested), hours(144))).toEqual([{ name: 'ExpireApproval', approvalId, what: 'request' }]);
    // The second stage's time begins with the first one's completion.
    const first = [...requested, example('ApprovalSigned')];
    expect(at(given(...first), hours(72) + 29)).toEqual([]);
    expect(at(given(...first), hours(72) + 30)).toMatchObject([{ what: 'stage', stage: stageExamples[1]!.id }]);
    expect(at(given(...requested, example('ApprovalExpired')), hours(144))).toEqual([]);
  });

  test('rule-11 a granted approval expires, and its permit with it', () => {
    const days = (count: number): number => count * 24 * 60;
    const long = { ...examples.PermitIssued, permit: { ...examples.PermitIssued.permit, validUntil: time(days(100)) } };
    const warned = ([90, 30, 7] as const).map((each) => example('ApprovalExpiryWarned', { days: each }));
    const view = given(...granted, { type: 'PermitIssued', data: long }, ...warned);
    expect(at(view, days(90) - 1)).toEqual([]);
    expect(at(view, days(90))).toEqual([{ name: 'ExpireApproval', approvalId, what: 'approval' }]);
    const expired = given(
      ...granted,
      { type: 'PermitIssued', data: long },
      example('ApprovalExpired', { what: 'approval' }),
    );
    expect(at(expired, days(90))).toEqual([{ name: 'RevokePermit', permitId, cause: 'approval-expired' }]);
    expect(at(given(example('PermitIssued')), days(90))).toEqual([{ name: 'ExpirePermit', permitId }]);
  });

  test('rule-11 the end of an approval is announced 30 and 7 days before, once each, and only the nearer when late', () => {
    const days = (count: number): number => count * 24 * 60;
    const warn = (count: number) => ({ name: 'WarnOfExpiry', approvalId, days: count });
    // It is given for 90 days: the warning of 90 days would have come before the signature.
    expect(at(given(...permitted), days(60) - 1)).not.toContainEqual(warn(30));
    expect(at(given(...permitted), days(60))).toContainEqual(warn(30));
    const once = given(...permitted, example('ApprovalExpiryWarned'));
    expect(at(once, days(61))).not.toContainEqual(warn(30));
    expect(at(once, days(83))).toContainEqual(warn(7));
    const late = at(given(...permitted), days(84)).filter(({ name }) => name === 'WarnOfExpiry');
    expect(late).toEqual([warn(7)]);
    expect(plan(given(...permitted), Date.parse(time(50))).nextDue).toBeLessThanOrEqual(Date.parse(time(days(60))));
  });

  test('rule-10 a lapsed condition suspends the permit until it is met, or escalates', () => {
    const condition = { approvalId, conditionId: id('condition') };
    const due = 60 * 24 * 14;
    const set = [...permitted, example('ApprovalConditionSet')];
    expect(at(given(...set), due - 1)).toEqual([]);
    expect(at(given(...set), due)).toEqual([{ name: 'LapseCondition', ...condition }]);
    const lapsed = [...set, example('ApprovalConditionLapsed')];
    const cause = 'condition-lapsed';
    expect(at(given(...lapsed), due)).toEqual([{ name: 'SuspendPermit', permitId, cause }]);
    const suspended = [...lapsed, example('PermitSuspended')];
    expect(at(given(...suspended), due)).toEqual([]);
    const met = [...suspended, example('ApprovalConditionMet')];
    expect(at(given(...met), due)).toEqual([{ name: 'ResumePermit', permitId, cause }]);
    expect(at(given(...met, example('PermitResumed')), due)).toEqual([]);
    // Granted while a condition has already lapsed: no permit until it is met.
    const early = [
      ...signed,
      example('ApprovalConditionSet'),
      example('ApprovalConditionLapsed'),
      example('ApprovalGranted'),
    ];
    expect(at(given(...early), 50)).toEqual([]);
    expect(at(given(...early, example('ApprovalConditionMet')), 50)).toMatchObject([{ name: 'IssuePermit' }]);
    const escalating = [
      ...permitted,
      example('ApprovalConditionSet', { onLapse: 'escalate' }),
      example('ApprovalConditionLapsed'),
    ];
    const [incident, ...rest] = at(given(...escalating), due);
    expect(rest).toEqual([]);
    expect(incident).toMatchObject({ name: 'OpenIncident', kind: 'condition-lapsed', awareAt: time(due) });
    const opened = example('IncidentOpened', {
      incidentId: (incident as unknown as { incidentId: string }).incidentId,
    });
    expect(at(given(...escalating, opened), due)).toEqual([]);
  });

  test('rule-20 a revoked, withdrawn or rejected approval leaves no permit open', () => {
    for (const [type, status] of [
      ['ApprovalRevoked', 'revoked'],
      ['ApprovalWithdrawn', 'withdrawn'],
      ['ApprovalRejected', 'rejected'],
    ] as const) {
      const revoke = { name: 'RevokePermit', permitId, cause: `approval-${status}` };
      expect(at(given(...permitted, example(type)), 50)).toEqual([revoke]);
    }
  });

  test('a retired version keeps no permit', () => {
    const view = given(example('PermitIssued'), example('ModelVersionRetired'));
    expect(at(view, 61)).toEqual([{ name: 'RevokePermit', permitId, cause: 'model-version-retired' }]);
  });

  describe('rule-18 an override', () => {
    const used = example('OverrideUsed');
    const opened = example('IncidentOpened', { incidentId: id('incident') });
    const permit = {
      type: 'PermitIssued' as const,
      data: {
        ...examples.PermitIssued,
        permit: {
          ...examples.PermitIssued.permit,
          basis: { kind: 'override' as const, id: id('override') },
          validUntil: time(90),
        },
      },
    };
    const overdue = 72 * 60;
    const deployment = (...slots: ('version' | 'next-version')[]) =>
      example('DeploymentStarted', {
        arms: examples.DeploymentStarted.arms.filter(({ modelVersionId }) =>
          slots.some((slot) => id(slot) === modelVersionId),
        ),
      });

    test('gets a permit while it is valid, and its incident', () => {
      expect(at(given(used, opened), 89)).toMatchObject([
        { name: 'IssuePermit', basis: { kind: 'override', id: id('override') } },
      ]);
      expect(at(given(used, opened), 90)).toEqual([]);
      expect(at(given(used), 95)).toMatchObject([
        { name: 'OpenIncident', kind: 'override', incidentId: id('incident') },
      ]);
    });

    test('whose review is overdue lapses, closes its permit and takes its traffic back', () => {
      const events = [used, opened, permit, deployment('version', 'next-version')];
      expect(at(given(...events), overdue).map(({ name }) => name)).toEqual(['LapseOverrideReview', 'ExpirePermit']);
      const lapsed = at(given(...events, example('OverrideReviewLapsed')), 80);
      const cause = 'override-review-lapsed';
      expect(lapsed).toMatchObject([
        { name: 'OpenIncident', kind: 'review-overdue', reference: id('override') },
        { name: 'RevokePermit', permitId, cause },
        { name: 'RollBackDeployment', deploymentId: id('deployment'), modelVersionId: id('next-version'), cause },
      ]);
      const alone = at(given(used, opened, permit, deployment('version'), example('OverrideReviewLapsed')), 80);
      expect(alone.at(-1)).toEqual({ name: 'StopDeployment', deploymentId: id('deployment'), cause });
    });

    test('that was not justified is treated alike; a justified one runs out by itself', () => {
      const events = [used, opened, permit, deployment('version', 'next-version')];
      const bad = at(given(...events, example('OverrideReviewed', { verdict: 'not-justified' })), 80);
      expect(bad.map(({ name }) => name)).toEqual(['RevokePermit', 'RollBackDeployment']);
      expect(at(given(...events, example('OverrideReviewed')), 80)).toEqual([]);
    });
  });

  test('grants and delegations expire', () => {
    const { grantId } = examples.AccessGranted;
    const limited = example('AccessGranted', { validUntil: time(100) });
    expect(at(given(limited), 99)).toEqual([]);
    expect(at(given(limited), 100)).toEqual([{ name: 'ExpireAccess', grantId }]);
    expect(at(given(limited, example('AccessExpired', { grantId })), 100)).toEqual([]);
    expect(at(given(limited, example('AccessRevoked', { grantId })), 100)).toEqual([]);
    const delegated = example('DelegationGranted', { validUntil: time(100) });
    expect(at(given(delegated), 100)).toMatchObject([{ name: 'ExpireAccess' }]);
  });
});
