import type { DataSourceOptions } from 'typeorm';
import { DataSource } from 'typeorm';
import { Client } from 'pg';
import { PooledClient } from './pool.js';

/** A newer build has changed these tables: what this one would write into them nobody can vouch for. */
export class DatabaseAhead extends Error {
  override readonly name = 'DatabaseAhead';
}

/** Any fixed number: one lock for the migrations of a database, whoever runs them. */
const migrationLock = '5219060113';

export interface CreateDataSource {
  readonly entities?: DataSourceOptions['entities'];
  /** Classes, listed in order. */
  readonly migrations?: DataSourceOptions['migrations'];
  /** Table that remembers which migrations ran; rooms with migrations of their own name their own. */
  readonly migrationsTableName?: string;
  readonly schema?: string;
  readonly poolSize?: number;
}

/**
 * An initialised TypeORM data source whose migrations have run, each in a transaction, one process at a time.
 * @throws DatabaseAhead when migrations have run that this build does not know; nothing is changed then
 */
export async function createDataSource(url: string, options: CreateDataSource = {}): Promise<DataSource> {
  const source = new DataSource({
    type: 'postgres',
    url,
    entities: options.entities ?? [],
    migrations: options.migrations ?? [],
    migrationsTransactionMode: 'each',
    migrationsTableName: options.migrationsTableName ?? 'migrations',
    synchronize: false,
    logging: false,
    poolSize: options.poolSize ?? 6,
    ...(options.schema !== undefined && { schema: options.schema }),
    poolErrorHandler: () => undefined,
    extra: { idleTimeoutMillis: 10_000, Client: PooledClient },
  });
  await source.initialize();
  try {
    await underLock(url, async () => {
      await refuseNewer(source, options);
      await source.runMigrations();
    });
  } catch (error) {
    await source.destroy();
    throw error;
  }
  return source;
}

async function refuseNewer(
  source: DataSource,
  { migrationsTableName: table = 'migrations', schema }: CreateDataSource,
): Promise<void> {
  const name = schema === undefined ? `"${table}"` : `"${schema}"."${table}"`;
  const [{ present }] = (await source.query('select to_regclass($1) is not null as present', [name])) as [
    { present: boolean },
  ];
  if (!present) return;
  const known = new Set(source.migrations.map((migration) => migration.name ?? migration.constructor.name));
  const applied = (await source.query(`select name from ${name} order by id`)) as { name: string }[];
  const unknown = applied.find((row) => !known.has(row.name));
  if (unknown)
    throw new DatabaseAhead(
      `the database has migration ${unknown.name} in ${table}, which this build does not know: start the newer build`,
    );
}

/** A session-level advisory lock on a connection of its own: released when the connection ends, however it ends. */
async function underLock(url: string, work: () => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [migrationLock]);
    await work();
  } finally {
    await client.end();
  }
}
