import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { canonicalJson } from '#libs/signing';
import { createPool, type Pool } from '#libs/postgres';
import { testDatabase, type TestDatabase } from '../postgres/testing.js';
import { positionAt } from './core/clock.js';
import { ViewConsumer } from './core/consumer.js';
import type { Batch, Delivery } from './core/delivery.js';
import { partitionOf } from './core/partition.js';
import { readerOf, type Reader } from './core/reader.js';
import { migrateRegistry, openGeneration } from './core/registry.js';
import type { View } from './core/view.js';
import { compareWithFold, randomHistory, Seeded, type HistoryEvent } from './testing/index.js';
import { everyQuestion, type Known } from './testing/questions.js';
import { allViews, clockView } from './views.js';

const partitions = 8;
const history = randomHistory(42, 2_500);
const recorded = history.map((event) => event.recorded);

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await testDatabase();
  pool = createPool(database.url);
  await migrateRegistry(pool);
});
afterAll(async () => {
  await pool.end();
  await database.close();
});

const delivery = ({ recorded, stored }: HistoryEvent): Delivery => ({ event: stored, decoded: () => recorded });

async function consumerOf(view: View): Promise<ViewConsumer> {
  const generation = await openGeneration(pool, view, partitions);
  const consumer = new ViewConsumer(pool, view, generation, { clock: view === clockView });
  await consumer.load();
  return consumer;
}

/**
 * Batches as a bad day delivers them: any boundaries, partitions ahead of each other, parts of earlier batches once
 * more, each event perhaps twice.
 */
function* badDay(events: readonly HistoryEvent[], random: Seeded): Generator<Batch> {
  const queues = Array.from({ length: partitions }, (_, partition) =>
    events.filter(({ stored }) => partitionOf(stored.stream, partitions) === partition),
  );
  const given = queues.map(() => 0);
  const last = events.at(-1)!.stored.position;
  while (queues.some((queue, partition) => given[partition]! < queue.length)) {
    const deliveries: Delivery[] = [];
    const watermark = new Map<number, bigint>();
    for (const partition of random.shuffle(queues.map((_, index) => index)).slice(0, 1 + random.whole(partitions))) {
      const queue = queues[partition]!;
      const from = Math.max(0, given[partition]! - (random.whole(3) === 0 ? random.whole(30) : 0));
      const to = Math.min(queue.length, given[partition]! + random.whole(120));
      for (const event of queue.slice(from, to)) {
        deliveries.push(delivery(event));
        if (random.whole(10) === 0) deliveries.push(delivery(event));
      }
      given[partition] = to;
      const next = queue[to]?.stored.position;
      watermark.set(partition, next === undefined ? last : next - 1n);
    }
    yield { deliveries, watermark };
  }
}

async function fill(view: View, events: readonly HistoryEvent[], seed: number): Promise<ViewConsumer> {
  const random = new Seeded(seed);
  let consumer = await consumerOf(view);
  for (const batch of badDay(events, random)) {
    await consumer.apply(batch);
    // A restart between batches knows only what is in the database.
    if (random.whole(6) === 0) consumer = await consumerOf(view);
  }
  return consumer;
}

function readerAt(asOf: bigint, workspace = 'alpha'): Reader {
  return readerOf(pool, workspace, asOf);
}

const known = ((): Known => {
  const alpha = recorded.filter(({ metadata }) => metadata.workspace === 'alpha');
  const evaluated = new Set(
    alpha
      .filter(({ type }) => type === 'EvaluationRecorded')
      .map(({ data }) => (data as { modelVersionId: string }).modelVersionId),
  );
  const granted = alpha
    .filter(({ type }) => type === 'ApprovalGranted')
    .map(({ data }) => data as { modelVersionId: string })
    .find(({ modelVersionId }) => evaluated.has(modelVersionId))!;
  const version = alpha.find(
    ({ type, data }) =>
      type === 'ModelVersionRegistered' &&
      (data as { modelVersionId: string }).modelVersionId === granted.modelVersionId,
  )!.data as { modelId: string };
  const sealed = alpha.find(({ type }) => type === 'DatasetVersionSealed')!.data as Record<string, string>;
  const service = alpha.find(({ type }) => type === 'ServiceKeyIssued')!.data as { identityId: string };
  const deployment = alpha.find(({ type }) => type === 'DeploymentStarted')!.data as { deploymentId: string };
  return {
    modelVersionId: granted.modelVersionId,
    modelId: version.modelId,
    datasetVersionId: sealed['datasetVersionId']!,
    datasetId: sealed['datasetId']!,
    identityId: service.identityId,
    deploymentId: deployment.deploymentId,
    at: alpha[Math.floor(alpha.length * 0.8)]!.recordedAt,
  };
})();

const text = (value: unknown): string =>
  canonicalJson(
    JSON.parse(JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? `${member}n` : member))),
  );

describe('fold and tables agree', () => {
  const half = Math.floor(history.length / 2);
  const middle = history[half]!.stored.position;
  const answers = new Map<string, string>();

  test('after the first half, delivered badly; every question is asked', async () => {
    for (const view of allViews) {
      const consumer = await fill(view, history.slice(0, half + 1), 3);
      expect(consumer.stops()).toEqual([]);
      expect(consumer.position()).toBe(middle);
      for (const { stored, folded } of await compareWithFold(pool, view, recorded.slice(0, half + 1))) {
        expect(stored).toEqual(folded);
      }
    }
    for (const [name, ask] of Object.entries(everyQuestion(known)))
      answers.set(name, text(await ask(readerAt(middle))));
  });

  test.each(allViews.map((view) => [view.name, view] as const))('%s after the whole history', async (_, view) => {
    const consumer = await fill(view, history, 5);
    expect(consumer.position()).toBe(history.at(-1)!.stored.position);
    for (const { stored, folded } of await compareWithFold(pool, view, recorded)) {
      expect(stored.length).toBeGreaterThan(0);
      expect(stored).toEqual(folded);
    }
  });

  test('the same questions as of the same position get the same bytes', async () => {
    const different: string[] = [];
    for (const [name, ask] of Object.entries(everyQuestion(known))) {
      if (text(await ask(readerAt(middle))) !== answers.get(name)) different.push(name);
    }
    expect(different).toEqual([]);
  });

  test('the questions have answers, and none from before anything happened or from another workspace', async () => {
    const last = history.at(-1)!.stored.position;
    const empty = text(await everyQuestion(known)['models']!(readerAt(0n)));
    expect(empty).toBe('{"hasNextPage":false,"items":[]}');
    const silent: string[] = [];
    const leaking: string[] = [];
    for (const [name, ask] of Object.entries(everyQuestion(known))) {
      const nothing = text(await ask(readerAt(0n)));
      if (text(await ask(readerAt(last))) === nothing) silent.push(name);
      if (text(await ask(readerAt(last, 'nowhere'))) !== nothing) leaking.push(name);
    }
    expect(silent).toEqual([]);
    expect(leaking).toEqual([]);
  });

  test('a time leads to the last position up to which nothing was recorded later, whatever the clock did', async () => {
    const random = new Seeded(9);
    const last = history.at(-1)!.stored.position;
    for (let round = 0; round < 50; round += 1) {
      const time = random.pick(recorded).recordedAt;
      const later = recorded.find(({ recordedAt }) => recordedAt > time);
      const expected = later === undefined ? last : later.position - 1n;
      expect(await positionAt(readerAt(last), time)).toBe(expected);
    }
    expect(await positionAt(readerAt(last), '2020-01-01T00:00:00+01:00')).toBe(recorded[0]!.position - 1n);
    await expect(positionAt(readerAt(last), 'yesterday')).rejects.toMatchObject({ field: 'asOf' });
  });
});
