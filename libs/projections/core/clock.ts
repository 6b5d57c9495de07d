import { utc, InvalidArgument, type Reader } from './reader.js';

/**
 * The position that stands for a time: the last one up to which nothing was recorded after it. Clocks of a store may
 * step back, so that times do not follow positions; this is the running maximum of `recordedAt` (design, "Time").
 * Never beyond the reader's position: a time later than everything gives that one, and only from then on is the
 * answer for good; the caller passes the position on.
 * @throws InvalidArgument
 */
export async function positionAt(reader: Pick<Reader, 'query' | 'asOf'>, time: string): Promise<bigint> {
  const at = utc('asOf', time);
  if (at === undefined) throw new InvalidArgument('asOf', 'is missing');
  const { rows } = await reader.query<{ position: string | null }>(
    `SELECT min(c.position) AS position
     FROM projection.generation AS g
     CROSS JOIN LATERAL generate_series(0, g.partitions - 1) AS p(partition)
     CROSS JOIN LATERAL (
       SELECT k.position FROM projection.clock AS k
       WHERE k.generation = g.generation AND k.partition = p.partition AND k.recorded_at > $1
       ORDER BY k.recorded_at LIMIT 1
     ) AS c
     WHERE g.view = 'timeline' AND g.status = 'live'`,
    [at],
  );
  const later = rows[0]?.position;
  const position = later === null || later === undefined ? reader.asOf : BigInt(later) - 1n;
  return position < reader.asOf ? position : reader.asOf;
}
