import { readFileSync } from 'node:fs';
import type { Pool, PoolClient } from 'pg';
import { generationDdl, generationSchema, publishDdl, withdrawDdl } from './schema.js';
import type { View } from './view.js';

/** In order; number n is migration n. Never edited once published. */
const migrations = [readFileSync(new URL('./registry.sql', import.meta.url), 'utf8')];

/** Any fixed number: one lock for whoever migrates, builds or switches generations. */
const registryLock = '5219060117';

/** The database was made by a newer build. */
export class RegistryAhead extends Error {
  override readonly name = 'RegistryAhead';
}

export interface Generation {
  readonly view: string;
  readonly generation: number;
  readonly version: number;
  readonly partitions: number;
  readonly status: 'building' | 'live' | 'retired';
  readonly schema: string;
}

/** Runs `work` in a transaction of its own; `begin` may say more than BEGIN. */
export async function transaction<T>(pool: Pool, begin: string, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  // Between two queries a lost connection is an event of the client: the next query fails by itself.
  const ignore = (): void => undefined;
  client.on('error', ignore);
  let broken: Error | undefined;
  try {
    await client.query(begin);
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    // A connection that cannot even roll back is not given back.
    await client.query('ROLLBACK').catch((lost: unknown) => {
      broken = lost instanceof Error ? lost : new Error(String(lost));
    });
    throw error;
  } finally {
    client.off('error', ignore);
    client.release(broken);
  }
}

/** Brings the registry tables to this build's version, one process at a time. @throws RegistryAhead */
export async function migrateRegistry(pool: Pool): Promise<void> {
  await transaction(pool, 'BEGIN', async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [registryLock]);
    const { rows } = await client.query<{ present: boolean }>(
      `SELECT to_regclass('projection.migration') IS NOT NULL AS present`,
    );
    const applied = rows[0]!.present
      ? (await client.query<{ number: number }>('SELECT coalesce(max(number), 0) AS number FROM projection.migration'))
          .rows[0]!.number
      : 0;
    if (applied > migrations.length) {
      throw new RegistryAhead(
        `projection registry is at migration ${applied}, this build knows ${migrations.length}: start the newer build`,
      );
    }
    for (const sql of migrations.slice(applied)) await client.query(sql);
  });
}

/**
 * The generation that this view writes: the live one when its version and partition count are this build's, else one
 * that is being built. The first generation of a view goes live at once, empty.
 */
export async function openGeneration(pool: Pool, view: View, partitions: number): Promise<Generation> {
  return transaction(pool, 'BEGIN', async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [registryLock]);
    const generations = await listGenerations(client, view.name);
    const newest = generations.at(-1);
    const usable = generations.filter(
      ({ version, status, partitions: count }) =>
        version === view.version && count === partitions && status !== 'retired',
    );
    const found = usable.find(({ status }) => status === 'live') ?? usable.at(-1);
    if (found !== undefined) return found;
    const generation = await createGeneration(client, view, (newest?.generation ?? 0) + 1, partitions);
    return newest === undefined ? switchTo(client, view, generation) : generation;
  });
}

async function createGeneration(
  client: PoolClient,
  view: View,
  generation: number,
  partitions: number,
): Promise<Generation> {
  await client.query(generationDdl(view, generation));
  await client.query(
    `INSERT INTO projection.generation (view, generation, version, partitions, status, tables, functions)
     VALUES ($1, $2, $3, $4, 'building', $5, $6)`,
    [view.name, generation, view.version, partitions, view.tables.map(({ name }) => name), view.functionNames ?? []],
  );
  await client.query(
    `INSERT INTO projection.partition (view, generation, partition)
     SELECT $1, $2, partition FROM generate_series(0, $3::integer - 1) AS partition`,
    [view.name, generation, partitions],
  );
  const schema = generationSchema(view.name, generation);
  return { view: view.name, generation, version: view.version, partitions, status: 'building', schema };
}

/** Readers see this generation from the end of this transaction on; the one before stays, retired, for an undo. */
export async function switchGeneration(pool: Pool, view: View, generation: Generation): Promise<Generation> {
  return transaction(pool, 'BEGIN', async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [registryLock]);
    return switchTo(client, view, generation);
  });
}

async function switchTo(client: PoolClient, view: View, generation: Generation): Promise<Generation> {
  const live = await client.query<{ generation: number; tables: string[]; functions: string[] }>(
    `SELECT generation, tables, functions FROM projection.generation WHERE view = $1 AND status = 'live'`,
    [view.name],
  );
  for (const { tables, functions } of live.rows) await client.query(withdrawDdl(tables, functions));
  await client.query(publishDdl(view, generation.generation));
  await client.query(`UPDATE projection.generation SET status = 'retired' WHERE view = $1 AND status = 'live'`, [
    view.name,
  ]);
  await client.query(`UPDATE projection.generation SET status = 'live' WHERE view = $1 AND generation = $2`, [
    view.name,
    generation.generation,
  ]);
  return { ...generation, status: 'live' };
}

/** Removes a generation that nobody reads any more. @throws when it is live */
export async function dropGeneration(pool: Pool, view: string, generation: number): Promise<void> {
  await transaction(pool, 'BEGIN', async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [registryLock]);
    const removed = await client.query(
      `DELETE FROM projection.generation WHERE view = $1 AND generation = $2 AND status <> 'live'`,
      [view, generation],
    );
    if (removed.rowCount === 0) throw new Error(`generation ${generation} of ${view} is live or does not exist`);
    await client.query(`DROP SCHEMA ${generationSchema(view, generation)} CASCADE`);
  });
}

/** Oldest first. */
export async function listGenerations(
  database: Pick<Pool, 'query'> | PoolClient,
  view?: string,
): Promise<readonly Generation[]> {
  const { rows } = await database.query<Omit<Generation, 'schema'>>(
    `SELECT view, generation, version, partitions, status FROM projection.generation
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
