import type { DataSourceOptions } from 'typeorm';
import { DataSource } from 'typeorm';
import { Client } from 'pg';

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

/** An initialised TypeORM data source whose migrations have run, each in a transaction, one process at a time. */
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
    extra: { idleTimeoutMillis: 10_000 },
  });
  await source.initialize();
  try {
    await underLock(url, () => source.runMigrations());
  } catch (error) {
    await source.destroy();
    throw error;
  }
  return source;
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
