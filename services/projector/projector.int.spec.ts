import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createPool, type Pool } from '#libs/postgres';
import type { EventStore } from '#libs/event-store';
import { allViews, migrateRegistry, NotYet, readerOf, view } from '#libs/projections';
import { models } from '#libs/projections/inventory';
import { compareWithFold, randomHistory } from '../../libs/projections/testing/index.js';
import { testDatabase, type TestDatabase } from '../../libs/postgres/testing.js';
import { testStore, type TestStore } from '../../libs/event-store/testing.js';
import { decodeEvent, type RecordedAssayEvent, type StoredEvent } from '#libs/event-store';
import { createProjector, type Projector, type ProjectorOptions } from './index.js';

const history = randomHistory(21, 900);

let ledger: TestStore;
let database: TestDatabase;
let pool: Pool;
let running: Projector[] = [];

beforeAll(async () => {
  [ledger, database] = await Promise.all([testStore(), testDatabase()]);
  pool = createPool(database.url, { max: 12 });
  for (const { stored } of history.slice(0, 600)) await append(stored);
});
afterEach(async () => {
  await Promise.all(running.map((projector) => projector.stop()));
  running = [];
});
afterAll(async () => {
  await pool.end();
  await Promise.all([ledger.close(), database.close()]);
});

async function append({ stream, id, type, data, metadata, revision }: StoredEvent): Promise<bigint> {
  const expected = revision === 0n ? 'no_stream' : revision - 1n;
  return (await ledger.store.append(stream, [{ id, type, data, metadata }], expected)).position;
}

async function started(options: Partial<ProjectorOptions> = {}): Promise<Projector> {
  const projector = createProjector({ pool, store: ledger.store, ...options });
  running.push(projector);
  await projector.start();
  return projector;
}

async function log(): Promise<RecordedAssayEvent[]> {
  const events: RecordedAssayEvent[] = [];
  for await (const stored of ledger.store.readAll()) events.push(decodeEvent(stored)!);
  return events;
}

/** A store whose subscription breaks after so many events. */
function breaking(store: EventStore, after: number): Pick<EventStore, 'subscribeAll'> {
  return {
    async *subscribeAll(options) {
      let count = 0;
      for await (const item of store.subscribeAll(options)) {
        yield item;
        if (item.kind === 'event' && ++count % after === 0) throw new Error('connection lost');
      }
    },
  };
}

test('the views follow the store through stops, starts and broken subscriptions, and equal the fold of the log', async () => {
  const troubles: string[] = [];
  const first = await started({
    store: breaking(ledger.store, 250),
    batchSize: 50,
    onTrouble: ({ where, error }) => troubles.push(`${where}: ${String(error)}`),
  });
  await first.waitFor(50n, 100_000, ['timeline']);
  await first.stop();

  const second = await started({ batchSize: 64 });
  let last = 0n;
  for (const { stored } of history.slice(600)) last = await append(stored);
  await second.waitFor(last, 100_000);
  expect(second.position()).toBeGreaterThanOrEqual(last);
  expect(second.alarms()).toEqual([]);
  // A checkpoint may lie beyond the last event.
  expect(second.received()).toBeGreaterThanOrEqual(last);
  expect([...second.positions().keys()]).toEqual(allViews.map(({ name }) => name));

  const events = await log();
  expect(events).toHaveLength(history.length);
  for (const each of allViews) {
    for (const { stored, folded } of await compareWithFold(pool, each, events)) expect(stored).toEqual(folded);
  }
  const page = await models(readerOf(pool, 'alpha', second.position(['inventory'])), { first: 3 });
  expect(page.items.length).toBe(3);
});

test('a read beyond the position waits, then answers NotYet', async () => {
  const projector = await started();
  await projector.waitFor(0n, 100_000);
  const beyond = projector.received() + 1_000_000n;
  const error = await projector.waitFor(beyond, 50, ['access']).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(NotYet);
  expect(error).toMatchObject({ wanted: beyond, stopped: [] });
  expect((error as NotYet).current).toBeGreaterThanOrEqual(projector.position(['access']) - 1n);
});

test('somebody who waits is told as soon as the event is visible', async () => {
  const projector = await started();
  await projector.waitFor(projector.received(), 100_000);
  const { stored } = randomHistory(22, 5, ['delta'])[0]!;
  const position = await append(stored);
  await projector.waitFor(position, 100_000);
  const { rows } = await pool.query('SELECT 1 FROM read.timeline_event WHERE event_id = $1', [stored.id]);
  expect(rows).toHaveLength(1);
});

test('while Postgres is away the projector says so, and goes on by itself', async () => {
  const other = await testDatabase();
  const fragile = createPool(other.url, { max: 4 });
  await migrateRegistry(fragile);
  const projector = await started({ pool: fragile, views: [allViews[0]!] });
  await projector.waitFor(1n, 100_000);
  const admin = createPool(other.adminUrl, { max: 1 });
  const name = new URL(other.url).pathname.slice(1);
  await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
  await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
  const { stored } = randomHistory(23, 5, ['epsilon'])[0]!;
  const position = await append(stored);
  await expect(projector.waitFor(position, 400)).rejects.toThrow(NotYet);
  expect(projector.status()[0]!.trouble).toBeDefined();
  await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
  await projector.waitFor(position, 100_000);
  expect(projector.status()[0]!.trouble).toBeUndefined();
  await projector.stop();
  await fragile.end();
  await admin.end();
  await other.close();
});

test('an event that no codec of ours wrote stops one partition of the views that handle it, and NotYet says so', async () => {
  const projector = await started();
  const id = '00000000-0000-4000-8000-00000000dead';
  const bytes = new TextEncoder().encode('{"not":"an event"}');
  const stream = `model-alpha.${id}`;
  const { position } = await ledger.store.append(
    stream,
    [{ id, type: 'ModelRegistered', data: bytes, metadata: bytes }],
    'no_stream',
  );
  await projector.waitFor(position, 100_000, ['access', 'fairness', 'approvals', 'deployments']);
  const error = await projector.waitFor(position, 300).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(NotYet);
  expect([...(error as NotYet).stopped].sort()).toEqual(['inventory', 'lineage', 'timeline']);
  const alarms = projector.alarms();
  expect(alarms.map((alarm) => alarm.eventId)).toEqual([id, id, id]);
  expect(alarms[0]).toMatchObject({ kind: 'poison', stream, position, eventType: 'ModelRegistered' });
  expect(projector.position(['inventory'])).toBe(position - 1n);
  await projector.stop();

  // A recorded decision to pass over it is honoured by the next generation, which is then complete.
  const rebuilt = view({ ...allViews[0]!, version: allViews[0]!.version + 1, evolve: allViews[0]!.evolve });
  const inventory = { ...rebuilt, handles: allViews[0]!.handles };
  const next = await started({ views: [inventory], isReleased: (event) => event.id === id });
  await next.waitFor(position, 100_000);
  expect(next.status()).toMatchObject([{ view: 'inventory', generation: 2, status: 'live', stops: [] }]);
  const events: RecordedAssayEvent[] = [];
  for await (const stored of ledger.store.readAll()) if (stored.id !== id) events.push(decodeEvent(stored)!);
  for (const { stored, folded } of await compareWithFold(pool, allViews[0]!, events, 2)) expect(stored).toEqual(folded);
});
