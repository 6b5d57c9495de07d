import { exclusionOf } from '#libs/lifecycle';
import type { Contribution, Id } from '#libs/lifecycle';

/** Something that stands behind a model version: a run, a data set version, a commit, an evaluation. */
export interface LineageNode {
  /** `<kind>:<id>`, as it is printed in paths, e.g. `training-run:…`. */
  readonly node: string;
  /** Who did what to it, e.g. `started-by`; `onBehalfOf` where by delegation. */
  readonly acts: readonly { readonly identityId: Id; readonly act: string; readonly onBehalfOf?: Id }[];
  readonly code?: { readonly commit: string; readonly authors: readonly Id[] };
  /** Nodes that it was made from. */
  readonly from: readonly string[];
}

/** Who stands behind an identity. */
export interface IdentityNode {
  readonly identityId: Id;
  /** The person who answers for a service. */
  readonly ownerId?: Id;
  /** Linked identities, in either direction. */
  readonly linked: readonly Id[];
}

export interface LineageFacts {
  /** Where the walk begins, nearest first: the model version, then its evaluations. */
  readonly roots: readonly string[];
  readonly nodes: readonly LineageNode[];
  readonly identities: readonly IdentityNode[];
  readonly requesterId?: Id;
}

/** Most steps of lineage that a path shows; of a longer way the middle is counted instead. */
export const longestPath = 20;

/** Most ways in which one person is shown to have helped. */
export const mostWays = 8;

/**
 * Everybody who helped to make it, with a shortest way for each kind of help (rule 1): actors and code authors of
 * everything that stands behind the roots, the requester, delegators, owners of services, and all their linked
 * identities. Breadth first, so that cyclic lineage ends and the paths are shortest ones; sorted by identity, the
 * shortest way of each first.
 */
export function contributorsOf({ roots, nodes, identities, requesterId }: LineageFacts): readonly Contribution[] {
  const byName = new Map(nodes.map((node) => [node.node, node]));
  const found = new Map<Id, Contribution[]>();
  const queue: string[] = [];
  const cameFrom = new Map<string, string | undefined>();
  const visit = (name: string, before: string | undefined): void => {
    if (cameFrom.has(name)) return;
    cameFrom.set(name, before);
    queue.push(name);
  };
  const add = (identityId: Id, name: string, ...end: readonly string[]): void => {
    const ways = found.get(identityId) ?? [];
    if (ways.length >= mostWays || ways.some(({ path }) => path.at(-1) === end.at(-1))) return;
    const path: string[] = [];
    for (let at: string | undefined = name; at !== undefined; at = cameFrom.get(at)) path.push(at);
    found.set(identityId, [...ways, { identityId, path: [...shortened(path.reverse()), ...end] }]);
  };
  if (requesterId !== undefined)
    found.set(requesterId, [{ identityId: requesterId, path: ['request', 'requested-by'] }]);
  for (const root of roots) visit(root, undefined);
  for (let at = 0; at < queue.length; at += 1) {
    const name = queue[at]!;
    const node = byName.get(name);
    for (const { identityId, act, onBehalfOf } of node?.acts ?? []) {
      add(identityId, name, act);
      if (onBehalfOf !== undefined) add(onBehalfOf, name, act, 'on-behalf-of');
    }
    for (const author of node?.code?.authors ?? []) add(author, name, `code:${node!.code!.commit}`, 'author');
    for (const parent of node?.from ?? []) visit(parent, name);
  }
  addPeopleBehind(found, identities);
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, ways]) => ways);
}

/**
 * Why this signer may not sign: the contribution that excludes it, under any of its linked identities; undefined
 * where nothing does.
 */
export function excluded(
  signer: Id,
  contributors: readonly Contribution[],
  identities: readonly IdentityNode[],
): Contribution | undefined {
  return exclusionOf(identitiesOf(signer, identities), contributors);
}

/** An identity with everything linked to it, in either direction and over any number of links; itself first. */
export function identitiesOf(identityId: Id, identities: readonly IdentityNode[]): readonly Id[] {
  const neighbours = neighboursOf(identities);
  const all = new Set([identityId]);
  for (const own of all) for (const linked of neighbours.get(own)?.linked ?? []) all.add(linked);
  return [...all];
}

/** An event has a size: a very long way keeps both ends and says how much lies between. */
function shortened(path: readonly string[]): readonly string[] {
  if (path.length <= longestPath) return path;
  const half = longestPath / 2;
  return [...path.slice(0, half), `… ${path.length - longestPath} more …`, ...path.slice(-half)];
}

function addPeopleBehind(found: Map<Id, Contribution[]>, identities: readonly IdentityNode[]): void {
  const neighbours = neighboursOf(identities);
  const queue = [...found.values()].map(([nearest]) => nearest!);
  const add = (identityId: Id, path: readonly string[]): void => {
    if (found.has(identityId)) return;
    const contribution = { identityId, path };
    found.set(identityId, [contribution]);
    queue.push(contribution);
  };
  for (let at = 0; at < queue.length; at += 1) {
    const { identityId, path } = queue[at]!;
    const { owners, linked } = neighbours.get(identityId) ?? { owners: [], linked: [] };
    for (const owner of owners) add(owner, [...path, `service:${identityId}`, 'owner']);
    for (const other of linked) add(other, [...path, `identity:${identityId}`, 'linked']);
  }
}

function neighboursOf(identities: readonly IdentityNode[]) {
  const map = new Map<Id, { readonly owners: Id[]; readonly linked: Id[] }>();
  const of = (id: Id) => map.get(id) ?? map.set(id, { owners: [], linked: [] }).get(id)!;
  for (const { identityId, ownerId, linked } of identities) {
    if (ownerId !== undefined) of(identityId).owners.push(ownerId);
    for (const other of linked) {
      of(identityId).linked.push(other);
      of(other).linked.push(identityId);
    }
  }
  return map;
}
