import type { Pool } from 'pg';
import type { EventStore } from '../../event-store/port.js';

/** The views were filled from another event store than the one that is there. */
export class OtherStore extends Error {
  override readonly name = 'OtherStore';
  readonly code = 'OtherStore';
}

/** Of each partition the newest event that the live timeline has, and of these the newest. */
const newestSql = `
  SELECT newest.position, newest.recorded_at FROM projection.generation AS g
  JOIN projection.partition AS p USING (view, generation)
  CROSS JOIN LATERAL (
    SELECT c.position, c.recorded_at FROM projection.clock AS c
    WHERE c.generation = p.generation AND c.partition = p.partition ORDER BY c.recorded_at DESC LIMIT 1
  ) AS newest
  WHERE g.view = 'timeline' AND g.status = 'live' ORDER BY newest.position DESC LIMIT 1`;

/**
 * The event store has the newest event that the views have, at the same place and recorded at the same time. A store
 * that was moved and is opened without its map has not, and neither has one that was put back to an older state: new
 * events would get positions that the views believe to have seen, and would never be shown.
 * @throws OtherStore, and whatever store and database throw
 */
export async function assertSameStore(
  database: Pick<Pool, 'query'>,
  store: Pick<EventStore, 'readAll'>,
): Promise<void> {
  const { rows } = await database
    .query<{ position: string; recorded_at: string }>(newestSql)
    .catch((error: { code?: string }) => {
      // Neither schema nor table: there are no views yet.
      if (['3F000', '42P01'].includes(error.code ?? '')) return { rows: [] };
      throw error;
    });
  const newest = rows[0];
  if (newest === undefined) return;
  const position = BigInt(newest.position);
  for await (const found of store.readAll({ from: position, maxCount: 1 }))
    if (found.position === position && found.recordedAt === newest.recorded_at) return;
  throw new OtherStore(
    `the views have an event at position ${position}, recorded at ${newest.recorded_at}, that this event store has ` +
      'not: EVENTSTORE_URL names another store, lacks the copyMap of one that was copied, or the store was put back',
  );
}
