import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDatabase, launchPostgres } from '#libs/postgres';
import type { LaunchedPostgres } from '#libs/postgres';
import { freePort } from '#libs/runtime';
import { treeOf } from '../crash/product-process.js';
import { Service } from './service.js';

/** A store or a broker that others depend on, and that can go away in two ways. */
export interface Neighbour {
  readonly name: string;
  /** Hangs with its connections open, until `release`. */
  hold(): void;
  release(): void;
  /** kill -9, until `restart` on the same folder and port. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface PostgresNeighbour extends Neighbour {
  /** A database with a role of its own. */
  database(name: string): Promise<string>;
}

export async function startPostgres(folder: string): Promise<PostgresNeighbour> {
  mkdirSync(folder, { mode: 0o711 });
  let running: LaunchedPostgres = await launchPostgres({ dataDirectory: folder });
  const { port } = running;
  const signal = (name: NodeJS.Signals) => {
    for (const { pid } of treeOf(running.pid)) {
      try {
        process.kill(pid, name);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
  };
  return {
    name: 'Postgres',
    database: (name) => ensureDatabase(running.url, { database: name, role: name, password: `of-${name}` }),
    hold: () => signal('SIGSTOP'),
    release: () => signal('SIGCONT'),
    async kill() {
      signal('SIGKILL');
      await running.ended;
    },
    async restart() {
      running = await launchPostgres({ dataDirectory: folder, port });
    },
    async stop() {
      signal('SIGCONT');
      await running.close();
    },
  };
}

export interface LedgerNeighbour extends Neighbour {
  readonly connectionString: string;
}

/** `npm run ledger`: the event store, over a Postgres of its own. */
export async function startLedger(folder: string): Promise<LedgerNeighbour> {
  mkdirSync(folder, { mode: 0o711 });
  const service = new Service(
    'event store',
    'dist/services/ledger/main.js',
    ['--port', String(await freePort()), '--data', folder],
    {},
    /ledger ready on (\S+)/,
  );
  await service.start();
  return Object.assign(neighbour(service), {
    connectionString: readFileSync(join(folder, 'connection-string'), 'utf8').trim(),
  });
}

export interface BrokerNeighbour extends Neighbour {
  readonly address: string;
}

/** `npm run kafka`: Apache Kafka. */
export async function startBroker(folder: string): Promise<BrokerNeighbour> {
  mkdirSync(folder);
  chmodSync(folder, 0o700);
  const port = await freePort();
  const service = new Service(
    'broker',
    'scripts/kafka.mjs',
    ['--port', String(port), '--data', folder],
    { KAFKA_JVM_OPTIONS: process.env['KAFKA_JVM_OPTIONS'] ?? '' },
    /kafka ready on (\S+)/,
  );
  await service.start();
  return Object.assign(neighbour(service), { address: `127.0.0.1:${port}` });
}

function neighbour(service: Service): Neighbour {
  return {
    name: service.name,
    hold: () => service.hold(),
    release: () => service.release(),
    kill: () => service.kill(),
    restart: () => service.start(),
    stop: () => service.stop(),
  };
}
