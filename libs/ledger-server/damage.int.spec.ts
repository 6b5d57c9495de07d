import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { LedgerHead } from './storage/port.js';
import { PostgresStorage } from './storage/postgres.js';
import { createEventStore } from '#libs/event-store';
import { ensureDatabase, launchPostgres } from '#libs/postgres';
import { prepareDataFolder } from '#libs/runtime';
import { testEvent } from '../event-store/testing.js';
import { testDatabase } from '../postgres/testing.js';
import type { TestDatabase } from '../postgres/testing.js';
import { startLedgerServer } from './index.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  await fill(database.url);
});
afterAll(async () => database.close());

async function fill(databaseUrl: string): Promise<void> {
  const server = await startLedgerServer({ databaseUrl, insecure: true });
  const store = createEventStore({ connectionString: server.connectionString });
  for (let n = 0; n < 20; n += 1) await store.append('damage-test.one', [testEvent('Written', { n })], 'any');
  await store.close();
  await server.close();
}

async function sql(url: string, text: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(text);
  await client.end();
}

const start = (databaseUrl: string) => startLedgerServer({ databaseUrl, insecure: true });

describe('damage to acknowledged events is named and stops the start', () => {
  const place = /position \d+ \(stream damage-test\.one, revision 7\)/;
  test.each([
    ['an altered byte', 'set data = overlay(data placing $$!$$::bytea from 3)', 'not as it was acknowledged'],
    ['another time', 'set created = created + 1', 'not as it was acknowledged'],
    ['another revision', 'set revision = 700', 'not as it was acknowledged'],
    ['a longer type', "set type = 'WrittenLater'", 'not as it was acknowledged'],
  ])('%s', async (_what, change, says) => {
    await sql(
      database.url,
      'create table kept as select * from event where stream = (select id from stream where name like $$damage%$$) and revision = 7',
    );
    await sql(database.url, `update event ${change} where position = (select position from kept)`);
    try {
      await expect(start(database.url)).rejects.toThrow(says);
      if (!change.includes('revision')) await expect(start(database.url)).rejects.toThrow(place);
      const here = new PostgresStorage(database.url, false);
      const head: LedgerHead = await here.open();
      expect((await here.check(head.nextPosition)).damage).toContain(says);
      await here.close();
    } finally {
      await sql(
        database.url,
        'delete from event using kept where event.position = kept.position; insert into event select * from kept; drop table kept',
      );
    }
    await (await start(database.url)).close();
  });

  test.each([
    ['the first event', 'position = 0'],
    ['an event in the middle', 'revision = 7'],
    ['the last event', 'position = (select max(position) from event)'],
    ['all of them', 'true'],
  ])('%s is missing', async (_what, which) => {
    await sql(database.url, `create table kept as select * from event where ${which}`);
    await sql(database.url, `delete from event where ${which}`);
    try {
      await expect(start(database.url)).rejects.toThrow('missing');
      const here = new PostgresStorage(database.url, false);
      const head: LedgerHead = await here.open();
      expect((await here.check(head.nextPosition)).damage).toContain('missing');
      await here.close();
    } finally {
      await sql(database.url, 'insert into event select * from kept; drop table kept');
    }
    await (await start(database.url)).close();
  });

  test("a stream's name is missing", async () => {
    await sql(database.url, 'create table kept as select * from stream where name like $$damage%$$');
    const here = new PostgresStorage(database.url, false);
    const head: LedgerHead = await here.open();
    await sql(database.url, 'delete from stream where name like $$damage%$$');
    try {
      // A page of few and one of many are asked for in two ways.
      for (const limit of [10, 1_000])
        await expect(here.readAll({ from: head.nextPosition, backwards: true, limit })).rejects.toThrow(
          /^the stream of the event at position \d+ is missing$/,
        );
      await here.close();
      await expect(start(database.url)).rejects.toThrow('missing');
    } finally {
      await here.close();
      await sql(database.url, 'insert into stream select * from kept; drop table kept');
    }
    await (await start(database.url)).close();
  });

  test('a flipped byte in the file itself', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-damage-'));
    prepareDataFolder(folder);
    const wanted = { database: 'ledger', role: 'ledger', password: 'x' };
    const first = await launchPostgres({ dataDirectory: folder });
    const url = await ensureDatabase(first.url, wanted);
    await fill(url);
    const client = new Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query<{ path: string }>("select pg_relation_filepath('event') as path");
    await client.end();
    await first.close();
    const file = join(folder, 'cluster', rows[0]!.path);
    const at = readFileSync(file).lastIndexOf('{"n":7}');
    expect(at).toBeGreaterThan(0);
    const descriptor = openSync(file, 'r+');
    writeSync(descriptor, Buffer.from('8'), 0, 1, at + 5);
    closeSync(descriptor);
    const second = await launchPostgres({ dataDirectory: folder });
    const again = await ensureDatabase(second.url, wanted);
    await expect(start(again)).rejects.toThrow(/Postgres cannot read events .*: invalid page in block/);
    await second.close();
    rmSync(folder, { recursive: true, force: true });
  });
});

describe('a ledger that could forget is refused', () => {
  test.each(['fsync', 'full_page_writes', 'synchronous_commit'])('%s off', async (setting) => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-unsafe-'));
    prepareDataFolder(folder);
    const postgres = await launchPostgres({ dataDirectory: folder, settings: { [setting]: 'off' } });
    const url = await ensureDatabase(postgres.url, { database: 'ledger', role: 'ledger', password: 'x' });
    await expect(start(url)).rejects.toThrow(`${setting} is off`);
    await postgres.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('a second server on the same ledger, and a ledger of another format', async () => {
    const server = await start(database.url);
    await expect(start(database.url)).rejects.toThrow('another ledger server writes this database');
    await server.close();
    await sql(database.url, 'update ledger set format = 2');
    await expect(start(database.url)).rejects.toThrow('the ledger has format 2, this build reads format 1');
    await sql(database.url, 'update ledger set format = 1');
  });
});
