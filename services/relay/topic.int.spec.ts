import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { SubscriptionItem } from '#libs/event-store';
import { relayedItem } from '#libs/messaging';
import type { Messaging, Publisher, RelayedItem } from '#libs/messaging';
import { createPool } from '#libs/postgres';
import type { Pool } from '#libs/postgres';
import { partitionOf } from '#libs/projections';
import { testEvent, testStore } from '../../libs/event-store/testing.js';
import type { TestStore } from '../../libs/event-store/testing.js';
import { memoryMessaging } from '../../libs/messaging/testing-memory.js';
import type { MemoryTopic } from '../../libs/messaging/testing-memory.js';
import { testDatabase } from '../../libs/postgres/testing.js';
import { startRelay } from './relay.js';
import type { Relay, RelayOptions } from './relay.js';

const name = 'events';
const partitions = 3;
let database: Awaited<ReturnType<typeof testDatabase>>;
let pool: Pool;
let ledger: TestStore;
let messaging: Messaging;
let topic: MemoryTopic;
let relays: Relay[] = [];

beforeAll(async () => {
  [database, ledger] = await Promise.all([testDatabase(), testStore()]);
  pool = createPool(database.url, { max: 4 });
  for (let number = 0; number < 30; number += 1)
    await ledger.store.append(`dataset-main.${number % 7}`, [testEvent()], 'any');
});
beforeEach(async () => {
  ({ messaging, topic } = memoryMessaging(name, partitions));
  await pool.query('DROP SCHEMA IF EXISTS relay CASCADE');
});
afterEach(async () => {
  await Promise.all(relays.map((relay) => relay.close()));
  relays = [];
});
afterAll(async () => {
  await pool.end();
  await Promise.all([ledger.close(), database.close()]);
});

function start(options: Partial<RelayOptions> = {}): Relay {
  const relay = startRelay({
    store: ledger.store,
    messaging,
    pool,
    topic: { topic: name, partitions, replicationFactor: 1, configuration: {} },
    partitionOf,
    batchSize: 8,
    ...options,
  });
  relays.push(relay);
  return relay;
}

/** The messaging, with another way to publish. */
function publishing(
  publish: (publisher: Publisher, ...given: Parameters<Publisher['publish']>) => Promise<void>,
): Messaging {
  return {
    ...messaging,
    async publisher() {
      const publisher = await messaging.publisher();
      return { ...publisher, publish: (to, records) => publish(publisher, to, records) };
    },
  };
}

const items = (): RelayedItem[] => topic.records.flatMap((list) => list.map(relayedItem));
const eventIds = () => items().flatMap((item) => (item.kind === 'event' ? [item.event.id] : []));

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 60_000; !holds();) {
    if (Date.now() > deadline) throw new Error(`${what} did not come true within 60 s`);
    await new Promise((wait) => setTimeout(wait, 10));
  }
}

test('the batches of each partition join without a gap, and each says how many events it has', async () => {
  const relay = start();
  await until('all', () => relay.state.events === 30 && relay.state.caughtUp);
  for (const list of topic.records) {
    let complete = -1n;
    let count = 0;
    for (const item of list.map(relayedItem)) {
      if (item.kind === 'event') {
        count += 1;
        continue;
      }
      expect([item.after, item.events]).toEqual([complete, count]);
      complete = item.position;
      count = 0;
    }
    expect(complete).toBe(relay.state.position);
  }
});

test('a topic of another number of partitions is refused, and nothing is written', async () => {
  const relay = start({ topic: { topic: name, partitions: 5, replicationFactor: 1, configuration: {} } });
  await until('the refusal', () => relay.state.status === 'refused');
  expect(relay.state.error).toBe('topic events: 3 partitions');
  expect(items()).toEqual([]);
  expect((await pool.query('SELECT * FROM relay.lease')).rows).toEqual([]);
});

test('a fault of its own is called no absence of the database, and who fails at once waits longer each time', async () => {
  const began: number[] = [];
  const relay = start({
    messaging: publishing(() => Promise.reject(new TypeError('nothing of this kind'))),
    onState: ({ status }) => void (status === 'leading' && began.push(performance.now())),
  });
  await until('five tries', () => began.length >= 5);
  await until('the fault', () => relay.state.status === 'refused');
  expect(relay.state).toMatchObject({ status: 'refused', error: 'nothing of this kind' });
  // At least half of 100, 200, 400 and 800 ms.
  expect(began[4]! - began[0]!).toBeGreaterThan(700);
});

test('a second relay is told who the one relay is, and writes nothing', async () => {
  const first = start({ name: 'first' });
  await until('all', () => first.state.events === 30 && first.state.caughtUp);
  const written = items().length;
  const second = start({ name: 'second' });
  await until('standing by', () => second.state.status === 'standing-by');
  expect(second.state.error).toMatch(
    /^there is one relay for events: first relays with epoch \d+ for ([1-9]|10) s more$/,
  );
  expect(items()).toHaveLength(written);
});

test('a relay that starts again goes on after what Kafka has acknowledged, with a higher epoch', async () => {
  const first = start();
  await until('all', () => first.state.events === 30);
  await first.close();
  const written = eventIds().length;
  const { position } = await ledger.store.append('dataset-main.more', [testEvent()], 'any');
  const second = start();
  await until('one more', () => (second.state.position ?? -1n) >= position);
  expect(second.state.events).toBe(1);
  expect(second.state.epoch! > first.state.epoch!).toBe(true);
  expect(eventIds()).toHaveLength(written + 1);
});

test('after the database was put back a relay has a higher epoch than all that there ever were', async () => {
  const first = start();
  await until('all', () => first.state.events === 31);
  await first.close();
  const before = await pool.query('SELECT * FROM relay.lease');
  for (let restart = 0; restart < 2; restart += 1) {
    const again = start();
    await until('leading', () => again.state.caughtUp);
    await again.close();
  }
  const last = items().at(-1)!.epoch;
  await pool.query('UPDATE relay.lease SET epoch = $1, holder = $2, position = $3', [
    before.rows[0].epoch,
    before.rows[0].holder,
    before.rows[0].position,
  ]);
  const next = start();
  await until('leading', () => next.state.caughtUp);
  expect(next.state.epoch! > last).toBe(true);
});

test.each(['created', 'existing'] as const)(
  'a topic that was made anew is filled from the beginning of the store (to this relay it is %s)',
  async (made) => {
    const first = start();
    await until('all', () => first.state.caughtUp && first.state.events >= 30);
    await first.close();
    for (let partition = 0; partition < partitions; partition += 1) topic.replace(partition, []);
    const second = start({ messaging: { ...messaging, ensureTopic: async () => made } });
    await until('all again', () => second.state.caughtUp && second.state.events >= 30);
    expect(new Set(eventIds()).size).toBe(first.state.events);
    expect(items()[0]).toMatchObject({ kind: 'watermark', after: -1n, position: -1n });
  },
);

test('an idle relay sees that its topic was made anew, and fills it', async () => {
  const relay = start();
  await until('all', () => relay.state.caughtUp && relay.state.events >= 30);
  const { epoch, events } = relay.state;
  for (let partition = 0; partition < partitions; partition += 1) topic.replace(partition, []);
  await until('all again', () => relay.state.epoch !== epoch && relay.state.caughtUp && relay.state.events >= events);
  expect(new Set(eventIds()).size).toBe(events);
});

test('what was not acknowledged is sent again, and the lease is kept through the failure', async () => {
  let failures = 3;
  const epochs = new Set<bigint | undefined>();
  const relay = start({
    onState: ({ epoch }) => void epochs.add(epoch),
    messaging: publishing(async (publisher, to, records) => {
      // Half of it has come through when the connection ends.
      await publisher.publish(to, records.slice(0, failures > 0 ? Math.ceil(records.length / 2) : undefined));
      if (failures-- > 0) throw new Error('the connection ended');
    }),
  });
  await until('all', () => relay.state.caughtUp && relay.state.events >= 30);
  epochs.delete(undefined);
  expect(epochs.size).toBe(4);
  expect(new Set(eventIds()).size).toBe(relay.state.events);
});

test('who is live sends at once; who falls behind sends larger batches, and who has caught up again sends at once', async () => {
  const pieces: (readonly SubscriptionItem[])[] = [];
  let more: () => void = () => undefined;
  const give = (piece: readonly SubscriptionItem[]) => {
    pieces.push(piece);
    more();
  };
  let position = 0n;
  const event = (): SubscriptionItem => {
    position += 1n;
    const { id, type, data, metadata } = testEvent();
    const stream = `dataset-main.${position}`;
    const recordedAt = new Date(0).toISOString();
    return { kind: 'event', event: { id, type, data, metadata, stream, revision: 0n, position, recordedAt } };
  };
  const store: RelayOptions['store'] = {
    readAll: (options) => ledger.store.readAll(options),
    async *subscribeInPlace({ signal }) {
      signal.addEventListener('abort', () => more());
      while (!signal.aborted) {
        const piece = pieces.shift();
        if (piece) yield piece;
        // Each piece comes after those who wait for the one before have run.
        await (pieces.length > 0 ? new Promise(setImmediate) : new Promise<void>((resolve) => (more = resolve)));
      }
    },
  };
  const sizes: number[] = [];
  const relay = start({
    store,
    batchSize: 400,
    messaging: publishing((publisher, to, records) => {
      sizes.push(records.reduce((sum, one) => sum + ('events' in one ? one.events.length : 0), 0));
      return publisher.publish(to, records);
    }),
  });
  give([{ kind: 'caught-up' }]);
  await until('the end', () => relay.state.caughtUp);
  sizes.length = 0;
  for (let alone = 1; alone <= 3; alone += 1) {
    give([event()]);
    await until('one', () => relay.state.events === alone);
  }
  expect(sizes).toEqual([1, 1, 1]);
  for (let piece = 0; piece < 100; piece += 1) give(Array.from({ length: 50 }, event));
  await until('all', () => relay.state.events === 5_003);
  expect(sizes.length - 3).toBeLessThan(50);
  await until('the end', () => relay.state.caughtUp);
  give([event()]);
  await until('one more', () => relay.state.events === 5_004);
  expect(sizes.at(-1)).toBe(1);
});

test('an event whose metadata nobody can read is relayed as it is, and what comes after it too', async () => {
  const damaged = { ...testEvent(), metadata: Buffer.from('{"schemaVersion":1,"actor":{"id') };
  const behind = testEvent();
  for (const event of [damaged, { ...testEvent(), metadata: Buffer.alloc(0) }, behind])
    await ledger.store.append('dataset-main.damaged', [event], 'any');
  const relay = start();
  await until('all', () => relay.state.caughtUp && eventIds().includes(behind.id));
  const found = items().find((item) => item.kind === 'event' && item.event.id === damaged.id);
  expect(found).toMatchObject({ event: { metadata: damaged.metadata } });
});
