import { randomUUID } from 'node:crypto';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { Client } from 'pg';
import { ledgerProcess } from './ledger-process.js';

const inFlight = 64;
const seconds = 6;
const floor = 2_000;
const floorRatio = 0.5;
const fill = 'x'.repeat(1_000);

/** Durable appends of one 1 KB event, 64 in flight, each to a stream of its own, through the official client. */
export async function* bench() {
  const memory = await rate('memory');
  const durable = await rate('postgres');
  const ratio = durable.perSecond / memory.perSecond;
  yield {
    name: 'append',
    value: durable.perSecond,
    unit: 'events/s',
    ratio,
    against: 'the same client and server storing in memory',
    floor,
    ok: durable.perSecond >= floor && ratio >= floorRatio,
    fdatasyncPerSecond: durable.syncsPerSecond,
    inMemory: memory.perSecond,
  };
}

async function rate(
  storage: 'postgres' | 'memory',
): Promise<{ perSecond: number; syncsPerSecond: number | undefined }> {
  const ledger = await ledgerProcess(storage);
  const client = EventStoreDBClient.connectionString(ledger.connectionString);
  const syncs = await syncCounter(ledger.databaseUrl);
  await appendFor(client, 1_500);
  const syncsBefore = await syncs.read();
  const started = performance.now();
  const count = await appendFor(client, seconds * 1_000);
  const elapsed = (performance.now() - started) / 1_000;
  const syncsAfter = await syncs.read();
  await syncs.close();
  await client.dispose();
  await ledger.close();
  const syncsPerSecond =
    syncsBefore === undefined || syncsAfter === undefined ? undefined : (syncsAfter - syncsBefore) / elapsed;
  return { perSecond: count / elapsed, syncsPerSecond };
}

async function appendFor(client: EventStoreDBClient, milliseconds: number): Promise<number> {
  const until = performance.now() + milliseconds;
  let count = 0;
  const worker = async () => {
    while (performance.now() < until) {
      const event = jsonEvent({ id: randomUUID(), type: 'Appended', data: { fill } });
      await client.appendToStream(`bench-load.${randomUUID()}`, event, { expectedRevision: 'no_stream' });
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return count;
}

/** WAL syncs (wal_sync_method is fdatasync on Linux) as Postgres counts them. */
async function syncCounter(url: string): Promise<{ read(): Promise<number | undefined>; close(): Promise<void> }> {
  if (url === '') return { read: async () => undefined, close: async () => undefined };
  const client = new Client({ connectionString: url });
  await client.connect();
  return {
    read: async () => {
      await client.query('select pg_stat_clear_snapshot()');
      // The writer's backend reports at most once a second.
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      const { rows } = await client.query<{ syncs: string }>(
        "select coalesce(sum(fsyncs), 0) as syncs from pg_stat_io where object = 'wal'",
      );
      return Number(rows[0]?.syncs);
    },
    close: () => client.end(),
  };
}
