import type { Pool } from 'pg';

/** The right to relay, with its fencing number: every holder has a higher epoch than the one before. */
export interface Lease {
  readonly epoch: bigint;
  /** Position that is known to be in Kafka; undefined at the beginning. */
  readonly position: bigint | undefined;
}

export const leaseSeconds = 10;

/** Another relay has taken over: what is in flight will be dropped by the consumers, for its epoch is too low. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

export async function createLeaseTable(pool: Pool): Promise<void> {
  await pool.query(`
    CREATE SCHEMA IF NOT EXISTS relay;
    CREATE TABLE IF NOT EXISTS relay.lease (
      topic text PRIMARY KEY,
      epoch bigint NOT NULL,
      holder uuid NOT NULL,
      position bigint,
      expires_at timestamptz NOT NULL
    )`);
}

/** The lease with a new epoch, or undefined while somebody else holds it. The clock is the database's. */
export async function acquireLease(pool: Pool, topic: string, holder: string): Promise<Lease | undefined> {
  const { rows } = await pool.query<{ epoch: string; position: string | null }>(
    `INSERT INTO relay.lease AS held (topic, epoch, holder, expires_at)
     VALUES ($1, 1, $2, now() + make_interval(secs => $3))
     ON CONFLICT (topic) DO UPDATE
       SET epoch = held.epoch + 1, holder = excluded.holder, expires_at = excluded.expires_at
       WHERE held.expires_at < now()
     RETURNING epoch, position`,
    [topic, holder, leaseSeconds],
  );
  const row = rows[0];
  return row && { epoch: BigInt(row.epoch), position: row.position === null ? undefined : BigInt(row.position) };
}

/** Renews the lease and saves what Kafka has acknowledged. @throws LeaseLost */
export async function renewLease(
  pool: Pool,
  topic: string,
  holder: string,
  epoch: bigint,
  position: bigint | undefined,
): Promise<void> {
  const { rowCount } = await pool.query(
    `UPDATE relay.lease
     SET expires_at = now() + make_interval(secs => $4), position = coalesce($5::bigint, position)
     WHERE topic = $1 AND holder = $2 AND epoch = $3`,
    [topic, holder, epoch, leaseSeconds, position],
  );
  if (rowCount !== 1) throw new LeaseLost(`the relay of ${topic} with epoch ${epoch} has been replaced`);
}

/** Lets the next relay start at once. */
export async function releaseLease(pool: Pool, topic: string, holder: string, epoch: bigint): Promise<void> {
  await pool.query(
    `UPDATE relay.lease SET expires_at = now() - interval '1 second' WHERE topic = $1 AND holder = $2 AND epoch = $3`,
    [topic, holder, epoch],
  );
}
