import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeEvent, type RecordedAssayEvent, type StoredEvent } from '#libs/event-store';
import { createPool, launchPostgres, type LaunchedPostgres, type Pool } from '#libs/postgres';
import { prepareDataFolder } from '#libs/runtime';
import { ViewConsumer } from '../core/consumer.js';
import { listGenerations, migrateRegistry, openGeneration } from '../core/registry.js';
import { inventory } from '../index.js';
import { compareWithFold, randomHistory } from '../testing/index.js';
import { deliveryOf } from './filler.js';
import { rebuildView, type Progress } from './rebuild.js';
import type { EventSource } from './source.js';

const history: readonly StoredEvent[] = randomHistory(53, 800).map(({ stored }) => stored);
const watermark = history.at(-1)!.position;
const store = {
  async *readAll({ from = 0n, backwards = false, maxCount = Infinity } = {}) {
    const found = backwards ? history.toReversed() : history.filter(({ position }) => position >= from);
    yield* found.slice(0, maxCount);
  },
};
/** A transaction for every few events. */
const source: EventSource = {
  name: 'a log',
  async *batches(after) {
    const events = history.filter(({ position }) => position > after);
    for (let at = 0; at < events.length; at += 20) {
      const part = events.slice(at, at + 20);
      yield { events: part, watermark: part.at(-1)!.position };
    }
  },
};

let folder: string;
let postgres: LaunchedPostgres;
let pool: Pool;

/** What a commit that does not wait has not written by itself stays in memory for as long as Postgres lets it. */
async function start(): Promise<void> {
  postgres = await launchPostgres({ dataDirectory: join(folder, 'postgres'), settings: { wal_writer_delay: '10s' } });
  pool = createPool(postgres.url, { max: 4 });
}

/** Every process of it at once, as when the machine fails. */
function crash(): void {
  process.kill(-postgres.pid, 'SIGKILL');
}

async function restart(): Promise<void> {
  await postgres.ended;
  await postgres.close();
  await pool.end().catch(() => undefined);
  await start();
}

async function place(generation: number): Promise<bigint> {
  const { rows } = await pool.query<{ position: string }>(
    'SELECT max(position) AS position FROM projection.partition WHERE view = $1 AND generation = $2',
    [inventory.name, generation],
  );
  return BigInt(rows[0]!.position);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-rebuild-crash-'));
  prepareDataFolder(folder);
  await start();
  await migrateRegistry(pool);
  const live = new ViewConsumer(pool, inventory, await openGeneration(pool, inventory, 4));
  await live.load();
  await live.apply({ deliveries: history.map((event) => deliveryOf(event, inventory)), watermark });
});
afterAll(async () => {
  await pool.end();
  await postgres.close();
  await rm(folder, { recursive: true, force: true });
});

test('a crash of Postgres takes rows of a rebuild only with their positions, and none of one that has switched', async () => {
  const middle = history[Math.floor(history.length / 2)]!.position;
  let told = -1n;
  const progress = ({ position }: Progress): void => {
    if (told < middle && position >= middle) crash();
    if (told < middle) told = position;
  };
  await expect(rebuildView({ pool, view: inventory, store, source, progress })).rejects.toThrow();
  await restart();
  expect((await listGenerations(pool, inventory.name)).map(({ status }) => status)).toEqual(['live', 'building']);
  // The crash has taken what was told: these transactions did not wait for the disk.
  expect(await place(2)).toBeLessThan(told);

  expect(await rebuildView({ pool, view: inventory, store, source })).toMatchObject({ outcome: 'switched' });
  crash();
  await restart();
  expect((await listGenerations(pool, inventory.name)).map(({ status }) => status)).toEqual(['retired', 'live']);
  expect(await place(2)).toBe(watermark);
  const decoded = history.map((event) => decodeEvent(event) as RecordedAssayEvent);
  for (const { stored, folded } of await compareWithFold(pool, inventory, decoded, 2)) expect(stored).toEqual(folded);
});
