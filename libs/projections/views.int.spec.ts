import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { canonicalJson } from '#libs/signing';
import { createPool, type Pool } from '#libs/postgres';
import { testDatabase, type TestDatabase } from '../postgres/testing.js';
import { abilityFor, conditionSql, mayDo } from '#libs/authorization';
import type { Columns, HeldGrant, Resource, SubjectType } from '#libs/authorization';
import * as access from './access/index.js';
import * as approvals from './approvals/index.js';
import * as deployments from './deployments/index.js';
import * as fairness from './fairness/index.js';
import * as inventory from './inventory/index.js';
import * as timeline from './timeline/index.js';
import { positionAt } from './core/clock.js';
import { ViewConsumer } from './core/consumer.js';
import type { Batch, Delivery } from './core/delivery.js';
import { partitionOf } from './core/partition.js';
import { readerOf, type Page, type PageArguments, type Reader } from './core/reader.js';
import { migrateRegistry, openGeneration } from './core/registry.js';
import type { View } from './core/view.js';
import { compareWithFold, randomHistory, Seeded, type HistoryEvent } from './testing/index.js';
import { everyQuestion, type Known } from './testing/questions.js';
import { allViews, clockView } from './views.js';

const partitions = 8;
const history = randomHistory(43, 2_500);
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

describe('lists', () => {
  const last = history.at(-1)!.stored.position;
  const lists: Readonly<
    Record<string, [(reader: Reader, page: PageArguments) => Promise<Page<unknown>>, SubjectType, Columns]>
  > = {
    datasets: [inventory.datasets, 'Dataset', inventory.inventoryAccess],
    datasetVersions: [inventory.datasetVersions, 'DatasetVersion', inventory.inventoryAccess],
    trainingRuns: [inventory.trainingRuns, 'TrainingRun', inventory.inventoryAccess],
    models: [inventory.models, 'Model', inventory.inventoryAccess],
    modelVersions: [inventory.modelVersions, 'ModelVersion', inventory.inventoryAccess],
    policies: [inventory.policies, 'Policy', inventory.inventoryAccess],
    evaluations: [fairness.evaluations, 'Evaluation', fairness.fairnessAccess],
    approvals: [approvals.approvalRequests, 'Approval', approvals.approvalsAccess],
    inbox: [
      (reader, page) => approvals.inbox(reader, { ...page, roles: ['validator'] }),
      'Approval',
      approvals.approvalsAccess,
    ],
    acts: [approvals.approvalActs, 'Approval', approvals.approvalsAccess],
    conditions: [approvals.conditions, 'Approval', approvals.approvalsAccess],
    overrides: [approvals.overrides, 'Approval', approvals.approvalsAccess],
    deployments: [deployments.deploymentList, 'Deployment', deployments.deploymentsAccess],
    changes: [deployments.deploymentChanges, 'Deployment', deployments.deploymentsAccess],
    permits: [deployments.permits, 'Permit', deployments.deploymentsAccess],
    segments: [deployments.predictionSegments, 'PredictionSegment', deployments.deploymentsAccess],
    incidents: [deployments.incidents, 'Incident', deployments.deploymentsAccess],
    identities: [access.identities, 'Identity', access.identityAccess],
    grants: [access.grants, 'AccessGrant', access.identityAccess],
    denials: [access.denials, 'Denial', access.identityAccess],
    exports: [access.exportRequests, 'Export', access.exportAccess],
    evidenceAccesses: [access.evidenceAccesses, 'Export', access.exportAccess],
    timeline: [timeline.timelineEvents, 'Workspace', {}],
  };

  async function all(list: (page: PageArguments) => Promise<Page<unknown>>, first: number): Promise<unknown[]> {
    const items: unknown[] = [];
    for (let after: string | undefined; ;) {
      const page = await list({ first, ...(after !== undefined && { after }) });
      items.push(...page.items.map(({ item }) => item));
      if (!page.hasNextPage) return items;
      expect(page.items).toHaveLength(first);
      after = page.items.at(-1)!.cursor;
    }
  }

  test.each(Object.keys(lists))('%s: pages of any size give every row once, in one order', async (name) => {
    const [list] = lists[name]!;
    const small = await all((page) => list(readerAt(last), page), 7);
    const large = await all((page) => list(readerAt(last), page), 100);
    expect(large.length).toBeGreaterThan(0);
    expect(text(small)).toBe(text(large));
    expect(new Set(small.map(text)).size).toBe(small.length);
  });

  test.each(Object.keys(lists).filter((name) => name !== 'timeline'))(
    '%s: a reader of one model, or of nothing, sees what the rule allows in memory',
    async (name) => {
      const [list, type, columns] = lists[name]!;
      const everything = await all((page) => list(readerAt(last), page), 100);
      const actor = { id: known.identityId, kind: 'person' } as const;
      for (const grants of [[], [{ role: 'viewer', scope: known.modelId }], [{ role: 'auditor' }]] as HeldGrant[][]) {
        const ability = abilityFor(actor, grants);
        const condition = conditionSql(ability, 'read', type, columns);
        const reader = readerOf(pool, 'alpha', last, condition);
        const seen = await all((page) => list(reader, page), 9);
        const allowed = everything.filter((item) => mayDo(ability, 'read', type, resourceOf(item as Resource)));
        expect(text(seen)).toBe(text(allowed));
      }
    },
  );

  function resourceOf(item: Resource & { subjectId?: string; actorId?: string }): Resource {
    return { ...item, identityId: item.identityId ?? item.subjectId ?? item.actorId ?? null };
  }

  test.each([
    ['first', { first: 0 }],
    ['first', { first: 101 }],
    ['first', { first: 2.5 }],
    ['after', { first: 5, after: 'x' }],
    ['after', { first: 5, after: Buffer.from('99999999999999999999.a').toString('base64url') }],
    ['after', { first: 5, after: Buffer.from("1.a' OR TRUE --\u0000").toString('base64url') }],
  ])('%s of a page that breaks its rule is refused by name', async (field, page) => {
    await expect(inventory.models(readerAt(last), page)).rejects.toMatchObject({ name: 'InvalidArgument', field });
  });

  test('hostile ids find nothing, and a character that Postgres cannot hold is refused', async () => {
    for (const id of ["' OR TRUE --", '%', '\\', '{}', 'ü'.repeat(5_000)]) {
      expect(await inventory.modelVersionsById(readerAt(last), [id])).toEqual([]);
      expect(await timeline.everyTimelineEvent(readerAt(last), { modelVersionId: id })).toEqual([]);
    }
    for (const ask of [
      () => inventory.modelVersionsById(readerAt(last), ['\u0000']),
      () => timeline.timelineTotal(readerAt(last), { stream: 'a\u0000' }),
    ]) {
      await expect((async () => ask())()).rejects.toMatchObject({ name: 'InvalidArgument', field: 'filter' });
    }
  });
});
