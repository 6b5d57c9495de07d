// The same as contract.int.spec.ts, for what the port does not offer, through the official client. Deletes streams.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import {
  BACKWARDS,
  END,
  EventStoreDBClient,
  eventTypeFilter,
  excludeSystemEvents,
  jsonEvent,
  streamNameFilter,
} from '@eventstore/db-client';
import { testStore } from './testing.js';

const outside = process.env['EVENTSTORE_CONTRACT_URL'];
let admin: EventStoreDBClient;
let close: () => Promise<void>;

beforeAll(async () => {
  const own = outside === undefined ? await testStore() : undefined;
  admin = EventStoreDBClient.connectionString(outside ?? own!.connectionString);
  close = async () => {
    await admin.dispose();
    await own?.close();
  };
});
afterAll(async () => close());

const name = () => `contract-test.${randomUUID()}`;
const event = (type: string, data: Record<string, unknown> = {}) => jsonEvent({ id: randomUUID(), type, data });

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

const types = async (from: EventStoreDBClient, stream: string, options = {}) =>
  (await all(from.readStream(stream, options))).map((resolved) => resolved.event?.type);

describe('deletion and metadata, as EventStoreDB does them', () => {
  test('a soft-deleted stream is gone, and goes on with its revisions', async () => {
    const stream = name();
    await admin.appendToStream(stream, [event('A'), event('B')]);
    await admin.deleteStream(stream, { expectedRevision: 1n });
    await expect(all(admin.readStream(stream))).rejects.toMatchObject({ type: 'stream-not-found' });
    await expect(admin.appendToStream(stream, event('C'), { expectedRevision: 'stream_exists' })).rejects.toMatchObject(
      {
        type: 'wrong-expected-version',
      },
    );
    const again = await admin.appendToStream(stream, [event('C'), event('D')], { expectedRevision: 'no_stream' });
    expect(again.nextExpectedRevision).toBe(3n);
    expect(await types(admin, stream)).toEqual(['C', 'D']);
    expect(await types(admin, stream, { direction: BACKWARDS, fromRevision: END })).toEqual(['D', 'C']);
    const { metadata } = await admin.getStreamMetadata(stream);
    expect(metadata).toMatchObject({ truncateBefore: 2 });
    const kept = (await all(admin.readAll({}))).filter((one) => one.event?.streamId === stream);
    expect(kept.map((one) => one.event?.type)).toEqual(['A', 'B', 'C', 'D']);
  });

  test('a tombstoned stream is deleted for ever', async () => {
    const stream = name();
    await admin.appendToStream(stream, event('A'));
    await admin.tombstoneStream(stream);
    const deleted = { type: 'stream-deleted', streamName: stream };
    await expect(all(admin.readStream(stream))).rejects.toMatchObject(deleted);
    await expect(admin.appendToStream(stream, event('B'))).rejects.toMatchObject(deleted);
    await expect(admin.deleteStream(stream)).rejects.toMatchObject(deleted);
    await expect(admin.tombstoneStream(stream)).rejects.toMatchObject(deleted);
    await expect(admin.setStreamMetadata(stream, { maxCount: 1 })).rejects.toMatchObject({ type: 'stream-deleted' });
    // Others may write to an outside server meanwhile.
    const newest = await all(admin.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 500 }));
    const last = newest.find(({ event: one }) => one?.streamId === stream);
    expect(last?.event).toMatchObject({ type: '$streamDeleted', revision: 2n ** 63n - 1n, streamId: stream });
  });

  test('$maxCount, $tb and $maxAge hide at once, and $all keeps', async () => {
    const stream = name();
    await admin.appendToStream(
      stream,
      ['A', 'B', 'C', 'D'].map((type) => event(type)),
    );
    await admin.setStreamMetadata(stream, { maxCount: 2 });
    expect(await types(admin, stream)).toEqual(['C', 'D']);
    expect(await types(admin, stream, { fromRevision: 0n, maxCount: 1 })).toEqual(['C']);
    await admin.setStreamMetadata(stream, { truncateBefore: 3 });
    expect(await types(admin, stream)).toEqual(['D']);
    expect(await types(admin, stream, { direction: BACKWARDS, fromRevision: END })).toEqual(['D']);
    await admin.setStreamMetadata(stream, { maxAge: 3600 });
    expect(await types(admin, stream)).toEqual(['A', 'B', 'C', 'D']);
    await admin.setStreamMetadata(stream, { maxAge: 0 });
    expect(await types(admin, stream)).toEqual([]);
    await admin.setStreamMetadata(stream, {});
    expect(await types(admin, stream)).toEqual(['A', 'B', 'C', 'D']);
  });

  test('a store begins with system events, and filters leave them out', async () => {
    const [first] = await all(admin.readAll({ maxCount: 1 }));
    expect(first!.event?.type).toMatch(/^\$/);
    const stream = name();
    const start = (await all(admin.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 })))[0]!.event!;
    await admin.appendToStream(stream, [event('Keep'), event('Drop')]);
    const filters = [
      eventTypeFilter({ prefixes: ['Keep'] }),
      streamNameFilter({ regex: `^${stream}$` }),
      excludeSystemEvents(),
    ];
    const seen: string[][] = [];
    for (const filter of filters) {
      const found: string[] = [];
      const subscription = admin.subscribeToAll({ fromPosition: start.position!, filter });
      setTimeout(() => void admin.appendToStream(stream, event('Keep')), 50);
      for await (const resolved of subscription) {
        found.push(resolved.event!.type);
        if (found.filter((type) => type === 'Keep').length === seen.length + 2) break;
      }
      seen.push(found);
    }
    expect(seen).toEqual([
      ['Keep', 'Keep'],
      ['Keep', 'Drop', 'Keep', 'Keep'],
      ['Keep', 'Drop', 'Keep', 'Keep', 'Keep'],
    ]);
  });

  test('a subscription to a stream waits for it, follows it, and hears of its end', async () => {
    const stream = name();
    const heard: string[] = [];
    const ended = (async () => {
      for await (const resolved of admin.subscribeToStream(stream)) {
        heard.push(resolved.event!.type);
        if (heard.length === 3) await admin.tombstoneStream(stream);
      }
    })();
    await admin.appendToStream(stream, [event('A'), event('B')]);
    await admin.appendToStream(stream, event('C'));
    await expect(ended).rejects.toMatchObject({ type: 'stream-deleted' });
    expect(heard).toEqual(['A', 'B', 'C']);
  });
});
