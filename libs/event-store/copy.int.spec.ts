import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { copyStore, createEventStore } from './index.js';
import type { ConnectedStore, StoredEvent } from './index.js';
import type { TestStore } from './testing.js';
import { testEvent, testStore } from './testing.js';

let stores: [TestStore, TestStore];
let source: ConnectedStore;
let target: ConnectedStore;
let folder: string;
let map: string;

beforeEach(async () => {
  stores = [await testStore(), await testStore()];
  source = createEventStore({ connectionString: stores[0].connectionString });
  target = createEventStore({ connectionString: stores[1].connectionString });
  folder = mkdtempSync(join(tmpdir(), 'assay-copy-'));
  map = join(folder, 'map.jsonl');
});
afterEach(async () => {
  await source.close();
  await target.close();
  for (const store of stores) {
    await store.close();
  }
  rmSync(folder, { recursive: true, force: true });
});

async function all(events: AsyncIterable<StoredEvent>): Promise<StoredEvent[]> {
  const collected: StoredEvent[] = [];
  for await (const event of events) collected.push(event);
  return collected;
}

async function fill(count: number): Promise<void> {
  const appends = Array.from({ length: count }, (_, n) =>
    source.append(
      `copy-test.${n % 13}`,
      Array.from({ length: 1 + (n % 3) }, () => testEvent('Copied', { n })),
      'any',
    ),
  );
  await Promise.all(appends);
}

const facts = (events: StoredEvent[]) =>
  events.map(({ id, stream, revision, type, data }) => [id, stream, revision, type, Buffer.from(data).toString()]);

describe('a copy of a store', () => {
  test('is the same, event for event, and maps positions; a second copy has nothing to do', async () => {
    await fill(400);
    // Other positions in the target.
    const other = EventStoreDBClient.connectionString(stores[1].connectionString);
    await other.appendToStream('$shift', jsonEvent({ type: '$shifted', data: {} }));
    await other.dispose();
    expect(await copyStore({ source, target, map })).toEqual({ events: 799, resumedAfter: 0 });
    const [from, to] = [await all(source.readAll()), await all(target.readAll())];
    expect(facts(to)).toEqual(facts(from));
    const lines = readFileSync(map, 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      from.map(({ position, recordedAt }, n) => ({
        from: position.toString(),
        recordedAt,
        to: to[n]!.position.toString(),
      })),
    );
    expect(to[0]!.position).not.toBe(from[0]!.position);
    expect(await copyStore({ source, target, map })).toEqual({ events: 799, resumedAfter: 799 });
  });

  test('goes on after it was broken off', async () => {
    await fill(300);
    const broken = Object.create(target) as ConnectedStore;
    let appends = 0;
    broken.readAll = (options) => target.readAll(options);
    broken.append = (...given) => {
      appends += 1;
      return appends > 150 ? Promise.reject(new Error('broken off')) : target.append(...given);
    };
    await expect(copyStore({ source, target: broken, map })).rejects.toThrow('broken off');
    expect(existsSync(map)).toBe(false);
    const { events, resumedAfter } = await copyStore({ source, target, map });
    expect(resumedAfter).toBeGreaterThan(0);
    expect(resumedAfter).toBeLessThan(events);
    expect(facts(await all(target.readAll()))).toEqual(facts(await all(source.readAll())));
  });

  test('refuses a source whose history is not whole, and a target with something else in it', async () => {
    await fill(20);
    await target.append('other-test.1', [testEvent()], 'any');
    await expect(copyStore({ source, target, map })).rejects.toThrow(/differs: .*copy into an empty store/);
    const admin = EventStoreDBClient.connectionString(stores[0].connectionString);
    await admin.setStreamMetadata('copy-test.3', { maxCount: 1 });
    const empty = await testStore();
    const fresh = createEventStore({ connectionString: empty.connectionString });
    await expect(copyStore({ source, target: fresh, map })).rejects.toThrow('copy-test.3 is truncated by $maxCount');
    await admin.setStreamMetadata('copy-test.3', {});
    await admin.tombstoneStream('copy-test.5');
    await expect(copyStore({ source, target: fresh, map })).rejects.toThrow('copy-test.5 is deleted');
    expect(await all(fresh.readAll())).toEqual([]);
    await admin.dispose();
    await fresh.close();
    await empty.close();
  });
});
