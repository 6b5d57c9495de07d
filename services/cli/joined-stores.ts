import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createEventStore } from '../../libs/event-store/index.js';
import type { ConnectedStore } from '../../libs/event-store/index.js';
import { DataFolderInUse } from '../../libs/runtime/index.js';
import { openStores } from '../standalone/stores.js';

/** The stores of a product, for one command. */
export interface JoinedStores {
  readonly store: ConnectedStore;
  readonly databaseUrl: string;
  close(): Promise<void>;
}

/** The command was not told where the product is. */
export class NoStores extends Error {
  readonly code = 'BadInput';
}

/**
 * Those of a data folder, started for this one command or joined where a product runs over them; DATABASE_URL and
 * EVENTSTORE_URL name stores outside of it, and both together need no folder.
 */
export async function joinStores(dataDirectory: string | undefined): Promise<JoinedStores> {
  const { DATABASE_URL: databaseUrl, EVENTSTORE_URL: eventStoreUrl } = process.env;
  if (dataDirectory === undefined) {
    if (!databaseUrl || !eventStoreUrl)
      throw new NoStores('--data DIR, or DATABASE_URL and EVENTSTORE_URL, are wanted');
    return connected({ databaseUrl, eventStoreUrl });
  }
  const folder = resolve(dataDirectory);
  const given = { ...(databaseUrl && { databaseUrl }), ...(eventStoreUrl && { eventStoreUrl }) };
  try {
    const stores = await openStores({ dataDirectory: folder, ...given });
    // Its own client is of the port; a tool wants the rest too.
    const store = createEventStore({ connectionString: stores.eventStoreUrl });
    const close = async (): Promise<void> => {
      await store.close();
      await stores.close();
    };
    return { store, databaseUrl: stores.databaseUrl, close };
  } catch (error) {
    const path = join(folder, 'stores.json');
    if (!(error instanceof DataFolderInUse) || !existsSync(path)) throw error;
    return connected(JSON.parse(readFileSync(path, 'utf8')) as { databaseUrl: string; eventStoreUrl: string });
  }
}

function connected(urls: { readonly databaseUrl: string; readonly eventStoreUrl: string }): JoinedStores {
  const store = createEventStore({ connectionString: urls.eventStoreUrl });
  return { store, databaseUrl: urls.databaseUrl, close: () => store.close() };
}
