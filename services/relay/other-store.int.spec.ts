import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { copyStore, createEventStore } from '#libs/event-store';
import { createPool } from '#libs/postgres';
import type { Pool } from '#libs/postgres';
import { partitionOf } from '#libs/projections';
import { assertSameStore, OtherStore } from '#libs/projections/timeline';
import { createProjector } from '#services/projector';
import { testEvent, testStore } from '../../libs/event-store/testing.js';
import type { TestStore } from '../../libs/event-store/testing.js';
import { memoryMessaging } from '../../libs/messaging/testing-memory.js';
import { testDatabase } from '../../libs/postgres/testing.js';
import { randomHistory } from '../../libs/projections/testing/index.js';
import { startRelay } from './relay.js';

let database: Awaited<ReturnType<typeof testDatabase>>;
let pool: Pool;
let ledger: TestStore;
let moved: TestStore;
const folder = mkdtempSync(join(tmpdir(), 'assay-other-store-'));
const map = join(folder, 'map.jsonl');

beforeAll(async () => {
  [database, ledger, moved] = await Promise.all([testDatabase(), testStore(), testStore()]);
  pool = createPool(database.url, { max: 12 });
  // The positions of the copy are others.
  await ledger.store.append('$shift', [testEvent('$shifted')], 'any');
  let last = -1n;
  for (const { stored } of randomHistory(5, 60)) {
    const { stream, id, type, data, metadata } = stored;
    last = (await ledger.store.append(stream, [{ id, type, data, metadata }], 'any')).position;
  }
  await assertSameStore(pool, ledger.store);
  const projector = createProjector({ pool, store: ledger.store });
  await projector.start();
  await projector.waitFor(last, 120_000);
  await projector.stop();
  await copyStore({ source: ledger.store, target: moved.store, map });
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await pool.end();
  await Promise.all([ledger.close(), moved.close(), database.close()]);
});

test('views are of the store that they were filled from, also where it was copied and has its map', async () => {
  await assertSameStore(pool, ledger.store);
  const joint = moved.connectionString.includes('?') ? '&' : '?';
  const mapped = createEventStore({ connectionString: `${moved.connectionString}${joint}copyMap=${map}` });
  await assertSameStore(pool, mapped);
  await mapped.close();
});

test('a copied store without its map is another store, and the relay refuses it: nothing is written', async () => {
  await expect(assertSameStore(pool, moved.store)).rejects.toThrow(OtherStore);
  const { messaging, topic } = memoryMessaging('events', 3);
  const settings = { topic: 'events', partitions: 3, replicationFactor: 1, configuration: {} };
  const refused: string[] = [];
  const relay = startRelay({
    store: moved.store,
    messaging,
    pool,
    topic: settings,
    partitionOf,
    onState: ({ status, error }) => void refused.push(`${status}: ${error}`),
  });
  for (const deadline = Date.now() + 120_000; refused.length < 2;) {
    if (Date.now() > deadline) throw new Error('the relay says nothing');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await relay.close();
  expect(refused[0]).toMatch(/^refused: the views have an event at position \d+, recorded at \S+Z, .*copyMap/);
  expect(topic.records.flat()).toEqual([]);
  expect((await pool.query('SELECT * FROM relay.lease')).rows).toEqual([]);
});

test('so is a store that was put back to before what the views have', async () => {
  const older = { readAll: () => ledger.store.readAll({ maxCount: 0 }) };
  await expect(assertSameStore(pool, older)).rejects.toThrow(/the store was put back/);
});
