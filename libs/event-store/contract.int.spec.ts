import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createEventStore, StreamDeleted, WrongExpectedRevision } from './index.js';
import type { ConnectedStore, EventStore, StoredEvent, SubscriptionItem } from './index.js';
import { testEvent, testStore } from './testing.js';

const outside = process.env['EVENTSTORE_CONTRACT_URL'];
let store: ConnectedStore;
let close: () => Promise<void>;

beforeAll(async () => {
  if (outside) {
    store = createEventStore({ connectionString: outside });
    close = () => store.close();
  } else ({ store, close } = await testStore());
});
afterAll(async () => close());

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

const name = () => `contract-test.${randomUUID()}`;
const text = (event: StoredEvent | undefined) => Buffer.from(event?.data ?? []).toString('utf8');

describe('append', () => {
  test('gives dense revisions from 0 and growing positions', async () => {
    const stream = name();
    const first = await store.append(stream, [testEvent('A', { n: 1 }), testEvent('B', { n: 2 })], 'no_stream');
    const second = await store.append(stream, [testEvent('C', { n: 3 })], 1n);
    expect([first.revision, second.revision]).toEqual([1n, 2n]);
    expect(second.position > first.position).toBe(true);
    const events = await all(store.readStream(stream));
    expect(events.map(({ revision, type }) => [revision, type])).toEqual([
      [0n, 'A'],
      [1n, 'B'],
      [2n, 'C'],
    ]);
    expect(events[2]!.position).toBe(second.position);
    expect(Math.abs(Date.now() - Date.parse(events[0]!.recordedAt))).toBeLessThan(60_000);
  });

  test('keeps data and metadata byte for byte', async () => {
    const stream = name();
    const event = testEvent('Bytes');
    // Keys that a JavaScript object would put in another order, a number that a double rounds, and no canonical form.
    const data = Buffer.from('{"10":1, "9":2,"b":12345678901234567890,"a":"\\u00e9"}');
    const metadata = Buffer.from('{ "z": 1.0 }');
    await store.append(stream, [{ ...event, data, metadata }], 'no_stream');
    const [stored] = await all(store.readStream(stream));
    expect(Buffer.from(stored!.data).equals(data)).toBe(true);
    expect(Buffer.from(stored!.metadata).equals(metadata)).toBe(true);
    expect(stored!.id).toBe(event.id);
  });

  test('refuses a wrong expected revision and tells the one it found', async () => {
    const stream = name();
    await store.append(stream, [testEvent(), testEvent()], 'any');
    for (const expected of [0n, 5n, 'no_stream'] as const)
      await expect(store.append(stream, [testEvent()], expected)).rejects.toMatchObject({
        name: 'WrongExpectedRevision',
        actual: 1n,
        expected,
      });
    await expect(store.append(name(), [testEvent()], 3n)).rejects.toMatchObject({ actual: undefined });
    await expect(store.append(name(), [testEvent()], 'stream_exists')).rejects.toThrow(WrongExpectedRevision);
    expect(await all(store.readStream(stream))).toHaveLength(2);
  });

  test('a repetition gets the old place; a part of one, or one elsewhere, is a conflict', async () => {
    const stream = name();
    const events = [testEvent('A'), testEvent('B')];
    const first = await store.append(stream, events, 'no_stream');
    await store.append(stream, [testEvent('C')], 1n);
    expect(await store.append(stream, events, 'no_stream')).toEqual(first);
    expect(await store.append(stream, events, 'any')).toEqual(first);
    expect(await store.append(stream, [events[1]!], 0n)).toEqual(first);
    await expect(store.append(stream, [events[0]!, testEvent('X')], 'no_stream')).rejects.toThrow(
      WrongExpectedRevision,
    );
    await expect(store.append(stream, [events[0]!], 0n)).rejects.toThrow(WrongExpectedRevision);
    expect(await all(store.readStream(stream))).toHaveLength(3);
  });

  test('of a hundred racing for one revision, one wins', async () => {
    const stream = name();
    await store.append(stream, [testEvent()], 'no_stream');
    const results = await Promise.allSettled(
      Array.from({ length: 100 }, () => store.append(stream, [testEvent()], 0n)),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await all(store.readStream(stream))).toHaveLength(2);
  });

  test('an append over the limit is refused and writes nothing', async () => {
    const stream = name();
    const big = { ...testEvent(), data: Buffer.from(JSON.stringify('x'.repeat(1024 * 1024))) };
    if (!outside) await expect(store.append(stream, [big], 'any')).rejects.toThrow(/1048576/);
    expect(await all(store.readStream(stream))).toEqual([]);
  });
});

describe('read', () => {
  test('a stream that does not exist is empty', async () => {
    expect(await all(store.readStream(name()))).toEqual([]);
  });

  test('a stream from a revision, backwards, and bounded', async () => {
    const stream = name();
    await store.append(
      stream,
      Array.from({ length: 50 }, (_, n) => testEvent('N', { n })),
      'no_stream',
    );
    const read = async (options: Parameters<EventStore['readStream']>[1]) =>
      (await all(store.readStream(stream, options))).map(({ revision }) => Number(revision));
    expect(await read({ from: 47n })).toEqual([47, 48, 49]);
    expect(await read({ from: 2n, backwards: true })).toEqual([2, 1, 0]);
    expect(await read({ backwards: true, maxCount: 2 })).toEqual([49, 48]);
    expect(await read({ maxCount: 3 })).toEqual([0, 1, 2]);
    expect(await read({ from: 50n })).toEqual([]);
    expect((await read({})).length).toBe(50);
  });

  test('$all in order of position, from one on, and backwards before one', async () => {
    const stream = name();
    const { position } = await store.append(stream, [testEvent('First')], 'any');
    await store.append(stream, [testEvent('Second')], 'any');
    const forwards = (await all(store.readAll({ from: position }))).filter((event) => event.stream === stream);
    expect(forwards.map(({ type }) => type)).toEqual(['First', 'Second']);
    const backwards = await all(store.readAll({ backwards: true, maxCount: 2 }));
    expect(backwards.map(({ type }) => type)).toEqual(['Second', 'First']);
    const before = await all(store.readAll({ from: forwards[1]!.position, backwards: true, maxCount: 1 }));
    expect(before[0]!.position).toBe(position);
    const everything = await all(store.readAll());
    const positions = everything.map((event) => event.position);
    expect(positions).toEqual([...positions].sort((a, b) => (a < b ? -1 : 1)));
    expect(everything.some((event) => event.stream.startsWith('$') || event.type.startsWith('$'))).toBe(false);
  });

  test('breaking off a long read does no harm', async () => {
    const stream = name();
    await store.append(
      stream,
      Array.from({ length: 500 }, (_, n) => testEvent('N', { n })),
      'any',
    );
    for await (const event of store.readStream(stream)) if (event.revision === 3n) break;
    expect(text((await all(store.readStream(stream, { from: 499n })))[0])).toBe('{"n":499}');
  });
});

describe('subscribe to $all', () => {
  test('what was, caught up, what comes, each once and in order; resumes after a position', async () => {
    const stream = name();
    const { position } = await store.append(stream, [testEvent('Was')], 'any');
    await store.append(stream, [testEvent('Was2')], 'any');
    const stop = new AbortController();
    const seen: string[] = [];
    let live = false;
    for await (const item of store.subscribeAll({ after: position, signal: stop.signal })) {
      if (item.kind === 'caught-up' && !live) {
        live = true;
        seen.push('live');
        for (let n = 0; n < 20; n += 1) await store.append(stream, [testEvent(`Comes${n}`)], 'any');
      }
      if (item.kind === 'event' && item.event.stream === stream) seen.push(item.event.type);
      if (seen.at(-1) === 'Comes19') stop.abort();
    }
    expect(seen).toEqual(['Was2', 'live', ...Array.from({ length: 20 }, (_, n) => `Comes${n}`)]);
  });

  test('resuming at any event or checkpoint misses nothing', async () => {
    const stream = name();
    const start = await store.append(stream, [testEvent('Start')], 'any');
    for (let n = 0; n < 40; n += 1)
      await store.append(
        stream,
        Array.from({ length: 40 }, () => testEvent()),
        'any',
      );
    const everything = (await all(store.readAll({ from: start.position }))).map(({ position }) => position).slice(1);
    const stop = new AbortController();
    const resumable: bigint[] = [];
    for await (const item of store.subscribeAll({ after: start.position, signal: stop.signal })) {
      if (item.kind === 'caught-up') stop.abort();
      else if (item.kind === 'checkpoint') resumable.push(item.position);
      else if (item.kind === 'event' && item.event.revision % 331n === 0n) resumable.push(item.event.position);
    }
    expect(resumable.length).toBeGreaterThan(4);
    const [batches, stopBatches] = [[] as (readonly SubscriptionItem[])[], new AbortController()];
    for await (const items of store.subscribeInBatches({ after: start.position, signal: stopBatches.signal })) {
      batches.push(items);
      if (items.some(({ kind }) => kind === 'caught-up')) stopBatches.abort();
    }
    const inBatches = batches.flat().flatMap((item) => (item.kind === 'event' ? [item.event.position] : []));
    expect(inBatches).toEqual(everything);
    expect(batches.length).toBeLessThan(everything.length / 2);
    for (const after of resumable) {
      const again = new AbortController();
      const rest: bigint[] = [];
      for await (const item of store.subscribeAll({ after, signal: again.signal })) {
        if (item.kind === 'caught-up') again.abort();
        if (item.kind === 'event') rest.push(item.event.position);
      }
      expect(rest).toEqual(everything.filter((position) => position > after));
    }
  });
});

test('ping answers', async () => {
  await expect(store.ping()).resolves.toBeUndefined();
  expect(StreamDeleted.name).toBe('StreamDeleted');
});
