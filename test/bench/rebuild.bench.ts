import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPool, launchPostgres } from '#libs/postgres';
import type { Pool } from '#libs/postgres';
import { lineage, migrateRegistry, openGeneration, rebuildView, segmentSource } from '#libs/projections';
import { prepareDataFolder } from '#libs/runtime';
import { endsOf, segmentOf } from './rebuild-log.js';

const count = Number(process.env['REBUILD_EVENTS'] ?? 1_000_000);
const floor = 20_000;
const floorRatio = 0.5;

/**
 * Rebuild of the lineage view from a segment file of a million events of every type: read, checked, decoded, folded,
 * written, indexed and switched to. Beside it what Postgres takes at the most by the plainest means: folded rows by
 * `unnest` upsert.
 */
export async function* bench() {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-rebuild-'));
  prepareDataFolder(folder);
  const postgres = await launchPostgres({ dataDirectory: join(folder, 'postgres') });
  try {
    const pool = createPool(postgres.url);
    const path = join(folder, 'segment');
    const store = endsOf(await segmentOf(path, count));
    await migrateRegistry(pool);
    await openGeneration(pool, lineage, 8);
    // The generation that is live has folded it all, as when a view of a running product is rebuilt.
    await pool.query('UPDATE projection.partition SET position = $1', [store.last]);
    const ceiling = await upsertCeiling(pool);
    const phases: Record<string, number> = {};
    const cpu = process.cpuUsage();
    const began = performance.now();
    let last = began;
    let phase = '';
    const { events, outcome } = await rebuildView({
      pool,
      view: lineage,
      store,
      source: segmentSource(path, store),
      progress: (progress) => {
        const now = performance.now();
        if (phase !== '') phases[phase] = (phases[phase] ?? 0) + (now - last) / 1_000;
        [last, phase] = [now, progress.phase];
      },
    });
    const seconds = (performance.now() - began) / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    if (outcome !== 'switched' || events !== count) throw new Error(`${outcome} after ${events} of ${count}`);
    const { rows } = await pool.query<{ count: string }>('SELECT count(*) FROM read.lineage_edge');
    await pool.end();
    const value = count / seconds;
    yield {
      name: 'rebuild',
      value,
      unit: 'events/s',
      ratio: value / ceiling,
      against: 'raw unnest upsert of folded rows in the same run',
      floor,
      ok: value >= floor && value / ceiling >= floorRatio,
      ceiling,
      seconds,
      cpuSeconds: (user + system) / 1e6,
      phases,
      edges: Number(rows[0]!.count),
      segmentBytes: statSync(path).size,
    };
  } finally {
    await postgres.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const aggregates = 20_000;
const batch = 4_000;

/** Events a second when each batch is folded by aggregate and upserted with its checkpoint in one transaction. */
async function upsertCeiling(pool: Pool): Promise<number> {
  await pool.query('CREATE TABLE ceiling (id bigint PRIMARY KEY, revision bigint NOT NULL, document jsonb NOT NULL)');
  await pool.query('CREATE TABLE ceiling_checkpoint (position bigint NOT NULL)');
  const fill = 'x'.repeat(150);
  const client = await pool.connect();
  const events = Math.min(count, 200_000);
  const began = performance.now();
  for (let position = 0; position < events; position += batch) {
    const folded = new Map<number, number>();
    for (let n = position; n < position + batch; n += 1)
      folded.set((Math.imul(n, 2_654_435_761) >>> 0) % aggregates, n);
    const ids = [...folded.keys()];
    await client.query('BEGIN; SET LOCAL synchronous_commit = off');
    await client.query(
      `INSERT INTO ceiling SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::jsonb[])
       ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, document = excluded.document
       WHERE ceiling.revision < excluded.revision`,
      [ids, [...folded.values()], ids.map((id) => JSON.stringify({ id, fill }))],
    );
    await client.query(`INSERT INTO ceiling_checkpoint VALUES (${position})`);
    await client.query('COMMIT');
  }
  const seconds = (performance.now() - began) / 1_000;
  client.release();
  return events / seconds;
}
