import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeEvent, exportSegment, type RecordedAssayEvent, type StoredEvent } from '#libs/event-store';
import { createPool, type Pool } from '#libs/postgres';
import { testDatabase, type TestDatabase } from '../../postgres/testing.js';
import { listGenerations, migrateRegistry, openGeneration } from '../core/registry.js';
import { lineage, timeline } from '../index.js';
import { compareWithFold, randomHistory } from '../testing/index.js';
import type { View } from '../core/view.js';
import { rebuildView, type Progress } from './rebuild.js';
import { segmentSource } from './source.js';

const history = randomHistory(59, 600).map(({ stored }) => stored);
const partitions = 5;

const storeOf = (events: readonly StoredEvent[]) => ({
  async *readAll({ from = 0n, backwards = false, maxCount = Infinity } = {}) {
    const found = backwards ? events.toReversed() : events.filter(({ position }) => position >= from);
    yield* found.slice(0, maxCount);
  },
});

let database: TestDatabase;
let pool: Pool;
let folder: string;
beforeAll(async () => {
  [database, folder] = await Promise.all([testDatabase(), mkdtemp(join(tmpdir(), 'assay-threads-'))]);
  pool = createPool(database.url);
});
beforeEach(async () => {
  await pool.query(`DO $$ DECLARE each text; BEGIN
    FOR each IN SELECT nspname FROM pg_namespace WHERE nspname ~ '_g[0-9]+$' OR nspname IN ('read', 'projection')
    LOOP EXECUTE format('DROP SCHEMA %I CASCADE', each); END LOOP; END $$`);
  await migrateRegistry(pool);
});
afterAll(async () => {
  await pool.end();
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

async function expectFold(view: View, skipped: ReadonlySet<string> = new Set()): Promise<void> {
  const log = history
    .filter(({ id }) => !skipped.has(id))
    .map((event) => decodeEvent(event))
    .filter((event): event is RecordedAssayEvent => event !== undefined);
  for (const { stored, folded } of await compareWithFold(pool, view, log, 2)) expect(stored).toEqual(folded);
}

const statuses = async (view: View) => (await listGenerations(pool, view.name)).map(({ status }) => status);

test.each([lineage, timeline])('threads that share out a segment file fill $name as the log says', async (view) => {
  await openGeneration(pool, view, partitions);
  const path = join(folder, view.name);
  await exportSegment({ store: storeOf(history.slice(0, -20)), path });
  const store = storeOf(history);
  const seen: Progress[] = [];
  const { outcome, events } = await rebuildView({
    pool,
    view,
    store,
    source: segmentSource(path, store),
    threads: 2,
    progress: (progress) => seen.push(progress),
  });
  expect([outcome, events]).toEqual(['switched', history.length]);
  expect(seen.filter(({ phase, events: folded }) => phase === 'filling' && folded > 0).length).toBeGreaterThan(2);
  await expectFold(view);
});

test('what one thread cannot fold stops the rebuild, is recorded, and is passed by when that is decided', async () => {
  const view = timeline;
  await openGeneration(pool, view, partitions);
  const place = Math.floor(history.length / 2);
  const poison = { ...history[place]!, data: Buffer.from('{"no":"such"}') };
  const log = history.with(place, poison);
  const path = join(folder, 'poison');
  const store = storeOf(log);
  await exportSegment({ store, path });
  const options = { pool, view, store, source: segmentSource(path, store), threads: 2 };
  await expect(rebuildView(options)).rejects.toMatchObject({ name: 'Stopped', stop: { eventId: poison.id } });
  const { rows } = await pool.query('SELECT event_id, kind FROM projection.stop');
  expect(rows).toEqual([{ event_id: poison.id, kind: 'poison' }]);
  expect(await statuses(view)).toEqual(['live', 'building']);
  const skipped = new Set([poison.id]);
  expect(await rebuildView({ ...options, skipped })).toMatchObject({ outcome: 'switched' });
  await expectFold(view, skipped);
});

test('threads that are stopped leave what a second run goes on from', async () => {
  const view = lineage;
  await openGeneration(pool, view, partitions);
  const path = join(folder, 'stopped');
  const store = storeOf(history);
  await exportSegment({ store, path });
  const options = { pool, view, store, source: segmentSource(path, store), threads: 2 };
  const abort = new AbortController();
  const stopped = await rebuildView({
    ...options,
    signal: abort.signal,
    progress: ({ phase, events }) => void (phase === 'filling' && events > 0 && abort.abort()),
  });
  expect(stopped.outcome).toBe('stopped');
  expect(await statuses(view)).toEqual(['live', 'building']);
  const rest = await rebuildView(options);
  expect(rest.outcome).toBe('switched');
  expect(stopped.events + rest.events).toBeGreaterThanOrEqual(history.length);
  await expectFold(view);
});

test('damaged bytes are found by the thread that wants them; then nothing goes live', async () => {
  const view = lineage;
  await openGeneration(pool, view, partitions);
  const path = join(folder, 'damaged');
  const store = storeOf(history);
  await exportSegment({ store, path });
  const file = await open(path, 'r+');
  const bytes = await file.readFile();
  const middle = history[Math.floor(history.length / 2)]!;
  const at = bytes.indexOf(middle.data);
  expect(at).toBeGreaterThan(0);
  bytes[at + 1]! ^= 1;
  await file.write(bytes, at + 1, 1, at + 1);
  await file.close();
  const source = segmentSource(path, store);
  await expect(rebuildView({ pool, view, store, source, threads: 2 })).rejects.toMatchObject({
    code: 'SegmentDamaged',
    message: expect.stringContaining(`the digest of the event at position ${middle.position} differs`) as unknown,
  });
  expect(await statuses(view)).toEqual(['live', 'building']);
  // From the store itself it can be finished.
  expect(await rebuildView({ pool, view, store })).toMatchObject({ outcome: 'switched' });
  await expectFold(view);
});

test('a segment file whose end the store has otherwise is refused before anything is begun', async () => {
  const view = lineage;
  await openGeneration(pool, view, partitions);
  const path = join(folder, 'restored');
  const last = history.at(-1)!;
  await exportSegment({
    store: storeOf(history.with(history.length - 1, { ...last, metadata: Buffer.from('{}') })),
    path,
  });
  const store = storeOf(history);
  await expect(rebuildView({ pool, view, store, source: segmentSource(path, store) })).rejects.toThrow(
    `is not of this event store: the store has no such event at position ${last.position}`,
  );
  expect(await statuses(view)).toEqual(['live']);
});
