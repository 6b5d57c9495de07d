import { readFileSync } from 'node:fs';
import { afterAll, beforeEach, expect, test } from '@jest/globals';
import { createPool, type Pool } from '#libs/postgres';
import { testDatabase, type TestDatabase } from '../../postgres/testing.js';
import { access, inventory } from '../index.js';
import { rebuildView, undoView } from '../upkeep/rebuild.js';
import {
  checkRegistry,
  listGenerations,
  migrateRegistry,
  openGeneration,
  OtherBuild,
  RegistryAhead,
  RegistryBehind,
} from './registry.js';

let database: TestDatabase | undefined;
let pool: Pool;

beforeEach(async () => {
  await close();
  database = await testDatabase();
  pool = createPool(database.url);
});
afterAll(() => close());

async function close(): Promise<void> {
  if (database === undefined) return;
  await pool.end();
  await database.close();
}

/** Every table with its columns and rows, so that whatever is written shows. */
async function everything(): Promise<unknown> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
  );
  const found: Record<string, unknown> = {};
  for (const { name } of tables) found[name] = (await pool.query(`SELECT t::text FROM ${name} AS t ORDER BY 1`)).rows;
  return found;
}

/** As the build before this one left it. */
async function oneBehind(): Promise<void> {
  await pool.query(readFileSync(new URL('./registry.sql', import.meta.url), 'utf8'));
}

async function oneAhead(): Promise<void> {
  await migrateRegistry(pool);
  await pool.query('INSERT INTO projection.migration (number) SELECT max(number) + 1 FROM projection.migration');
}

test('one migration behind: whoever only reads is refused and changes nothing; a projector brings it up to date', async () => {
  await oneBehind();
  const before = await everything();
  await expect(checkRegistry(pool)).rejects.toThrow(RegistryBehind);
  await expect(checkRegistry(pool)).rejects.toThrow(
    'projection registry is at migration 1, this build wants 2: start its projector first',
  );
  expect(await everything()).toEqual(before);
  await migrateRegistry(pool);
  await checkRegistry(pool);
});

test('one migration ahead: everybody is refused and changes nothing', async () => {
  await oneAhead();
  const before = await everything();
  for (const refused of [migrateRegistry, checkRegistry]) {
    await expect(refused(pool)).rejects.toThrow(RegistryAhead);
    await expect(refused(pool)).rejects.toThrow(
      'projection registry is at migration 3, this build knows 2: start the newer build',
    );
  }
  expect(await everything()).toEqual(before);
});

test('a view that a newer build has filled: an older one opens, rebuilds and undoes nothing', async () => {
  await migrateRegistry(pool);
  const newer = { ...inventory, version: inventory.version + 1 };
  await openGeneration(pool, newer, 8);
  await openGeneration(pool, access, 8);
  const before = await everything();
  const expected = `view inventory: generation 1 is of version ${newer.version} with 8 partitions, this build folds`;
  await expect(openGeneration(pool, inventory, 8)).rejects.toThrow(OtherBuild);
  await expect(openGeneration(pool, inventory, 8)).rejects.toThrow(expected);
  const store = { async *readAll() {}, async *readStream() {} };
  const isReleased = () => false;
  const { signal } = new AbortController();
  await expect(rebuildView({ pool, view: inventory, store, isReleased, signal } as never)).rejects.toThrow(expected);
  await expect(undoView({ pool, view: inventory, store, isReleased, signal } as never)).rejects.toThrow(
    /start the newer build|no generation to go back to/,
  );
  expect(await everything()).toEqual(before);
  expect(await listGenerations(pool, 'inventory')).toHaveLength(1);
});
