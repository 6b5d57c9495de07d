import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createEventStore } from '../../libs/event-store/index.js';
import type { ConnectedStore } from '../../libs/event-store/index.js';
import { DataFolderInUse, readConfiguration } from '../../libs/runtime/index.js';
import { openStores } from '../standalone/stores.js';

/** The stores of a product, for one command. */
export interface JoinedStores {
  readonly store: ConnectedStore;
  readonly databaseUrl: string;
  close(): Promise<void>;
}

/** The command was not told where the product is, or was told two places. */
export class NoStores extends Error {
  readonly code = 'BadInput';
}

/**
 * Those of a data folder, started for this one command or joined where a product runs over them; DATABASE_URL and
 * EVENTSTORE_URL name stores outside of it, as they do for the product, and both together need no folder. Where a
 * product runs over the folder they must be its own.
 * @param folderIs `begun`: one in which a product has been started before; a mistyped one is not begun here
 * @param say told where the stores are not those of the folder that was named
 * @throws NoStores
 */
export async function joinStores(
  dataDirectory: string | undefined,
  folderIs: 'begun' | 'any',
  say?: (line: string) => void,
): Promise<JoinedStores> {
  const read = readConfiguration();
  const [databaseUrl, eventStoreUrl] = [read.optional('DATABASE_URL'), read.optional('EVENTSTORE_URL')];
  if (databaseUrl && eventStoreUrl) {
    // Nothing of the folder is wanted: what its product has written there stays.
    if (dataDirectory !== undefined) say?.(`DATABASE_URL and EVENTSTORE_URL come before ${dataDirectory}`);
    return connected({ databaseUrl, eventStoreUrl });
  }
  if (dataDirectory === undefined) throw new NoStores('--data DIR, or DATABASE_URL and EVENTSTORE_URL, are wanted');
  const folder = resolve(dataDirectory);
  if (folderIs === 'begun' && !existsSync(join(folder, 'stores.json')))
    throw new NoStores(`--data: no product has been started in ${folder}`);
  const given: { readonly databaseUrl?: string; readonly eventStoreUrl?: string } = {
    ...(databaseUrl && { databaseUrl }),
    ...(eventStoreUrl && { eventStoreUrl }),
  };
  try {
    const stores = await openStores({ dataDirectory: folder, ...given });
    // Its own client is of the port; a tool wants the rest too.
    const store = createEventStore({ connectionString: stores.eventStoreUrl });
    for (const name of names) if (given[name] !== undefined) say?.(`${variables[name]} comes before ${folder}`);
    const close = async (): Promise<void> => {
      await store.close();
      await stores.close();
    };
    return { store, databaseUrl: stores.databaseUrl, close };
  } catch (error) {
    const path = join(folder, 'stores.json');
    if (!(error instanceof DataFolderInUse) || !existsSync(path)) throw error;
    const running = JSON.parse(readFileSync(path, 'utf8')) as { databaseUrl: string; eventStoreUrl: string };
    for (const name of names)
      if (given[name] !== undefined && given[name] !== running[name])
        throw new NoStores(
          `${variables[name]} names another store than the product that runs over ${folder}: unset it, or leave --data out`,
        );
    return connected(running);
  }
}

const names = ['databaseUrl', 'eventStoreUrl'] as const;
const variables = { databaseUrl: 'DATABASE_URL', eventStoreUrl: 'EVENTSTORE_URL' } as const;

function connected(urls: { readonly databaseUrl: string; readonly eventStoreUrl: string }): JoinedStores {
  const store = createEventStore({ connectionString: urls.eventStoreUrl });
  return { store, databaseUrl: urls.databaseUrl, close: () => store.close() };
}
