import { randomUUID } from 'node:crypto';
import { startLedgerServer } from '#libs/ledger-server';
import { canonicalBytes } from '#libs/signing';
import { testDatabase } from '../postgres/testing.js';
import { createEventStore } from './client.js';
import type { ConnectedStore } from './client.js';
import type { EventToAppend } from './port.js';

export interface TestStore {
  readonly store: ConnectedStore;
  readonly connectionString: string;
  /** The ledger's own database. */
  readonly databaseUrl: string;
  close(): Promise<void>;
}

/** A real, empty ledger server on a database of its own, and a client of it. Close it in `afterAll`. */
export async function testStore(): Promise<TestStore> {
  const database = await testDatabase();
  const server = await startLedgerServer({ databaseUrl: database.url, insecure: true });
  const store = createEventStore({ connectionString: server.connectionString });
  return {
    store,
    connectionString: server.connectionString,
    databaseUrl: database.url,
    close: async () => {
      await store.close();
      await server.close();
      await database.close();
    },
  };
}

/** An event with canonical bytes and a random id, for specs. */
export function testEvent(type = 'Tested', data: Readonly<Record<string, unknown>> = {}): EventToAppend {
  return { id: randomUUID(), type, data: canonicalBytes(data), metadata: canonicalBytes({ by: 'test' }) };
}
