import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createPool, type Pool } from '#libs/postgres';
import { testDatabase, type TestDatabase } from '../../postgres/testing.js';
import type { RecordedAssayEvent } from '../../event-store/envelope.js';
import { ViewConsumer } from './consumer.js';
import type { Delivery } from './delivery.js';
import { Fenced } from './store.js';
import { partitionOf } from './partition.js';
import {
  dropGeneration,
  listGenerations,
  livePositions,
  migrateRegistry,
  openGeneration,
  RegistryAhead,
  switchGeneration,
} from './registry.js';
import { facts, versions } from './table.js';
import { change, insert, view, type View } from './view.js';

/** Counts registered models; knows three ways to be poisoned. */
function counting(name: string, version = 1): View {
  const counter = versions(`counter_of_${name}`, ['id'], { id: 'text', total: 'integer', seen: 'text?' });
  const mark = facts(`mark_of_${name}`, { id: 'text', number: 'integer' });
  const refused = facts(`refused_of_${name}`, { number: 'integer' });
  return view({
    name,
    version,
    tables: [counter, mark, refused],
    evolve: {
      ModelRegistered: ({ data, stream }) => {
        if (data.name === 'throws') throw new Error('evolve cannot');
        return [
          change(counter, { id: stream }, (before) => {
            if (data.name === 'change throws') throw new Error('change cannot');
            return { total: (before?.total ?? 0) + version, seen: data.name };
          }),
          insert(mark, { id: stream, number: 1 }),
          ...(data.name === 'bad cell' ? [insert(mark, { id: stream, number: 0.5 })] : []),
          ...(data.name === 'database refuses' ? [insert(refused, { number: 7 })] : []),
        ];
      },
    },
  });
}

const partitions = 4;
let database: TestDatabase;
let pool: Pool;
let position = 0n;
const revisions = new Map<string, bigint>();

beforeAll(async () => {
  database = await testDatabase();
  pool = createPool(database.url);
  await migrateRegistry(pool);
});
afterAll(async () => {
  await pool.end();
  await database.close();
});

/** Streams that lie in this partition. */
function streamIn(partition: number, aggregate = 'model'): string {
  for (;;) {
    const stream = `${aggregate}-test.${randomUUID()}`;
    if (partitionOf(stream, partitions) === partition) return stream;
  }
}

function event(stream: string, name = 'fine', type = 'ModelRegistered'): Delivery {
  const revision = (revisions.get(stream) ?? -1n) + 1n;
  revisions.set(stream, revision);
  position += 10n;
  const recordedAt = new Date(1_770_000_000_000 + Number(position)).toISOString();
  const coordinates = { id: randomUUID(), type, stream, revision, position, recordedAt };
  return {
    event: coordinates,
    decoded: () => {
      if (name === 'undecodable') throw new Error('UnknownVersion: ModelRegistered /metadata/schemaVersion');
      return { ...coordinates, data: { name }, metadata: { workspace: 'test' } } as unknown as RecordedAssayEvent;
    },
  };
}

let names = 0;
let consumer: ViewConsumer;
let schema: string;

beforeEach(async () => {
  const counted = counting(`counting_${'abcdefghijklmnopqrstuvwxyz'[names++]}`);
  const generation = await openGeneration(pool, counted, partitions);
  schema = generation.schema;
  consumer = new ViewConsumer(pool, counted, generation);
  // A constraint that no fold knows of: the database has the last word.
  await pool.query(`ALTER TABLE ${schema}.refused_of_${counted.name} ADD CHECK (number <> 7)`);
  await consumer.load();
});

async function totals(): Promise<Record<string, number>> {
  const { rows } = await pool.query<{ id: string; total: string }>(
    `SELECT id, total FROM ${schema}.counter_of_${consumer.view.name} WHERE position_to = 9223372036854775807`,
  );
  return Object.fromEntries(rows.map(({ id, total }) => [id, Number(total)]));
}

describe('duplicates', () => {
  test('a batch that comes again changes nothing, in this consumer and in the next', async () => {
    const [a, b] = [streamIn(0), streamIn(1)];
    const batch = { deliveries: [event(a), event(b), event(a)], watermark: position };
    await consumer.apply(batch);
    await consumer.apply(batch);
    const next = new ViewConsumer(pool, consumer.view, consumer.generation);
    await next.load();
    await next.apply(batch);
    expect(await totals()).toEqual({ [a]: 2, [b]: 1 });
    expect(next.position()).toBe(position);
  });

  test('a quiet partition follows the watermark', async () => {
    await consumer.apply({ deliveries: [event(streamIn(2))], watermark: position });
    expect(consumer.position()).toBe(position);
    await consumer.apply({ deliveries: [], watermark: position + 5n });
    expect((await livePositions(pool)).get(consumer.view.name)).toBe(position + 5n);
    position += 5n;
  });

  test('streams of other aggregates lead a partition on, but for one that has stopped', async () => {
    const [own, other] = [streamIn(2), streamIn(2, 'dataset')];
    const known = [event(own), event(other, 'undecodable', 'DatasetRegistered')];
    const last = known[1]!.event;
    await consumer.apply({ deliveries: known, watermark: new Map() });
    expect([consumer.positionOf(2), consumer.recordedAt()]).toEqual([last.position, last.recordedAt]);
    const { rows } = await pool.query(`SELECT 1 FROM ${schema}.stream_head`);
    expect(rows).toHaveLength(1);

    const poison = event(own, 'throws');
    await consumer.apply({ deliveries: [poison, event(other)], watermark: new Map() });
    await consumer.apply({ deliveries: [event(other)], watermark: position });
    expect(consumer.positionOf(2)).toBe(poison.event.position - 1n);
    expect(await totals()).toEqual({ [own]: 1 });
  });
});

describe('poison', () => {
  test.each(['throws', 'change throws', 'bad cell', 'database refuses', 'undecodable'])(
    '%s: stops its partition just before it, raises an alarm, and the others go on',
    async (name) => {
      const [a, b, c] = [streamIn(0), streamIn(0), streamIn(1)];
      const before = [event(a), event(c)];
      const poison = event(b, name);
      const after = [event(a), event(c)];
      await consumer.apply({ deliveries: [...before, poison, ...after], watermark: position });

      expect(await totals()).toEqual({ [a]: 1, [c]: 2 });
      const [stop] = consumer.stops();
      expect(stop).toMatchObject({
        view: consumer.view.name,
        partition: 0,
        kind: 'poison',
        eventId: poison.event.id,
        stream: b,
        position: poison.event.position,
      });
      expect(stop!.error.length).toBeGreaterThan(5);
      expect(consumer.position()).toBe(poison.event.position - 1n);
      expect(consumer.resumeAfter()).toBe(position);

      // It stays stopped, also for whoever comes after a restart, while the others follow.
      const next = new ViewConsumer(pool, consumer.view, consumer.generation);
      await next.load();
      expect(next.stops()).toEqual([stop]);
      await next.apply({ deliveries: [event(a), event(c)], watermark: position });
      expect(await totals()).toEqual({ [a]: 1, [c]: 3 });
      expect(next.position()).toBe(poison.event.position - 1n);
    },
  );

  test('a recorded decision lets it pass', async () => {
    const [a, b] = [streamIn(0), streamIn(0)];
    const released = new Set<string>();
    const lenient = new ViewConsumer(pool, consumer.view, consumer.generation, {
      isReleased: ({ id }) => released.has(id),
    });
    await lenient.load();
    const poisons = ['throws', 'bad cell', 'database refuses'].map((name) => event(b, name));
    for (const { event } of poisons) released.add(event.id);
    await lenient.apply({ deliveries: [event(a), ...poisons, event(a)], watermark: position });
    expect(lenient.stops()).toEqual([]);
    expect(await totals()).toEqual({ [a]: 2 });
  });

  test('a type that the view does not handle is not even decoded', async () => {
    await consumer.apply({ deliveries: [event(streamIn(3), 'undecodable', 'Unheard')], watermark: position });
    expect(consumer.stops()).toEqual([]);
  });
});

describe('gaps', () => {
  test('a missing revision stops the partition, also when the stream is known from before a restart', async () => {
    const a = streamIn(0);
    await consumer.apply({ deliveries: [event(a)], watermark: position });
    const next = new ViewConsumer(pool, consumer.view, consumer.generation);
    await next.load();
    event(a); // lost on the way
    const late = event(a);
    await next.apply({ deliveries: [late], watermark: position });
    expect(next.stops()).toMatchObject([{ kind: 'gap', eventId: late.event.id, error: 'revision 2 follows 0' }]);
    expect(await totals()).toEqual({ [a]: 1 });
  });

  test('so does a stream that does not begin at its beginning', async () => {
    const a = streamIn(1);
    event(a);
    await consumer.apply({ deliveries: [event(a)], watermark: position });
    expect(consumer.stops()).toMatchObject([{ kind: 'gap', error: 'revision 1 follows nothing' }]);
  });
});

describe('two projectors', () => {
  test('the one that woke up late is fenced, writes nothing, and agrees after loading again', async () => {
    const a = streamIn(0);
    const zombie = new ViewConsumer(pool, consumer.view, consumer.generation);
    await zombie.load();
    const batch = { deliveries: [event(a)], watermark: position };
    await consumer.apply(batch);
    await expect(zombie.apply(batch)).rejects.toThrow(Fenced);
    await zombie.load();
    await zombie.apply(batch);
    await zombie.apply({ deliveries: [event(a)], watermark: position });
    expect(await totals()).toEqual({ [a]: 2 });
  });

  test('rows and positions are written together or not at all', async () => {
    const a = streamIn(0);
    await pool.query(`ALTER TABLE ${schema}.mark_of_${consumer.view.name} RENAME TO elsewhere`);
    const batch = { deliveries: [event(a)], watermark: position };
    await expect(consumer.apply(batch)).rejects.toThrow('mark');
    expect(await totals()).toEqual({});
    expect((await livePositions(pool)).get(consumer.view.name)).toBe(-1n);
    await pool.query(`ALTER TABLE ${schema}.elsewhere RENAME TO mark_of_${consumer.view.name}`);
    await consumer.apply(batch);
    expect(await totals()).toEqual({ [a]: 1 });
  });
});

describe('generations', () => {
  test('a new version is built beside the live one and takes its place in one step', async () => {
    const name = 'rebuilt';
    const old = counting(name);
    const first = await openGeneration(pool, old, partitions);
    const one = new ViewConsumer(pool, old, first);
    await one.load();
    const a = streamIn(0);
    const batch = { deliveries: [event(a)], watermark: position };
    await one.apply(batch);
    const seen = async (): Promise<unknown> => {
      const { rows } = await pool.query(
        `SELECT total FROM read.counter_of_rebuilt_at('test', 9223372036854775806) WHERE id = $1`,
        [a],
      );
      return rows;
    };
    expect(await seen()).toEqual([{ total: '1' }]);

    const changed = counting(name, 2);
    const second = await openGeneration(pool, changed, partitions);
    expect(second).toMatchObject({ generation: 2, status: 'building', schema: 'rebuilt_g2' });
    expect(await openGeneration(pool, changed, partitions)).toEqual(second);
    const two = new ViewConsumer(pool, changed, second);
    await two.load();
    await two.apply(batch);
    expect(await seen()).toEqual([{ total: '1' }]);
    await switchGeneration(pool, changed, second);
    expect(await seen()).toEqual([{ total: '2' }]);

    await expect(dropGeneration(pool, name, 2)).rejects.toThrow('is live');
    await dropGeneration(pool, name, 1);
    expect((await listGenerations(pool, name)).map(({ generation }) => generation)).toEqual([2]);
  });

  test('another number of partitions is another generation', async () => {
    const generation = await openGeneration(pool, consumer.view, partitions * 2);
    expect(generation).toMatchObject({ generation: 2, status: 'building', partitions: 8 });
  });

  test('a database of a newer build is refused', async () => {
    await pool.query('INSERT INTO projection.migration (number) VALUES (99)');
    await expect(migrateRegistry(pool)).rejects.toThrow(RegistryAhead);
    await pool.query('DELETE FROM projection.migration WHERE number = 99');
  });
});
