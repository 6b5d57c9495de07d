import { clockView } from '#libs/projections';
import type { Pool } from '#libs/postgres';
import type { Projector } from '#services/projector';

const positionAtSql = `
  SELECT min(c.position) - 1 AS position
  FROM projection.clock AS c
  JOIN projection.generation AS g ON g.view = $1 AND g.generation = c.generation AND g.status = 'live'
  WHERE c.recorded_at > $2`;

/** The read models as the api asks for them: the projector of this process, and its tables. */
export function readModelsOf(pool: Pool, projector: Projector) {
  return {
    position: async () => projector.position(),

    /** The last position whose running maximum of `recordedAt` is at or before the time (design, "Time"). */
    async positionAt(time: string): Promise<bigint> {
      const { rows } = await pool.query<{ position: string | null }>(positionAtSql, [
        clockView.name,
        new Date(time).toISOString(),
      ]);
      const found = rows[0]?.position;
      return found === null || found === undefined ? projector.position() : BigInt(found);
    },

    async waitFor(position: bigint, milliseconds: number): Promise<boolean> {
      try {
        await projector.waitFor(position, milliseconds);
        return true;
      } catch {
        return false;
      }
    },

    onAdvance: (listener: () => void) => projector.onAdvance(listener),

    query: (text: string, values: readonly unknown[]) => pool.query(text, [...values]),
  };
}
