import { once } from 'node:events';
import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Lines } from './lines.js';

/** Adds rows to a table. A key, where the table has one, refuses those that are there already. */
export async function copyLines<Row>(
  client: PoolClient,
  table: string,
  columns: readonly string[],
  lines: Lines<Row>,
): Promise<void> {
  const target = client.query(copyFrom(`COPY ${table} (${columns.join(', ')}) FROM STDIN`));
  const finished = once(target, 'finish');
  finished.catch(() => undefined);
  for (const piece of lines.pieces()) {
    if (!target.write(piece)) await Promise.race([once(target, 'drain'), finished]);
  }
  target.end();
  await finished;
  // The server has answered: every piece has been sent.
  lines.release();
}
