import { dictionary, facts } from '../core/table.js';

/** The keys of nodes whose surrogate id does not hold them (see `nodeId`): commits and columns. */
export const lineageNode = dictionary('lineage_node', ['node'], { node: 'bytes', key: 'text' });

const edgeColumns = { from_node: 'bytes', to_node: 'bytes', kind: 'integer' } as const;

/** Both directions are answered from an index alone; what `asOf`, filters and tenants ask is in it. */
const edgeIndexes = ['(from_node, to_node) INCLUDE (position, kind, workspace)'];
const edgeKey = { leading: ['to_node', 'from_node'], including: ['kind', 'workspace'] } as const;

/** Cause → effect between things and people. Append-only. */
export const lineageEdge = facts('lineage_edge', edgeColumns, edgeIndexes, edgeKey);

/** Column of a data set version → column made from it. A table of its own: nobody walks from one grain into the other. */
export const columnEdge = facts('lineage_column_edge', edgeColumns, edgeIndexes, edgeKey);
