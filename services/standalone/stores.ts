import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createEventStore } from '#libs/event-store';
import type { EventStore } from '#libs/event-store';
import { ensureDatabase, launchPostgres } from '#libs/postgres';
import { prepareDataFolder } from '#libs/runtime';
import { readSecrets, writeSecret } from './secrets.js';

export interface StoreOptions {
  /** Everything of this installation. */
  readonly dataDirectory: string;
  /** A PostgreSQL database of the product's own instead of the embedded one. */
  readonly databaseUrl?: string;
  /** An EventStoreDB or KurrentDB connection string instead of the ledger server. */
  readonly eventStoreUrl?: string;
  /**
   * Told once when a store that was started here ends although nobody closed it. What is left of the product can
   * neither read nor write: it should end, and be started again by whoever looks after it.
   */
  readonly onLost?: (what: string) => void;
}

export interface Stores {
  readonly store: EventStore;
  /** The product's database: read models, vault, keys. */
  readonly databaseUrl: string;
  readonly eventStoreUrl: string;
  close(): Promise<void>;
}

/** Raised when the stores of a data folder cannot be started; says what to do. */
export class StoresNotStarted extends Error {
  override readonly name = 'StoresNotStarted';
}

/**
 * Postgres and the event store of an installation: embedded ones in the data folder, or those that the options name.
 * The ledger keeps a database and a role of its own, which the product's role cannot reach.
 */
export async function openStores(options: StoreOptions): Promise<Stores> {
  const { dataDirectory, databaseUrl, eventStoreUrl } = options;
  prepareDataFolder(dataDirectory);
  const closers: (() => Promise<void>)[] = [];
  let over = false;
  const lost = (what: string) => {
    if (over) return;
    over = true;
    options.onLost?.(what);
  };
  const close = async () => {
    over = true;
    for (const one of closers.splice(0).reverse()) await one();
  };
  try {
    let product = databaseUrl;
    let ledger = eventStoreUrl;
    if (product === undefined || ledger === undefined) {
      const postgres = await launchPostgres({ dataDirectory: join(dataDirectory, 'postgres') });
      closers.push(() => postgres.close());
      void postgres.ended.then(() => lost(`Postgres (process ${postgres.pid})`));
      const { databasePassword, ledgerPassword } = readSecrets(dataDirectory);
      product ??= await ensureDatabase(postgres.url, { database: 'assay', role: 'assay', password: databasePassword });
      if (ledger === undefined) {
        const database = await ensureDatabase(postgres.url, {
          database: 'ledger',
          role: 'ledger',
          password: ledgerPassword,
        });
        const child = await startLedgerChild(database, join(dataDirectory, 'ledger'));
        closers.push(() => ended(child.process));
        child.process.once('exit', () => lost(`the ledger server (process ${child.process.pid})`));
        if (child.process.exitCode !== null || child.process.signalCode !== null) lost('the ledger server');
        ledger = child.connectionString;
      }
    }
    const store = createEventStore({ connectionString: ledger });
    closers.push(() => store.close());
    // For `assay init` while the product runs: read only when the folder is in use, so a stale file misleads nobody.
    writeSecret(join(dataDirectory, 'stores.json'), { databaseUrl: product, eventStoreUrl: ledger });
    return { store, databaseUrl: product, eventStoreUrl: ledger, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startLedgerChild(
  database: string,
  folder: string,
): Promise<{ readonly process: ChildProcess; readonly connectionString: string }> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const child = fork(fileURLToPath(new URL('./ledger.js', import.meta.url)), {
    env: { ...process.env, ASSAY_LEDGER_DATABASE: database, ASSAY_LEDGER_FOLDER: folder },
    execArgv: ['--max-old-space-size=1024'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const message = await new Promise<{ connectionString?: string; error?: string }>((resolve) => {
    child.once('message', (said) => resolve(said as { connectionString?: string }));
    child.once('exit', (code) => resolve({ error: `it ended with ${code}` }));
  });
  if (message.connectionString === undefined) {
    throw new StoresNotStarted(`the ledger of ${folder} did not start: ${message.error}`);
  }
  return { process: child, connectionString: message.connectionString };
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), 5_000).unref();
  });
}
