export { lineage } from './evolve.js';
export { edgeKinds, nodeId, nodeKinds, nodeOf, type EdgeKind, type NodeKind, type NodeReference } from './graph.js';
export { columnEdge, lineageEdge, lineageNode } from './tables.js';
