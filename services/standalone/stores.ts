import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createEventStore } from '#libs/event-store';
import type { EventStore } from '#libs/event-store';
import { ensureDatabase, launchPostgres } from '#libs/postgres';
import { prepareDataFolder } from '#libs/runtime';
import type { LedgerAnswer, LedgerOrder } from './ledger.js';
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
      // Its programs load while Postgres starts.
      const child = ledger === undefined ? forkLedger(join(dataDirectory, 'ledger')) : undefined;
      if (child) closers.push(() => ended(child.process));
      const postgres = await launchPostgres({ dataDirectory: join(dataDirectory, 'postgres') });
      // Closed after the ledger.
      closers.unshift(() => postgres.close());
      void postgres.ended.then(() => lost(`Postgres (process ${postgres.pid})`));
      const { databasePassword, ledgerPassword } = readSecrets(dataDirectory);
      if (child) {
        const own = { database: 'ledger', role: 'ledger', password: ledgerPassword };
        ledger = await child.start(await ensureDatabase(postgres.url, own));
        child.process.once('exit', () => lost(`the ledger server (process ${child.process.pid})`));
        if (hasEnded(child.process)) lost('the ledger server');
      }
      product ??= await ensureDatabase(postgres.url, { database: 'assay', role: 'assay', password: databasePassword });
    }
    if (ledger === undefined) throw new StoresNotStarted(`there is no ledger for ${dataDirectory}`);
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

interface LedgerChild {
  readonly process: ChildProcess;
  /** Gives it its database; resolves to the connection string. Throws StoresNotStarted. */
  start(databaseUrl: string): Promise<string>;
}

function forkLedger(folder: string): LedgerChild {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const child = fork(fileURLToPath(new URL('./ledger.js', import.meta.url)), {
    execArgv: ['--max-old-space-size=1024'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const said = new Promise<LedgerAnswer>((resolve) => {
    child.once('message', (message) => resolve(message as LedgerAnswer));
    child.once('exit', (code, signal) => resolve({ error: `it ended with ${code ?? signal}` }));
  });
  return {
    process: child,
    async start(databaseUrl) {
      // One that has ended already has said so.
      child.send({ databaseUrl, dataDirectory: folder } satisfies LedgerOrder, () => undefined);
      const answer = await said;
      if ('error' in answer) throw new StoresNotStarted(`the ledger of ${folder} did not start: ${answer.error}`);
      return answer.connectionString;
    },
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function ended(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), 5_000).unref();
  });
}
