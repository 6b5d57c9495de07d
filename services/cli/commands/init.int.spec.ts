import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { serviceKeyId } from '#libs/identity';
import { testStore, type TestStore } from '../../../libs/event-store/testing.js';
import { testDatabase, type TestDatabase } from '../../../libs/postgres/testing.js';
import { main } from '../main.js';

let ledger: TestStore;
let database: TestDatabase;
let folder: string;
const before = { ...process.env };

beforeAll(async () => {
  [ledger, database] = await Promise.all([testStore(), testDatabase()]);
  folder = mkdtempSync(join(tmpdir(), 'assay-init-'));
  process.env['EVENTSTORE_URL'] = ledger.connectionString;
  process.env['DATABASE_URL'] = database.url;
});
afterAll(async () => {
  process.env = before;
  rmSync(folder, { recursive: true, force: true });
  await ledger.close();
  await database.close();
});

async function assay(...args: string[]): Promise<{ code: number; out: string; error: string }> {
  const said = { out: '', error: '' };
  const into = (name: 'out' | 'error'): Writable =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        said[name] += chunk.toString('utf8');
        done();
      },
    });
  const code = await main(args, { stdout: into('out'), stderr: into('error') });
  return { code, ...said };
}

const opening = (): string[] => [
  'init',
  '--data',
  folder,
  '--issuer',
  'https://issuer.example',
  '--audience',
  'assay',
  '--admin',
  'root',
];

test('what is missing or unfit is said with exit code 2, and nothing is opened', async () => {
  expect(await assay('init', '--data', folder)).toMatchObject({ code: 2, error: expect.stringContaining('--issuer') });
  expect(await assay('init', '--colour')).toMatchObject({ code: 2, error: expect.stringContaining('--colour') });
  const unsafe = opening().map((word) => word.replace('https:', 'ftp:'));
  expect(await assay(...unsafe)).toMatchObject({ code: 2, error: expect.stringContaining('issuer'), out: '' });
});

test('one key is printed, once; a second run says that it is open already', async () => {
  const first = await assay(...opening(), '--json');
  expect(first).toMatchObject({ code: 0, error: '' });
  const opened = JSON.parse(first.out) as { workspaceId: string; serviceKey: string; serviceKeyId: string };
  expect(opened.workspaceId).toBe('main');
  expect(serviceKeyId(opened.serviceKey)).toBe(opened.serviceKeyId);
  const second = await assay(...opening());
  expect(second).toMatchObject({ code: 2, out: '', error: expect.stringContaining('open already') });
});

test('help tells the doors and exits 0', async () => {
  expect(await assay('init', '--help')).toMatchObject({ code: 0, out: expect.stringContaining('--admin SUBJECT') });
});
