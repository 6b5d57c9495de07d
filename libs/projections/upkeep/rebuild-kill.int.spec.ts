import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeEvent, exportSegment, type RecordedAssayEvent, type StoredEvent } from '#libs/event-store';
import { createPool, type Pool } from '#libs/postgres';
import { repositoryRoot } from '#libs/runtime';
import { testDatabase, type TestDatabase } from '../../postgres/testing.js';
import { ViewConsumer } from '../core/consumer.js';
import { listGenerations, migrateRegistry, openGeneration } from '../core/registry.js';
import { inventory, lineage } from '../index.js';
import { compareWithFold, randomHistory } from '../testing/index.js';
import { deliveryOf } from './filler.js';
import { rebuildLocks, rebuildView } from './rebuild.js';
import { segmentSource } from './source.js';

const history: readonly StoredEvent[] = randomHistory(47, 1_500).map(({ stored }) => stored);
const store = {
  async *readAll({ from = 0n, backwards = false, maxCount = Infinity } = {}) {
    const found = backwards ? history.toReversed() : history.filter(({ position }) => position >= from);
    yield* found.slice(0, maxCount);
  },
};

/** Rebuilds from the segment file in small batches and says how far it is; the store that it asks is the same file. */
const program = `
  const { readSegment } = await import('#libs/event-store');
  const { createPool } = await import('#libs/postgres');
  const projections = await import('#libs/projections');
  const [url, path, name] = process.argv.slice(1);
  process.stdin.resume().on('end', () => process.exit(1));
  const store = {
    async *readAll({ from = 0n, backwards = false, maxCount = Infinity } = {}) {
      const events = [];
      for await (const batch of readSegment(path)) events.push(...batch);
      const found = backwards ? events.toReversed() : events.filter(({ position }) => position >= from);
      yield* found.slice(0, maxCount);
    },
  };
  const whole = projections.segmentSource(path, store);
  const source = {
    name: whole.name,
    async *batches(after, signal) {
      for await (const { events } of whole.batches(after, signal))
        for (let at = 0; at < events.length; at += 25) {
          const part = events.slice(at, at + 25);
          yield { events: part, watermark: part.at(-1).position };
        }
    },
  };
  const progress = ({ position }) => process.stdout.write(position + '\\n');
  await projections.rebuildView({ pool: createPool(url), view: projections[name], store, source, progress });
  process.stdout.write('switched\\n');
`;

let database: TestDatabase;
let pool: Pool;
let folder: string;

/** Postgres has noticed that who held the lock of the rebuild is gone. */
async function isLetGo(): Promise<void> {
  const held = `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = ${rebuildLocks}
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  while ((await pool.query(held)).rowCount !== 0) await new Promise((resolve) => setTimeout(resolve, 20));
}

beforeAll(async () => {
  [database, folder] = await Promise.all([testDatabase(), mkdtemp(join(tmpdir(), 'assay-rebuild-kill-'))]);
  pool = createPool(database.url);
  await migrateRegistry(pool);
  await exportSegment({ store, path: join(folder, 'segment') });
});
afterAll(async () => {
  await pool.end();
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

/** Ends with kill -9, at once when the rebuild says that it has come so far. */
async function killedAt(view: string, position: bigint): Promise<void> {
  const child = spawn(
    process.execPath,
    [
      '--import',
      './scripts/typescript-loader.mjs',
      '--input-type=module',
      '-e',
      program,
      database.url,
      join(folder, 'segment'),
      view,
    ],
    { cwd: repositoryRoot(), stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once('exit', (_, signal) => resolve(signal)));
  let text = '';
  for await (const part of child.stdout.setEncoding('utf8')) {
    text += part as string;
    const last = text.split('\n').at(-2);
    if (last !== undefined && (last === 'switched' || BigInt(last) >= position)) child.kill('SIGKILL');
  }
  expect(text).not.toContain('switched');
  expect(await ended).toBe('SIGKILL');
}

async function placeOf(view: string): Promise<bigint> {
  const { rows } = await pool.query<{ position: string }>(
    'SELECT min(position) AS position FROM projection.partition WHERE view = $1 AND generation = 2',
    [view],
  );
  return BigInt(rows[0]!.position);
}

// One view whose rows are only added, with tables that have no keys meanwhile, and one whose rows change.
test.each([
  { view: lineage, name: 'lineage', kills: [3, 2] },
  { view: inventory, name: 'inventory', kills: [2] },
])(
  'a rebuild of $name that is killed in the middle goes on where it was, and is what the log says',
  async ({ view, kills }) => {
    const generation = await openGeneration(pool, view, 4);
    const live = new ViewConsumer(pool, view, generation);
    await live.load();
    const watermark = history.at(-1)!.position;
    await live.apply({ deliveries: history.map((event) => deliveryOf(event, view)), watermark });

    let reached = -1n;
    for (const part of kills) {
      const place = history[Math.floor(history.length / part)]!.position;
      await killedAt(view.name, place);
      await isLetGo();
      const now = await placeOf(view.name);
      expect(now).toBeGreaterThanOrEqual(place);
      expect(now).toBeGreaterThan(reached);
      reached = now;
    }
    expect((await listGenerations(pool, view.name)).map(({ status }) => status)).toEqual(['live', 'building']);

    const source = segmentSource(join(folder, 'segment'), store);
    const { outcome, events } = await rebuildView({ pool, view, store, source });
    expect(outcome).toBe('switched');
    expect(events).toBe(history.filter(({ position }) => position > reached).length);
    const decoded = history.map((event) => decodeEvent(event) as RecordedAssayEvent);
    for (const { stored, folded } of await compareWithFold(pool, view, decoded, 2)) expect(stored).toEqual(folded);
  },
);
