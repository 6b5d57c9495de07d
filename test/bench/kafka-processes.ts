import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { createPool } from '#libs/postgres';
import type { Pool } from '#libs/postgres';
import { allViews, livePositions } from '#libs/projections';
import { repositoryRoot } from '#libs/runtime';
import { kafkaMissing, startTestBroker } from '../../libs/messaging/testing.js';
import type { TestBroker } from '../../libs/messaging/testing.js';
import { testDatabase } from '../../libs/postgres/testing.js';
import { ledgerProcess, productFlags } from './ledger-process.js';
import type { LedgerProcess } from './ledger-process.js';

/** A ledger, a database and a broker, and the relay and projectors that a bench starts beside them: as in production. */
export interface KafkaStage {
  readonly ledger: LedgerProcess;
  readonly broker: TestBroker;
  readonly databaseUrl: string;
  readonly pool: Pool;
  start(service: 'relay' | 'projector'): Promise<ChildProcess>;
  stop(child: ChildProcess): Promise<void>;
  /** A gauge of a process that was started here. */
  gauge(child: ChildProcess, name: string): Promise<number>;
  /** The least position of all views. */
  position(): Promise<bigint>;
  close(): Promise<void>;
}

export const relayFlags = productFlags;

export async function kafkaStage(): Promise<KafkaStage> {
  if (kafkaMissing) throw new Error(`this bench needs a broker: ${kafkaMissing}`);
  // Built, as they are in production: what the compiler takes at a start is no part of any number.
  execFileSync(process.execPath, [join(repositoryRoot(), 'scripts', 'build.mjs')], { stdio: 'ignore' });
  const [ledger, broker, database] = await Promise.all([ledgerProcess('postgres'), startTestBroker(), testDatabase()]);
  const pool = createPool(database.url, { max: 4, name: 'bench' });
  const children = new Set<ChildProcess>();
  const health = new Map<ChildProcess, string>();
  const environment = {
    PATH: process.env['PATH'],
    ASSAY_PARENT: String(process.pid),
    EVENTSTORE_URL: ledger.connectionString,
    DATABASE_URL: database.url,
    KAFKA_BROKERS: broker.address,
    NODE_OPTIONS: relayFlags.join(' '),
  };
  const stop = async (child: ChildProcess): Promise<void> => {
    if (!children.delete(child)) return;
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.kill('SIGTERM');
    });
  };
  return {
    ledger,
    broker,
    databaseUrl: database.url,
    pool,
    async start(service) {
      const root = repositoryRoot();
      const child = spawn(process.execPath, [join(root, 'dist', 'services', service, 'main.js')], {
        cwd: root,
        env: environment,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      children.add(child);
      for await (const part of child.stdout.setEncoding('utf8')) {
        const url = /health at (\S+)/.exec(part as string)?.[1];
        if (url === undefined) continue;
        health.set(child, url);
        break;
      }
      return child;
    },
    async gauge(child, name) {
      const text = await (await fetch(`${health.get(child)}/metrics`)).text();
      return Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1] ?? Number.NaN);
    },
    stop,
    async position() {
      const live = await livePositions(pool).catch(() => new Map<string, bigint>());
      return allViews.reduce<bigint>((low, { name }) => {
        const each = live.get(name) ?? -1n;
        return each < low ? each : low;
      }, 2n ** 62n);
    },
    async close() {
      for (const child of [...children].reverse()) await stop(child);
      await pool.end();
      await ledger.close();
      await database.close();
      await broker.stop();
    },
  };
}

/** Appends `events` events of 300 bytes in pages of 500 to 5,000 streams; answers the last position. */
export async function fill(connectionString: string, events: number): Promise<bigint> {
  const client = EventStoreDBClient.connectionString(connectionString);
  let last = -1n;
  for (let written = 0; written < events; written += 500) {
    const page = Array.from({ length: Math.min(500, events - written) }, (_, index) => {
      const event = { n: written + index, fill: '' };
      event.fill = 'x'.repeat(300 - JSON.stringify(event).length);
      return jsonEvent({ type: 'Filled', data: event, metadata: { schemaVersion: 1 } });
    });
    const { position } = await client.appendToStream(`bench-main.${written % 5_000}`, page);
    last = position?.commit ?? last;
  }
  await client.dispose();
  return last;
}

export async function until(what: string, holds: () => Promise<boolean>, everyMs: number): Promise<void> {
  for (const deadline = performance.now() + 600_000; !(await holds());) {
    if (performance.now() > deadline) throw new Error(`${what} did not come within ten minutes`);
    await new Promise((wait) => setTimeout(wait, everyMs));
  }
}
