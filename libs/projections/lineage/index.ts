export { lineage } from './evolve.js';
export { edgeKinds, nodeId, nodeKinds, nodeOf, type EdgeKind, type NodeKind, type NodeReference } from './graph.js';
export { columnEdge, lineageEdge, lineageNode } from './tables.js';
export {
  contributorsOf,
  lineageLimits,
  lineageWalk,
  type Contributor,
  type Direction,
  type Lineage,
  type LineageArguments,
  type LineageEdge,
  type LineageNode,
} from './queries.js';
