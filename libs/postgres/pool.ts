import type { ClientConfig, PoolClient } from 'pg';
import { Client, escapeIdentifier, escapeLiteral, Pool } from 'pg';

export type { Pool, PoolClient };

export interface PoolOptions {
  /** Connections. Default 8. */
  readonly max?: number;
  readonly name?: string;
  /** A query that is not answered for so long has failed, and its connection is given up. Default: never. */
  readonly queryTimeoutMilliseconds?: number;
}

/**
 * A connection of a pool. The pool listens for its faults only while it is idle: a Postgres that takes it in and ends in
 * the same breath would end this process too, before whoever asked for the connection has it. The next query fails.
 */
export class PooledClient extends Client {
  constructor(configuration?: string | ClientConfig) {
    super(configuration);
    this.on('error', () => undefined);
  }
}

/** A pool over `url`; an idle connection that breaks is dropped in silence, the next query reconnects. */
export function createPool(url: string, options: PoolOptions = {}): Pool {
  const pool = new Pool({
    Client: PooledClient,
    connectionString: url,
    max: options.max ?? 8,
    idleTimeoutMillis: 10_000,
    connectionTimeoutMillis: 10_000,
    application_name: options.name ?? 'assay',
    ...(options.queryTimeoutMilliseconds && { query_timeout: options.queryTimeoutMilliseconds }),
  });
  pool.on('error', () => undefined);
  return pool;
}

/** What a pool of {@link createPool} connects to, for another pool elsewhere. */
export function connectionOf(pool: Pool): string | undefined {
  return pool.options.connectionString;
}

/**
 * Makes a login role of the given name and password and a database that it owns, whichever is missing, and closes
 * the database to everybody else. Returns its connection string. `admin` is the URL of a superuser.
 */
export async function ensureDatabase(
  admin: string,
  wanted: { readonly database: string; readonly role: string; readonly password: string },
): Promise<string> {
  const client = new Client({ connectionString: admin });
  client.on('error', () => undefined);
  await client.connect();
  const [database, role, password] = [
    escapeIdentifier(wanted.database),
    escapeIdentifier(wanted.role),
    escapeLiteral(wanted.password),
  ];
  try {
    const roles = await client.query('select 1 from pg_roles where rolname = $1', [wanted.role]);
    await client.query(`${roles.rowCount ? 'alter' : 'create'} role ${role} login password ${password}`);
    const databases = await client.query('select 1 from pg_database where datname = $1', [wanted.database]);
    if (!databases.rowCount) {
      await client.query(`create database ${database} owner ${role}`);
      await client.query(`revoke all on database ${database} from public`);
    }
  } finally {
    await client.end();
  }
  const url = new URL(admin);
  url.username = encodeURIComponent(wanted.role);
  url.password = encodeURIComponent(wanted.password);
  url.pathname = `/${encodeURIComponent(wanted.database)}`;
  return url.href;
}
