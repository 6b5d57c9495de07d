import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { decodeEvent } from '#libs/event-store';
import type { RecordedAssayEvent } from '#libs/event-store';
import type { BatchHandler, Messaging, RelayStamp } from '#libs/messaging';
import { createPool } from '#libs/postgres';
import type { Pool } from '#libs/postgres';
import {
  approvals,
  livePositions,
  migrateRegistry,
  openGeneration,
  partitionOf,
  timeline,
  ViewConsumer,
} from '#libs/projections';
import type { View } from '#libs/projections';
import { memoryMessaging } from '../../libs/messaging/testing-memory.js';
import type { MemoryTopic } from '../../libs/messaging/testing-memory.js';
import { testDatabase } from '../../libs/postgres/testing.js';
import { compareWithFold, randomHistory } from '../../libs/projections/testing/index.js';
import { createLeaseTable } from '../relay/lease.js';
import { sleep } from './backoff.js';
import { deliver } from './deliver.js';
import { startKafkaProjector } from './kafka.js';
import type { KafkaProjector, KafkaProjectorOptions } from './kafka.js';
import { publishBatch } from './testing.js';
import { ViewFeed } from './view-feed.js';

const partitions = 4;
const name = 'events';
const history = randomHistory(32, 300)
  .map(({ stored }) => stored)
  .slice(0, 200);
const last = history.at(-1)!;

let database: Awaited<ReturnType<typeof testDatabase>>;
let pool: Pool;
let relay: RelayStamp;
let messaging: Messaging;
let topic: MemoryTopic;
let running: KafkaProjector[] = [];

beforeEach(async () => {
  database = await testDatabase();
  pool = createPool(database.url, { max: 12 });
  await createLeaseTable(pool);
  const { rows } = await pool.query<{ id: string }>(
    `INSERT INTO relay.lease (topic, epoch, holder, expires_at) VALUES ($1, 3, $2, now()) RETURNING id`,
    [name, randomUUID()],
  );
  relay = { id: rows[0]!.id, epoch: 1n };
  ({ messaging, topic } = memoryMessaging(name, partitions));
});
afterEach(async () => {
  await Promise.all(running.map((projector) => projector.stop()));
  running = [];
  await pool.end();
  await database.close();
});

function start(options: Partial<KafkaProjectorOptions> = {}): KafkaProjector {
  const projector = startKafkaProjector({
    pool,
    messaging,
    topic: { topic: name, partitions },
    views: [timeline],
    ...options,
  });
  running.push(projector);
  return projector;
}

/** In batches of ten; the second half by the next term of the relay. */
function publishAll(): void {
  for (let at = 0; at < history.length; at += 10)
    publishBatch(topic, history.slice(at, at + 10), history[at - 1]?.position ?? -1n, {
      ...relay,
      epoch: at < history.length / 2 ? 1n : 2n,
    });
}

/** The pool, with something that happens after each question, or instead of its answer. */
const asking = (then: (text: string) => Promise<void>): Pool =>
  Object.assign(Object.create(pool) as Pool, {
    query: async (text: string, values?: unknown[]) => {
      const answer = await pool.query(text, values);
      await then(text);
      return answer;
    },
  });

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 200_000; !(await holds());) {
    if (Date.now() > deadline) throw new Error(`${what} did not come true`);
    await new Promise((wait) => setTimeout(wait, 10));
  }
}

/** The view gets to the end, and holds what a fold of the history says. */
async function expectComplete(): Promise<void> {
  await until('the end', async () => {
    const live = await livePositions(pool).catch(() => new Map<string, bigint>());
    return (live.get('timeline') ?? -1n) >= last.position;
  });
  await expectEqual(timeline);
}

async function expectEqual(view: View): Promise<void> {
  const log = history.map((event) => decodeEvent(event)).filter((event): event is RecordedAssayEvent => !!event);
  for (const { stored, folded } of await compareWithFold(pool, view, log)) expect(stored).toEqual(folded);
}

test('what was in hand when the partitions were shared out anew comes again, and is not taken for seen', async () => {
  let asked: () => void = () => undefined;
  const isAsked = new Promise<void>((resolve) => (asked = resolve));
  let letGo: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  const slow = asking(async (text) => {
    if (!text.includes('AS fed(view, generation)')) return;
    asked();
    await gate;
  });
  publishAll();
  start({ pool: slow });
  await isAsked;
  const guest = await messaging.subscribe(name, 'any', {
    startOffset: async () => undefined,
    handle: async () => undefined,
  });
  const gone = guest.close();
  letGo();
  await gone;
  await expectComplete();
});

test('what was read before the database went away in the middle is not left out', async () => {
  publishAll();
  let questions = 0;
  const flaky = asking(async (text) => {
    if (!text.includes('FROM relay.lease')) return;
    questions += 1;
    // The first two are for the topic and the group; then each partition asks for each epoch, and once more.
    if (questions > 2 && questions % 2 === 0) throw new Error('the database is away');
  });
  start({ pool: flaky });
  await expectComplete();
  expect(questions).toBeGreaterThan(2 * partitions);
});

test('the next batch is folded while one is written, and nothing is lost or doubled where writing fails', async () => {
  let transactions = 0;
  let failures = 0;
  // Every third transaction fails when it is to be committed: the next batch has been folded upon it by then.
  const failing: Pool = Object.assign(Object.create(pool) as Pool, {
    query: pool.query.bind(pool),
    connect: async () => {
      const client = await pool.connect();
      transactions += 1;
      if (transactions % 3 !== 0) return client;
      const query = client.query.bind(client) as (...of: unknown[]) => unknown;
      const commit = (...of: unknown[]) => (of[0] === 'COMMIT' ? Promise.reject(new Error('away')) : query(...of));
      return Object.assign(Object.create(client) as typeof client, { query: commit });
    },
  });
  await migrateRegistry(pool);
  const consumer = new ViewConsumer(failing, approvals, await openGeneration(pool, approvals, partitions));
  const ended = new AbortController();
  const feed = new ViewFeed(consumer, {
    batchSize: 8,
    sleep: async () => undefined,
    onWritten: () => undefined,
    onTrouble: () => (failures += 1),
    onBehind: () => ended.abort(),
  });
  const feeding = feed.run(ended.signal);
  let unwritten = 0;
  for (let partition = 0; partition < partitions; partition += 1) {
    const events = history.filter(({ stream }) => partitionOf(stream, partitions) === partition);
    let after = -1n;
    for (let at = 0; at < events.length; at += 3) {
      const deliveries = events.slice(at, at + 3).map((event) => deliver(event));
      const { position } = deliveries.at(-1)!.event;
      unwritten += 1;
      feed.push({ partition, deliveries, after, position, folded: () => undefined, written: () => (unwritten -= 1) });
      after = position;
    }
  }
  await until('the end', () => unwritten === 0);
  ended.abort();
  await feeding;
  expect(failures).toBeGreaterThan(2);
  await expectEqual(approvals);
});

test('a group that was lost is said, and so is that it is back', async () => {
  const given: BatchHandler[] = [];
  const projector = start({
    messaging: {
      ...messaging,
      subscribe(...of: Parameters<Messaging['subscribe']>) {
        given.push(of[2]);
        return messaging.subscribe(...of);
      },
    },
  });
  await until('the share', () => projector.status().status === 'running');
  given[0]!.failed!(new Error('no coordinator'));
  expect(projector.status()).toMatchObject({ status: 'waiting', trouble: 'no coordinator' });
  given[0]!.assigned!([0, 1, 2, 3]);
  expect(projector.status()).toMatchObject({ status: 'running', trouble: undefined });
});

test('a view never goes on beyond what it has not seen, however it was lost on the way', async () => {
  await migrateRegistry(pool);
  const consumer = new ViewConsumer(pool, timeline, await openGeneration(pool, timeline, partitions));
  await consumer.load();
  const ended = new AbortController();
  let isBehind = false;
  const feed = new ViewFeed(consumer, {
    batchSize: 100,
    sleep,
    onWritten: () => undefined,
    onTrouble: () => undefined,
    onBehind: () => (isBehind = true),
  });
  const feeding = feed.run(ended.signal);
  const chunk = { partition: 0, deliveries: [], folded: () => undefined, written: () => undefined };
  feed.push({ ...chunk, after: -1n, position: 10n });
  await until('the first', () => consumer.positionOf(0) === 10n);
  feed.push({ ...chunk, after: 20n, position: 30n });
  await until('the question for what is missing', () => isBehind);
  expect(consumer.positionOf(0)).toBe(10n);
  ended.abort();
  await feeding;
});
