import { describe, expect, test } from '@jest/globals';
import { digestOf, example, id, ratioExample, time } from '../examples.js';
import { by, freshEvidence, requested, requestExample, requesting, signed, signing } from '../examples-commands.js';
import { specificationOf } from '../specification.js';
import { isSuspended } from './evolve.js';
import { approval } from './index.js';

const given = specificationOf(approval);

describe('rule-10 approval with a condition', () => {
  const condition = { conditionId: id('condition'), ownerId: id('olga'), dueAt: time(60 * 24), text: digestOf('text') };
  const granted = [
    requested(),
    signed('vera', 'validation'),
    example('ApprovalConditionSet', condition),
    signed('rolf', 'risk', 40),
    example('ApprovalGranted'),
  ];
  const lapse = (minutes: number) =>
    ({
      type: 'LapseCondition',
      context: by('process-manager', { kind: 'service', minutes }),
      data: { approvalId: id('approval'), conditionId: id('condition') },
    }) as const;
  const meet = (name: string, minutes: number, identities = [id(name)]) =>
    ({
      type: 'MeetCondition',
      context: by(name, { minutes }),
      data: {
        approvalId: id('approval'),
        conditionId: id('condition'),
        evidence: digestOf('done'),
        facts: { actor: { identities } },
      },
    }) as const;

  test('rule-10 has an owner, a due date and an effect', () => {
    const [, set] = given(requested())
      .when(signing('vera', 'validation', { data: { condition } }))
      .events();
    expect(set).toMatchObject({ data: { ...condition, onLapse: 'suspend' } });
    given(requested())
      .when(signing('vera', 'validation', { data: { condition: { ...condition, dueAt: time(30) } } }))
      .thenRefused('InvalidField', { field: 'condition.dueAt' });
  });

  test('rule-10 lapses when it is due and not before, and suspends', () => {
    given(...granted)
      .when(lapse(60 * 24 - 1))
      .thenRefused('NotDue');
    const lapsed = given(...granted).when(lapse(60 * 24));
    expect(lapsed.events()[0]).toMatchObject({ data: { effect: 'suspend' } });
    expect(isSuspended(lapsed.state())).toBe(true);
  });

  test('rule-10 met by its owner in time never lapses; met late it ends the suspension', () => {
    given(...granted, example('ApprovalConditionMet'))
      .when(lapse(60 * 24))
      .thenNothing();
    const late = given(...granted, example('ApprovalConditionLapsed')).when(meet('olga', 60 * 25));
    late.thenEvents('ApprovalConditionMet');
    expect(isSuspended(late.state())).toBe(false);
    given(...granted)
      .when(meet('ana', 50))
      .thenRefused('NotTheOwner');
    given(...granted)
      .when(meet('olga-too', 50, [id('olga-too'), id('olga')]))
      .thenEvents('ApprovalConditionMet');
  });
});

describe('rule-11 every approval expires', () => {
  const expire = (minutes: number) =>
    ({
      type: 'ExpireApproval',
      context: by('process-manager', { kind: 'service', minutes }),
      data: { approvalId: id('approval'), what: 'approval' },
    }) as const;
  const history = [requested(), signed('vera', 'validation'), signed('rolf', 'risk'), example('ApprovalGranted')];

  test('rule-11 by the days of its tier, at its time and not before', () => {
    given(...history)
      .when(expire(90 * 24 * 60 - 1))
      .thenRefused('NotDue');
    given(...history)
      .when(expire(90 * 24 * 60))
      .thenEvents('ApprovalExpired');
    given(...history, example('ApprovalExpired', { what: 'approval' }))
      .when(expire(90 * 24 * 60))
      .thenNothing();
  });
});

describe('rule-11 an approval that ends is announced', () => {
  const warn = (days: 90 | 30 | 7, minutes: number) =>
    ({
      type: 'WarnOfExpiry',
      context: by('process-manager', { kind: 'service', minutes }),
      data: { approvalId: id('approval'), days },
    }) as const;
  const history = [requested(), signed('vera', 'validation'), signed('rolf', 'risk'), example('ApprovalGranted')];
  const day = 24 * 60;

  test('rule-11 30 and 7 days before its end, once each, never before it was given', () => {
    given(...history)
      .when(warn(30, 60 * day - 1))
      .thenRefused('NotDue');
    given(...history)
      .when(warn(30, 60 * day))
      .thenEvents('ApprovalExpiryWarned');
    given(...history, example('ApprovalExpiryWarned'))
      .when(warn(30, 61 * day))
      .thenNothing();
    given(...history, example('ApprovalExpiryWarned', { days: 7 }))
      .when(warn(30, 84 * day))
      .thenNothing();
    given(...history)
      .when(warn(90, 89 * day))
      .thenNothing();
    given(...history, example('ApprovalExpired', { what: 'approval' }))
      .when(warn(7, 91 * day))
      .thenNothing();
  });
});

describe('rule-14 evidence has an age', () => {
  const aged = freshEvidence.map((evidence) => ({ ...evidence, expiresAt: time(20) }));
  test('rule-14 stale evidence is refused at the request and again at the signature', () => {
    given()
      .when(requesting({ evidence: aged.map((evidence) => ({ ...evidence, expiresAt: time(0) })) }))
      .thenRefused('EvidenceStale');
    given(requested())
      .when(signing('vera', 'validation', { facts: { evidence: aged } }))
      .thenRefused('EvidenceStale', { expiresAt: time(20) });
  });
  test('rule-14 an evaluation that came after the request and fails is not signed past', () => {
    const [verdict] = requestExample.data.facts.verdicts;
    const failed = { ...verdict!, verdict: 'fail' as const, measurement: { ...ratioExample, value: 0.69 } };
    given(requested())
      .when(signing('vera', 'validation', { facts: { verdicts: [failed] } }))
      .thenRefused('GateFailed', { gates: [{ gateId: 'four-fifths', value: 0.69 }] });
    given(requested())
      .when(signing('vera', 'validation', { facts: { verdicts: [verdict!] } }))
      .thenEvents('ApprovalSigned');
  });
  test('rule-14 withdrawn evidence is none', () => {
    const withdrawn = freshEvidence.map((evidence) => ({ ...evidence, status: 'withdrawn' as const }));
    given()
      .when(requesting({ evidence: withdrawn }))
      .thenRefused('EvidenceWithdrawn');
    given()
      .when(requesting({ evidence: [] }))
      .thenRefused('EvidenceMissing');
  });
  test('rule-14 a gate that failed refuses the request with its numbers', () => {
    const [verdict] = requestExample.data.facts.verdicts;
    const failed = { ...verdict!, verdict: 'fail' as const, measurement: { ...ratioExample, value: 0.69 } };
    given()
      .when(requesting({ verdicts: [failed] }))
      .thenRefused('GateFailed', {
        gates: [{ gateId: 'four-fifths', value: 0.69, low: 0.76, high: 0.91, threshold: 0.8 }],
      });
    for (const verdict of ['insufficient', 'undefined'] as const)
      given()
        .when(requesting({ verdicts: [{ ...failed, verdict }] }))
        .thenRefused('GateFailed');
    given()
      .when(requesting({ verdicts: [] }))
      .thenRefused('GateMissing', { gates: ['four-fifths'] });
  });
});

test('rule-20 a revocation says who and why, and ends the approval', () => {
  const revoke = {
    type: 'RevokeApproval',
    context: by('rita', { roles: ['risk-officer'] }),
    data: { approvalId: id('approval'), reason: digestOf('reason') },
  } as const;
  const history = [requested(), signed('vera', 'validation'), signed('rolf', 'risk'), example('ApprovalGranted')];
  const [event] = given(...history)
    .when(revoke)
    .events();
  expect(event?.data).toEqual({ approvalId: id('approval'), revokerId: id('rita'), reason: digestOf('reason') });
  given(requested()).when(revoke).thenRefused('NotGranted', { status: 'pending' });
});

describe('rule-25 requests time out', () => {
  const expire = (what: 'stage' | 'request', minutes: number) =>
    ({
      type: 'ExpireApproval',
      context: by('process-manager', { kind: 'service', minutes }),
      data: { approvalId: id('approval'), what, ...(what === 'stage' ? { stage: 'validation' } : {}) },
    }) as const;
  const hours = (count: number) => count * 60;

  test('rule-25 a stage has its hours, the request those of all stages', () => {
    given(requested())
      .when(expire('stage', hours(72) - 1))
      .thenRefused('NotDue', { deadline: time(hours(72)) });
    given(requested())
      .when(expire('stage', hours(72)))
      .thenEvents('ApprovalExpired');
    given(requested())
      .when(expire('request', hours(144) - 1))
      .thenRefused('NotDue');
    given(requested())
      .when(expire('request', hours(144)))
      .thenEvents('ApprovalExpired');
  });

  test('rule-25 the clock of a stage starts when it opens', () =>
    given(requested(), signed('vera', 'validation', hours(70)))
      .when(signing('rolf', 'risk', { context: { minutes: hours(100) } }))
      .thenEvents('ApprovalSigned', 'ApprovalGranted'));

  test('rule-25 a signature after the deadline is refused even before anybody has noted it', () => {
    given(requested())
      .when(signing('vera', 'validation', { context: { minutes: hours(72) } }))
      .thenRefused('StageExpired');
    given(requested(), example('ApprovalExpired')).when(signing('vera', 'validation')).thenRefused('NotPending');
  });

  test('rule-25 one request at a time for a version and an environment', () =>
    given()
      .when(requesting({ pending: [id('other')] }))
      .thenRefused('AlreadyPending'));
});

test('only the requester withdraws a request', () => {
  const withdraw = (name: string) =>
    ({
      type: 'WithdrawApproval',
      context: by(name),
      data: { approvalId: id('approval'), facts: { actor: { identities: [id(name)] } } },
    }) as const;
  given(requested()).when(withdraw('vera')).thenRefused('NotTheRequester');
  given(requested()).when(withdraw('ana')).thenEvents('ApprovalWithdrawn');
});
