import { describe, expect, test } from '@jest/globals';
import { digestOf, example, id, stageExamples, time } from '../examples.js';
import {
  by,
  delegated,
  freshEvidence,
  nonceOver,
  requested,
  requesting,
  signed,
  signing,
} from '../examples-commands.js';
import { specificationOf } from '../specification.js';
import type { ApprovalSigned } from './events.js';
import type { ApprovalOnlyEvent } from './evolve.js';
import { approval } from './index.js';

const given = specificationOf(approval);

describe('rule-01 nobody approves what they helped to make', () => {
  test('rule-01 who trained the model is refused with the path', () =>
    given(requested())
      .when(signing('ana', 'validation'))
      .thenRefused('Contributor', {
        identityId: id('ana'),
        path: [`model-version:${id('version')}`, `training-run:${id('run')}`, 'started-by'],
      }));

  test('rule-01 who helped in more ways than one is told each, the shortest first', () => {
    const path = ['model-version:x', 'registered-by'];
    const facts = { contributors: [{ identityId: id('ana'), path }] };
    given(requested())
      .when(signing('ana', 'validation', { facts }))
      .thenRefused('Contributor', {
        path,
        paths: [[`model-version:${id('version')}`, `training-run:${id('run')}`, 'started-by']],
      });
  });

  test('rule-01 under another identity of the same person, too', () =>
    given(requested())
      .when(signing('ana-too', 'validation', { facts: { signer: { identities: [id('ana-too'), id('ana')] } } }))
      .thenRefused('Contributor', { identityId: id('ana') }));

  test('rule-01 who became a contributor after the request is refused', () =>
    given(requested())
      .when(
        signing('vera', 'validation', {
          facts: { contributors: [{ identityId: id('vera'), path: ['dataset-version:x', 'sealed-by'] }] },
        }),
      )
      .thenRefused('Contributor', { path: ['dataset-version:x', 'sealed-by'] }));

  test('rule-01 who delegates to somebody else does not escape it', () =>
    given(requested({ contributors: [{ identityId: id('vera'), path: ['evaluation:x', 'recorded-by'] }] }))
      .when(delegated())
      .thenRefused('Contributor', { identityId: id('vera') }));

  test('rule-01 nothing is built on a signature of somebody who turns out to be a contributor', () =>
    given(requested(), signed('vera', 'validation'))
      .when(
        signing('rolf', 'risk', {
          facts: { contributors: [{ identityId: id('vera'), path: ['code:abc1234', 'author'] }] },
        }),
      )
      .thenRefused('SignedByContributor', { identityId: id('vera'), path: ['code:abc1234', 'author'] }));

  test('rule-01 a contributor cannot abstain or reject either', () => {
    const { facts, ...rest } = signing('ana', 'validation').data;
    const reason = digestOf('reason');
    given(requested())
      .when({ type: 'RejectApproval', context: signing('ana', 'validation').context, data: { ...rest, reason, facts } })
      .thenRefused('Contributor');
    given(requested())
      .when({ type: 'AbstainApproval', context: by('ana', { roles: ['validator'] }), data: { ...rest, reason, facts } })
      .thenRefused('Contributor');
  });
});

describe('rule-02 one stage, one person', () => {
  test('rule-02 who signed the stage before cannot sign the next', () =>
    given(requested(), signed('vera', 'validation'))
      .when(signing('vera', 'risk', { context: { roles: ['validator', 'risk-officer'], minutes: 40 } }))
      .thenRefused('SignedOtherStage', { stage: 'validation' }));

  test('rule-02 unless the policy says so', () => {
    const [validation, risk] = stageExamples;
    const stages = [validation!, { ...risk!, mayRepeatSignersOf: ['validation'] }];
    given(requested({ stages }), signed('vera', 'validation'))
      .when(signing('vera', 'risk', { context: { roles: ['risk-officer'], minutes: 40 } }))
      .thenEvents('ApprovalSigned', 'ApprovalGranted');
  });
});

describe('rule-03 a quorum counts persons by role', () => {
  const [validation, risk] = stageExamples;
  const stages = [
    {
      ...validation!,
      quorum: [
        { role: 'validator', minimum: 2 },
        { role: 'business-owner', minimum: 1 },
      ] as const,
    },
    risk!,
  ];

  test('rule-03 the stage stays open until every role has its number', () => {
    const owner = { ...signed('olaf', 'validation'), data: { ...signed('olaf', 'validation').data } };
    const byOwner: ApprovalOnlyEvent = {
      ...owner,
      data: { ...owner.data, signature: { ...owner.data.signature, role: 'business-owner' } },
    };
    given(requested({ stages }), signed('vera', 'validation'), byOwner)
      .when(signing('rolf', 'risk'))
      .thenRefused('StageNotOpen', { open: 'validation' });
    given(requested({ stages }), signed('vera', 'validation'), byOwner, signed('vito', 'validation'))
      .when(signing('rolf', 'risk'))
      .thenEvents('ApprovalSigned', 'ApprovalGranted');
  });

  test('rule-03 nobody counts twice, under whatever identity or for whomever', () => {
    given(requested({ stages }), signed('vera', 'validation'))
      .when(signing('vera', 'validation', { data: { role: 'business-owner' } }))
      .thenRefused('AlreadySigned');
    given(requested({ stages }), signed('vera', 'validation'))
      .when(signing('vera-too', 'validation', { facts: { signer: { identities: [id('vera-too'), id('vera')] } } }))
      .thenRefused('AlreadySigned', { as: id('vera') });
    given(requested({ stages }), signed('vera', 'validation')).when(delegated()).thenRefused('AlreadySigned');
  });

  test('rule-03 a role that the stage does not ask for counts nothing', () =>
    given(requested())
      .when(signing('cora', 'validation', { data: { role: 'compliance-officer' } }))
      .thenRefused('RoleNotInStage', { wanted: ['validator'] }));
});

describe('rule-04 stages in order, as the tier said when it was requested', () => {
  test('rule-04 a later stage waits for the one before', () =>
    given(requested()).when(signing('rolf', 'risk')).thenRefused('StageNotOpen', { open: 'validation' }));

  test('rule-04 the request holds its own stages: a policy of tomorrow changes nothing', () => {
    const [event] = given().when(requesting()).events();
    expect(event).toMatchObject({ data: { stages: stageExamples, tier: 'high', policyVersion: 1 } });
  });

  test('rule-04 both stages signed grant it', () => {
    const [, granted] = given(requested(), signed('vera', 'validation'))
      .when(signing('rolf', 'risk', { context: { minutes: 40 } }))
      .events();
    expect(granted).toMatchObject({ data: { environment: 'production', validUntil: time(40 + 90 * 24 * 60) } });
  });
});

describe('rule-06 a decision binds to digests', () => {
  test('rule-06 what the signer saw is what was requested', () =>
    given(requested())
      .when(signing('vera', 'validation', { data: { evidenceDigest: digestOf('another page') } }))
      .thenRefused('EvidenceChanged', { seen: digestOf('another page') }));

  test('rule-06 a pinned stream that moved since is another decision', () => {
    const [evidence] = freshEvidence;
    for (const change of [{ revision: '2' }, { digest: digestOf('changed') }])
      given(requested())
        .when(
          signing('vera', 'validation', {
            facts: { evidence: [{ ...evidence!, pin: { ...evidence!.pin, ...change } }] },
          }),
        )
        .thenRefused('EvidenceChanged', { stream: evidence!.pin.stream, found: change });
    given(requested())
      .when(signing('vera', 'validation', { facts: { evidence: [] } }))
      .thenRefused('EvidenceChanged', { stream: evidence!.pin.stream });
  });

  test('rule-06 a change of the evidence voids what stands on it, once', () => {
    const { data } = example('ApprovalVoided');
    const context = by('process-manager', { kind: 'service', roles: ['process-manager-service'] });
    const voiding = { type: 'VoidApproval', context, data } as const;
    given(requested()).when(voiding).thenEvents('ApprovalVoided');
    given(requested(), example('ApprovalGranted')).when(voiding).thenEvents('ApprovalVoided');
    given(requested(), example('ApprovalVoided')).when(voiding).thenNothing();
    given(requested())
      .when({ ...voiding, data: { ...data, stream: 'evaluation-boston.another' } })
      .thenRefused('NotPinned');
  });
});

test('rule-07 a signature has the meaning that its stage asks for', () =>
  given(requested())
    .when(signing('vera', 'validation', { data: { meaning: 'reviewed' } }))
    .thenRefused('WrongMeaning', { wanted: 'validated' }));

describe('rule-08 a signature needs a fresh re-authentication made for it', () => {
  const refusedBy = (rule: string, authentication: object) =>
    given(requested())
      .when(signing('vera', 'validation', { context: { authentication } }))
      .thenRefused('ReauthenticationRequired', { rule });

  test('rule-08 a sign-in that was made for nothing in particular does not sign', () =>
    refusedBy('nonce', { nonce: undefined }));
  test('rule-08 a nonce over other evidence, another meaning or another approval does not sign', () => {
    const { approvalId, evidenceDigest } = requested().data;
    refusedBy('nonce', { nonce: nonceOver(approvalId, digestOf('other'), 'validated') });
    refusedBy('nonce', { nonce: nonceOver(approvalId, evidenceDigest, 'accepted-risk') });
    refusedBy('nonce', { nonce: nonceOver(id('other'), evidenceDigest, 'validated') });
  });
  test('rule-08 120 seconds are fresh, 121 are not', () => {
    given(requested())
      .when(signing('vera', 'validation', { context: { authentication: { time: time(28) } } }))
      .thenEvents('ApprovalSigned');
    refusedBy('age', { time: time(28 - 1 / 60) });
  });
  test('rule-08 a token from up to 60 seconds in the future is clock skew, beyond it is refused', () => {
    given(requested())
      .when(signing('vera', 'validation', { context: { authentication: { time: time(31) } } }))
      .thenEvents('ApprovalSigned');
    refusedBy('clock', { time: time(31 + 1 / 60) });
  });
  test('rule-08 a time that is none is refused', () => refusedBy('age', { time: 'yesterday' }));
  test('rule-08 the strength must be one that the stage lists', () => {
    refusedBy('acr', { acr: undefined });
    refusedBy('acr', { acr: 'urn:assay:acr:none' });
  });
  test('rule-08 a token signs once', () => {
    refusedBy('token-id', { tokenId: undefined });
    given(requested())
      .when(
        signing('vera', 'validation', {
          facts: { usedTokens: ['token-9'] },
          context: { authentication: { tokenId: 'token-9' } },
        }),
      )
      .thenRefused('ReauthenticationRequired', { rule: 'used-once' });
  });
  test('rule-08 a service can never sign, whatever its roles and its token', () =>
    given(requested())
      .when(signing('bot', 'validation', { context: { kind: 'service', authentication: { method: 'oidc' } } }))
      .thenRefused('ServiceCannotSign'));
  test('rule-08 a service key is no re-authentication', () => refusedBy('method', { method: 'service-key' }));
});

describe('rule-16 rejection and abstention', () => {
  const { facts, comment: _, ...rest } = signing('vera', 'validation').data;
  const reason = digestOf('reason');
  const reject = {
    type: 'RejectApproval',
    context: signing('vera', 'validation').context,
    data: { ...rest, reason, facts },
  } as const;

  test('rule-16 a rejection is signed, keeps its reason and ends the request', () => {
    const rejected = given(requested()).when(reject);
    expect(rejected.events()[0]).toMatchObject({
      data: { reason, signature: { signerId: id('vera') } },
    });
    given(requested(), ...rejected.events())
      .when(signing('vito', 'validation'))
      .thenRefused('NotPending', { status: 'rejected' });
    given(requested())
      .when({ ...reject, context: by('vera', { roles: ['validator'], minutes: 30 }) })
      .thenRefused('ReauthenticationRequired');
  });

  test('rule-16 who abstained keeps the reason and cannot sign that stage', () => {
    const abstain = {
      type: 'AbstainApproval',
      context: by('vera', { roles: ['validator'] }),
      data: { ...rest, reason, facts },
    } as const;
    const events = given(requested())
      .when({ ...abstain, data: { approvalId: rest.approvalId, stage: rest.stage, role: rest.role, reason, facts } })
      .events();
    expect(events[0]).toEqual({
      type: 'ApprovalAbstained',
      data: { approvalId: rest.approvalId, stage: 'validation', role: 'validator', reason, signerId: id('vera') },
    });
    given(requested(), ...events)
      .when(signing('vera', 'validation'))
      .thenRefused('Abstained');
    given(requested(), ...events)
      .when(signing('vito', 'validation'))
      .thenEvents('ApprovalSigned');
  });
});

describe('rule-17 a delegated signature', () => {
  test('rule-17 shows for whom it was given', () => {
    const [event] = given(requested()).when(delegated()).events();
    expect(event).toMatchObject({ data: { signature: { signerId: id('dora'), onBehalfOf: id('vera') } } });
  });

  test.each([
    ['that has ended', { status: 'ended' }],
    ['before its time', { validFrom: time(31) }],
    ['after its time', { validUntil: time(30) }],
    ['of another role', { role: 'risk-officer' }],
    ['for another model', { scope: id('other-model') }],
    ['to somebody else', { delegateId: id('vito') }],
    ['from somebody else', { delegatorId: id('vito') }],
    ['of a role that the delegator has lost, or holds by delegation', { delegatorHoldsRole: false }],
    ['to oneself', { delegatorIdentities: [id('vera'), id('dora')] }],
  ] as const)('rule-17 a delegation %s does not sign', (_, changes) =>
    given(requested()).when(delegated(changes)).thenRefused('DelegationInvalid'),
  );

  test('rule-17 without a delegation nobody signs for another', () =>
    given(requested())
      .when(signing('dora', 'validation', { context: { onBehalfOf: 'vera' } }))
      .thenRefused('DelegationInvalid', { rule: 'missing' }));

  test('rule-17 a delegation that one holds and does not use binds nobody', () => {
    const { delegation } = delegated().data.facts;
    given(requested({ contributors: [{ identityId: id('vera'), path: ['evaluation:x', 'recorded-by'] }] }))
      .when(signing('dora', 'validation', { facts: { ...(delegation && { delegation }) } }))
      .thenEvents('ApprovalSigned');
  });

  test('rule-17 for its own model it does', () =>
    given(requested())
      .when(delegated({ scope: id('model') }))
      .thenEvents('ApprovalSigned'));
});

test('rule-19 no superuser path: an administrator signs nothing, whatever other roles', () =>
  given(requested())
    .when(signing('adam', 'validation', { context: { roles: ['administrator', 'validator'] } }))
    .thenRefused('AdministratorCannotSign'));

test('rule-22 the order of signatures is server time: the only time of a signature is that of the command', () => {
  const late = { ...signing('vera', 'validation').data, signedAt: time(-1000) };
  const [event] = given(requested())
    .when({ ...signing('vera', 'validation'), data: late })
    .events();
  expect(event).toMatchObject({ data: { signature: { signedAt: time(30) } } });
});

test('rule-23 each signature carries the decision that allowed it: policy version, inputs digest, reasons', () => {
  const decisionOf = (command: ReturnType<typeof signing>) =>
    (given(requested()).when(command).events()[0] as ApprovalSigned).data.decision;
  const decision = decisionOf(signing('vera', 'validation'));
  expect(decision).toMatchObject({ policyId: id('policy'), policyVersion: 1, result: 'allow' });
  expect(decision.reasons).toContain('not-a-contributor');
  expect(decisionOf(signing('vito', 'validation')).inputsDigest).not.toBe(decision.inputsDigest);
});

test('rule-24 deny wins: role, delegation and a perfect token do not outweigh one reason against', () =>
  given(requested())
    .when(signing('ana', 'validation', { context: { roles: ['validator', 'risk-officer', 'release-manager'] } }))
    .thenRefused('Contributor'));
