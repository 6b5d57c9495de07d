import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { roles, signingRoles, type Role } from '#libs/lifecycle';
import { abilityFor, denialReason, mayDo, type HeldGrant } from './ability.js';
import { actions, permissions, subjectTypes } from './permissions.js';

const person = { id: 'ana', kind: 'person' } as const;
const service = { id: 'bot', kind: 'service' } as const;
const grants = (...held: Role[]): HeldGrant[] => held.map((role) => ({ role }));

test('default is deny: without a grant nothing is allowed but to look at oneself', () => {
  const ability = abilityFor(person, []);
  for (const action of actions)
    for (const type of subjectTypes)
      expect(mayDo(ability, action, type, { modelId: 'm', identityId: 'somebody' })).toBe(false);
  expect(mayDo(ability, 'read', 'Identity', { identityId: 'ana' })).toBe(true);
  expect(denialReason(ability, 'read', 'Model')).toBe('no grant allows read on Model');
});

test('anonymous may do nothing, whatever it claims to hold', () => {
  const ability = abilityFor({ id: 'anonymous', kind: 'anonymous' }, grants(...roles));
  for (const action of actions) for (const type of subjectTypes) expect(mayDo(ability, action, type)).toBe(false);
});

test('an action on an unknown role grants nothing', () => {
  const ability = abilityFor(person, [{ role: 'superuser' as Role }]);
  expect(mayDo(ability, 'read', 'Model')).toBe(false);
});

describe('rule-19 no superuser path', () => {
  test('an administrator can sign nothing, also with every signing role beside it', () => {
    const ability = abilityFor(person, grants('administrator', ...signingRoles, 'emergency-operator'));
    for (const action of ['sign', 'override', 'review'] as const)
      expect(denialReason(ability, action, 'Approval', { modelId: 'm' })).toBe('an administrator can sign nothing');
  });

  test('no role may do everything', () => {
    for (const role of roles) {
      const allowed = permissions[role].flatMap(({ may, on }) =>
        may.flatMap((action) => on.map((type) => [action, type])),
      );
      expect(allowed.length).toBeLessThan(actions.length * subjectTypes.length);
      if (role === 'administrator') expect(allowed).not.toContainEqual(['sign', 'Approval']);
    }
  });
});

test('a service can never sign, whatever it was granted', () => {
  const ability = abilityFor(
    service,
    grants(...roles.filter((role) => role !== 'auditor' && role !== 'administrator')),
  );
  expect(denialReason(ability, 'sign', 'Approval', { modelId: 'm' })).toContain('service can never sign');
  expect(mayDo(ability, 'train', 'TrainingRun', { modelId: 'm' })).toBe(true);
});

test('rule-26 an auditor only reads, also with other roles beside it', () => {
  const ability = abilityFor(person, grants('auditor', 'release-manager', 'validator'));
  expect(mayDo(ability, 'read', 'Denial')).toBe(true);
  expect(mayDo(ability, 'export', 'Export', { modelId: 'm' })).toBe(true);
  expect(denialReason(ability, 'deploy', 'Deployment', { modelId: 'm' })).toBe('an auditor only reads');
  expect(denialReason(ability, 'sign', 'Approval', { modelId: 'm' })).toBe('an auditor only reads');
});

describe('rule-01, rule-24 deny wins', () => {
  const ability = abilityFor(person, grants('validator'), ['ana-at-work']);

  test('the right to sign does not reach what oneself, or a linked identity, helped to make', () => {
    expect(mayDo(ability, 'sign', 'Approval', { modelId: 'm', requesterId: 'eve', contributorIds: ['eve'] })).toBe(
      true,
    );
    expect(denialReason(ability, 'sign', 'Approval', { contributorIds: ['eve', 'ana'] })).toContain('helped to make');
    expect(denialReason(ability, 'sign', 'Approval', { contributorIds: ['ana-at-work'] })).toContain('helped to make');
    expect(denialReason(ability, 'sign', 'Approval', { requesterId: 'ana' })).toContain('own request');
  });

  test('whatever is granted, a prohibition holds', () => {
    fc.assert(
      fc.property(fc.subarray([...roles]), fc.constantFrom('m', 'n', undefined), (held, scope) => {
        const all = abilityFor(
          person,
          held.map((role) => ({ role, ...(scope !== undefined && { scope }) })),
        );
        return !mayDo(all, 'sign', 'Approval', { modelId: 'm', contributorIds: ['ana'] });
      }),
    );
  });
});

describe('a grant for one model', () => {
  const ability = abilityFor(person, [
    { role: 'validator', scope: 'm' },
    { role: 'data-steward', scope: 'm' },
  ]);

  test('reaches that model only', () => {
    expect(mayDo(ability, 'sign', 'Approval', { modelId: 'm' })).toBe(true);
    expect(mayDo(ability, 'sign', 'Approval', { modelId: 'n' })).toBe(false);
    expect(mayDo(ability, 'sign', 'Approval', { modelId: null })).toBe(false);
    expect(mayDo(ability, 'read', 'Evaluation', {})).toBe(false);
  });

  test('may look at what is nobody’s model and change nothing there', () => {
    expect(mayDo(ability, 'read', 'DatasetVersion', {})).toBe(true);
    expect(mayDo(ability, 'seal', 'DatasetVersion', {})).toBe(false);
    expect(mayDo(ability, 'register', 'Dataset', {})).toBe(false);
  });
});
