import type { Pool } from 'pg';
import type { RelayStamp } from '#libs/messaging';

/**
 * This database's relay of a topic and the highest epoch that was given out; undefined while there was none. Relay and
 * projectors share the product's database: that is how a projector knows whom to believe.
 */
export async function leaseOf(pool: Pool, topic: string): Promise<RelayStamp | undefined> {
  const { rows } = await pool
    .query<{ id: string; epoch: string }>('SELECT id, epoch FROM relay.lease WHERE topic = $1', [topic])
    .catch((error: { code?: string }) => {
      // Neither schema nor table nor column: no relay of this build has been here.
      if (['3F000', '42P01', '42703'].includes(error.code ?? '')) return { rows: [] };
      throw error;
    });
  const row = rows[0];
  return row && { id: row.id, epoch: BigInt(row.epoch) };
}
