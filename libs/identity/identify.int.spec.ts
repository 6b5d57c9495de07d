import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DataSource } from 'typeorm';
import type { RecordedEvent } from '#libs/event-store';
import type { AssayEvent } from '#libs/lifecycle';
import { createDataSource } from '#libs/postgres';
import { ManualClock } from '#libs/runtime';
import { testDatabase, type TestDatabase } from '../postgres/testing.js';
import {
  AccessIndex,
  createIdentification,
  createIdentityStore,
  createServiceKey,
  identityEntities,
  identityMigrations,
  signInAs,
  startLocalIssuer,
  type Identification,
  type IdentityStore,
  type LocalIssuer,
} from './index.js';

const ana = { username: 'ana', displayName: 'Ana', password: 'correct horse', groups: ['risk'] };
const ben = { username: 'ben', displayName: 'Ben', password: 'battery staple' };
const clock = new ManualClock(new Date());
const key = createServiceKey();
let database: TestDatabase;
let source: DataSource;
let store: IdentityStore;
let issuer: LocalIssuer;
let index: AccessIndex;
let identification: Identification;
let position = 0n;
const revisions = new Map<string, bigint>();

/** As the fan-out brings it. The index looks at nothing else of an event. */
function happened(stream: string, event: AssayEvent): void {
  const revision = (revisions.get(stream) ?? -1n) + 1n;
  revisions.set(stream, revision);
  index.apply({ ...event, stream, revision, position: ++position } as RecordedEvent);
}

const at = (minutes: number): string => new Date(clock.now().getTime() + minutes * 60_000).toISOString();

beforeAll(async () => {
  database = await testDatabase();
  source = await createDataSource(database.url, {
    entities: [...identityEntities],
    migrations: [...identityMigrations],
  });
  store = createIdentityStore(source, () => clock.now());
  issuer = await startLocalIssuer({
    people: [ana, ben],
    audience: 'assay',
    redirectUris: ['http://127.0.0.1:9/'],
    clock,
  });
  index = new AccessIndex();
  identification = createIdentification({ index, store, clock });
});
afterAll(async () => {
  await issuer.close();
  await source.destroy();
  await database.close();
});

const bearer = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` });

test('before the workspace is opened nobody is known', async () => {
  expect((await identification.identify({})).actor).toMatchObject({ id: 'anonymous', kind: 'anonymous', roles: [] });
  await expect(identification.identify(bearer('x'))).rejects.toMatchObject({ rule: 'NotInitialised' });
});

describe('people', () => {
  beforeAll(async () => {
    const opened = { workspace: 'w', issuer: issuer.issuer, audience: 'assay', administrator: 'i-root' };
    happened('workspace-w.w', { type: 'WorkspaceOpened', data: { ...opened, grantId: 'g0', serviceKeyId: 'k0' } });
    happened('identity-w.i-ana', { type: 'PersonRegistered', data: { identityId: 'i-ana', subject: 'f'.repeat(64) } });
    await store.subjects.link('w', issuer.issuer, 'ana', 'i-ana');
  });

  test('a signed-in person acts with the roles of the grants in force now', async () => {
    const { accessToken } = await signInAs(issuer, ana);
    expect((await identification.identify(bearer(accessToken))).actor.roles).toEqual([]);
    const grant = {
      grantId: 'g1',
      subjectId: 'i-ana',
      role: 'validator',
      validFrom: at(0),
      validUntil: at(10),
    } as const;
    happened('accessGrant-w.g1', { type: 'AccessGranted', data: grant });
    const { actor, workspace } = await identification.identify(bearer(accessToken));
    expect(workspace).toBe('w');
    expect(actor).toMatchObject({ id: 'i-ana', kind: 'person', roles: ['validator'], groups: ['risk'] });
    expect(actor.authentication.nonce).toBeUndefined();
    clock.advance(10 * 60_000);
    expect((await identification.identify(bearer(accessToken))).actor.roles).toEqual([]);
  });

  test('a fresh re-authentication of the same person brings nonce, time and strength', async () => {
    const { accessToken } = await signInAs(issuer, ana);
    const { idToken } = await signInAs(issuer, ana, { nonce: 'ab'.repeat(32), maxAge: 0 });
    const { actor } = await identification.identify({ ...bearer(accessToken), reauthentication: idToken });
    expect(actor.authentication).toMatchObject({ method: 'oidc', nonce: 'ab'.repeat(32), amr: ['pwd'] });
  });

  test('somebody else’s re-authentication, or a token without nonce, proves nothing', async () => {
    const { accessToken } = await signInAs(issuer, ana);
    const his = await signInAs(issuer, ben, { nonce: 'n', maxAge: 0 });
    const identify = (reauthentication: string): Promise<unknown> =>
      identification.identify({ ...bearer(accessToken), reauthentication });
    await expect(identify(his.idToken)).rejects.toMatchObject({ rule: 'ReauthenticationMismatch' });
    await expect(identify(accessToken)).rejects.toMatchObject({ rule: 'MissingClaim', field: 'nonce' });
    await expect(identification.identify({ reauthentication: his.idToken })).rejects.toMatchObject({
      rule: 'MalformedCredentials',
    });
  });

  test('a subject without a registration is refused, also when a crash left its row behind', async () => {
    const { accessToken } = await signInAs(issuer, ben);
    await expect(identification.identify(bearer(accessToken))).rejects.toMatchObject({ rule: 'UnknownSubject' });
    expect(await store.subjects.link('w', issuer.issuer, 'ben', 'i-ben')).toBe('i-ben');
    await expect(identification.identify(bearer(accessToken))).rejects.toMatchObject({ rule: 'UnknownSubject' });
    expect(await store.subjects.link('w', issuer.issuer, 'ben', 'i-other')).toBe('i-ben');
  });

  test('after erasure the row is gone and the token opens nothing', async () => {
    happened('identity-w.i-eve', { type: 'PersonRegistered', data: { identityId: 'i-eve', subject: 'e'.repeat(64) } });
    await store.subjects.link('w', issuer.issuer, 'eve', 'i-eve');
    happened('identity-w.i-eve', { type: 'IdentityErased', data: { identityId: 'i-eve' } });
    expect(index.grantsOf('i-eve', at(0))).toEqual([]);
    expect(await store.subjects.erase('w', 'i-eve')).toBe(1);
    expect(await store.subjects.find('w', issuer.issuer, 'eve')).toBeUndefined();
  });

  test('rule-17 a delegation counts within its window and while the delegator holds the role', async () => {
    const delegation = { delegatorId: 'i-ana', delegateId: 'i-dan', role: 'validator' } as const;
    const window = { validFrom: at(5), validUntil: at(60) };
    happened('identity-w.i-dan', { type: 'PersonRegistered', data: { identityId: 'i-dan', subject: 'd'.repeat(64) } });
    happened('accessGrant-w.g2', {
      type: 'AccessGranted',
      data: { grantId: 'g2', subjectId: 'i-ana', role: 'validator', validFrom: at(0) },
    });
    happened('accessGrant-w.g3', { type: 'DelegationGranted', data: { grantId: 'g3', ...delegation, ...window } });
    expect(index.grantsOf('i-dan', at(4))).toEqual([]);
    expect(index.grantsOf('i-dan', at(5))).toMatchObject([{ role: 'validator', delegatorId: 'i-ana' }]);
    expect(index.grantsOf('i-dan', at(60))).toEqual([]);
    // No re-delegation: what was delegated to Dan gives Fay nothing.
    const further = { grantId: 'g4', delegatorId: 'i-dan', delegateId: 'i-fay', role: 'validator' } as const;
    happened('accessGrant-w.g4', { type: 'DelegationGranted', data: { ...further, ...window } });
    expect(index.grantsOf('i-fay', at(6))).toEqual([]);
    happened('accessGrant-w.g2', { type: 'AccessRevoked', data: { grantId: 'g2' } });
    expect(index.grantsOf('i-dan', at(6))).toEqual([]);
  });
});

describe('service keys', () => {
  beforeAll(async () => {
    happened('identity-w.i-bot', { type: 'ServiceRegistered', data: { identityId: 'i-bot', ownerId: 'i-ana' } });
    for (const [grantId, role, scope] of [
      ['g5', 'model-developer', undefined],
      ['g6', 'evaluator', 'm1'],
      ['g7', 'data-steward', undefined],
    ] as const)
      happened(`accessGrant-w.${grantId}`, {
        type: 'AccessGranted',
        data: { grantId, subjectId: 'i-bot', role, ...(scope && { scope }), validFrom: at(0) },
      });
    await store.keys.put('w', key.keyId, 'i-bot', key.secretHash);
  });

  test('the stored hash alone opens nothing: the event must be there', async () => {
    await expect(identification.identify(bearer(key.secret))).rejects.toMatchObject({ rule: 'UnknownKey' });
  });

  test('a key acts with what its scopes cover of its identity’s grants', async () => {
    happened('identity-w.i-bot', {
      type: 'ServiceKeyIssued',
      data: {
        identityId: 'i-bot',
        keyId: key.keyId,
        scopes: ['model-developer', 'evaluator:m1', 'validator'],
        expiresAt: at(60),
      },
    });
    const { actor, grants } = await identification.identify(bearer(key.secret));
    expect(actor).toMatchObject({ id: 'i-bot', kind: 'service', roles: ['evaluator', 'model-developer'] });
    expect(actor.authentication).toMatchObject({ method: 'service-key', tokenId: key.keyId });
    expect(grants.map(({ grantId }) => grantId)).toEqual(['g5', 'g6']);
    expect((await store.keys.find('w', key.keyId))?.lastUsedAt).toBeDefined();
  });

  test('a wrong secret, an unknown key and rubbish are told apart by nobody outside', async () => {
    const other = createServiceKey(key.keyId).secret;
    await expect(identification.identify(bearer(other))).rejects.toMatchObject({ rule: 'UnknownKey' });
    await expect(identification.identify(bearer(createServiceKey().secret))).rejects.toMatchObject({
      rule: 'UnknownKey',
    });
    await expect(identification.identify(bearer('assay_sk_x'))).rejects.toMatchObject({ rule: 'MalformedKey' });
    await expect(identification.identify({ authorization: `Basic ${key.secret}` })).rejects.toMatchObject({
      rule: 'MalformedCredentials',
    });
  });

  test('a key cannot re-authenticate', async () => {
    await expect(identification.identify({ ...bearer(key.secret), reauthentication: 'x' })).rejects.toMatchObject({
      rule: 'ReauthenticationMismatch',
    });
  });

  test('expired and revoked keys are refused', async () => {
    const short = createServiceKey();
    await store.keys.put('w', short.keyId, 'i-bot', short.secretHash);
    const issued = { identityId: 'i-bot', keyId: short.keyId, scopes: ['evaluator'], expiresAt: at(1) };
    happened('identity-w.i-bot', { type: 'ServiceKeyIssued', data: issued });
    await expect(identification.identify(bearer(short.secret))).resolves.toBeDefined();
    clock.advance(60_000);
    await expect(identification.identify(bearer(short.secret))).rejects.toMatchObject({ rule: 'KeyExpired' });
    happened('identity-w.i-bot', { type: 'ServiceKeyRevoked', data: { identityId: 'i-bot', keyId: key.keyId } });
    await expect(identification.identify(bearer(key.secret))).rejects.toMatchObject({ rule: 'KeyRevoked' });
  });
});

test('rule-08 a re-authentication is used once, by one command, however often that command comes', async () => {
  const use = (token: string, command: string): Promise<boolean> =>
    store.reauthentications.use('w', issuer.issuer, token, command);
  const results = await Promise.all([use('t1', 'c1'), use('t1', 'c2'), use('t1', 'c3')]);
  expect(results.filter(Boolean)).toHaveLength(1);
  expect(await use('t2', 'c1')).toBe(true);
  expect(await use('t2', 'c1')).toBe(true);
  expect(await use('t2', 'c9')).toBe(false);
});

test('the index neither repeats nor skips: what another process wrote in between comes with the fan-out', () => {
  const fresh = new AccessIndex();
  const event = (revision: bigint, data: AssayEvent): RecordedEvent =>
    ({ ...data, stream: 'accessGrant-w.x', revision, position: 100n + revision }) as RecordedEvent;
  const granted = event(0n, {
    type: 'AccessGranted',
    data: { grantId: 'x', subjectId: 's', role: 'viewer', validFrom: at(-1) },
  });
  const revoked = event(1n, { type: 'AccessRevoked', data: { grantId: 'x' } });
  fresh.apply(revoked);
  fresh.apply(granted);
  expect(fresh.grantsOf('s', at(0))).toHaveLength(1);
  fresh.apply(revoked);
  fresh.apply(granted);
  expect(fresh.grantsOf('s', at(0))).toHaveLength(0);
});
