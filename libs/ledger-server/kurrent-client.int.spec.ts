// A file of its own: the generated code of both clients shares one global namespace, and a process can load only one.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jsonEvent as kurrentEvent, KurrentDBClient } from '@kurrent/kurrentdb-client';
import { testDatabase } from '../postgres/testing.js';
import type { TestDatabase } from '../postgres/testing.js';
import type { LedgerServer } from './index.js';
import { startLedgerServer } from './index.js';

let folder: string;
let database: TestDatabase;
let server: LedgerServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assay-ledger-'));
  database = await testDatabase();
  server = await startLedgerServer({ databaseUrl: database.url, dataDirectory: folder });
});
afterAll(async () => {
  await server.close();
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

test('@kurrent/kurrentdb-client works unchanged', async () => {
  const kurrent = KurrentDBClient.connectionString(server.adminConnectionString.replace('esdb://', 'kurrentdb://'));
  const stream = `clients-test.${randomUUID()}`;
  const made = (type: string) => kurrentEvent({ id: randomUUID(), type, data: { type } });
  const { nextExpectedRevision } = await kurrent.appendToStream(stream, [made('A'), made('B')], {
    streamState: 'no_stream',
  });
  expect(nextExpectedRevision).toBe(1n);
  await expect(kurrent.appendToStream(stream, made('C'), { streamState: 5n })).rejects.toMatchObject({
    type: 'wrong-expected-version',
  });
  const read: string[] = [];
  for await (const resolved of kurrent.readStream(stream)) read.push(resolved.event!.type);
  expect(read).toEqual(['A', 'B']);
  const everything: string[] = [];
  for await (const resolved of kurrent.readAll({ direction: 'backwards', fromPosition: 'end', maxCount: 2 }))
    everything.push(resolved.event!.type);
  expect(everything).toEqual(['B', 'A']);
  await kurrent.setStreamMetadata(stream, { maxCount: 1 });
  const live: string[] = [];
  for await (const resolved of kurrent.subscribeToStream(stream, { fromRevision: 'start' })) {
    live.push(resolved.event!.type);
    if (live.length === 1) await kurrent.appendToStream(stream, made('C'));
    else break;
  }
  expect(live).toEqual(['B', 'C']);
  await kurrent.deleteStream(stream);
  await expect(all(kurrent.readStream(stream))).rejects.toMatchObject({ type: 'stream-not-found' });
  await kurrent.tombstoneStream(stream);
  await expect(all(kurrent.readStream(stream))).rejects.toMatchObject({ type: 'stream-deleted' });
  await kurrent.dispose();
});
