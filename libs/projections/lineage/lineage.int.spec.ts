import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createPool, type Pool } from '#libs/postgres';
import { testDatabase, type TestDatabase } from '../../postgres/testing.js';
import { RowBatch } from '../core/batch.js';
import { readerOf, type Reader } from '../core/reader.js';
import { migrateRegistry, openGeneration } from '../core/registry.js';
import { insert } from '../core/view.js';
import { writeBatch, type Queryable } from '../core/writer.js';
import { lineage } from './evolve.js';
import { edgeKinds, nodeId, nodeKinds, nodeOf, isHashed, type EdgeKind, type NodeReference } from './graph.js';
import { contributorsOf, lineageWalk, type Lineage, type LineageArguments } from './queries.js';
import { columnEdge, lineageEdge, lineageNode } from './tables.js';
import { Seeded } from '../testing/writer.js';

let database: TestDatabase;
let pool: Pool;
let position = 0n;
const random = new Seeded(4);

beforeAll(async () => {
  database = await testDatabase();
  pool = createPool(database.url);
  await migrateRegistry(pool);
  await openGeneration(pool, lineage, 4);
});
afterAll(async () => {
  await pool.end();
  await database.close();
});

type Link = readonly [from: NodeReference, kind: EdgeKind, to: NodeReference];

/** One event for each link. */
async function link(links: readonly Link[], workspace = 'test', table = lineageEdge): Promise<void> {
  const batch = new RowBatch();
  for (const [from, kind, to] of links) {
    position += 1n;
    const [fromId, toId] = [nodeId(from), nodeId(to)];
    batch.apply(workspace, { position, revision: 0n }, [
      ...[from, to]
        .filter((node) => isHashed(nodeId(node)))
        .map((node) => insert(lineageNode, { node: nodeId(node), key: node.key })),
      insert(table, { from_node: fromId, to_node: toId, kind: edgeKinds[kind] }),
    ]);
  }
  await writeBatch(pool as unknown as Queryable, 'lineage_g1', batch);
}

const node = (kind: NodeReference['kind'] = 'dataset-version'): NodeReference => ({ kind, key: random.uuid() });
const reader = (asOf = 1_000_000_000n, workspace = 'test'): Reader => readerOf(pool, workspace, asOf);
const walk = (walked: LineageArguments, asOf?: bigint, workspace?: string): Promise<Lineage> =>
  lineageWalk(reader(asOf, workspace), walked);
const name = ({ kind, key }: NodeReference): string => `${kind} ${key}`;
const names = (nodes: readonly NodeReference[]): string[] => nodes.map(name).sort();

describe('surrogate ids', () => {
  test('name every node again, and differ by kind', () => {
    const key = random.uuid();
    const ids = nodeKinds.map((kind) => nodeId({ kind, key }));
    expect(new Set(ids).size).toBe(nodeKinds.length);
    expect(ids.map((id) => nodeOf(id, undefined))).toEqual(nodeKinds.map((kind) => ({ kind, key })));
    for (const hostile of ['', 'a@b', 'x'.repeat(10_000), '\u0000', key.toUpperCase(), `${key}#deny`]) {
      const id = nodeId({ kind: 'code', key: hostile });
      expect(isHashed(id)).toBe(true);
      expect(nodeOf(id, hostile)).toEqual({ kind: 'code', key: hostile });
    }
  });

  test('fewer than 32 edge kinds, each with a number of its own: the walk counts on it', () => {
    const numbers = Object.values(edgeKinds);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(Math.max(...numbers)).toBeLessThan(32);
  });
});

describe('a walk', () => {
  test('goes one way, names depth and kinds, and says nothing of a node that it does not know', async () => {
    const [data, run, version, evaluation] = [node(), node('training-run'), node('model-version'), node('evaluation')];
    const commit: NodeReference = { kind: 'code', key: 'https://git.example/a.git@c0ffee' };
    await link([
      [data, 'input', run],
      [commit, 'code', run],
      [run, 'output', version],
      [version, 'subject', evaluation],
    ]);
    const up = await walk({ start: [version], direction: 'upstream' });
    expect(up.nodes[0]).toEqual({ ...version, depth: 0 });
    expect(names(up.nodes)).toEqual(names([version, run, data, commit]));
    expect(up.edges.map(({ from, kind, to }) => `${name(from)} ${kind} ${name(to)}`).sort()).toEqual(
      [
        `${name(data)} input ${name(run)}`,
        `${name(commit)} code ${name(run)}`,
        `${name(run)} output ${name(version)}`,
      ].sort(),
    );
    expect(up.isPartial).toBe(false);
    const down = await walk({ start: [data], direction: 'downstream' });
    expect(down.nodes.map(({ depth }) => depth)).toEqual([0, 1, 2, 3]);
    expect(await walk({ start: [node()], direction: 'upstream' })).toEqual({ nodes: [], edges: [], isPartial: false });
  });

  test('ends in a cycle, and gives the edge that closes it', async () => {
    const [a, b, c] = [node(), node(), node()];
    await link([
      [a, 'derived', b],
      [b, 'derived', c],
      [c, 'derived', a],
      [a, 'derived', a],
    ]);
    for (const direction of ['upstream', 'downstream'] as const) {
      const answer = await walk({ start: [b], direction });
      expect(names(answer.nodes)).toEqual(names([a, b, c]));
      expect(answer.edges).toHaveLength(4);
      expect(answer.isPartial).toBe(false);
    }
  });

  test('an edge said twice is one edge, from when it was first said', async () => {
    const [a, b] = [node('permit'), node('deployment')];
    await link([
      [a, 'permitted', b],
      [a, 'permitted', b],
    ]);
    const { edges } = await walk({ start: [b], direction: 'upstream' });
    expect(edges).toEqual([{ from: a, to: b, kind: 'permitted', position: position - 1n }]);
  });

  test('as of a position it knows nothing that came later', async () => {
    const [a, b, c] = [node(), node(), node()];
    await link([[a, 'derived', b]]);
    const then = position;
    await link([
      [b, 'derived', c],
      [c, 'derived', a],
    ]);
    expect(names((await walk({ start: [b], direction: 'upstream' }, then)).nodes)).toEqual(names([a, b]));
    expect((await walk({ start: [c], direction: 'upstream' }, then)).nodes).toEqual([]);
    expect(names((await walk({ start: [b], direction: 'upstream' })).nodes)).toEqual(names([a, b, c]));
  });

  test('another workspace that uses the same ids is another graph', async () => {
    const [a, b, c] = [node(), node(), node()];
    await link([[a, 'derived', b]], 'mine');
    await link(
      [
        [b, 'derived', c],
        [c, 'derived', a],
      ],
      'theirs',
    );
    expect(names((await walk({ start: [b], direction: 'upstream' }, undefined, 'mine')).nodes)).toEqual(names([a, b]));
    expect(names((await walk({ start: [b], direction: 'downstream' }, undefined, 'mine')).nodes)).toEqual(names([b]));
  });

  test('only edges of the kinds that were asked for', async () => {
    const [person, data, run] = [node('identity'), node(), node('training-run')];
    await link([
      [data, 'input', run],
      [person, 'started', run],
    ]);
    const answer = await walk({ start: [run], direction: 'upstream', kinds: ['input', 'derived'] });
    expect(names(answer.nodes)).toEqual(names([run, data]));
  });

  test('a depth that cuts says so; one that just suffices does not', async () => {
    const chain = Array.from({ length: 5 }, () => node());
    await link(chain.slice(1).map((to, index): Link => [chain[index]!, 'derived', to]));
    const cut = await walk({ start: [chain[4]!], direction: 'upstream', depth: 2 });
    expect(cut).toMatchObject({ isPartial: true, cut: 'depth' });
    expect(names(cut.nodes)).toEqual(names(chain.slice(2)));
    expect(cut.endCursor).toBeUndefined();
    expect(await walk({ start: [chain[4]!], direction: 'upstream', depth: 4 })).toMatchObject({ isPartial: false });
  });

  test('columns are a graph of their own', async () => {
    const [a, b] = [random.uuid(), random.uuid()];
    const column = (id: string): NodeReference => ({ kind: 'column', key: `${id}#dir "%_\\'` });
    await link([[column(a), 'derived', column(b)]], 'test', columnEdge);
    const answer = await walk({ start: [column(b)], direction: 'upstream' });
    expect(answer.nodes).toEqual([
      { ...column(b), depth: 0 },
      { ...column(a), depth: 1 },
    ]);
    const mixed = walk({ start: [column(b), node()], direction: 'upstream' });
    await expect(mixed).rejects.toMatchObject({ field: 'start' });
  });
});

describe('pages', () => {
  test('of any size give the same nodes and edges once each, in a graph with cycles and a hub', async () => {
    const nodes = Array.from({ length: 150 }, () => node());
    const links: Link[] = nodes.slice(1).map((to): Link => [nodes[0]!, 'derived', to]);
    for (let extra = 0; extra < 300; extra += 1) links.push([random.pick(nodes), 'derived', random.pick(nodes)]);
    for (let extra = 0; extra < 100; extra += 1) links.push([random.pick(nodes), 'code', random.pick(nodes)]);
    await link(links);
    const start = [nodes[7]!];
    const edgeName = ({ from, to, kind, position: at }: Lineage['edges'][number]) =>
      `${name(from)} ${kind} ${name(to)} ${at}`;
    for (const direction of ['upstream', 'downstream'] as const) {
      const whole = await walk({ start, direction });
      expect(whole.isPartial).toBe(false);
      expect(whole.nodes.length).toBeGreaterThan(100);
      for (const first of [6, 40, 149]) {
        const pages: Lineage[] = [];
        let after: string | undefined;
        do {
          const page = await walk({ start, direction, first, ...(after !== undefined && { after }) });
          expect(page.nodes.length).toBeLessThanOrEqual(first);
          pages.push(page);
          after = page.endCursor;
        } while (after !== undefined);
        expect(pages.flatMap((page) => page.nodes)).toEqual(whole.nodes);
        expect(pages.flatMap((page) => page.edges.map(edgeName)).sort()).toEqual(whole.edges.map(edgeName).sort());
      }
    }
  });

  test('a hub is cut at the budget, whatever its size, and goes on after the cursor', async () => {
    const hub = node();
    await link(Array.from({ length: 21_500 }, (): Link => [hub, 'input', node('training-run')]));
    const page = await walk({ start: [hub], direction: 'downstream', first: 100 });
    expect(page).toMatchObject({ isPartial: true, cut: 'nodes' });
    expect(page.nodes).toHaveLength(100);
    expect(page.edges).toHaveLength(99);
    const next = await walk({ start: [hub], direction: 'downstream', first: 10_000, after: page.endCursor! });
    expect(next.nodes).toHaveLength(10_000);
    expect(next.isPartial).toBe(true);
    expect(new Set(names([...page.nodes, ...next.nodes])).size).toBe(10_100);
  });

  test.each<[string, Partial<LineageArguments>, string]>([
    ['no node', { start: [] }, 'start'],
    ['too many nodes', { start: Array.from({ length: 101 }, () => node()) }, 'start'],
    ['first of 0', { first: 0 }, 'first'],
    ['first of 10,001', { first: 10_001 }, 'first'],
    ['depth of 1,001', { depth: 1_001 }, 'depth'],
    ['half a step', { depth: 1.5 }, 'depth'],
    ['a made-up cursor', { after: 'bm9uc2Vuc2U' }, 'after'],
    ['a cursor of another position', { after: Buffer.from('walk.5.10').toString('base64url') }, 'after'],
    ['a cursor too far out', { after: Buffer.from('walk.1000000000.999999').toString('base64url') }, 'after'],
  ])('%s is refused by name', async (_, broken, field) => {
    await expect(walk({ start: [node()], direction: 'upstream', ...broken })).rejects.toMatchObject({
      name: 'InvalidArgument',
      field,
    });
  });
});

test('contributors are everybody upstream, with what they did and a shortest way', async () => {
  const [author, trainer, owner, alias] = [node('identity'), node('identity'), node('identity'), node('identity')];
  const [data, run, version] = [node(), node('training-run'), node('model-version')];
  const commit: NodeReference = { kind: 'code', key: 'repo@abcdef1' };
  await link([
    [author, 'authored', commit],
    [commit, 'code', run],
    [author, 'sealed', data],
    [data, 'input', run],
    [trainer, 'started', run],
    [owner, 'owns', trainer],
    [alias, 'linked', trainer],
    [trainer, 'linked', alias],
    [run, 'output', version],
  ]);
  const { contributors, isPartial } = await contributorsOf(reader(), [version]);
  expect(isPartial).toBe(false);
  expect(contributors.map(({ identityId }) => identityId).sort()).toEqual(
    [author, trainer, owner, alias].map(({ key }) => key).sort(),
  );
  const of = (person: NodeReference) => contributors.find(({ identityId }) => identityId === person.key)!;
  expect(
    of(author)
      .contributions.map(({ kind }) => kind)
      .sort(),
  ).toEqual(['authored', 'sealed']);
  expect(of(trainer).path).toEqual([version, run, trainer]);
  expect(of(owner).path).toEqual([version, run, trainer, owner]);
  expect(of(owner).contributions).toMatchObject([{ kind: 'owns', to: trainer }]);
});
