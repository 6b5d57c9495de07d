import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Actor, Role } from '#libs/lifecycle';
import { createServiceKey } from '#libs/identity';
import { newId } from '#libs/runtime';
import type { CommandInputs } from './contract.js';
import { refusal, testApplication, type TestApplication } from './testing.js';

let app: TestApplication;
beforeAll(async () => {
  app = await testApplication();
});
afterAll(() => app?.close());

const later = (days: number): string => new Date(app.clock.now().getTime() + days * 86_400_000).toISOString();
const issuer = 'https://issuer.example';

/** A service with grants and a key; the actor is what `identify` makes of the key. */
async function serviceWithKey(
  roles: readonly Role[],
  scopes: readonly string[],
): Promise<{ actor: Actor; keyId: string; identityId: string }> {
  const owner = await app.person([]);
  const identityId = newId();
  await app.done(app.administrator, 'RegisterService', { identityId, ownerId: owner.id });
  for (const role of roles)
    await app.done(app.administrator, 'GrantAccess', { grantId: newId(), subjectId: identityId, role });
  const { keyId, secretHash } = createServiceKey();
  await app.done(app.administrator, 'IssueServiceKey', { identityId, keyId, scopes, expiresAt: later(30), secretHash });
  const authentication = { method: 'service-key', time: app.clock.now().toISOString(), tokenId: keyId } as const;
  return { keyId, identityId, actor: { id: identityId, kind: 'service', roles: [], groups: [], authentication } };
}

describe('people', () => {
  test('one subject has one identity', async () => {
    const subject = `sub-${newId()}`;
    const register = (): CommandInputs['RegisterPerson'] => ({
      identityId: newId(),
      issuer,
      subject,
      displayName: 'Ana',
    });
    const results = await Promise.all(
      [register(), register(), register()].map((input) => app.execute(app.administrator, 'RegisterPerson', input)),
    );
    expect(results.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(1);
    expect(results.filter((result) => result.outcome === 'refused' && result.code === 'SubjectTaken')).toHaveLength(2);
  });

  test('a registration that was cut off after its row gives the subject to the next one', async () => {
    const subject = `sub-${newId()}`;
    const cutOff = newId();
    await app.identities.subjects.link(app.workspace, issuer, subject, cutOff);
    const identityId = newId();
    // Young, it may be a registration under way.
    expect(await app.execute(app.administrator, 'RegisterPerson', { identityId, issuer, subject })).toMatchObject({
      outcome: 'refused',
      code: 'Contention',
    });
    const rows = app.source.getRepository('IdentitySubjectRow');
    await rows.update({ identityId: cutOff }, { createdAt: new Date(app.clock.now().getTime() - 31_000) });
    await app.done(app.administrator, 'RegisterPerson', { identityId, issuer, subject });
    expect(await app.identities.subjects.find(app.workspace, issuer, subject)).toBe(identityId);
  });

  test('erasure destroys name and subject, keeps the events, ends every right and survives a crash in between', async () => {
    const identityId = newId();
    const subject = `sub-${newId()}`;
    await app.done(app.administrator, 'RegisterPerson', { identityId, issuer, subject, displayName: 'Eve Example' });
    await app.done(app.administrator, 'GrantAccess', { grantId: newId(), subjectId: identityId, role: 'viewer' });
    const [registered] = await app.events(`identity-${app.workspace}.${identityId}`);
    const digests = [registered!.data['subject'], registered!.data['displayName']] as string[];
    expect((await app.vault.reveal(app.workspace, digests)).get(digests[1]!)).toMatchObject({ text: 'Eve Example' });
    await app.done(app.administrator, 'EraseIdentity', { identityId, reason: 'asked for it' });
    for (const digest of digests)
      expect((await app.vault.reveal(app.workspace, digests)).get(digest)).toMatchObject({ status: 'erased' });
    expect(await app.identities.subjects.find(app.workspace, issuer, subject)).toBeUndefined();
    expect(app.directory.access.grantsOf(identityId, later(0))).toEqual([]);
    expect((await app.events(`identity-${app.workspace}.${identityId}`)).map(({ type }) => type)).toEqual([
      'PersonRegistered',
      'IdentityErased',
    ]);
    // As if the process had died after the event: the next round of housekeeping finishes it.
    await app.identities.subjects.link(app.workspace, issuer, subject, identityId);
    await app.application.keepHouse();
    expect(await app.identities.subjects.find(app.workspace, issuer, subject)).toBeUndefined();
  });

  test('links stand on both sides', async () => {
    const [one, other] = [await app.person([]), await app.person([])];
    await app.done(app.administrator, 'LinkIdentities', { identityId: one.id, linkedId: other.id });
    for (const id of [one.id, other.id])
      expect((await app.events(`identity-${app.workspace}.${id}`)).map(({ type }) => type)).toContain('IdentityLinked');
  });

  test('nobody but an administrator registers, grants or issues', async () => {
    const developer = await app.person(['model-developer']);
    const grant = { grantId: newId(), subjectId: developer.id, role: 'validator' } as const;
    expect(refusal(await app.execute(developer, 'GrantAccess', grant))).toMatchObject({ code: 'NotPermitted' });
    const person = { identityId: newId(), issuer, subject: newId() };
    expect(refusal(await app.execute(developer, 'RegisterPerson', person)).code).toBe('NotPermitted');
  });
});

describe('grants', () => {
  test('an administrator gives themselves no signature, not through a linked identity either', async () => {
    const boss = await app.person(['administrator']);
    for (const role of ['validator', 'emergency-operator', 'auditor'] as const) {
      const limit = role === 'auditor' ? { validUntil: later(1) } : {};
      const grant = { grantId: newId(), subjectId: boss.id, role, ...limit };
      expect(refusal(await app.execute(boss, 'GrantAccess', grant)).code).toBe('SelfGrant');
    }
    const alias = await app.person([]);
    await app.done(app.administrator, 'LinkIdentities', { identityId: alias.id, linkedId: boss.id });
    const grant = { grantId: newId(), subjectId: alias.id, role: 'validator' } as const;
    expect(refusal(await app.execute(boss, 'GrantAccess', grant)).code).toBe('SelfGrant');
  });

  test('a grant counts with the next command, a revocation too, an end without any event', async () => {
    const ana = await app.person([]);
    const register = (): CommandInputs['RegisterDataset'] => ({
      datasetId: newId(),
      name: newId(),
      purpose: 'p',
      legalBasis: 'l',
    });
    expect(refusal(await app.execute(ana, 'RegisterDataset', register())).code).toBe('NotPermitted');
    const grantId = newId();
    await app.done(app.administrator, 'GrantAccess', { grantId, subjectId: ana.id, role: 'data-steward' });
    await app.done(ana, 'RegisterDataset', register());
    await app.done(app.administrator, 'RevokeAccess', { grantId, reason: 'moved on' });
    expect(refusal(await app.execute(ana, 'RegisterDataset', register())).code).toBe('NotPermitted');
    const short = { grantId: newId(), subjectId: ana.id, role: 'data-steward', validUntil: later(0.001) } as const;
    await app.done(app.administrator, 'GrantAccess', short);
    await app.done(ana, 'RegisterDataset', register());
    app.clock.advance(120_000);
    expect(refusal(await app.execute(ana, 'RegisterDataset', register())).code).toBe('NotPermitted');
  });

  test('roles that a caller claims count for nothing', async () => {
    const ana = { ...(await app.person([])), roles: ['administrator', 'data-steward'] };
    const input = { datasetId: newId(), name: newId(), purpose: 'p', legalBasis: 'l' };
    expect(refusal(await app.execute(ana, 'RegisterDataset', input))).toMatchObject({
      code: 'NotPermitted',
      details: { roles: [] },
    });
  });

  test('rule-26 an auditor’s access has an end, and reads', async () => {
    const rita = await app.person([]);
    const grant = { grantId: newId(), subjectId: rita.id, role: 'auditor' } as const;
    expect(refusal(await app.execute(app.administrator, 'GrantAccess', grant))).toMatchObject({
      code: 'InvalidField',
      details: { field: 'validUntil' },
    });
    await app.done(app.administrator, 'GrantAccess', { ...grant, validUntil: later(30) });
    const input = { datasetId: newId(), name: newId(), purpose: 'p', legalBasis: 'l' };
    expect(refusal(await app.execute(rita, 'RegisterDataset', input)).code).toBe('NotPermitted');
  });
});

describe('service keys', () => {
  test('a key acts within its scopes, also where its identity may do more', async () => {
    const { actor } = await serviceWithKey(['data-steward', 'model-developer'], ['data-steward']);
    const input = { datasetId: newId(), name: newId(), purpose: 'p', legalBasis: 'l' };
    await app.done(actor, 'RegisterDataset', input);
    const cancel = { trainingRunId: newId() };
    expect(refusal(await app.execute(actor, 'CancelTraining', cancel)).code).toBe('NotPermitted');
  });

  test('a key hands on nothing beyond its scopes: neither as a grant nor as a key', async () => {
    const { actor } = await serviceWithKey(['administrator'], ['administrator', 'viewer']);
    const ana = await app.person([]);
    await app.done(actor, 'GrantAccess', { grantId: newId(), subjectId: ana.id, role: 'viewer' });
    const beyond = { grantId: newId(), subjectId: ana.id, role: 'validator' } as const;
    expect(refusal(await app.execute(actor, 'GrantAccess', beyond))).toMatchObject({ code: 'BeyondScopes' });
    const target = await serviceWithKey([], ['viewer']);
    const key = (scopes: readonly string[]): CommandInputs['IssueServiceKey'] => ({
      identityId: target.identityId,
      keyId: newId(),
      scopes,
      expiresAt: later(1),
      secretHash: 'a'.repeat(64),
    });
    await app.done(actor, 'IssueServiceKey', key(['viewer']));
    expect(refusal(await app.execute(actor, 'IssueServiceKey', key(['viewer', 'auditor']))).code).toBe('BeyondScopes');
    expect(refusal(await app.execute(actor, 'IssueServiceKey', key(['root']))).code).toBe('InvalidField');
    expect(refusal(await app.execute(actor, 'IssueServiceKey', key(['viewer:not-a-model']))).code).toBe('InvalidField');
  });

  test('a revoked key does nothing more, from the next command on', async () => {
    const { actor, keyId, identityId } = await serviceWithKey(['data-steward'], ['data-steward']);
    await app.done(app.administrator, 'RevokeServiceKey', { identityId, keyId, reason: 'leaked' });
    const input = { datasetId: newId(), name: newId(), purpose: 'p', legalBasis: 'l' };
    expect(refusal(await app.execute(actor, 'RegisterDataset', input)).code).toBe('NotPermitted');
  });

  test('a service that calls itself a person stays a service', async () => {
    const { actor } = await serviceWithKey(['data-steward'], ['data-steward']);
    const delegate = await app.person([]);
    const window = { validFrom: later(0), validUntil: later(1) };
    const delegation = { grantId: newId(), delegateId: delegate.id, role: 'data-steward', ...window } as const;
    const claimed = { ...actor, kind: 'person' } as const;
    expect(refusal(await app.execute(claimed, 'GrantDelegation', delegation)).code).toBe('ServiceCannotDelegate');
  });

  test('a service holds no role of people', async () => {
    const { identityId } = await serviceWithKey([], ['viewer']);
    const grant = { grantId: newId(), subjectId: identityId, role: 'validator' } as const;
    expect(refusal(await app.execute(app.administrator, 'GrantAccess', grant)).code).toBe('ServiceCannotHold');
  });
});
