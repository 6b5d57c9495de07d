import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BACKWARDS, binaryEvent, END, EventStoreDBClient, FORWARDS, jsonEvent, START } from '@eventstore/db-client';
import { testDatabase } from '../postgres/testing.js';
import type { TestDatabase } from '../postgres/testing.js';
import type { LedgerServer } from './index.js';
import { startLedgerServer } from './index.js';

let folder: string;
let database: TestDatabase;
let server: LedgerServer;
let admin: EventStoreDBClient;
let product: EventStoreDBClient;
const clients: EventStoreDBClient[] = [];

function client(connectionString: string): EventStoreDBClient {
  const one = EventStoreDBClient.connectionString(connectionString);
  clients.push(one);
  return one;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assay-ledger-'));
  database = await testDatabase();
  server = await startLedgerServer({ databaseUrl: database.url, dataDirectory: folder });
  admin = client(server.adminConnectionString);
  product = client(server.connectionString);
});
afterAll(async () => {
  await Promise.all(clients.map((one) => one.dispose()));
  await server.close();
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

const name = () => `clients-test.${randomUUID()}`;
const event = (type: string, data: Record<string, unknown> = {}) => jsonEvent({ id: randomUUID(), type, data });

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

const types = async (from: EventStoreDBClient, stream: string, options = {}) =>
  (await all(from.readStream(stream, options))).map((resolved) => resolved.event?.type);

describe('the official client over TLS', () => {
  test('appends by batch and by plain call, reads both ways, with binary and JSON', async () => {
    const stream = name();
    const batch = await product.appendToStream(stream, [event('A', { n: 1 }), event('B')], {
      expectedRevision: 'no_stream',
    });
    const credentials = credentialsOf(server.connectionString);
    const plain = await product.appendToStream(
      stream,
      binaryEvent({ id: randomUUID(), type: 'C', data: Buffer.from([0, 255]), metadata: { m: 1 } }),
      { expectedRevision: 1n, credentials },
    );
    expect([batch.nextExpectedRevision, plain.nextExpectedRevision]).toEqual([1n, 2n]);
    const events = await all(product.readStream(stream, { direction: FORWARDS, fromRevision: START }));
    expect(events.map((one) => one.event?.type)).toEqual(['A', 'B', 'C']);
    expect(events[0]!.event).toMatchObject({ data: { n: 1 }, isJson: true, revision: 0n, streamId: stream });
    expect(events[2]!.event).toMatchObject({ isJson: false, metadata: { m: 1 }, position: plain.position });
    expect(Buffer.from(events[2]!.event!.data as Uint8Array)).toEqual(Buffer.from([0, 255]));
    expect(await types(product, stream, { direction: BACKWARDS, fromRevision: END, maxCount: 2 })).toEqual(['C', 'B']);
  });

  test('errors carry what the client promises', async () => {
    const stream = name();
    await product.appendToStream(stream, event('A'));
    const credentials = credentialsOf(server.connectionString);
    for (const options of [{}, { credentials }])
      await expect(
        product.appendToStream(stream, event('B'), { expectedRevision: 7n, ...options }),
      ).rejects.toMatchObject({
        type: 'wrong-expected-version',
        streamName: stream,
        expectedVersion: 7n,
        actualVersion: 0n,
      });
    await expect(
      product.appendToStream(name(), event('B'), { expectedRevision: 'stream_exists' }),
    ).rejects.toMatchObject({
      type: 'wrong-expected-version',
      expectedVersion: 'stream_exists',
      actualVersion: 'no_stream',
    });
    await expect(all(product.readStream(name()))).rejects.toMatchObject({ type: 'stream-not-found' });
    const big = binaryEvent({ type: 'Big', data: Buffer.alloc(1024 * 1024 + 1) });
    for (const options of [{}, { credentials }])
      await expect(product.appendToStream(stream, big, options)).rejects.toMatchObject({
        type: 'maximum-append-size-exceeded',
        maxAppendSize: 1048576,
      });
    await expect(admin.deleteStream(name(), { expectedRevision: 'any' })).rejects.toMatchObject({
      type: 'wrong-expected-version',
      expectedVersion: -2n,
      actualVersion: 'no_stream',
    });
  });

  test('a batch in several parts is one append', async () => {
    const stream = name();
    const events = Array.from({ length: 100 }, (_, n) => event('Part', { n, fill: 'x'.repeat(3000) }));
    const { nextExpectedRevision } = await product.appendToStream(stream, events, { batchAppendSize: 20_000 });
    expect(nextExpectedRevision).toBe(99n);
    const big = Array.from({ length: 100 }, () => event('Part', { fill: 'x'.repeat(20_000) }));
    await expect(product.appendToStream(stream, big, { batchAppendSize: 20_000 })).rejects.toMatchObject({
      type: 'maximum-append-size-exceeded',
    });
    expect((await product.appendToStream(stream, event('After'))).nextExpectedRevision).toBe(100n);
  });

  test('the product cannot delete, tombstone, set metadata or write system streams; the operator can', async () => {
    const stream = name();
    await product.appendToStream(stream, event('A'));
    const denied = { type: 'access-denied' };
    await expect(product.deleteStream(stream)).rejects.toMatchObject(denied);
    await expect(product.tombstoneStream(stream)).rejects.toMatchObject(denied);
    await expect(product.setStreamMetadata(stream, { maxCount: 1 })).rejects.toMatchObject(denied);
    await expect(product.appendToStream('$settings', event('A'))).rejects.toMatchObject(denied);
    expect(await types(product, stream)).toEqual(['A']);
    await admin.setStreamMetadata(stream, { maxCount: 1, custom: 'kept' });
    const { metadata, metastreamRevision } = await product.getStreamMetadata(stream);
    expect(metadata).toMatchObject({ maxCount: 1, custom: 'kept' });
    expect(metastreamRevision).toBeDefined();
    await expect(admin.setStreamMetadata(stream, { acl: { readRoles: ['somebody'] } })).rejects.toMatchObject({
      message: expect.stringContaining('$acl'),
    });
  });

  test('nobody without, or with a wrong, password', async () => {
    const anonymous = client(server.connectionString.replace(/\/\/[^@]+@/, '//'));
    const wrong = client(server.connectionString.replace(/:[^:@/]+@/, ':wrong@'));
    for (const one of [anonymous, wrong]) {
      await expect(one.appendToStream(name(), event('A'))).rejects.toMatchObject({ type: 'access-denied' });
      await expect(all(one.readAll({ maxCount: 1 }))).rejects.toMatchObject({ type: 'access-denied' });
    }
    const credentials = credentialsOf(server.adminConnectionString);
    const stream = name();
    await anonymous.appendToStream(stream, event('A'), { credentials });
    await anonymous.deleteStream(stream, { credentials });
    const insecure = client(`esdb://127.0.0.1:${server.port}?tls=false`);
    await expect(insecure.appendToStream(name(), event('A'), { deadline: 2_000 })).rejects.toThrow();
    for (const file of ['admin-password', 'assay-password', 'tls/ca.key', 'tls/server.key'])
      expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, 'assay-password'), 'utf8')).toHaveLength(32);
  });

  test('discovery finds the one node', async () => {
    const discovering = client(server.connectionString.replace('esdb://', 'esdb+discover://'));
    const stream = name();
    await discovering.appendToStream(stream, event('A'));
    expect(await types(discovering, stream)).toEqual(['A']);
  });
});

test('the first events of a ledger are its users', async () => {
  const first = await all(admin.readAll({ maxCount: 4 }));
  expect(first.map((one) => one.event?.type)).toEqual(['$UserCreated', '$User', '$UserCreated', '$User']);
});

test('a stopping server looks like a lost connection, not like an end', async () => {
  const other = await testDatabase();
  const stopping = await startLedgerServer({ databaseUrl: other.url, insecure: true });
  const one = client(stopping.connectionString);
  await one.appendToStream('a-b.c', event('A'));
  const ended = all(one.subscribeToAll());
  const outcome = expect(ended).rejects.toMatchObject({ type: expect.stringMatching(/unavailable|cancelled/) });
  await new Promise((resolve) => setTimeout(resolve, 100));
  await stopping.close();
  await outcome;
  await other.close();
});

function credentialsOf(connectionString: string): { username: string; password: string } {
  const [, username, password] = /\/\/([^:]+):([^@]+)@/.exec(connectionString)!;
  return { username: username!, password: password! };
}
