import { describe, expect, test } from '@jest/globals';
import { catalogue } from '#libs/event-store';
import { canonicalDigest } from '#libs/signing';
import { randomHistory } from './testing/index.js';
import { foldLog } from './core/fold.js';
import { partitionOf } from './core/partition.js';
import { rowTexts } from './testing/compare.js';
import { Seeded } from './testing/writer.js';
import type { View } from './core/view.js';
import { allViews } from './views.js';

const text = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? `${member}n` : member));

const history = randomHistory(7, 3_000).map(({ recorded }) => recorded);

test('the generated history holds every event type, in several workspaces', () => {
  expect([...new Set(history.map(({ type }) => type))].sort()).toEqual(Object.keys(catalogue).sort());
  expect(new Set(history.map(({ metadata }) => metadata.workspace)).size).toBe(3);
});

test('every event type is handled by the timeline, and what the domain knows by some other view', () => {
  const handled = new Set(allViews.flatMap((view) => (view.handles === 'all' ? [] : [...view.handles])));
  expect(Object.keys(catalogue).filter((type) => !handled.has(type))).toEqual([
    'PartitionRetried',
    'PartitionSkipped',
    'NameReserved',
  ]);
});

/** What two builds must share to write one generation: tables, and whose streams' revisions are kept. */
function definitionOf({ version, tables, handles }: View): string {
  const shapes = tables.map(({ name, kind, key, columns }) => ({ name, kind, key, columns: Object.entries(columns) }));
  return `${version} ${canonicalDigest({ shapes, handles: handles === 'all' ? handles : [...handles].sort() }).slice(0, 12)}`;
}

// A projector is fenced off by the version alone: an older build of the same version would find gaps in streams that
// it follows and a newer one does not, and the other way round. Another digest wants another version beside it.
test('what a view handles and holds belongs to its version', () => {
  expect(Object.fromEntries(allViews.map((view) => [view.name, definitionOf(view)]))).toEqual({
    inventory: '2 19ffd1b3a2ba',
    lineage: '2 e3a1118bc18c',
    approvals: '2 1d5ca297a17d',
    fairness: '2 0d6f1834ff45',
    timeline: '2 10202eb9e5e3',
    deployments: '2 0631ee90bda8',
    access: '2 0d5eaa330bb9',
  });
});

describe.each(allViews.map((view) => [view.name, view] as const))('%s', (_, view) => {
  const fold = foldLog(view, history);

  test('every table gets rows', () => {
    expect(view.tables.filter((table) => fold.get(table)!.length === 0).map(({ name }) => name)).toEqual([]);
  });

  test('the order of delivery across partitions makes no difference', () => {
    const random = new Seeded(11);
    // Each partition keeps its order; partitions are interleaved at random.
    const queues = Array.from({ length: 8 }, (_, partition) =>
      history.filter(({ stream }) => partitionOf(stream, 8) === partition),
    );
    const shuffled = [];
    for (
      let open = queues.filter((queue) => queue.length > 0);
      open.length > 0;
      open = open.filter((q) => q.length > 0)
    ) {
      shuffled.push(random.pick(open).shift()!);
    }
    const other = foldLog(view, shuffled);
    for (const table of view.tables) {
      expect(rowTexts(table, other.get(table)!)).toEqual(rowTexts(table, fold.get(table)!));
    }
  });

  test('evolve neither changes the event nor gives another answer the second time', () => {
    for (const event of history.slice(0, 1_000)) {
      const before = JSON.stringify(event.data);
      expect(text(view.evolve(event))).toBe(text(view.evolve(event)));
      expect(JSON.stringify(event.data)).toBe(before);
    }
  });
});
