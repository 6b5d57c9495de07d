import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLedgerServer } from '#libs/ledger-server';
import type { LedgerServer } from '#libs/ledger-server';
import { freePort } from '#libs/runtime';
import { testDatabase } from '../postgres/testing.js';
import type { TestDatabase } from '../postgres/testing.js';
import { createEventStore, createFanOut } from './index.js';
import type { EventStore, SubscriptionItem } from './index.js';
import { testEvent } from './testing.js';

let database: TestDatabase;
let server: LedgerServer;
let store: EventStore;
let port: number;

beforeAll(async () => {
  database = await testDatabase();
  port = await freePort();
  server = await startLedgerServer({ databaseUrl: database.url, insecure: true, port });
  store = createEventStore({ connectionString: server.connectionString });
});
afterAll(async () => {
  await store.close();
  await server.close();
  await database.close();
});

/** Counts how many $all subscriptions are opened. */
function counted(inner: EventStore): EventStore & { subscriptions: number } {
  const counting = Object.create(inner) as EventStore & { subscriptions: number };
  counting.subscriptions = 0;
  counting.subscribeAll = (options) => {
    counting.subscriptions += 1;
    return inner.subscribeAll(options);
  };
  counting.readAll = (options) => inner.readAll(options);
  return counting;
}

const fill = async (stream: string, count: number) => {
  for (let n = 0; n < count; n += 50)
    await store.append(
      stream,
      Array.from({ length: 50 }, (_, m) => testEvent('N', { n: n + m })),
      'any',
    );
};

async function collect(
  items: AsyncIterable<SubscriptionItem>,
  stream: string,
  count: number,
  slow?: (seen: number) => Promise<void>,
): Promise<bigint[]> {
  const revisions: bigint[] = [];
  for await (const item of items) {
    if (item.kind === 'event' && item.event.stream === stream) {
      revisions.push(item.event.revision);
      await slow?.(revisions.length);
    }
    if (revisions.length >= count) break;
  }
  return revisions;
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => BigInt(n));

test('many subscribers, one subscription; a late one and a slow one miss nothing', async () => {
  const stream = 'fan-test.one';
  await fill(stream, 300);
  const source = counted(store);
  const fanOut = createFanOut(source, { queueItems: 20, patienceMilliseconds: 20 });
  const { signal } = new AbortController();
  const quick = [1, 2, 3].map(() => collect(fanOut.subscribe({ signal }), stream, 600));
  const slow = collect(fanOut.subscribe({ signal }), stream, 600, async (seen) => {
    if (seen === 10) await sleep(700);
  });
  await sleep(200);
  const late = collect(fanOut.subscribe({ signal }), stream, 600);
  await fill(stream, 300);
  for (const revisions of await Promise.all([...quick, slow, late])) expect(revisions).toEqual(upTo(600));
  expect(source.subscriptions).toBe(1);
  await fanOut.close();
});

test('each subscriber begins at its own place, also one that comes second and wants more', async () => {
  const stream = 'fan-test.places';
  await fill(stream, 100);
  const places: bigint[] = [];
  for await (const event of store.readStream(stream)) places.push(event.position);
  const fanOut = createFanOut(store);
  const { signal } = new AbortController();
  const high = collect(fanOut.subscribe({ after: places[59]!, signal }), stream, 40);
  await new Promise(setImmediate);
  const low = collect(fanOut.subscribe({ after: places[9]!, signal }), stream, 90);
  const [first, second] = await Promise.all([high, low]);
  expect(first).toEqual(upTo(100).slice(60));
  expect(second).toEqual(upTo(100).slice(10));
  await fanOut.close();
});

test('goes on where it was when the store comes back, each event once', async () => {
  const stream = 'fan-test.two';
  await fill(stream, 50);
  const fanOut = createFanOut(store);
  const stop = new AbortController();
  const collected = collect(fanOut.subscribe({ signal: stop.signal }), stream, 150);
  while (!fanOut.state.live) await sleep(10);
  await server.close();
  while (fanOut.state.failure === undefined) await sleep(10);
  expect(fanOut.state.live).toBe(false);
  server = await startLedgerServer({ databaseUrl: database.url, insecure: true, port });
  for (let attempt = 0; ; attempt += 1) {
    try {
      await fill(stream, 100);
      break;
    } catch (error) {
      if (attempt === 50) throw error;
      await sleep(100);
    }
  }
  expect(await collected).toEqual(upTo(150));
  await fanOut.close();
});
