import type { DataSource } from 'typeorm';
import { createPostgresVault, type Vault } from '#libs/disclosure';
import { createIdentityStore, type IdentityStore } from '#libs/identity';
import type { Actor, CommandContext, Id, Role } from '#libs/lifecycle';
import { ManualClock, newId } from '#libs/runtime';
import { generateSigningKey, signPermit, type SigningKey } from '#libs/signing';
import { testStore, type TestStore } from '../event-store/testing.js';
import { testDatabase } from '../postgres/testing.js';
import {
  createApplication,
  Directory,
  openMutableTables,
  openWorkspace,
  serviceActor,
  type ApplicationPorts,
  type CommandInputs,
  type CommandName,
  type CommandRefused,
  type CommandResult,
  type OpenedWorkspace,
  type RunningApplication,
  type ServiceRole,
} from './index.js';

export interface TestApplication {
  readonly application: RunningApplication;
  readonly ports: ApplicationPorts;
  readonly directory: Directory;
  readonly vault: Vault;
  readonly identities: IdentityStore;
  readonly source: DataSource;
  readonly ledger: TestStore;
  readonly clock: ManualClock;
  readonly permitKey: SigningKey;
  readonly opened: OpenedWorkspace;
  readonly workspace: string;
  readonly administrator: Actor;
  /** Registers a person and grants the roles, each for the model where one is given. */
  person(grants?: readonly (Role | { readonly role: Role; readonly scope: Id })[]): Promise<Actor>;
  service(role: ServiceRole): Actor;
  execute<Name extends CommandName>(
    actor: Actor,
    name: Name,
    input: CommandInputs[Name],
    context?: Partial<CommandContext>,
  ): Promise<CommandResult>;
  /** Like `execute`, for what a test stands on: throws when it is refused. Returns the position. */
  done<Name extends CommandName>(actor: Actor, name: Name, input: CommandInputs[Name]): Promise<bigint>;
  /** A stream as stored, parsed. */
  events(stream: string): Promise<readonly TestEvent[]>;
  close(): Promise<void>;
}

export interface TestEvent {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Throws when the command was accepted. */
export function refusal(result: CommandResult): CommandRefused {
  if (result.outcome === 'accepted') throw new Error('it was accepted');
  return result;
}

/** A whole application on a real ledger server and a real Postgres, with an open workspace. For specs. */
export async function testApplication(): Promise<TestApplication> {
  const [ledger, database] = await Promise.all([testStore(), testDatabase()]);
  const source = await openMutableTables(database.url);
  const clock = new ManualClock(new Date());
  const vault = createPostgresVault(source, () => clock.now());
  const identities = createIdentityStore(source, () => clock.now());
  const permitKey = generateSigningKey();
  const directory = new Directory();
  const ports: ApplicationPorts = {
    store: ledger.store,
    vault,
    identities,
    clock,
    directory,
    signPermit: (permit) => signPermit(permit, permitKey),
  };
  const opened = await openWorkspace(ports, {
    issuer: 'https://issuer.example',
    audience: 'assay',
    adminSubject: 'root',
  });
  const application = createApplication(ports);
  const { workspaceId: workspace } = opened;

  const actorOf = (id: Id): Actor => ({
    id,
    kind: 'person',
    roles: [],
    groups: [],
    authentication: { method: 'oidc', time: clock.now().toISOString() },
  });
  const administrator = actorOf(opened.administratorId);
  const execute: TestApplication['execute'] = (actor, name, input, context = {}) =>
    application.execute(name, input, {
      workspace,
      actor,
      commandId: newId(),
      correlationId: newId(),
      now: clock.now().toISOString(),
      ...context,
    });
  const done: TestApplication['done'] = async (actor, name, input) => {
    const result = await execute(actor, name, input);
    if (result.outcome === 'refused') throw new Error(`${name}: ${result.code} ${JSON.stringify(result.details)}`);
    return result.position;
  };

  return {
    application,
    ports,
    directory,
    vault,
    identities,
    source,
    ledger,
    clock,
    permitKey,
    opened,
    workspace,
    administrator,
    execute,
    done,
    async person(grants = []) {
      const identityId = newId();
      const subject = `person-${identityId}`;
      await done(administrator, 'RegisterPerson', { identityId, issuer: 'https://issuer.example', subject });
      for (const grant of grants) {
        const wanted = typeof grant === 'string' ? { role: grant } : grant;
        const validUntil = new Date(clock.now().getTime() + 86_400_000).toISOString();
        const limit = wanted.role === 'auditor' ? { validUntil } : {};
        await done(administrator, 'GrantAccess', { grantId: newId(), subjectId: identityId, ...wanted, ...limit });
      }
      return actorOf(identityId);
    },
    service: (role) => serviceActor(workspace, role, clock.now().toISOString()),
    async events(stream) {
      const found: TestEvent[] = [];
      const parsed = (bytes: Uint8Array): TestEvent['data'] => JSON.parse(Buffer.from(bytes).toString('utf8')) as never;
      for await (const { type, data, metadata } of ledger.store.readStream(stream))
        found.push({ type, data: parsed(data), metadata: parsed(metadata) });
      return found;
    },
    async close() {
      await application.close();
      await source.destroy();
      await ledger.close();
      await database.close();
    },
  };
}
