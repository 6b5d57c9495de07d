import { positionAt, readerOf } from '#libs/projections';
import type { Pool } from '#libs/postgres';
import type { Projector } from '#services/projector';

/** The read models as the api asks for them: the projector of this process, and its tables. */
export function readModelsOf(pool: Pool, projector: Projector) {
  return {
    position: async () => projector.position(),

    /** The last position whose running maximum of `recordedAt` is at or before the time (design, "Time"). */
    positionAt: (time: string) => positionAt(readerOf(pool, '', projector.position()), time),

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
