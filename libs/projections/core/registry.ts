import { readFileSync } from 'node:fs';
import type { Pool, PoolClient } from 'pg';
import { completionDdl, generationDdl, generationSchema, publishDdl, withdrawDdl } from './schema.js';
import { transaction } from './transaction.js';
import type { View } from './view.js';

/** In order; number n is migration n. Never edited once published. */
const migrations = ['./registry.sql', './registry-2.sql'].map((path) =>
  readFileSync(new URL(path, import.meta.url), 'utf8'),
);

/** Any fixed number: one lock for whoever migrates, builds or switches generations. */
const registryLock = '5219060117';

/** The database was made by a newer build. */
export class RegistryAhead extends Error {
  override readonly name = 'RegistryAhead';
}

/** The database was made by an older build, and whoever reads it may not change it. */
export class RegistryBehind extends Error {
  override readonly name = 'RegistryBehind';
}

export interface Generation {
  readonly view: string;
  readonly generation: number;
  readonly version: number;
  readonly partitions: number;
  readonly status: 'building' | 'live' | 'retired';
  /** A rebuild fills it, and the projector leaves it alone; a bare one lacks its indexes. */
  readonly rebuild: 'bare' | 'complete' | null;
  /** Count of the view's switches when it went live last; 0: never. */
  readonly switched: number;
  readonly schema: string;
}

/** A generation that is read cannot be removed, and one that does not exist cannot either. */
export class GenerationInUse extends Error {
  override readonly name = 'GenerationInUse';
  readonly code = 'GenerationInUse';
}

/** A newer build has filled this view, and an older one would take it back; or one with another number of partitions. */
export class OtherBuild extends Error {
  override readonly name = 'OtherBuild';
  readonly code = 'OtherBuild';
  constructor(view: View, live: Generation, partitions: number) {
    super(
      `view ${view.name}: generation ${live.generation} is of version ${live.version} with ${live.partitions} partitions, ` +
        `this build folds version ${view.version} with ${partitions}: start the ` +
        (live.version > view.version ? 'newer build' : 'build and the configuration that it was made with'),
    );
  }
}

/** The view whose generations own the rows of `projection.clock`. */
const clockViewName = 'timeline';

/** Brings the registry tables to this build's version, one process at a time. @throws RegistryAhead */
export async function migrateRegistry(pool: Pool): Promise<void> {
  await registered(pool, async (client) => {
    for (const sql of migrations.slice(await appliedMigrations(client))) await client.query(sql);
  });
}

/** For those who only read: the registry is that of this build. @throws RegistryAhead, RegistryBehind */
export async function checkRegistry(database: Pick<Pool, 'query'>): Promise<void> {
  const applied = await appliedMigrations(database);
  if (applied < migrations.length) {
    throw new RegistryBehind(
      `projection registry is at migration ${applied}, this build wants ${migrations.length}: start its projector first`,
    );
  }
}

/** @throws RegistryAhead */
async function appliedMigrations(database: Pick<Pool, 'query'> | PoolClient): Promise<number> {
  const { rows } = await database.query<{ present: boolean }>(
    `SELECT to_regclass('projection.migration') IS NOT NULL AS present`,
  );
  if (!rows[0]!.present) return 0;
  const applied = await database.query<{ number: number }>(
    'SELECT coalesce(max(number), 0) AS number FROM projection.migration',
  );
  const { number } = applied.rows[0]!;
  if (number > migrations.length) {
    throw new RegistryAhead(
      `projection registry is at migration ${number}, this build knows ${migrations.length}: start the newer build`,
    );
  }
  return number;
}

/**
 * The generation that this view writes: the live one when its version and partition count are this build's, else one
 * that is being built. The first generation of a view goes live at once, empty.
 * @throws OtherBuild when the live generation was made by a newer version of the view
 */
export async function openGeneration(pool: Pool, view: View, partitions: number): Promise<Generation> {
  return registered(pool, async (client) => {
    const generations = await listGenerations(client, view.name);
    const live = generations.find(({ status }) => status === 'live');
    if (live !== undefined && live.version > view.version) throw new OtherBuild(view, live, partitions);
    const found = generations.findLast(
      ({ version, partitions: count, status, rebuild }) =>
        version === view.version && count === partitions && status === 'building' && rebuild === null,
    );
    if (live?.version === view.version && live.partitions === partitions) return live;
    if (found !== undefined) return found;
    const generation = await createGeneration(client, view, partitions, generations);
    return generations.length === 0 ? switchTo(client, view, generation) : generation;
  });
}

/** A generation for a rebuild: the newest one that a rebuild has begun with this definition, or a new, bare one. */
export async function rebuildGeneration(pool: Pool, view: View, partitions: number): Promise<Generation> {
  return registered(pool, async (client) => {
    const generations = await listGenerations(client, view.name);
    const begun = generations.findLast(
      ({ version, partitions: count, status, rebuild }) =>
        status === 'building' && rebuild !== null && version === view.version && count === partitions,
    );
    return begun ?? createGeneration(client, view, partitions, generations, 'bare');
  });
}

async function createGeneration(
  client: PoolClient,
  view: View,
  partitions: number,
  others: readonly Generation[],
  rebuild: Generation['rebuild'] = null,
): Promise<Generation> {
  const generation = (others.at(-1)?.generation ?? 0) + 1;
  await client.query(generationDdl(view, generation, rebuild === 'bare'));
  await client.query(
    `INSERT INTO projection.generation (view, generation, version, partitions, status, tables, functions, rebuild)
     VALUES ($1, $2, $3, $4, 'building', $5, $6, $7)`,
    [
      view.name,
      generation,
      view.version,
      partitions,
      view.tables.map(({ name }) => name),
      view.functionNames ?? [],
      rebuild,
    ],
  );
  await client.query(
    `INSERT INTO projection.partition (view, generation, partition)
     SELECT $1, $2, partition FROM generate_series(0, $3::integer - 1) AS partition`,
    [view.name, generation, partitions],
  );
  const schema = generationSchema(view.name, generation);
  const { name, version } = view;
  return { view: name, generation, version, partitions, status: 'building', rebuild, switched: 0, schema };
}

/** Gives a generation that was filled bare its keys and indexes, all or none. */
export async function completeGeneration(pool: Pool, view: View, generation: Generation): Promise<Generation> {
  const begin = `BEGIN; SET LOCAL maintenance_work_mem = '128MB'`;
  return transaction(pool, begin, async (client) => {
    for (const statement of completionDdl(view, generation.generation)) await client.query(statement);
    await client.query('UPDATE projection.generation SET rebuild = $3 WHERE view = $1 AND generation = $2', [
      view.name,
      generation.generation,
      'complete',
    ]);
    return { ...generation, rebuild: 'complete' };
  });
}

/**
 * Readers see this generation from the end of this transaction on; the one before stays, retired, for an undo.
 *
 * While `foldToHead` runs, nobody moves the generation that is live: its writer waits for the lock, and is refused by
 * the new epoch after ({@link ViewConsumer} then follows to this generation). Whoever folds this one up to the head of
 * the store in that time has therefore left out nothing that any writer has seen.
 */
export async function switchGeneration(
  pool: Pool,
  view: View,
  generation: Generation,
  foldToHead: () => Promise<void> = async () => undefined,
): Promise<Generation> {
  return registered(pool, async (client) => {
    const live = (await listGenerations(client, view.name)).find(({ status }) => status === 'live');
    if (live !== undefined) await takePartitions(client, live);
    await foldToHead();
    // Readers hold their locks for as long as a query takes; whoever waits behind us waits no longer than this.
    await client.query(`SET LOCAL lock_timeout = '1s'`);
    return switchTo(client, view, generation);
  });
}

/** From here to the end of the transaction no writer moves the generation; the one that has loaded it is refused after. */
export async function takePartitions(client: PoolClient, { view, generation }: Generation): Promise<void> {
  await client.query('UPDATE projection.partition SET epoch = epoch + 1 WHERE view = $1 AND generation = $2', [
    view,
    generation,
  ]);
}

async function switchTo(client: PoolClient, view: View, generation: Generation): Promise<Generation> {
  const live = await client.query<{ generation: number; version: number; tables: string[]; functions: string[] }>(
    `SELECT generation, version, tables, functions FROM projection.generation WHERE view = $1 AND status = 'live'`,
    [view.name],
  );
  const before = live.rows[0];
  if (before === undefined || before.version !== view.version || !(await replaced(client, view, generation))) {
    if (before !== undefined) await client.query(withdrawDdl(before.tables, before.functions));
    await client.query(publishDdl(view, generation.generation));
  }
  await client.query(`UPDATE projection.generation SET status = 'retired' WHERE view = $1 AND status = 'live'`, [
    view.name,
  ]);
  const { rows } = await client.query<{ switched: number }>(
    `UPDATE projection.generation SET status = 'live', rebuild = NULL,
       switched = 1 + (SELECT max(switched) FROM projection.generation WHERE view = $1)
     WHERE view = $1 AND generation = $2 RETURNING switched`,
    [view.name, generation.generation],
  );
  if (rows.length === 0) throw new Error(`generation ${generation.generation} of ${view.name} does not exist`);
  return { ...generation, status: 'live', rebuild: null, switched: rows[0]!.switched };
}

/**
 * What is published keeps its identity where its shape is the same: a query that was planned before the switch finds
 * the function that it was planned with.
 */
async function replaced(client: PoolClient, view: View, generation: Generation): Promise<boolean> {
  await client.query('SAVEPOINT published');
  try {
    await client.query(publishDdl(view, generation.generation));
    return true;
  } catch (error) {
    // 42P13, 42P16: another shape, which only dropping can change.
    if (!['42P13', '42P16'].includes(String((error as { code?: unknown }).code))) throw error;
    await client.query('ROLLBACK TO published');
    return false;
  }
}

/** Alone among those who make, switch and drop generations. */
function registered<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  return transaction(pool, 'BEGIN', async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [registryLock]);
    return work(client);
  });
}

/** Removes a generation that nobody reads any more. @throws when it is live */
export async function dropGeneration(pool: Pool, view: string, generation: number): Promise<void> {
  await registered(pool, async (client) => {
    const removed = await client.query(
      `DELETE FROM projection.generation WHERE view = $1 AND generation = $2 AND status <> 'live'`,
      [view, generation],
    );
    if (removed.rowCount === 0)
      throw new GenerationInUse(`generation ${generation} of ${view} is live or does not exist`);
    await client.query(`DROP SCHEMA ${generationSchema(view, generation)} CASCADE`);
    if (view === clockViewName) await client.query('DELETE FROM projection.clock WHERE generation = $1', [generation]);
  });
}

/** Oldest first. */
export async function listGenerations(
  database: Pick<Pool, 'query'> | PoolClient,
  view?: string,
): Promise<readonly Generation[]> {
  const { rows } = await database.query<Omit<Generation, 'schema'>>(
    `SELECT view, generation, version, partitions, status, rebuild, switched FROM projection.generation
     WHERE $1::text IS NULL OR view = $1 ORDER BY view, generation`,
    [view ?? null],
  );
  return rows.map((row) => ({ ...row, schema: generationSchema(row.view, row.generation) }));
}

/** Each live view's position: the least of its partitions; -1 where a view has none yet. */
export async function livePositions(database: Pick<Pool, 'query'>): Promise<ReadonlyMap<string, bigint>> {
  const { rows } = await database.query<{ view: string; position: string }>(
    `SELECT g.view, min(p.position) AS position FROM projection.generation AS g
     JOIN projection.partition AS p USING (view, generation) WHERE g.status = 'live' GROUP BY g.view ORDER BY g.view`,
  );
  return new Map(rows.map(({ view, position }) => [view, BigInt(position)]));
}
