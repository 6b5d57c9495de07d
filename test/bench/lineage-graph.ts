import type { Pool } from 'pg';
import {
  insert,
  lineage,
  livePositions,
  migrateRegistry,
  openGeneration,
  RowBatch,
  transaction,
  writeBatch,
} from '#libs/projections';
import { edgeKinds, lineageEdge, nodeId, type NodeReference } from '#libs/projections/lineage';

/** A layered graph of data set versions: every node below the first layer has `fanIn` parents in the layer above. */
export interface LayeredGraph {
  readonly workspace: string;
  readonly layers: number;
  readonly width: number;
  readonly fanIn: number;
  /** Every so many layers, the first node of the layer is a parent of every node of the next one. */
  readonly hubEvery: number;
}

/** 33 × 10,102 nodes with 3 parents each: 1,000,098 edges; a hub has a whole layer of 10,102 children. */
export const millionEdges: LayeredGraph = { workspace: 'bench', layers: 34, width: 10_102, fanIn: 3, hubEvery: 5 };

export function edgeCount({ layers, width, fanIn }: LayeredGraph): number {
  return (layers - 1) * width * fanIn;
}

/** The node's id is a UUID that says where it stands, so that any node can be named without a look-up. */
export function nodeAt(layer: number, place: number): NodeReference {
  const [a, b] = [layer.toString(16).padStart(8, '0'), place.toString(16).padStart(12, '0')];
  return { kind: 'dataset-version', key: `${a}-0000-4000-8000-${b}` };
}

/** The parents of a node: pseudo-random by a multiplicative hash, the same in every run. */
export function parentsOf({ width, fanIn, hubEvery }: LayeredGraph, layer: number, place: number): number[] {
  const parents = new Set<number>(layer % hubEvery === 0 ? [0] : []);
  for (let draw = 0; parents.size < fanIn; draw += 1) {
    const hash = Math.imul((layer * 2_654_435_761 + place * 40_503 + draw * 2_246_822_519) | 0, 1_540_483_477);
    parents.add(((hash ^ (hash >>> 15)) >>> 0) % width);
  }
  return [...parents];
}

/** Position of the event that made a node: one event a node, layer by layer. */
export function positionAt({ width }: LayeredGraph, layer: number, place: number): bigint {
  return BigInt(layer * width + place + 1);
}

/**
 * Fills the live generation of the lineage view through its own bulk writer, one event a node, and moves its
 * partitions to the last position. Returns rows written and milliseconds.
 */
export async function fillLineage(
  pool: Pool,
  graph: LayeredGraph,
  batchSize = 4_000,
): Promise<{ readonly edges: number; readonly milliseconds: number; readonly position: bigint }> {
  await migrateRegistry(pool);
  const generation = await openGeneration(pool, lineage, 8);
  const start = performance.now();
  let batch = new RowBatch();
  let pending = 0;
  const flush = async (position: bigint): Promise<void> => {
    const full = batch;
    batch = new RowBatch();
    pending = 0;
    await transaction(pool, 'BEGIN', async (client) => {
      await writeBatch(client, generation.schema, full);
      await client.query(`UPDATE projection.partition SET position = $1 WHERE view = 'lineage'`, [position]);
    });
  };
  let position = 0n;
  const ids: string[][] = [[], []];
  for (let layer = 0; layer < graph.layers; layer += 1) {
    const [above, here] = [ids[(layer + 1) % 2]!, ids[layer % 2]!];
    for (let place = 0; place < graph.width; place += 1) {
      const reference = nodeAt(layer, place);
      const id = nodeId(reference);
      here[place] = id;
      position = positionAt(graph, layer, place);
      const parents = layer === 0 ? [] : parentsOf(graph, layer, place);
      batch.apply(
        graph.workspace,
        { position, revision: 0n },
        parents.map((parent) =>
          insert(lineageEdge, { from_node: above[parent]!, to_node: id, kind: edgeKinds.derived }),
        ),
      );
      pending += 1;
      if (pending >= batchSize) await flush(position);
    }
  }
  await flush(position);
  const milliseconds = performance.now() - start;
  await pool.query(`VACUUM (ANALYZE) ${generation.schema}.lineage_edge`);
  await livePositions(pool);
  return { edges: edgeCount(graph), milliseconds, position };
}
