import { describe, test } from '@jest/globals';
import { example, id, time } from '../examples.js';
import { by } from '../examples-commands.js';
import type { Role } from '../roles.js';
import { signingRoles } from '../roles.js';
import { specificationOf } from '../specification.js';
import type { GrantAccess, GrantDelegation } from './commands.js';
import { accessGrant } from './index.js';

const given = specificationOf(accessGrant);
const day = 24 * 60;

const grant = (
  role: Role,
  changes: Partial<GrantAccess['data']> = {},
  facts: Partial<GrantAccess['data']['facts']> = {},
): GrantAccess => ({
  type: 'GrantAccess',
  context: by('adam', { roles: ['administrator'] }),
  data: {
    grantId: id('grant'),
    subjectId: id('vera'),
    role,
    ...changes,
    facts: { subject: 'person', granterIdentities: [id('adam')], ...facts },
  },
});

const delegate = (
  changes: Partial<GrantDelegation['data']> = {},
  facts: Partial<GrantDelegation['data']['facts']> = {},
  kind: 'person' | 'service' = 'person',
): GrantDelegation => ({
  type: 'GrantDelegation',
  context: by('vera', { roles: ['validator'], kind }),
  data: {
    grantId: id('delegation'),
    delegateId: id('dora'),
    role: 'validator',
    validFrom: time(0),
    validUntil: time(7 * day),
    ...changes,
    facts: {
      delegate: 'person',
      delegateIdentities: [id('dora')],
      delegatorIdentities: [id('vera')],
      held: [{ role: 'validator', byDelegation: false }],
      ...facts,
    },
  },
});

describe('rule-17 delegation is bounded', () => {
  test('rule-17 to another person, for a time, of a role that one holds', () =>
    given().when(delegate()).thenEvents('DelegationGranted'));

  test('rule-17 what was delegated is not delegated again', () =>
    given()
      .when(delegate({}, { held: [{ role: 'validator', byDelegation: true }] }))
      .thenRefused('ReDelegation'));

  test('rule-17 a role that one does not hold, or holds for another model, is not delegated', () => {
    given()
      .when(delegate({}, { held: [] }))
      .thenRefused('RoleNotHeld');
    given()
      .when(delegate({}, { held: [{ role: 'risk-officer', byDelegation: false }] }))
      .thenRefused('RoleNotHeld');
    const held = [{ role: 'validator', scope: id('model'), byDelegation: false } as const];
    given().when(delegate({}, { held })).thenRefused('RoleNotHeld');
    given()
      .when(delegate({ scope: id('other') }, { held }))
      .thenRefused('RoleNotHeld');
    given()
      .when(delegate({ scope: id('model') }, { held }))
      .thenEvents('DelegationGranted');
  });

  test('rule-17 nobody delegates to themselves, under whatever identity', () => {
    given()
      .when(delegate({ delegateId: id('vera') }))
      .thenRefused('SelfDelegation');
    given()
      .when(delegate({}, { delegatorIdentities: [id('vera'), id('dora')] }))
      .thenRefused('SelfDelegation');
    given()
      .when(delegate({}, { delegateIdentities: [id('dora'), id('vera')] }))
      .thenRefused('SelfDelegation');
  });

  test('rule-17 it has an end, within 90 days and within the delegated role', () => {
    given()
      .when(delegate({ validUntil: time(90 * day) }))
      .thenEvents('DelegationGranted');
    given()
      .when(delegate({ validUntil: time(90 * day + 1) }))
      .thenRefused('InvalidField', { field: 'validUntil' });
    given()
      .when(delegate({ validUntil: time(0) }))
      .thenRefused('InvalidField', { field: 'validUntil' });
    given()
      .when(delegate({ validUntil: 'for ever' }))
      .thenRefused('InvalidField', { field: 'validUntil' });
    const held = [{ role: 'validator', validUntil: time(3 * day), byDelegation: false } as const];
    given().when(delegate({}, { held })).thenRefused('InvalidField', { field: 'validUntil' });
    given()
      .when(delegate({ validUntil: time(3 * day) }, { held }))
      .thenEvents('DelegationGranted');
  });

  test('rule-17 no service takes part in it', () => {
    given()
      .when(delegate({}, { delegate: 'service' }))
      .thenRefused('DelegateNotAPerson');
    given()
      .when(delegate({}, {}, 'service'))
      .thenRefused('ServiceCannotDelegate');
  });
});

describe('rule-19 no superuser path', () => {
  test.each(signingRoles)('rule-19 an administrator does not grant %s to themselves', (role) => {
    given()
      .when(grant(role, { subjectId: id('adam') }))
      .thenRefused('SelfGrant');
    given()
      .when(grant(role, { subjectId: id('adam-too') }, { granterIdentities: [id('adam'), id('adam-too')] }))
      .thenRefused('SelfGrant');
  });
  test('rule-19 nor the emergency override', () =>
    given()
      .when(grant('emergency-operator', { subjectId: id('adam') }))
      .thenRefused('SelfGrant'));
  test.each([...signingRoles, 'emergency-operator', 'auditor'] as const)('rule-19 no service holds %s', (role) =>
    given()
      .when(grant(role, { validUntil: time(day) }, { subject: 'service' }))
      .thenRefused('ServiceCannotHold'),
  );
});

describe('rule-26 an auditor is a guest', () => {
  test('rule-26 an auditor has an end, within a year', () => {
    given().when(grant('auditor')).thenRefused('InvalidField', { field: 'validUntil' });
    given()
      .when(grant('auditor', { validUntil: time(0) }))
      .thenRefused('InvalidField', { field: 'validUntil' });
    given()
      .when(grant('auditor', { validUntil: time(366 * day + 1) }))
      .thenRefused('InvalidField');
    given()
      .when(grant('auditor', { validUntil: time(366 * day) }))
      .thenEvents('AccessGranted');
  });

  test('rule-26 the end comes at its time, and only then', () => {
    const expire = (minutes: number) =>
      ({
        type: 'ExpireAccess',
        context: by('process-manager', { kind: 'service', minutes }),
        data: { grantId: id('grant') },
      }) as const;
    const granted = example('AccessGranted', { role: 'auditor', validUntil: time(day) });
    given(granted)
      .when(expire(day - 1))
      .thenRefused('NotDue');
    given(granted).when(expire(day)).thenEvents('AccessExpired');
    given(granted, example('AccessExpired')).when(expire(day)).thenNothing();
    const { validUntil: _, ...unlimited } = example('AccessGranted').data;
    given({ type: 'AccessGranted', data: unlimited }).when(expire(day)).thenRefused('NotDue');
  });
});

test('access that was revoked stays revoked', () => {
  const revoke = { type: 'RevokeAccess', context: by('adam'), data: { grantId: id('grant') } } as const;
  const end = { type: 'EndDelegation', context: by('vera'), data: { grantId: id('delegation') } } as const;
  given(example('AccessGranted')).when(revoke).thenEvents('AccessRevoked');
  given(example('AccessGranted'), example('AccessRevoked')).when(revoke).thenNothing();
  given().when(revoke).thenRefused('NotFound');
  given(example('DelegationGranted')).when(end).thenEvents('DelegationEnded');
  given(example('DelegationGranted'), example('DelegationEnded')).when(end).thenNothing();
  given(example('AccessGranted')).when(end).thenRefused('NotFound');
});

test('an erased or unknown subject gets nothing', () => {
  for (const subject of ['erased', 'missing'] as const)
    given()
      .when(grant('viewer', {}, { subject }))
      .thenRefused('NotFound');
});
