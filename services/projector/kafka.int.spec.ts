import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { decodeEvent } from '#libs/event-store';
import type { RecordedAssayEvent, StoredEvent } from '#libs/event-store';
import { eventRecord } from '#libs/messaging';
import type { Messaging, RelayStamp } from '#libs/messaging';
import { createPool } from '#libs/postgres';
import type { Pool } from '#libs/postgres';
import { access, inventory, livePositions, NotYet, partitionOf, rebuildView, timeline } from '#libs/projections';
import type { View } from '#libs/projections';
import { memoryMessaging } from '../../libs/messaging/testing-memory.js';
import type { MemoryTopic } from '../../libs/messaging/testing-memory.js';
import { testDatabase } from '../../libs/postgres/testing.js';
import { compareWithFold, randomHistory } from '../../libs/projections/testing/index.js';
import { createLeaseTable } from '../relay/lease.js';
import { startKafkaProjector } from './kafka.js';
import type { KafkaProjector, KafkaProjectorOptions } from './kafka.js';
import { observeViews } from './observer.js';
import { publishBatch } from './testing.js';
import { topicSource } from './topic-source.js';

const partitions = 4;
const name = 'events';
const views = [inventory, access, timeline];
const history = randomHistory(31, 700)
  .map(({ stored }) => stored)
  .slice(0, 300);

let database: Awaited<ReturnType<typeof testDatabase>>;
let pool: Pool;
let relay: RelayStamp;
let messaging: Messaging;
let topic: MemoryTopic;
let refused: string[];
let running: KafkaProjector[] = [];

beforeAll(async () => {
  database = await testDatabase();
  pool = createPool(database.url, { max: 12 });
  await createLeaseTable(pool);
});
beforeEach(async () => {
  await pool.query(`DO $$ DECLARE each text; BEGIN
    FOR each IN SELECT nspname FROM pg_namespace WHERE nspname ~ '_g[0-9]+$' OR nspname IN ('read', 'projection')
    LOOP EXECUTE format('DROP SCHEMA %I CASCADE', each); END LOOP; END $$`);
  await pool.query('DELETE FROM relay.lease');
  const { rows } = await pool.query<{ id: string }>(
    `INSERT INTO relay.lease (topic, epoch, holder, expires_at) VALUES ($1, 3, $2, now()) RETURNING id`,
    [name, randomUUID()],
  );
  relay = { id: rows[0]!.id, epoch: 3n };
  ({ messaging, topic } = memoryMessaging(name, partitions));
  refused = [];
});
afterEach(async () => {
  await Promise.all(running.map((projector) => projector.stop()));
  running = [];
});
afterAll(async () => {
  await pool.end();
  await database.close();
});

function start(options: Partial<KafkaProjectorOptions> = {}): KafkaProjector {
  const projector = startKafkaProjector({
    pool,
    messaging,
    topic: { topic: name, partitions },
    views,
    onRefused: ({ error }) => refused.push(error.message),
    ...options,
  });
  running.push(projector);
  return projector;
}

const publish = (events: readonly StoredEvent[], after: bigint, stamp = relay): void =>
  publishBatch(topic, events, after, stamp);

function publishAll(events: readonly StoredEvent[], size = 40): void {
  for (let at = 0; at < events.length; at += size)
    publish(events.slice(at, at + size), at === 0 ? -1n : events[at - 1]!.position);
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 200_000; !(await holds());) {
    if (Date.now() > deadline) throw new Error(`${what} did not come true within 60 s`);
    await new Promise((wait) => setTimeout(wait, 10));
  }
}

const at = (position: bigint, names = views.map((view) => view.name)) =>
  until(`position ${position}`, async () => {
    const live = await livePositions(pool).catch(() => new Map<string, bigint>());
    return names.every((view) => (live.get(view) ?? -1n) >= position);
  });

async function expectFold(events: readonly StoredEvent[], wanted: readonly View[] = views): Promise<void> {
  const log = events.map((event) => decodeEvent(event)).filter((event): event is RecordedAssayEvent => !!event);
  for (const view of wanted)
    for (const { stored, folded } of await compareWithFold(pool, view, log)) expect(stored).toEqual(folded);
}

const last = history[299]!;

test('the views are the fold of the log, after duplicates, zombies and foreign records', async () => {
  const observer = await observeViews(
    pool,
    views.map((view) => view.name),
  );
  expect([observer.position(), observer.trouble]).toEqual([-1n, 'no projector has been here yet']);
  const projector = start();
  publish(history.slice(0, 100), -1n, { ...relay, epoch: 1n });
  publish([], history[99]!.position, { ...relay, epoch: 2n });
  publish(history.slice(100, 150), history[99]!.position, { ...relay, epoch: 1n });
  publish(history.slice(50, 200), history[49]!.position, { ...relay, epoch: 2n });
  publish(history.slice(50, 200), history[49]!.position, { ...relay, epoch: 2n });
  topic.write([{ partition: 1, key: 'x', value: Buffer.from('hello'), headers: {} }]);
  publish(history.slice(200), history[199]!.position, { id: randomUUID(), epoch: 3n });
  publish(history.slice(200), history[199]!.position, { ...relay, epoch: 4n });
  publish(history.slice(200), history[199]!.position);
  await observer.waitFor(last.position, 200_000);
  expect([observer.position(), observer.trouble]).toEqual([last.position, undefined]);
  await expect(observer.waitFor(last.position + 1n, 30)).rejects.toThrow(NotYet);
  await observer.stop();
  await expectFold(history);
  const { records, gaps, stops } = projector.status();
  expect(records.zombie).toBeGreaterThan(0);
  expect(refused.some((error) => error.includes('epoch: at most 3'))).toBe(true);
  expect(refused.some((error) => error.includes(`the relay of this database, ${relay.id}`))).toBe(true);
  expect({ gaps, stops }).toEqual({ gaps: [], stops: [] });
  expect(projector.status().views.map(({ events, seconds }) => [events, seconds])).toEqual(views.map(() => [0, 0]));
});

test('projectors that come and go share the partitions; nothing is left out and nothing comes twice', async () => {
  start({ batchSize: 20 });
  for (let part = 0; part < 6; part += 1) {
    publish(history.slice(part * 50, part * 50 + 50), part === 0 ? -1n : history[part * 50 - 1]!.position);
    if (part === 1 || part === 2) start({ batchSize: 20 });
    if (part === 3) await running.shift()!.stop();
    await new Promise((wait) => setTimeout(wait, 20));
  }
  await at(last.position);
  expect(running.flatMap((projector) => projector.status().partitions).sort()).toEqual([0, 1, 2, 3]);
  await expectFold(history);
});

test('a hint that is ahead of the database is not believed: the records are looked for', async () => {
  publishAll(history);
  await messaging
    .subscribe(name, 'any', { startOffset: async () => 999n, handle: async () => undefined })
    .then(async (member) => {
      await member.commit(new Map(topic.records.map((list, partition) => [partition, BigInt(list.length - 1)])));
      await member.close();
    });
  const projector = start();
  await at(last.position);
  expect(projector.status().records.gap).toBeGreaterThan(0);
  await expectFold(history);
});

test('records that are gone are named, the partition waits, and goes on when the relay has sent them again', async () => {
  publishAll(history);
  const partition = partitionOf(last.stream, partitions);
  const lost = topic.records[partition]!.slice(3);
  topic.replace(partition, lost);
  const projector = start();
  await until('the gap', () => projector.status().gaps.length > 0);
  expect(projector.status().gaps[0]!.message).toMatch(/^partition \d is complete to position -1, but /);
  expect(projector.status().trouble).toContain('partition');
  expect((await livePositions(pool)).get('timeline')).toBe(-1n);
  publish(history, -1n);
  await at(last.position);
  await until('the end of the gap', () => projector.status().gaps.length === 0);
  await expectFold(history);
});

test('a schema version that this build does not know stops the views that handle the event, and only those', async () => {
  const handled = history.findIndex(
    ({ type }) =>
      inventory.handles !== 'all' &&
      inventory.handles.has(type) &&
      access.handles !== 'all' &&
      !access.handles.has(type),
  );
  const strange = history.map((event, index) => {
    if (index !== handled) return event;
    const metadata = JSON.parse(Buffer.from(event.metadata).toString()) as Record<string, unknown>;
    return { ...event, metadata: Buffer.from(JSON.stringify({ ...metadata, schemaVersion: 99 })) };
  });
  publishAll(strange);
  const projector = start();
  await at(last.position, ['access']);
  await until('the stop', () => projector.status().stops.some(({ view }) => view === 'inventory'));
  const stop = projector.status().stops.find(({ view }) => view === 'inventory')!;
  expect(stop).toMatchObject({ kind: 'poison', eventId: history[handled]!.id, position: history[handled]!.position });
  expect(stop.error).toContain('ersion');
  const observer = await observeViews(pool, ['inventory', 'access']);
  await until('the alarm', () => observer.alarms().some(({ view }) => view === 'inventory'));
  await observer.stop();
  await expectFold(history, [access]);
  await at(history[handled]!.position - 1n, ['inventory']);
  expect((await livePositions(pool)).get('inventory')).toBe(history[handled]!.position - 1n);
});

describe('the topic as the source of a rebuild', () => {
  const store = {
    async *readAll({ from = 0n, backwards = false, maxCount = Infinity } = {}) {
      const found = backwards ? history.toReversed() : history.filter(({ position }) => position >= from);
      yield* found.slice(0, maxCount);
    },
  };
  const source = () => topicSource({ messaging, pool, topic: { topic: name, partitions }, store });
  const read = async (after = -1n) => {
    const events: StoredEvent[] = [];
    let watermark: unknown;
    for await (const batch of source().batches(after, new AbortController().signal)) {
      events.push(...batch.events);
      ({ watermark } = batch);
    }
    return { events, watermark };
  };

  test('brings every event once, in the order of $all, whatever else is in the topic', async () => {
    publish(history.slice(0, 100), -1n, { ...relay, epoch: 1n });
    publish([], history[99]!.position, { ...relay, epoch: 2n });
    publish(history.slice(100, 150), history[99]!.position, { ...relay, epoch: 1n });
    publish(history.slice(50, 200), history[49]!.position, { ...relay, epoch: 2n });
    topic.write([{ partition: 1, key: 'x', value: Buffer.from('hello'), headers: {} }]);
    publish(history.slice(200), history[199]!.position, { id: randomUUID(), epoch: 3n });
    publish(history.slice(200), history[199]!.position);
    // Of a batch that is not ended nothing is taken.
    topic.write([eventRecord(history[7]!, relay, partitionOf(history[7]!.stream, partitions))]);
    const { events, watermark } = await read();
    const once = new Map(events.map((event) => [event.position, event]));
    expect([...once.values()]).toEqual(history);
    expect(watermark).toBe(last.position);
    expect((await read(history[149]!.position)).events.at(-1)).toEqual(last);

    const projector = start();
    await at(last.position);
    await projector.stop();
    const { outcome } = await rebuildView({ pool, view: inventory, store, source: source() });
    expect(outcome).toBe('switched');
    await expectFold(history, [inventory]);
  });

  test('that lacks records is refused with the place, and so is one of another store', async () => {
    publishAll(history);
    const partition = partitionOf(last.stream, partitions);
    topic.replace(partition, topic.records[partition]!.slice(3));
    await expect(read()).rejects.toThrow(
      /^partition \d is complete to position -1, but .*; the event store has all of it$/,
    );
    ({ messaging, topic } = memoryMessaging(name, partitions));
    publishAll(history.map((event) => ({ ...event, id: randomUUID() })));
    await expect(read()).rejects.toThrow(/^events is not of this event store/);
    await expect(
      topicSource({ messaging, pool, topic: { topic: name, partitions: 8 }, store }).check!(),
    ).rejects.toThrow('topic events: 4 partitions, configured are 8');
    await pool.query('DELETE FROM relay.lease');
    await expect(source().check!()).rejects.toThrow('no relay of this database has written to events');
  });
});

test('a topic of another shape is refused', async () => {
  const projector = start({ topic: { topic: name, partitions: 8 } });
  await expect(projector.failed).rejects.toThrow('topic events: 4 partitions, configured are 8');
  expect(projector.status().trouble).toContain('4 partitions');
});

test('a topic that is not there yet is waited for', async () => {
  const waits: string[] = [];
  const projector = start({
    messaging: { ...messaging, partitions: async () => (waits.length < 2 ? undefined : partitions) },
    onTrouble: ({ error }) => waits.push((error as Error).message),
  });
  publishAll(history.slice(0, 50));
  await at(history[49]!.position);
  expect(waits).toEqual(Array(2).fill('there is no topic events yet: the relay makes it'));
  expect(projector.status().status).toBe('running');
});

test('a database that lies behind what the group has committed catches up without a new record', async () => {
  publishAll(history);
  start();
  await at(last.position);
  await until('the hints', () =>
    topic.records.every((list, partition) => topic.hints.get(partition) === BigInt(list.length)),
  );
  await running.pop()!.stop();
  // As a backup of before the first event would leave it.
  for (const view of views) await pool.query(`DROP SCHEMA ${view.name}_g1 CASCADE`);
  await pool.query('DROP SCHEMA read CASCADE');
  await pool.query('DROP SCHEMA projection CASCADE');
  const projector = start();
  await at(last.position);
  await expectFold(history);
  expect(projector.status()).toMatchObject({ gaps: [], stops: [], trouble: undefined });
});

test('a reader waits, and says for what, while registry or views are of another build', async () => {
  const projector = start({ views: [inventory] });
  publishAll(history.slice(0, 50));
  await at(history[49]!.position, ['inventory']);
  await projector.stop();
  const observer = await observeViews(pool, ['inventory']);
  try {
    const { position } = history[49]!;
    expect([observer.position(), observer.trouble]).toEqual([position, undefined]);
    const says = async (change: string, trouble: string, back: string): Promise<void> => {
      await pool.query(change);
      await until('the trouble', () => observer.trouble?.includes(trouble) === true);
      expect(observer.position()).toBe(-1n);
      await expect(observer.waitFor(position, 30)).rejects.toThrow(NotYet);
      await pool.query(back);
      await until('the end of it', () => observer.trouble === undefined);
      expect(observer.position()).toBe(position);
    };
    const version = `UPDATE projection.generation SET version = `;
    await says(`${version}version + 1`, `this build reads version ${inventory.version}`, `${version}version - 1`);
    const insert = 'INSERT INTO projection.migration (number)';
    const remove = 'DELETE FROM projection.migration WHERE number =';
    await says(`${insert} VALUES (1000)`, 'start the newer build', `${remove} 1000`);
    const { rows } = await pool.query<{ last: number }>('SELECT max(number) AS last FROM projection.migration');
    const { last } = rows[0]!;
    await says(`${remove} ${last}`, 'start its projector first', `${insert} VALUES (${last})`);
  } finally {
    await observer.stop();
  }
});

test('a database of a newer build is refused, one of an older build is brought up to date', async () => {
  const first = start();
  publishAll(history.slice(0, 50));
  await at(history[49]!.position);
  await first.stop();
  await pool.query('INSERT INTO projection.migration (number) VALUES (1000)');
  await expect(start().failed).rejects.toThrow(/at migration 1000, this build knows \d+: start the newer build/);
  await pool.query('DELETE FROM projection.migration WHERE number = 1000');

  const newer: View = { ...inventory, version: inventory.version + 1 };
  start({ views: [newer] });
  await at(history[49]!.position, ['inventory']);
  await until('the switch', async () => {
    const { rows } = await pool.query(`SELECT 1 FROM projection.generation WHERE status = 'live' AND version = $1`, [
      newer.version,
    ]);
    return rows.length === 1;
  });
  const standing = async (): Promise<unknown> =>
    (
      await pool.query(
        'SELECT p::text FROM projection.partition AS p UNION ALL SELECT g::text FROM projection.generation AS g',
      )
    ).rows;
  await Promise.all(running.map((projector) => projector.stop()));
  const before = await standing();
  await expect(start({ views: [inventory] }).failed).rejects.toThrow('start the newer build');
  expect(await standing()).toEqual(before);
});
