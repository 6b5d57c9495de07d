import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { createPostgresVault } from '#libs/disclosure';
import type { EventStore } from '#libs/event-store';
import {
  createIdentification,
  createIdentityStore,
  generatePassword,
  signInAs,
  startLocalIssuer,
  type LocalIssuer,
} from '#libs/identity';
import { signingNonce } from '#libs/policy';
import { ManualClock, newId } from '#libs/runtime';
import { testStore, type TestStore } from '../event-store/testing.js';
import { testDatabase, type TestDatabase } from '../postgres/testing.js';
import {
  createApplication,
  Directory,
  openMutableTables,
  openWorkspace,
  type ApplicationPorts,
  type OpenedWorkspace,
  type RunningApplication,
} from './index.js';

let ledger: TestStore;
let database: TestDatabase;
let source: DataSource;
let ports: ApplicationPorts;
const running: RunningApplication[] = [];
const clock = new ManualClock(new Date());
const wanted = { issuer: 'https://issuer.example', audience: 'assay', adminSubject: 'root' };

beforeEach(async () => {
  [ledger, database] = await Promise.all([testStore(), testDatabase()]);
  source = await openMutableTables(database.url);
  const vault = createPostgresVault(source, () => clock.now());
  const identities = createIdentityStore(source, () => clock.now());
  ports = { store: ledger.store, vault, identities, clock, directory: new Directory() };
});
afterEach(async () => {
  for (const application of running.splice(0)) await application.close();
  await source.destroy();
  await ledger.close();
  await database.close();
});

async function types(): Promise<string[]> {
  const found = [];
  for await (const { type } of ledger.store.readAll()) found.push(type);
  return found;
}

/** A store that dies before the n-th append from now, as a process does. */
function dyingAt(n: number): EventStore {
  let left = n;
  const { store } = ledger;
  return {
    append(stream, events, expected) {
      left -= 1;
      return left < 0 ? Promise.reject(new Error('killed')) : store.append(stream, events, expected);
    },
    readStream: (stream, options) => store.readStream(stream, options),
    readAll: (options) => store.readAll(options),
    subscribeAll: (options) => store.subscribeAll(options),
    ping: () => store.ping(),
    close: () => store.close(),
  };
}

const identify = (opened: OpenedWorkspace): ReturnType<ReturnType<typeof createIdentification>['identify']> => {
  const identification = createIdentification({ index: ports.directory.access, store: ports.identities, clock });
  return identification.identify({ authorization: `Bearer ${opened.serviceKey}` });
};

test('the workspace is event 0, its key acts, and a second opening is refused', async () => {
  const opened = await openWorkspace(ports, wanted);
  expect((await types())[0]).toBe('WorkspaceOpened');
  expect((await identify(opened)).actor).toMatchObject({ kind: 'service', roles: ['administrator'] });
  await expect(openWorkspace(ports, wanted)).rejects.toMatchObject({ code: 'AlreadyOpen' });
  const before = await types();
  for (const other of [
    { ...wanted, workspace: 'second' },
    { ...wanted, adminSubject: 'eve' },
  ])
    await expect(openWorkspace({ ...ports, directory: new Directory() }, other)).rejects.toMatchObject({
      code: 'AlreadyOpen',
    });
  expect(await types()).toEqual(before);
  expect(JSON.stringify(await source.query('SELECT * FROM service_key'))).not.toContain(opened.serviceKey.slice(-43));
});

test('the first administrator and Assay’s own services have names, in the vault and nowhere else', async () => {
  const { workspaceId } = await openWorkspace(ports, { ...wanted, adminName: 'Ruth Root' });
  const digests: string[] = [];
  let log = '';
  for await (const { data } of ledger.store.readAll()) {
    const text = Buffer.from(data).toString('utf8');
    log += text;
    const { displayName } = JSON.parse(text) as { readonly displayName?: string };
    if (displayName !== undefined) digests.push(displayName);
  }
  const names = [...(await ports.vault.reveal(workspaceId, digests)).values()].map((one) => 'text' in one && one.text);
  expect(names.sort()).toEqual([
    'Assay inference',
    'Assay process manager',
    'Assay trainer',
    'Assay, opened by assay init',
    'Ruth Root',
  ]);
  expect(log).not.toContain('Ruth');
});

test('wherever it is killed, running it again completes it, and nothing is there twice', async () => {
  const whole = 12;
  for (let n = 1; n < whole; n += 1) {
    const cut = { ...ports, store: dyingAt(1), directory: new Directory() };
    await expect(openWorkspace(cut, wanted)).rejects.toThrow('killed');
  }
  const opened = await openWorkspace({ ...ports, directory: new Directory() }, wanted);
  const written = await types();
  expect(written).toHaveLength(whole);
  expect(written.filter((type) => type === 'WorkspaceOpened')).toHaveLength(1);
  expect(written.filter((type) => type === 'ServiceKeyIssued')).toHaveLength(1);
  await createFollowed();
  expect((await identify(opened)).actor.roles).toEqual(['administrator']);
}, 240_000);

async function createFollowed(): Promise<RunningApplication> {
  const application = createApplication(ports);
  running.push(application);
  await application.catchUp();
  return application;
}

test('what is not fit is refused by field before anything is written', async () => {
  for (const [field, changes] of [
    ['issuer', { issuer: 'http://issuer.example' }],
    ['issuer', { issuer: 'https://user:password@issuer.example' }],
    ['audience', { audience: 'a b' }],
    ['admin', { adminSubject: '' }],
    ['admin-name', { adminName: 'Ruth\nRoot' }],
    ['workspace', { workspace: 'a-b' }],
  ] as const)
    await expect(openWorkspace(ports, { ...wanted, ...changes })).rejects.toThrow(field);
  expect(await types()).toEqual([]);
});

describe('a crash between vault row and event', () => {
  test('leaves an orphan that is swept; what was appended is confirmed', async () => {
    const opened = await openWorkspace(ports, wanted);
    const { actor } = await identify(opened);
    const context = (): {
      workspace: string;
      actor: typeof actor;
      commandId: string;
      correlationId: string;
      now: string;
    } => ({
      workspace: 'main',
      actor,
      commandId: newId(),
      correlationId: newId(),
      now: clock.now().toISOString(),
    });
    const dying = createApplication({ ...ports, store: dyingAt(0), directory: new Directory() });
    running.push(dying);
    const identityId = newId();
    const person = { identityId, issuer: wanted.issuer, subject: 'ana', displayName: 'Ana Núñez' };
    await expect(dying.execute('RegisterPerson', person, context())).rejects.toThrow('killed');
    const rows = (): Promise<{ value: string }[]> =>
      source.query(`SELECT value FROM disclosure WHERE subject_id = '${identityId}'`);
    expect((await rows()).map(({ value }) => value)).toContain('Ana Núñez');
    // Confirmations that were lost with the process.
    await source.query('UPDATE disclosure SET confirmed_at = NULL');
    const application = await createFollowed();
    await application.keepHouse();
    expect(await rows()).toHaveLength(2);
    clock.advance(11 * 60_000);
    await application.keepHouse();
    expect(await rows()).toEqual([]);
    const left = await source.query('SELECT count(*)::int AS n FROM disclosure WHERE confirmed_at IS NULL');
    expect(left).toEqual([{ n: 0 }]);
    // The subject is free for the registration that comes again.
    expect(await application.execute('RegisterPerson', person, context())).toMatchObject({ outcome: 'accepted' });
  });
});

describe('signing with real tokens', () => {
  let issuer: LocalIssuer;
  afterAll(() => issuer?.close());

  test('rule-08 a re-authentication of the issuer signs once what it was made for, and its replay signs nothing', async () => {
    const ana = { username: 'ana', displayName: 'Ana', password: generatePassword() };
    issuer = await startLocalIssuer({ people: [ana], audience: 'assay', redirectUris: ['http://127.0.0.1:9/'], clock });
    const opened = await openWorkspace(ports, { ...wanted, issuer: issuer.issuer });
    const application = await createFollowed();
    const identification = createIdentification({ index: ports.directory.access, store: ports.identities, clock });
    const { actor: admin } = await identification.identify({ authorization: `Bearer ${opened.serviceKey}` });
    const context = (actor: typeof admin): Parameters<typeof application.execute>[2] => ({
      workspace: 'main',
      actor,
      commandId: newId(),
      correlationId: newId(),
      now: clock.now().toISOString(),
    });
    const identityId = newId();
    const person = { identityId, issuer: issuer.issuer, subject: 'ana' };
    await application.execute('RegisterPerson', person, context(admin));
    const grant = { grantId: newId(), subjectId: identityId, role: 'validator' } as const;
    expect(await application.execute('GrantAccess', grant, context(admin))).toMatchObject({ outcome: 'accepted' });

    const over = { approval: newId(), evidence: 'e'.repeat(64), meaning: 'validated' } as const;
    const { accessToken } = await signInAs(issuer, ana);
    const { idToken } = await signInAs(issuer, ana, { nonce: signingNonce(over), maxAge: 0 });
    const credentials = { authorization: `Bearer ${accessToken}`, reauthentication: idToken };
    const { actor } = await identification.identify(credentials);
    expect(actor).toMatchObject({
      id: identityId,
      roles: ['validator'],
      authentication: { nonce: signingNonce(over) },
    });
    const { reauthentications } = ports.identities;
    const use = (commandId: string): Promise<boolean> =>
      reauthentications.use('main', issuer.issuer, actor.authentication.tokenId!, commandId);
    const [first, replay] = [newId(), newId()];
    expect(await use(first)).toBe(true);
    const again = await identification.identify(credentials);
    expect(again.actor.authentication.tokenId).toBe(actor.authentication.tokenId);
    expect(await use(replay)).toBe(false);
  });
});
