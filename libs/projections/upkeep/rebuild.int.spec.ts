import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeEvent, exportSegment, type RecordedAssayEvent, type StoredEvent } from '#libs/event-store';
import { createPool, type Pool } from '#libs/postgres';
import { testDatabase, type TestDatabase } from '../../postgres/testing.js';
import { ViewConsumer } from '../core/consumer.js';
import { Fenced } from '../core/store.js';
import { listGenerations, livePositions, migrateRegistry, openGeneration } from '../core/registry.js';
import { inventory, timeline } from '../index.js';
import { compareWithFold, randomHistory } from '../testing/index.js';
import { deliveryOf } from './filler.js';
import { rebuildView, removeGeneration, undoView, type Progress } from './rebuild.js';
import { segmentSource, storeSource } from './source.js';

const history = randomHistory(31, 1_000).map(({ stored }) => stored);
const half = history.slice(0, 700);
if (history.length < 800) throw new Error(`a history of ${history.length}`);

/** A store that holds so many of the events; more can be let in. */
class Held {
  constructor(public events: StoredEvent[]) {}
  async *readAll({ from = 0n, backwards = false, maxCount = Infinity } = {}) {
    let left = maxCount;
    for (const event of backwards ? this.events.toReversed() : this.events) {
      if (!backwards && event.position < from) continue;
      if (left <= 0) return;
      left -= 1;
      yield event;
    }
  }
}

let database: TestDatabase;
let pool: Pool;
let folder: string;
beforeAll(async () => {
  [database, folder] = await Promise.all([testDatabase(), mkdtemp(join(tmpdir(), 'assay-rebuild-'))]);
  pool = createPool(database.url, { max: 10 });
  await migrateRegistry(pool);
});
afterAll(async () => {
  await pool.end();
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

const views = [inventory, timeline] as const;
type Followed = (typeof views)[number];

/** As a projector of another process: it knows of the rebuild only what the database tells. */
class Following {
  private constructor(
    readonly consumer: ViewConsumer,
    readonly view: Followed,
  ) {}
  static async start(view: Followed): Promise<Following> {
    const consumer = new ViewConsumer(pool, view, await openGeneration(pool, view, 4), { clock: view === timeline });
    await consumer.load();
    return new Following(consumer, view);
  }
  async take(events: readonly StoredEvent[]): Promise<void> {
    const deliveries = events.map((event) => deliveryOf(event, this.view));
    const batch = { deliveries, watermark: events.at(-1)!.position };
    for (;;) {
      try {
        return await this.consumer.apply(batch);
      } catch (error) {
        if (!(error instanceof Fenced)) throw error;
        await this.consumer.load();
      }
    }
  }
}

async function assertFold(view: Followed, generation: number, events: readonly StoredEvent[]): Promise<void> {
  const decoded = events.map((event) => decodeEvent(event) as RecordedAssayEvent);
  for (const { stored, folded } of await compareWithFold(pool, view, decoded, generation))
    expect(stored).toEqual(folded);
}

const indexesOf = async (schema: string) => {
  const { rows } = await pool.query<{ indexdef: string }>(
    'SELECT indexdef FROM pg_indexes WHERE schemaname = $1 ORDER BY 1',
    [schema],
  );
  return rows.map(({ indexdef }) => indexdef.replaceAll(schema, ''));
};

test.each(views)(
  'a rebuild of $name beside a running projector, which follows without a gap; undone and done',
  async (view) => {
    const store = new Held([...half]);
    const projector = await Following.start(view);
    await projector.take(half.slice(0, 500));
    const path = join(folder, view.name);
    await exportSegment({ store: new Held(half.slice(0, 400)), path });

    // Events come in, and the projector writes, between any two batches of the rebuild.
    const seen: Progress[] = [];
    let next = 500;
    const busy = {
      readAll: store.readAll.bind(store),
    };
    const source = segmentSource(path, store);
    const slow = {
      name: source.name,
      async *batches(after: bigint, signal: AbortSignal) {
        for await (const { events } of source.batches(after, signal)) {
          for (let at = 0; at < events.length; at += 100) {
            const part = events.slice(at, at + 100);
            yield { events: part, watermark: part.at(-1)!.position };
            await projector.take(half.slice(next, next + 20));
            next += 20;
            // What is being filled cannot be taken away.
            const taken = removeGeneration({ pool, view, generation: 2 });
            await expect(taken).rejects.toThrow(`view ${view.name} is being rebuilt`);
          }
        }
      },
    };
    const read = async () => (await livePositions(pool)).get(view.name)!;
    const before = await read();
    const { generation, outcome } = await rebuildView({
      pool,
      view,
      store: busy,
      source: slow,
      progress: (progress) => seen.push(progress),
    });
    expect(outcome).toBe('switched');
    expect(generation).toMatchObject({ generation: 2, status: 'live', rebuild: null, switched: 2 });
    expect([...new Set(seen.map(({ phase }) => phase))]).toEqual(['filling', 'indexing', 'catching up', 'switching']);
    expect(await read()).toBe(half.at(-1)!.position);
    expect(await read()).toBeGreaterThan(before);
    expect(await indexesOf(`${view.name}_g2`)).toEqual(await indexesOf(`${view.name}_g1`));
    await assertFold(view, 2, half);
    expect(next).toBeGreaterThan(500);

    // The projector had not written the last of them, and others come: it goes on in the new generation by itself.
    store.events.push(...history.slice(700));
    await projector.take(half.slice(next));
    await projector.take(history.slice(700, 750));
    expect(projector.consumer.generation.generation).toBe(2);
    await assertFold(view, 2, history.slice(0, 750));

    // Undone: the generation before has stood still, and is caught up.
    expect((await undoView({ pool, view, store })).generation).toMatchObject({ generation: 1, status: 'live' });
    await assertFold(view, 1, history);
    await projector.take(history.slice(750));
    expect(projector.consumer.generation.generation).toBe(1);
    expect(await read()).toBe(history.at(-1)!.position);
    expect((await undoView({ pool, view, store })).generation).toMatchObject({ generation: 2, status: 'live' });
    await assertFold(view, 2, history);
    await expect(removeGeneration({ pool, view, generation: 2 })).rejects.toThrow('generation 2 of');
    await expect(removeGeneration({ pool, view, generation: 3 })).rejects.toThrow('no generation 3; it has 1, 2');
    await removeGeneration({ pool, view, generation: 1 });
    await expect(undoView({ pool, view, store })).rejects.toThrow('no generation to go back to');
    if (view !== timeline) return;
    const { rows } = await pool.query('SELECT DISTINCT generation FROM projection.clock');
    expect(rows).toEqual([{ generation: 2 }]);
  },
);

test('a rebuild that is stopped anywhere is taken up again; readers never fail meanwhile', async () => {
  const store = new Held([...history]);
  let reads = 0;
  const over = new AbortController();
  const reading = (async () => {
    const readers = createPool(database.url, { max: 3 });
    const one = async (): Promise<void> => {
      while (!over.signal.aborted) {
        await readers.query(`SELECT count(*) FROM read.model_at('alpha', 9223372036854775806)`);
        reads += 1;
      }
    };
    await Promise.all([one(), one(), one()]);
    await readers.end();
  })();
  const next = (await listGenerations(pool, 'inventory')).at(-1)!.generation + 1;
  let runs = 0;
  for (;;) {
    const abort = new AbortController();
    let batches = 0;
    const source = storeSource(store);
    const small = {
      name: source.name,
      async *batches(after: bigint, signal: AbortSignal) {
        for await (const { events } of source.batches(after, signal)) {
          for (let at = 0; at < events.length; at += 200) {
            const part = events.slice(at, at + 200);
            yield { events: part, watermark: part.at(-1)!.position };
            if (++batches === 2) abort.abort();
          }
        }
      },
    };
    const result = await rebuildView({ pool, view: inventory, store, source: small, signal: abort.signal });
    expect(result.generation.generation).toBe(next);
    runs += 1;
    if (result.outcome === 'switched') break;
    expect(runs).toBeLessThan(20);
  }
  for (let round = 0; round < 4; round += 1) await undoView({ pool, view: inventory, store });
  over.abort();
  await reading;
  expect(runs).toBeGreaterThan(2);
  expect(reads).toBeGreaterThan(10);
  await assertFold(inventory, next, history);
});

test('two rebuilds of one view do not meet; a segment of another store is refused', async () => {
  const store = new Held([...history]);
  const path = join(folder, 'other');
  await exportSegment({ store: new Held(randomHistory(32, 50).map(({ stored }) => stored)), path });
  await expect(rebuildView({ pool, view: inventory, store, source: segmentSource(path, store) })).rejects.toThrow(
    'is not of this event store',
  );
  const [one, two] = await Promise.allSettled([
    rebuildView({ pool, view: inventory, store }),
    rebuildView({ pool, view: inventory, store }),
  ]);
  expect([one.status, two.status].sort()).toEqual(['fulfilled', 'rejected']);
});
