import { positionAt, readerOf } from '#libs/projections';
import type { Pool } from '#libs/postgres';
import type { Views } from '#services/projector';

/** The read models as the api asks for them: whoever fills them, and their tables. */
export function readModelsOf(pool: Pool, views: Pick<Views, 'position' | 'waitFor' | 'onAdvance'>) {
  return {
    position: async () => views.position(),

    /** The last position whose running maximum of `recordedAt` is at or before the time (design, "Time"). */
    positionAt: (time: string) => positionAt(readerOf(pool, '', views.position()), time),

    async waitFor(position: bigint, milliseconds: number): Promise<boolean> {
      try {
        await views.waitFor(position, milliseconds);
        return true;
      } catch {
        return false;
      }
    },

    onAdvance: (listener: () => void) => views.onAdvance(listener),

    query: (text: string, values: readonly unknown[]) => pool.query(text, [...values]),
  };
}
