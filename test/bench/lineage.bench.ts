import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPool, launchPostgres } from '#libs/postgres';
import { lineageApi } from './lineage-api.js';
import { fillLineage, millionEdges, nodeAt, positionAt } from './lineage-graph.js';

const walks = 200;
const nodesWanted = 2_000;

/**
 * Lineage of 2,000 nodes upstream of ever new starting points, in a layered graph of a million edges with fan-in 3 and
 * hubs of 10,000, through GraphQL over HTTP: p95 in milliseconds, now and as of a position in the middle of the history.
 */
export async function* bench() {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-lineage-'));
  const postgres = await launchPostgres({ dataDirectory: folder });
  try {
    const pool = createPool(postgres.url);
    const { position } = await fillLineage(pool, millionEdges);
    const api = await lineageApi(pool, millionEdges.workspace, position);
    const middle = Math.floor(millionEdges.layers / 2);
    const cases = [
      { name: 'lineage', asOf: position, from: middle, floor: 100 },
      { name: 'lineage-as-of', asOf: positionAt(millionEdges, middle + 1, 0), from: middle - 4, floor: 150 },
    ];
    for (const { name, asOf, from, floor } of cases) {
      const times: number[] = [];
      for (let round = 0; round < walks; round += 1) {
        const start = nodeAt(from + (round % 4), 1 + ((round * 7_919 + from) % (millionEdges.width - 1)));
        const began = performance.now();
        const found = await api.walk(start, asOf, nodesWanted);
        times.push(performance.now() - began);
        if (found < nodesWanted) throw new Error(`${name}: an answer of ${found} nodes`);
      }
      times.sort((a, b) => a - b);
      const value = times[Math.ceil(walks * 0.95) - 1]!;
      yield { name, value, unit: 'ms p95', floor, ok: value < floor };
    }
    await api.close();
    await pool.end();
  } finally {
    await postgres.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
