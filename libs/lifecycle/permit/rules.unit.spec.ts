import { describe, expect, test } from '@jest/globals';
import { example, id, time } from '../examples.js';
import { by } from '../examples-commands.js';
import { specificationOf } from '../specification.js';
import type { IssuePermit, PermitBasis } from './commands.js';
import type { Permit } from './events.js';
import { permit } from './index.js';

const given = specificationOf(permit);
const issuer = by('process-manager', { kind: 'service', roles: ['process-manager-service'], minutes: 60 });
const { permit: wanted, signature, keyId } = example('PermitIssued').data;

const approved: PermitBasis = {
  kind: 'approval',
  id: id('approval'),
  status: 'granted',
  suspended: false,
  modelVersionId: wanted.modelVersionId,
  environment: 'production',
  validUntil: wanted.validUntil,
  changed: [],
};

const issue = (
  changes: {
    readonly permit?: Partial<Permit>;
    readonly basis?: PermitBasis;
    readonly facts?: Partial<IssuePermit['data']['facts']>;
  } = {},
): IssuePermit => ({
  type: 'IssuePermit',
  context: issuer,
  data: {
    permit: { ...wanted, ...changes.permit },
    signature,
    keyId,
    facts: {
      basis: changes.basis ?? approved,
      modelVersion: 'registered',
      artifactDigest: wanted.artifactDigest,
      ...changes.facts,
    },
  },
});

const about = <Type extends 'SuspendPermit' | 'ResumePermit' | 'RevokePermit'>(
  type: Type,
  cause = 'condition-lapsed',
) => ({
  type,
  context: issuer,
  data: { permitId: id('permit'), cause },
});

describe('rule-21 the gate is a permit, not a picture of one', () => {
  test('rule-21 a permit stands on a granted approval', () => {
    given().when(issue()).thenEvents('PermitIssued');
    given()
      .when(issue({ basis: { ...approved, status: 'pending' } }))
      .thenRefused('NotGranted');
    given()
      .when(issue({ basis: { ...approved, status: 'ended' } }))
      .thenRefused('NotGranted');
    given()
      .when(issue({ basis: { ...approved, status: 'missing' } }))
      .thenRefused('NotFound');
    given()
      .when(issue({ basis: { ...approved, suspended: true } }))
      .thenRefused('ApprovalSuspended');
  });

  test('rule-21 not when anything pinned, or a contributor, changed before it was granted', () =>
    given()
      .when(issue({ basis: { ...approved, changed: ['evaluation-boston.x'] } }))
      .thenRefused('EvidenceChanged', { streams: ['evaluation-boston.x'] }));

  test('rule-21 only the one issuer issues: no person, whatever role', () => {
    given()
      .when({ ...issue(), context: by('adam', { roles: ['administrator', 'release-manager'], minutes: 60 }) })
      .thenRefused('NotThePermitIssuer');
  });

  test.each([
    ['another version', { modelVersionId: id('other') }],
    ['another file', { artifactDigest: 'f'.repeat(64) }],
    ['another environment', { environment: 'staging' }],
    ['another workspace', { workspace: 'other' }],
  ])('rule-21 a permit for %s than was approved is refused', (_, changes) =>
    given()
      .when(issue({ permit: changes }))
      .thenRefused('PermitMismatch', { field: Object.keys(changes)[0] }),
  );

  test('rule-21 a permit does not outlive what it stands on', () => {
    given()
      .when(issue({ permit: { validUntil: time(91 * 24 * 60) } }))
      .thenRefused('OutlivesBasis');
    given()
      .when(issue({ permit: { validUntil: time(60) } }))
      .thenRefused('InvalidField', { field: 'validUntil' });
    given()
      .when(issue({ permit: { validUntil: 'never' } }))
      .thenRefused('InvalidField', { field: 'validUntil' });
  });

  test('rule-21 a retired version gets none', () =>
    given()
      .when(issue({ facts: { modelVersion: 'retired' } }))
      .thenRefused('Retired'));

  test('rule-18 an override gives a permit of its own short life, and none once its review is overdue', () => {
    const basis: PermitBasis = {
      kind: 'override',
      id: id('override'),
      status: 'used',
      modelVersionId: wanted.modelVersionId,
      environment: 'production',
      validUntil: time(120),
    };
    const short = { basis: { kind: 'override', id: id('override') }, validUntil: time(120) } as const;
    given()
      .when(issue({ permit: short, basis }))
      .thenEvents('PermitIssued');
    given()
      .when(issue({ permit: short, basis: { ...basis, status: 'lapsed' } }))
      .thenRefused('OverrideReviewOverdue');
    given()
      .when(issue({ permit: short }))
      .thenRefused('BasisMismatch');
  });
});

describe('rule-20 revocation closes the gate for good', () => {
  test('rule-20 what was revoked stays revoked', () => {
    given(example('PermitIssued')).when(about('RevokePermit', 'approval-revoked')).thenEvents('PermitRevoked');
    given(example('PermitIssued'), example('PermitRevoked')).when(about('ResumePermit')).thenRefused('PermitEnded');
    given(example('PermitIssued'), example('PermitRevoked')).when(about('RevokePermit')).thenNothing();
    given(example('PermitIssued'), example('PermitSuspended')).when(about('RevokePermit')).thenEvents('PermitRevoked');
  });
});

describe('rule-10 suspension', () => {
  test('rule-10 holds until every cause of it is gone', () => {
    const suspended = [
      example('PermitIssued'),
      example('PermitSuspended'),
      example('PermitSuspended', { cause: 'drift' }),
    ] as const;
    expect(
      given(...suspended)
        .when(about('ResumePermit'))
        .state(),
    ).toMatchObject({
      status: 'suspended',
      causes: ['drift'],
    });
    expect(
      given(...suspended, example('PermitResumed'))
        .when(about('ResumePermit', 'drift'))
        .state(),
    ).toMatchObject({
      status: 'active',
    });
    given(...suspended)
      .when(about('ResumePermit', 'other'))
      .thenRefused('NotSuspendedBy');
    given(...suspended)
      .when(about('SuspendPermit'))
      .thenNothing();
  });

  test('rule-11 a permit expires at its time and not before, and is not resumed after it', () => {
    const expire = (minutes: number) =>
      ({
        type: 'ExpirePermit',
        context: by('process-manager', { kind: 'service', minutes }),
        data: { permitId: id('permit') },
      }) as const;
    given(example('PermitIssued'))
      .when(expire(90 * 24 * 60 - 1))
      .thenRefused('NotDue');
    given(example('PermitIssued'))
      .when(expire(90 * 24 * 60))
      .thenEvents('PermitExpired');
    given(example('PermitIssued'), example('PermitSuspended'))
      .when({ ...about('ResumePermit'), context: expire(90 * 24 * 60).context })
      .thenRefused('PermitEnded');
  });
});
