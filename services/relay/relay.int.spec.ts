import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createKafka, relayedItem } from '#libs/messaging';
import type { Messaging, RelayedItem, TopicSettings } from '#libs/messaging';
import { createPool } from '#libs/postgres';
import type { Pool } from '#libs/postgres';
import { testEvent, testStore } from '../../libs/event-store/testing.js';
import type { TestStore } from '../../libs/event-store/testing.js';
import { kafkaMissing, startTestBroker } from '../../libs/messaging/testing.js';
import type { TestBroker } from '../../libs/messaging/testing.js';
import { testDatabase } from '../../libs/postgres/testing.js';
import { partitionOf } from '../../libs/projections/core/partition.js';
import { startRelay } from './relay.js';
import type { Relay } from './relay.js';

const suite = kafkaMissing ? describe.skip : describe;
if (kafkaMissing) process.stderr.write(`services/relay: Kafka suites skipped: ${kafkaMissing}\n`);

suite('the relay', () => {
  let broker: TestBroker;
  let messaging: Messaging;
  let stored: TestStore;
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let pool: Pool;
  const topic: TopicSettings = { topic: 'events', partitions: 3, replicationFactor: 1, configuration: {} };
  const relays: Relay[] = [];

  const start = () => {
    const relay = startRelay({ store: stored.store, messaging, pool, topic, partitionOf, batchSize: 50 });
    relays.push(relay);
    return relay;
  };
  const append = async (stream: string, count: number) => {
    for (let index = 0; index < count; index += 1) await stored.store.append(stream, [testEvent()], 'any');
  };

  beforeAll(async () => {
    [broker, stored, database] = await Promise.all([startTestBroker(), testStore(), testDatabase()]);
    messaging = createKafka({ brokers: [broker.address], clientId: 'relay-test' });
    pool = createPool(database.url);
    await messaging.ensureTopic(topic);
  }, 240_000);

  afterAll(async () => {
    for (const relay of relays) await relay.close();
    await messaging.close();
    await pool.end();
    await Promise.all([stored.close(), database.close(), broker.stop()]);
  });

  test('every event comes once, in order within its stream, and a watermark behind it in every partition', async () => {
    for (let stream = 0; stream < 8; stream += 1) await append(`dataset-main.${stream}`, 10);
    const relay = start();
    const items = await read(messaging, topic, (seen) => events(seen).length === 80 && tail(seen, topic.partitions));
    expect(relay.state).toMatchObject({ status: 'leading', events: 80 });
    for (let stream = 0; stream < 8; stream += 1) {
      const revisions = events(items).filter(({ event }) => event.stream === `dataset-main.${stream}`);
      expect(revisions.map(({ event }) => event.revision)).toEqual(Array.from({ length: 10 }, (_, n) => BigInt(n)));
    }
    const [first] = events(items);
    const [original] = await array(stored.store.readStream(first!.event.stream));
    // Data and metadata of a fetched event are read when they are asked for.
    const { data, metadata } = first!.event;
    expect({ ...first!.event, data, metadata }).toEqual(original);
    await relay.close();
  });

  test('a zombie that lost its lease stops at the next batch', async () => {
    const zombie = start();
    await until(() => zombie.state.status === 'leading');
    await pool.query(`UPDATE relay.lease SET epoch = epoch + 1, holder = gen_random_uuid()`);
    await append('dataset-main.zombie', 1);
    await until(() => zombie.state.error?.includes('replaced') === true);
    expect(zombie.state.status).toBe('standing-by');
    await zombie.close();
    await pool.query(`UPDATE relay.lease SET expires_at = now() - interval '1 second'`);
  });

  test('the broker goes away and comes back: the relay says so, recovers alone, and loses nothing', async () => {
    const relay = start();
    await until(() => relay.state.status === 'leading');
    await broker.kill();
    await append('dataset-main.outage', 20);
    await until(() => relay.state.status === 'broker-away');
    await broker.restart();
    const items = await read(
      messaging,
      topic,
      (seen) =>
        new Set(
          events(seen)
            .filter(({ event }) => event.stream === 'dataset-main.outage')
            .map(({ event }) => event.id),
        ).size === 20,
    );
    expect(items.length).toBeGreaterThan(0);
  }, 240_000);
});

function events(items: readonly RelayedItem[]) {
  return items.filter((item) => item.kind === 'event');
}

/** Whether the last item of each partition is a watermark at the highest position that was seen. */
function tail(items: readonly RelayedItem[], partitions: number): boolean {
  const highest = events(items).reduce((top, { event }) => (event.position > top ? event.position : top), 0n);
  return items.filter((item) => item.kind === 'watermark' && item.position >= highest).length >= partitions;
}

let group = 0;

async function read(
  messaging: Messaging,
  { topic }: TopicSettings,
  enough: (items: readonly RelayedItem[]) => boolean,
): Promise<readonly RelayedItem[]> {
  const items: RelayedItem[] = [];
  let complete: () => void = () => undefined;
  const all = new Promise<void>((resolve) => (complete = resolve));
  group += 1;
  const subscription = await messaging.subscribe(topic, `reader-${group}`, {
    startOffset: async () => undefined,
    handle: async (_, records) => {
      items.push(...records.map(relayedItem));
      if (enough(items)) complete();
      return undefined;
    },
  });
  await all;
  await subscription.close();
  return items;
}

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 45_000; !condition();) {
    if (Date.now() > deadline) throw new Error('the condition did not come true within 45 s');
    await new Promise((wait) => setTimeout(wait, 20));
  }
}

async function array<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}
