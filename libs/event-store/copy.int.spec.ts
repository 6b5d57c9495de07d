import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { eventOf, ordered } from './copy-appends.js';
import { copyStore, createEventStore, readCopyMap, withCopyMap } from './index.js';
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

const place = { stream: 'copy-test.new', revision: 0n, position: 0n, recordedAt: '2026-01-01T00:00:00.000Z' };

const facts = (events: StoredEvent[]) =>
  events.map(({ id, stream, revision, type, data }) => [id, stream, revision, type, Buffer.from(data).toString()]);

describe('a copy of a store', () => {
  test('answers as the store that it was copied from: positions, times, cursors, and what is appended later', async () => {
    await fill(60);
    const other = EventStoreDBClient.connectionString(stores[1].connectionString);
    for (let n = 0; n < 9; n += 1) await other.appendToStream('$shift', jsonEvent({ type: '$shifted', data: {} }));
    await other.dispose();
    await copyStore({ source, target, map });
    const joint = stores[1].connectionString.includes('?') ? '&' : '?';
    const connectionString = `${stores[1].connectionString}${joint}copyMap=${encodeURIComponent(map)}`;
    const mapped = createEventStore({ connectionString });
    const before = await all(source.readAll());
    expect((await all(target.readAll()))[0]!.position).not.toBe(before[0]!.position);
    expect(await all(mapped.readAll())).toEqual(before);
    expect(await all(mapped.readStream('copy-test.3'))).toEqual(await all(source.readStream('copy-test.3')));
    for (const at of [0, 40, before.length - 1]) {
      const { position } = before[at]!;
      expect(await all(mapped.readAll({ from: position }))).toEqual(before.slice(at));
      // Between two events, where a pinned position may lie.
      expect(await all(mapped.readAll({ from: position + 1n }))).toEqual(before.slice(at + 1));
      expect(await all(mapped.readAll({ from: position, backwards: true }))).toEqual(before.slice(0, at).reverse());
    }
    const appended = await mapped.append('copy-test.new', [testEvent('Copied', { n: 1 })], 'no_stream');
    const last = before.at(-1)!.position;
    expect(appended.position).toBeGreaterThan(last);
    const abort = new AbortController();
    const seen: bigint[] = [];
    for await (const item of mapped.subscribeAll({ after: before.at(-3)!.position, signal: abort.signal })) {
      if (item.kind !== 'event') continue;
      seen.push(item.event.position);
      if (item.event.position === appended.position) abort.abort();
    }
    expect(seen).toEqual([before.at(-2)!.position, last, appended.position]);

    // The copy of a copy: its map leads from the first positions to the newest.
    const third = await testStore();
    const newest = createEventStore({ connectionString: third.connectionString });
    const next = join(folder, 'next.jsonl');
    await copyStore({ source: mapped, target: newest, map: next });
    expect((await all(withCopyMap(newest, readCopyMap(next)).readAll())).slice(0, -1)).toEqual(before);
    await newest.close();
    await third.close();

    const damaged = readFileSync(map, 'utf8').split('\n');
    writeFileSync(map, [damaged[1], damaged[0], ...damaged.slice(2)].join('\n'));
    expect(() => createEventStore({ connectionString })).toThrow(/line 2: positions do not grow/);
    writeFileSync(map, damaged.slice(1).join('\n'));
    const wrong = createEventStore({ connectionString });
    await expect(all(wrong.readAll())).rejects.toThrow('it is of another store');
    await wrong.close();
    await mapped.close();
  });

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

  test('takes names and types that are no ASCII, large events and long runs of one stream', async () => {
    await source.append('größe-test.1', [testEvent('Gemäß', { text: 'ß' }), testEvent()], 'no_stream');
    const run = Array.from({ length: 700 }, (_, n) => testEvent('Copied', { n }));
    for (const from of [0, 350]) await source.append('copy-test.run', run.slice(from, from + 350), 'any');
    for (let n = 0; n < 3; n += 1)
      await source.append('copy-test.large', [testEvent('Large', { fill: 'x'.repeat(400_000) })], 'any');
    await source.append('größe-test.1', [testEvent()], 'any');
    expect(await copyStore({ source, target, map })).toEqual({ events: 706, resumedAfter: 0 });
    expect(facts(await all(target.readAll()))).toEqual(facts(await all(source.readAll())));
  });

  test('ends when an append is refused: somebody else writes the target', async () => {
    await fill(40);
    await target.append('copy-test.9', [testEvent()], 'any');
    const appends = await target.appendInOrder();
    for await (const items of source.readEverything())
      for (const item of items) {
        const { stream } = eventOf(item);
        if (!stream.startsWith('$')) appends.add(item, stream);
      }
    await appends.end();
    expect(() => appends.throwIfFailed()).toThrow('copy-test.9: expected revision no_stream, found 0');
    expect(() => appends.add({ kind: 'event', event: { ...testEvent(), ...place } }, 'copy-test.new')).toThrow(
      'expected revision no_stream',
    );
  });

  test('goes on after it was broken off', async () => {
    await fill(300);
    const broken = Object.create(target) as ConnectedStore;
    let appends = 0;
    broken.readTypes = (types) => target.readTypes(types);
    broken.readAll = (options) => target.readAll(options);
    broken.appendInOrder = async () =>
      ordered({
        append: (...given) => {
          appends += 1;
          return appends > 150 ? Promise.reject(new Error('broken off')) : target.append(...given);
        },
      });
    await expect(copyStore({ source, target: broken, map })).rejects.toThrow('broken off');
    expect(existsSync(map)).toBe(false);
    const { events, resumedAfter } = await copyStore({ source, target, map });
    expect(resumedAfter).toBeGreaterThan(0);
    expect(resumedAfter).toBeLessThan(events);
    expect(facts(await all(target.readAll()))).toEqual(facts(await all(source.readAll())));
  });

  test('goes on after its connection to the target was lost', async () => {
    await fill(2_000);
    const losing = Object.create(source) as ConnectedStore;
    losing.readTypes = (types) => source.readTypes(types);
    losing.readEverything = async function* () {
      let seen = 0;
      for await (const items of source.readEverything()) {
        yield items;
        seen += items.length;
        if (seen > 1_000) await target.close();
      }
    };
    await expect(copyStore({ source: losing, target, map })).rejects.toThrow();
    expect(existsSync(map)).toBe(false);
    target = createEventStore({ connectionString: stores[1].connectionString });
    const { events } = await copyStore({ source, target, map });
    expect(events).toBe(3_999);
    expect(facts(await all(target.readAll()))).toEqual(facts(await all(source.readAll())));
  });

  test('reads its source once, and says which event of the target is another one', async () => {
    await fill(700);
    const reads: string[] = [];
    const counted = Object.create(source) as ConnectedStore;
    counted.readEverything = (options) => {
      reads.push('everything');
      return source.readEverything(options);
    };
    counted.readAll = (options) => {
      reads.push(`at most ${options?.maxCount}`);
      return source.readAll(options);
    };
    counted.readTypes = (types) => source.readTypes(types);
    const altering = Object.create(target) as ConnectedStore;
    altering.readTypes = (types) => target.readTypes(types);
    altering.readAll = (options) => target.readAll(options);
    altering.readEverything = (options) => target.readEverything(options);
    let appended = 0;
    altering.appendInOrder = async () =>
      ordered({
        append: (stream, events, expected) => {
          appended += 1;
          const [first, ...others] = events;
          const altered = appended === 500 ? [{ ...first!, data: Buffer.from('{"n":-1}') }, ...others] : events;
          return target.append(stream, altered, expected);
        },
      });
    await expect(copyStore({ source: counted, target: altering, map })).rejects.toThrow(
      /^data differs: the source has copy-test/,
    );
    expect(existsSync(map)).toBe(false);
    // And the page of the difference, to name it.
    expect(reads.filter((read) => read !== 'at most 1000')).toEqual(['everything']);
  });

  test('refuses a source that grows while it is copied', async () => {
    await fill(30);
    const growing = Object.create(source) as ConnectedStore;
    growing.readTypes = (types) => source.readTypes(types);
    growing.readAll = (options) => source.readAll(options);
    growing.readEverything = async function* () {
      yield* source.readEverything();
      await source.append('copy-test.late', [testEvent()], 'any');
    };
    await expect(copyStore({ source: growing, target, map })).rejects.toThrow(
      'the source has grown while it was copied',
    );
    expect(existsSync(map)).toBe(false);
    await copyStore({ source, target, map });
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
    await expect(copyStore({ source, target: fresh, map })).rejects.toThrow(
      "the source's stream copy-test.5 is deleted",
    );
    await expect(copyStore({ source: fresh, target: source, map })).rejects.toThrow("the target's stream copy-test.5");
    expect(await all(fresh.readAll())).toEqual([]);
    await admin.dispose();
    await fresh.close();
    await empty.close();
  });
});
