import type { Pool, PoolClient } from 'pg';

/** Where a transaction can be begun: a pool, or a transaction that is open, in which it is a savepoint. */
export type Database = Pool | OpenTransaction;

/** A transaction that others may write in, each all or nothing. */
export class OpenTransaction {
  readonly query: PoolClient['query'];

  constructor(private readonly client: PoolClient) {
    this.query = client.query.bind(client) as PoolClient['query'];
  }

  async nested<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    await this.client.query('SAVEPOINT nested');
    try {
      const result = await work(this.client);
      await this.client.query('RELEASE nested');
      return result;
    } catch (error) {
      await this.client.query('ROLLBACK TO nested');
      throw error;
    }
  }
}

/** Runs `work` in a transaction of its own; `begin` may say more than BEGIN. */
export async function transaction<T>(
  database: Database,
  begin: string,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  if (database instanceof OpenTransaction) return database.nested(work);
  const client = await database.connect();
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
