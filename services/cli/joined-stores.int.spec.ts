import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { testStore, type TestStore } from '../../libs/event-store/testing.js';
import { testDatabase, type TestDatabase } from '../../libs/postgres/testing.js';
import { joinStores, NoStores } from './joined-stores.js';

let ledger: TestStore;
let database: TestDatabase;
const folder = mkdtempSync(join(tmpdir(), 'assay-joined-'));
const before = { ...process.env };

beforeAll(async () => {
  chmodSync(folder, 0o711);
  [ledger, database] = await Promise.all([testStore(), testDatabase()]);
});
afterEach(() => {
  process.env = { ...before };
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await Promise.all([ledger.close(), database.close()]);
});

test('stores that the environment names come before those of the folder: that is said, and the folder stays', async () => {
  process.env['EVENTSTORE_URL'] = ledger.connectionString;
  process.env['DATABASE_URL'] = database.url;
  const said: string[] = [];
  const joined = await joinStores(folder, 'begun', (line) => said.push(line));
  expect(joined.databaseUrl).toBe(database.url);
  expect(said).toEqual([`DATABASE_URL and EVENTSTORE_URL come before ${folder}`]);
  await joined.close();
  expect(existsSync(join(folder, 'stores.json'))).toBe(false);
  const without = await joinStores(undefined, 'begun', (line) => said.push(line));
  await without.close();
  expect(said).toHaveLength(1);
});

test('a folder in which nothing has been started is named, and not begun', async () => {
  delete process.env['EVENTSTORE_URL'];
  delete process.env['DATABASE_URL'];
  const mistyped = join(folder, 'mistyped');
  await expect(joinStores(mistyped, 'begun')).rejects.toThrow(`--data: no product has been started in ${mistyped}`);
  expect(existsSync(mistyped)).toBe(false);
});

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('where a product runs over the folder, one of its two stores cannot be exchanged for another', async () => {
  // It runs: its Postgres has an owner that lives.
  const owner = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  try {
    mkdirSync(join(folder, 'postgres'));
    const [, fields = ''] = readFileSync(`/proc/${owner.pid}/stat`, 'utf8').split(') ');
    const started = fields.split(' ')[19];
    writeFileSync(join(folder, 'postgres', 'owner.json'), JSON.stringify({ pid: owner.pid, started }));
    const own = { databaseUrl: database.url, eventStoreUrl: ledger.connectionString };
    writeFileSync(join(folder, 'stores.json'), JSON.stringify(own));
    process.env['EVENTSTORE_URL'] = 'esdb://somewhere.else:2113?tls=false';
    await expect(joinStores(folder, 'begun')).rejects.toThrow(NoStores);
    await expect(joinStores(folder, 'begun')).rejects.toThrow(/^EVENTSTORE_URL names another store than the product/);
    process.env['EVENTSTORE_URL'] = ledger.connectionString;
    const joined = await joinStores(folder, 'begun');
    expect(joined.databaseUrl).toBe(database.url);
    await joined.close();
  } finally {
    owner.kill('SIGKILL');
  }
});
