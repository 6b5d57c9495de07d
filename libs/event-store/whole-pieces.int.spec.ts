import { createRequire } from 'node:module';
import { EventStoreDBClient } from '@eventstore/db-client';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { testEvent, testStore } from './testing.js';
import type { TestStore } from './testing.js';

/**
 * Where grpc-js is made of other parts than we know, messages come one by one and nothing but speed is lost
 * (docs/adr/0020, 0023): only counting tells. What grpc-js itself cuts into messages goes through this one method.
 */
const { StreamDecoder } = createRequire(import.meta.url)('@grpc/grpc-js/build/src/stream-decoder.js') as {
  StreamDecoder: { prototype: { write(data: Buffer): Buffer[] } };
};
const usual = StreamDecoder.prototype.write;
let cut = 0;

let ledger: TestStore;
const count = 1_500;
const fewest = count / 10;

beforeAll(async () => {
  ledger = await testStore();
  StreamDecoder.prototype.write = function write(data) {
    const messages = usual.call(this, data);
    cut += messages.length;
    return messages;
  };
});
afterAll(async () => {
  StreamDecoder.prototype.write = usual;
  await ledger.close();
});

async function cutBy(work: () => Promise<unknown>): Promise<number> {
  cut = 0;
  await work();
  return cut;
}

async function taken(events: AsyncIterable<unknown>): Promise<void> {
  let left = count;
  for await (const item of events) {
    left -= Array.isArray(item) ? item.length : 1;
    if (left <= 0) return;
  }
}

test('appends, reads and subscriptions pass grpc-js in whole pieces, on both sides', async () => {
  const append = (stream: number) => ledger.store.append(`dataset-main.${stream}`, [testEvent()], 'any');
  await append(0);
  expect(await cutBy(() => Promise.all(Array.from({ length: count }, (_, each) => append(each))))).toBeLessThan(fewest);
  expect(await cutBy(() => taken(ledger.store.readAll()))).toBeLessThan(fewest);
  const { signal } = new AbortController();
  expect(await cutBy(() => taken(ledger.store.subscribeInBatches({ signal })))).toBeLessThan(fewest);
  expect(await cutBy(() => taken(ledger.store.subscribeInPlace({ signal })))).toBeLessThan(fewest);
});

test('the official client takes them one by one: so would ours, if grpc-js were made of other parts', async () => {
  const official = EventStoreDBClient.connectionString(ledger.connectionString);
  expect(await cutBy(() => taken(official.readAll({ maxCount: count })))).toBeGreaterThanOrEqual(count);
  await official.dispose();
});
