import type { Pool } from 'pg';

/** The right to relay, with its fencing number: every holder has a higher epoch than the one before. */
export interface Lease {
  /** The same for every holder of this database's lease: consumers take no other relay's records. */
  readonly id: string;
  readonly epoch: bigint;
  /** Position that is known to be in Kafka; undefined at the beginning. */
  readonly position: bigint | undefined;
}

/** Somebody else relays. */
export interface HeldLease {
  readonly holder: string;
  readonly epoch: bigint;
  readonly seconds: number;
}

export const leaseSeconds = 10;

/** Another relay has taken over: what is in flight will be dropped by the consumers, for its epoch is too low. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** Any fixed number: one process at a time makes the table. */
const tableLock = '5219060118';

export async function createLeaseTable(pool: Pool): Promise<void> {
  await pool.query(`
    BEGIN;
    SELECT pg_advisory_xact_lock(${tableLock});
    CREATE SCHEMA IF NOT EXISTS relay;
    CREATE TABLE IF NOT EXISTS relay.lease (
      topic text PRIMARY KEY,
      id uuid NOT NULL DEFAULT gen_random_uuid(),
      epoch bigint NOT NULL,
      holder uuid NOT NULL,
      holder_name text NOT NULL DEFAULT '',
      position bigint,
      expires_at timestamptz NOT NULL
    );
    ALTER TABLE relay.lease ADD COLUMN IF NOT EXISTS id uuid NOT NULL DEFAULT gen_random_uuid();
    ALTER TABLE relay.lease ADD COLUMN IF NOT EXISTS holder_name text NOT NULL DEFAULT '';
    COMMIT`);
}

/**
 * Milliseconds since 1970, and more than the one before: also where the database was put back to an older state, no
 * epoch is given out a second time, and consumers that have seen a later one than it knows of take the next one.
 */
const nextEpoch = `greatest(held.epoch + 1, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint)`;

/** The lease with a new epoch, or who holds it. The clock is the database's. A holder takes its own lease anew. */
export async function acquireLease(
  pool: Pool,
  topic: string,
  holder: string,
  name: string,
): Promise<Lease | HeldLease | undefined> {
  const { rows } = await pool.query<{ id: string; epoch: string; position: string | null }>(
    `INSERT INTO relay.lease AS held (topic, epoch, holder, holder_name, expires_at)
     VALUES ($1, ${nextEpoch.replace('held.epoch', '0')}, $2, $4, now() + make_interval(secs => $3))
     ON CONFLICT (topic) DO UPDATE
       SET epoch = ${nextEpoch}, holder = excluded.holder, holder_name = excluded.holder_name,
           expires_at = excluded.expires_at
       WHERE held.expires_at < now() OR held.holder = excluded.holder
     RETURNING id, epoch, position`,
    [topic, holder, leaseSeconds, name],
  );
  const row = rows[0];
  if (row) {
    const position = row.position === null ? undefined : BigInt(row.position);
    return { id: row.id, epoch: BigInt(row.epoch), position };
  }
  const held = await pool.query<{ holder_name: string; epoch: string; seconds: number }>(
    `SELECT holder_name, epoch, extract(epoch FROM expires_at - now())::float8 AS seconds FROM relay.lease
     WHERE topic = $1`,
    [topic],
  );
  const other = held.rows[0];
  return other && { holder: other.holder_name, epoch: BigInt(other.epoch), seconds: other.seconds };
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

/** The topic was made anew: whatever was relayed before is gone. */
export async function forgetPosition(pool: Pool, topic: string, holder: string, epoch: bigint): Promise<void> {
  await pool.query(`UPDATE relay.lease SET position = NULL WHERE topic = $1 AND holder = $2 AND epoch = $3`, [
    topic,
    holder,
    epoch,
  ]);
}

/** Lets the next relay start at once. */
export async function releaseLease(pool: Pool, topic: string, holder: string, epoch: bigint): Promise<void> {
  await pool.query(
    `UPDATE relay.lease SET expires_at = now() - interval '1 second' WHERE topic = $1 AND holder = $2 AND epoch = $3`,
    [topic, holder, epoch],
  );
}
