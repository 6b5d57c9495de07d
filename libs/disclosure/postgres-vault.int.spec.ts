import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { createDataSource } from '#libs/postgres';
import { ManualClock } from '#libs/runtime';
import { testDatabase, type TestDatabase } from '../postgres/testing.js';
import {
  createPostgresVault,
  disclose,
  disclosureEntities,
  disclosureMigrations,
  sweepOrphans,
  verifyDisclosure,
  type Vault,
  type VaultEntry,
} from './index.js';

let database: TestDatabase;
let source: DataSource;
let vault: Vault;
const clock = new ManualClock('2026-11-22T12:00:00Z');

beforeAll(async () => {
  database = await testDatabase();
  source = await createDataSource(database.url, {
    entities: [...disclosureEntities],
    migrations: [...disclosureMigrations],
  });
  vault = createPostgresVault(source, () => clock.now());
});
beforeEach(() => source.query('TRUNCATE disclosure'));
afterAll(async () => {
  await source.destroy();
  await database.close();
});

function entry(text: string, changes: Partial<VaultEntry> = {}): VaultEntry {
  return { ...disclose(text), text, field: 'reason', stream: 'model-w.1', commandId: 'c1', ...changes };
}

test('a text comes back by its digest, with the salt that proves it, in its own workspace only', async () => {
  const kept = entry('the data were wrong — très');
  await vault.put('w', [kept]);
  const revealed = (await vault.reveal('w', [kept.digest, 'f'.repeat(64)])).get(kept.digest);
  expect(revealed).toEqual({ status: 'revealed', text: kept.text, salt: kept.salt });
  expect(verifyDisclosure(kept.digest, kept.salt, kept.text)).toBe(true);
  expect((await vault.reveal('w', ['f'.repeat(64)])).size).toBe(0);
  expect((await vault.reveal('other', [kept.digest])).size).toBe(0);
});

test('erasing an identity destroys salt and text, says when, and leaves everybody else’s', async () => {
  const hers = [entry('Ana', { subjectId: 'ana' }), entry('her reason', { subjectId: 'ana' })];
  const his = entry('Ben', { subjectId: 'ben' });
  await vault.put('w', [...hers, his]);
  expect(await vault.eraseSubject('w', 'ana', '2026-11-22T13:00:00Z')).toBe(2);
  expect(await vault.eraseSubject('w', 'ana', '2026-11-22T14:00:00Z')).toBe(0);
  const revealed = await vault.reveal(
    'w',
    [...hers, his].map(({ digest }) => digest),
  );
  expect(revealed.get(hers[0]!.digest)).toEqual({ status: 'erased', erasedAt: '2026-11-22T13:00:00.000Z' });
  expect(revealed.get(his.digest)).toMatchObject({ status: 'revealed', text: 'Ben' });
  const stored = JSON.stringify(await source.query("SELECT * FROM disclosure WHERE subject_id = 'ana'"));
  for (const { text, salt } of hers) {
    expect(stored).not.toContain(text);
    expect(stored).not.toContain(salt);
  }
});

test('the texts of a command are known by field, so that its repeat can be compared', async () => {
  await vault.put('w', [entry('why', { field: 'reason' }), entry('Ana', { field: 'displayName' })]);
  expect(await vault.textsOfCommand('w', 'c1')).toEqual(
    new Map([
      ['reason', 'why'],
      ['displayName', 'Ana'],
    ]),
  );
});

test('the sweep confirms what an event holds and deletes what a crash left behind, but never what is young', async () => {
  const appended = entry('appended before the crash');
  const orphan = entry('never appended', { stream: 'model-w.2' });
  await vault.put('w', [appended, orphan]);
  clock.advance(11 * 60_000);
  const young = entry('being appended now', { stream: 'model-w.3' });
  await vault.put('w', [young]);
  const before = new Date(clock.now().getTime() - 10 * 60_000).toISOString();
  const inStream = async (stream: string): Promise<Set<string>> =>
    new Set(stream === 'model-w.1' ? [appended.digest] : []);
  expect(await sweepOrphans(vault, 'w', before, inStream)).toEqual({ confirmed: 1, removed: 1 });
  expect(await sweepOrphans(vault, 'w', before, inStream)).toEqual({ confirmed: 0, removed: 0 });
  const left = await vault.reveal(
    'w',
    [appended, orphan, young].map(({ digest }) => digest),
  );
  expect([...left.keys()].sort()).toEqual([appended.digest, young.digest].sort());
});

test('hostile text is a value, never SQL', async () => {
  const kept = entry(`'); DROP TABLE disclosure; -- $1 \\ "x" \u202e`);
  await vault.put('w', [kept]);
  expect((await vault.reveal('w', [kept.digest])).get(kept.digest)).toMatchObject({ text: kept.text });
});
