import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApplication } from '../../libs/application/application.js';
import type { CommandInputs, CommandName, CommandResult } from '../../libs/application/contract.js';
import { Directory } from '../../libs/application/directory.js';
import { type ContentStore, openContentFolder } from '#libs/content';
import { createPostgresVault, disclosureEntities, disclosureMigrations } from '#libs/disclosure';
import { type FanOut, createFanOut, encodeEvent, eventMetadata } from '#libs/event-store';
import { createIdentityStore, identityEntities, identityMigrations } from '#libs/identity';
import type { AssayEvent, CommandContext, Id, Role } from '#libs/lifecycle';
import { createDataSource } from '#libs/postgres';
import { type Clock, newId, systemClock } from '#libs/runtime';
import { canonicalDigest, generateSigningKey, signPermit } from '#libs/signing';
import { testStore } from '../../libs/event-store/testing.js';
import { testDatabase } from '../../libs/postgres/testing.js';

export const workspace = 'boston';

/** An installation on real stores: ledger server, Postgres, content folder, application. Close it in `afterAll`. */
export async function installation(clock: Clock = systemClock) {
  const folder = await mkdtemp(join(tmpdir(), 'assay-installation-'));
  const ledger = await testStore();
  const database = await testDatabase();
  const source = await createDataSource(database.url, {
    entities: [...disclosureEntities, ...identityEntities],
    migrations: [...disclosureMigrations, ...identityMigrations],
  });
  const now = () => clock.now();
  const key = generateSigningKey();
  const content: ContentStore = await openContentFolder(join(folder, 'content'));
  const newApplication = () =>
    createApplication({
      store: ledger.store,
      vault: createPostgresVault(source, now),
      identities: createIdentityStore(source, now),
      clock,
      directory: new Directory(),
      signPermit: (permit) => signPermit(permit, key),
    });
  const application = newApplication();
  const fanOut: FanOut = createFanOut(ledger.store);

  /** Writes events as they are, past the application: what other people did before the spec begins. */
  async function write(stream: string, ...events: AssayEvent[]): Promise<bigint> {
    const context: CommandContext = {
      workspace,
      actor: {
        id: newId(),
        kind: 'person',
        roles: [],
        groups: [],
        authentication: { method: 'internal', time: clock.now().toISOString() },
      },
      commandId: newId(),
      correlationId: newId(),
      now: clock.now().toISOString(),
    };
    const encoded = events.map((event) => {
      const facts = { id: newId(), stream, context, commandDigest: canonicalDigest(event) };
      return encodeEvent(event, eventMetadata(event, facts));
    });
    return (await ledger.store.append(stream, encoded, 'any')).position;
  }

  async function service(role: Role): Promise<Id> {
    const identityId = newId();
    const grantId = newId();
    await write(`identity-${workspace}.${identityId}`, {
      type: 'ServiceRegistered',
      data: { identityId, ownerId: newId() },
    });
    await write(`accessGrant-${workspace}.${grantId}`, {
      type: 'AccessGranted',
      data: { grantId, subjectId: identityId, role, validFrom: '2020-01-01T00:00:00.000Z' },
    });
    return identityId;
  }

  function execute<Name extends CommandName>(
    actorId: Id,
    name: Name,
    input: CommandInputs[Name],
  ): Promise<CommandResult> {
    return application.execute(name, input, {
      workspace,
      actor: {
        id: actorId,
        kind: 'service',
        roles: [],
        groups: [],
        authentication: { method: 'internal', time: clock.now().toISOString() },
      },
      commandId: newId(),
      correlationId: newId(),
      now: clock.now().toISOString(),
    });
  }

  /** Types and data of a stream's events. */
  async function events(stream: string): Promise<{ type: string; data: Record<string, unknown> }[]> {
    const found: { type: string; data: Record<string, unknown> }[] = [];
    for await (const { type, data } of ledger.store.readStream(stream))
      found.push({ type, data: JSON.parse(Buffer.from(data).toString()) as Record<string, unknown> });
    return found;
  }

  async function close(): Promise<void> {
    await fanOut.close();
    await application.close();
    await source.destroy();
    await ledger.close();
    await database.close();
    await rm(folder, { recursive: true, force: true });
  }

  return {
    application,
    close,
    content,
    databaseUrl: database.url,
    events,
    execute,
    fanOut,
    folder,
    key,
    newApplication,
    service,
    store: ledger.store,
    write,
  };
}

export type Installation = Awaited<ReturnType<typeof installation>>;
