import { InvalidArgument, type Reader } from '../core/reader.js';
import { edgeKindName, edgeKinds, nodeId, nodeOf, type EdgeKind, type NodeReference } from './graph.js';

export type Direction = 'upstream' | 'downstream';

export interface LineageArguments {
  /** 1 to 100 nodes of one grain: all columns, or none. */
  readonly start: readonly NodeReference[];
  /** `upstream`: what it was made from and by whom; `downstream`: what came of it. */
  readonly direction: Direction;
  /** Steps from the start; 1 to 1,000, default 100. */
  readonly depth?: number;
  /** Nodes in this answer; 1 to 10,000, default 2,000. */
  readonly first?: number;
  /** Where an answer before was cut. */
  readonly after?: string;
  /** Only edges of these kinds; default all. */
  readonly kinds?: readonly EdgeKind[];
}

export interface LineageNode extends NodeReference {
  /** Steps from the nearest start. */
  readonly depth: number;
}

/** Cause → effect. `position` is that of the first event that said so. */
export interface LineageEdge {
  readonly from: NodeReference;
  readonly to: NodeReference;
  readonly kind: EdgeKind;
  readonly position: bigint;
}

export interface Lineage {
  /** Breadth first. */
  readonly nodes: readonly LineageNode[];
  /** Between these nodes, and between them and those of earlier pages. */
  readonly edges: readonly LineageEdge[];
  /** True when more is there than was asked for: go on with `endCursor`, or ask deeper. */
  readonly isPartial: boolean;
  /** What cut the answer. */
  readonly cut?: 'nodes' | 'depth';
  /** Present when `cut` is `nodes`. */
  readonly endCursor?: string;
}

export const lineageLimits = {
  maximumStart: 100,
  maximumDepth: 1_000,
  defaultDepth: 100,
  maximumFirst: 10_000,
  defaultFirst: 2_000,
  /** Nodes over all pages of one walk: each page walks again from the start. */
  maximumNodes: 100_000,
} as const;

/** A surrogate id is 17 bytes. */
const idDigits = 34;

interface WalkRow {
  readonly node_ids: Buffer | null;
  readonly level_sizes: string | null;
  readonly key_places: string | null;
  readonly key_texts: string | null;
  readonly edge_near: string | null;
  readonly edge_far: string | null;
  readonly edge_kinds: string | null;
  readonly edge_positions: string | null;
  readonly cut: 'nodes' | 'depth' | null;
}

/**
 * What the start was made from, or what came of it, as of the reader's position, in one round trip. A start that
 * nothing is known of gives an empty answer.
 * @throws InvalidArgument
 */
export async function lineageWalk(reader: Reader, walk: LineageArguments): Promise<Lineage> {
  const first = whole('first', walk.first ?? lineageLimits.defaultFirst, lineageLimits.maximumFirst);
  const depth = whole('depth', walk.depth ?? lineageLimits.defaultDepth, lineageLimits.maximumDepth);
  whole('start', walk.start.length, lineageLimits.maximumStart);
  const columns = walk.start.filter(({ kind }) => kind === 'column').length;
  if (columns !== 0 && columns !== walk.start.length) {
    throw new InvalidArgument('start', 'columns and other nodes are not walked together');
  }
  const skip = walk.after === undefined ? 0 : decodePlace(walk.after, reader.asOf);
  const budget = skip + first;
  if (budget > lineageLimits.maximumNodes) {
    throw new InvalidArgument('after', `a walk ends at ${lineageLimits.maximumNodes} nodes: start from one further on`);
  }
  const name = `${columns === 0 ? 'lineage' : 'lineage_columns'}_${walk.direction}`;
  const { rows } = await reader.query<WalkRow>(
    `SELECT * FROM read.${name}($1, $2::bigint, $3::bytea[], $4::bigint[], $5::integer, $6::integer)`,
    [
      reader.workspace,
      reader.asOf,
      walk.start.map((node) => Buffer.from(nodeId(node), 'hex')),
      walk.kinds === undefined ? null : walk.kinds.map((kind) => edgeKinds[kind]),
      depth,
      budget,
    ],
  );
  return lineageOf(rows[0]!, walk.direction, skip, reader.asOf);
}

function lineageOf(row: WalkRow, direction: Direction, skip: number, asOf: bigint): Lineage {
  const keys = new Map<number, string>();
  const texts = row.key_texts === null ? [] : (JSON.parse(row.key_texts) as string[]);
  for (const [index, place] of numbers(row.key_places).entries()) keys.set(place, texts[index]!);
  const ids = row.node_ids?.toString('hex') ?? '';
  const references = Array.from({ length: ids.length / idDigits }, (_, place) =>
    nodeOf(ids.slice(place * idDigits, (place + 1) * idDigits), keys.get(place)),
  );
  const depths = numbers(row.level_sizes).flatMap((size, depth) => Array<number>(size).fill(depth));
  const nodes = references.slice(skip).map((node, index) => ({ ...node, depth: depths[skip + index]! }));
  const isPartial = row.cut !== null;
  return {
    nodes,
    edges: edgesOf(row, references, direction, skip),
    isPartial,
    ...(row.cut !== null && { cut: row.cut }),
    ...(row.cut === 'nodes' && { endCursor: encodePlace(references.length, asOf) }),
  };
}

/** Each edge once, with the first position that said so, in the order of the nodes. */
function edgesOf(
  row: WalkRow,
  references: readonly NodeReference[],
  direction: Direction,
  skip: number,
): readonly LineageEdge[] {
  const [near, far, kinds] = [numbers(row.edge_near), numbers(row.edge_far), numbers(row.edge_kinds)];
  const positions = row.edge_positions?.slice(1, -1).split(',') ?? [];
  const width = references.length;
  const found = new Map<number, number>();
  for (let index = 0; index < near.length; index += 1) {
    if (near[index]! < skip && far[index]! < skip) continue;
    // Fewer than 32 kinds, at most 100,000 nodes: the key stays below 2^53.
    const key = (near[index]! * width + far[index]!) * 32 + kinds[index]!;
    const before = found.get(key);
    if (before === undefined || BigInt(positions[index]!) < BigInt(positions[before]!)) found.set(key, index);
  }
  return [...found]
    .sort(([a], [b]) => a - b)
    .map(([, index]) => {
      const [nearer, further] = [references[near[index]!]!, references[far[index]!]!];
      const [from, to] = direction === 'upstream' ? [further, nearer] : [nearer, further];
      return { from, to, kind: edgeKindName(kinds[index]!), position: BigInt(positions[index]!) };
    });
}

/** The numbers of an array as Postgres writes it: `{1,2,3}`. */
function numbers(array: string | null): readonly number[] {
  return array === null || array === '{}' ? [] : array.slice(1, -1).split(',').map(Number);
}

function whole(field: string, value: number, maximum: number): number {
  if (!Number.isInteger(value) || value < 1 || value > maximum) {
    throw new InvalidArgument(field, `must be a whole number from 1 to ${maximum}`);
  }
  return value;
}

/** How many nodes have been given, of a walk at this position: at another one they are others. */
function encodePlace(count: number, asOf: bigint): string {
  return Buffer.from(`walk.${asOf}.${count}`, 'utf8').toString('base64url');
}

function decodePlace(cursor: string, asOf: bigint): number {
  const match = /^walk\.(-?\d{1,19})\.([1-9]\d{0,5})$/.exec(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (match === null) throw new InvalidArgument('after', 'is not a cursor of a lineage walk');
  if (BigInt(match[1]!) !== asOf) {
    throw new InvalidArgument('after', `belongs to an answer as of position ${match[1]}: ask as of that one`);
  }
  return Number(match[2]);
}

/** A person or service behind something, with every way in which they helped. */
export interface Contributor {
  readonly identityId: string;
  /** How: the kinds of the edges from them, and for which nodes. */
  readonly contributions: readonly { readonly kind: EdgeKind; readonly to: NodeReference; readonly position: bigint }[];
  /** A shortest way from the start to them, the start first. */
  readonly path: readonly NodeReference[];
}

/**
 * Everybody upstream of these nodes: subjects of data, code, training, evaluation and request, owners of services,
 * linked identities and delegators (rule 1), nearest first. `isPartial` when the walk met its budget.
 * @throws InvalidArgument
 */
export async function contributorsOf(
  reader: Reader,
  start: readonly NodeReference[],
): Promise<{ readonly contributors: readonly Contributor[]; readonly isPartial: boolean }> {
  const walk = await lineageWalk(reader, { start, direction: 'upstream', first: lineageLimits.maximumFirst });
  const name = ({ kind, key }: NodeReference): string => `${kind}\n${key}`;
  const depths = new Map(walk.nodes.map((node) => [name(node), node.depth]));
  const towardsStart = new Map<string, LineageEdge>();
  const contributions = new Map<string, LineageEdge[]>();
  for (const edge of walk.edges) {
    const from = name(edge.from);
    if (depths.get(name(edge.to))! < depths.get(from)! && !towardsStart.has(from)) towardsStart.set(from, edge);
    if (edge.from.kind !== 'identity') continue;
    const known = contributions.get(from);
    if (known === undefined) contributions.set(from, [edge]);
    else known.push(edge);
  }
  const contributors = walk.nodes
    .filter(({ kind }) => kind === 'identity')
    .map((node): Contributor => {
      const path: NodeReference[] = [{ kind: node.kind, key: node.key }];
      for (let edge = towardsStart.get(name(node)); edge !== undefined; edge = towardsStart.get(name(edge.to))) {
        path.unshift(edge.to);
      }
      const edges = contributions.get(name(node)) ?? [];
      return {
        identityId: node.key,
        contributions: edges.map(({ kind, to, position }) => ({ kind, to, position })),
        path,
      };
    });
  return { contributors, isPartial: walk.isPartial };
}
