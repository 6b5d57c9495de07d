import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventStore } from '#libs/event-store';
import { createPool, launchPostgres } from '#libs/postgres';
import type { Pool } from '#libs/postgres';
import { allViews, listGenerations, livePositions } from '#libs/projections';
import { prepareDataFolder } from '#libs/runtime';
import { createProjector } from '#services/projector';

/** Milliseconds that views may take to come to a position. */
const patience = 60_000;

/** SHA-256 of everything in each live view's tables, by view: equal exactly when every row is. */
async function viewDigests(pool: Pool): Promise<Readonly<Record<string, string>>> {
  const live = (await listGenerations(pool)).filter(({ status }) => status === 'live');
  const digests: Record<string, string> = {};
  for (const { name, tables } of allViews) {
    const generation = live.find(({ view }) => view === name);
    if (!generation) throw new Error(`view ${name} has no live generation`);
    const hash = createHash('sha256');
    for (const table of tables) {
      const { rows } = await pool.query<{ row: string }>(
        `SELECT t::text COLLATE "C" AS row FROM ${generation.schema}.${table.name} AS t ORDER BY 1`,
      );
      hash.update(`${table.name} ${rows.length}\n`);
      for (const { row } of rows) hash.update(`${row}\n`);
    }
    digests[name] = hash.digest('hex');
  }
  return digests;
}

async function head(store: EventStore): Promise<bigint> {
  for await (const { position } of store.readAll({ backwards: true, maxCount: 1 })) return position;
  return -1n;
}

/** Waits until every view of a database has come to a position. */
async function reached(pool: Pool, position: bigint): Promise<void> {
  for (const deadline = Date.now() + patience; ;) {
    const live = await livePositions(pool);
    if (allViews.every(({ name }) => (live.get(name) ?? -1n) >= position)) return;
    if (Date.now() > deadline) throw new Error(`the views did not come to position ${position} within 60 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export interface ComparedDigests {
  /** What every row of every view depends on: the position that both have reached. */
  readonly position: bigint;
  /** By view: filled by others, and folded here from the same store. */
  readonly views: Readonly<Record<string, { readonly filled: string; readonly folded: string }>>;
}

/**
 * Folds the event store by a standalone projector into a Postgres of its own, and puts the digest of each view beside
 * the one of the same view in `pool`. An event that is appended meanwhile makes it look again.
 */
export async function compareWithStandaloneFold(pool: Pool, store: EventStore): Promise<ComparedDigests> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-fold-'));
  prepareDataFolder(folder);
  const postgres = await launchPostgres({ dataDirectory: join(folder, 'postgres') });
  const own = createPool(postgres.url, { max: 10, name: 'assay-fold' });
  const projector = createProjector({ pool: own, store });
  try {
    await projector.start();
    for (;;) {
      const position = await head(store);
      await Promise.all([reached(pool, position), projector.waitFor(position, patience)]);
      const [filled, folded] = await Promise.all([viewDigests(pool), viewDigests(own)]);
      if ((await head(store)) !== position) continue;
      const views = Object.keys(folded).map((view) => [view, { filled: filled[view]!, folded: folded[view]! }]);
      return { position, views: Object.fromEntries(views) };
    }
  } finally {
    await projector.stop();
    await own.end();
    await postgres.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
