import { createPostgresVault } from '#libs/disclosure';
import { createEventStore, createFanOut, type EventStore, type FanOut } from '#libs/event-store';
import { createIdentityStore } from '#libs/identity';
import { systemClock } from '#libs/runtime';
import type { HealthCheck } from '#libs/runtime';
import { createApplication, type RunningApplication } from './application.js';
import { Directory } from './directory.js';
import { awaitMutableTables } from './mutable-tables.js';
import type { ApplicationPorts } from './ports.js';

export interface Connection {
  readonly store: EventStore;
  readonly fanOut: FanOut;
  readonly application: RunningApplication;
  /** For /health/ready: whether both stores answer. */
  readonly checks: readonly HealthCheck[];
  close(): Promise<void>;
}

/** The application of a service that is a process of its own: one event-store client, one $all subscription. Waits for Postgres. */
export async function connectApplication(options: {
  readonly eventStoreUrl: string;
  readonly databaseUrl: string;
  readonly signPermit?: ApplicationPorts['signPermit'];
  readonly isPermitIssuer?: ApplicationPorts['isPermitIssuer'];
  readonly onFault?: ApplicationPorts['onFault'];
}): Promise<Connection> {
  const { eventStoreUrl, databaseUrl, signPermit, isPermitIssuer, onFault } = options;
  const source = await awaitMutableTables(databaseUrl, (error, attempt) =>
    onFault?.(`the database is away, waiting (${attempt})`, error),
  );
  const store = createEventStore({ connectionString: eventStoreUrl });
  const fanOut = createFanOut(store);
  const application = createApplication({
    store,
    vault: createPostgresVault(source),
    identities: createIdentityStore(source),
    clock: systemClock,
    directory: new Directory(),
    ...(signPermit && { signPermit }),
    ...(isPermitIssuer && { isPermitIssuer }),
    ...(onFault && { onFault }),
  });
  return {
    store,
    fanOut,
    application,
    checks: [
      {
        name: 'event-store',
        check: async () => {
          await store.ping();
          return undefined;
        },
      },
      {
        name: 'database',
        check: async () => {
          await source.query('SELECT 1');
          return undefined;
        },
      },
    ],
    async close() {
      await fanOut.close();
      await application.close();
      await store.close();
      await source.destroy();
    },
  };
}
