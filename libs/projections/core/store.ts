import type { PoolClient } from 'pg';
import { RowBatch } from './batch.js';
import { copyLines } from './copy.js';
import { Lines } from './lines.js';
import type { BatchFold, ClockRow, Moved } from './batch-fold.js';
import type { Stop } from './delivery.js';
import { streamKey } from './partition.js';
import type { Generation } from './registry.js';
import { transaction, type Database } from './transaction.js';
import { arrayLiteral, writeBatch, type Queryable } from './writer.js';

/**
 * Somebody else has moved a partition of this generation, or taken it: a rebuild that has switched, a release. This
 * consumer's batch is not written; after {@link ViewConsumer.load} the same batch can be applied again.
 */
export class Fenced extends Error {
  override readonly name = 'Fenced';
}

/** What a batch makes of the partitions and the rows. */
export interface Folded {
  readonly work: BatchFold;
  readonly rows: RowBatch;
  readonly moved: readonly Moved[];
}

/**
 * Waits for the disk (synchronous_commit stays on): a projector outlives a crash of its database, and would go on
 * behind events whose rows the crash has taken. One that hangs between two statements lets go of its partitions, so
 * that another can go on.
 */
const begin = 'BEGIN; SET LOCAL idle_in_transaction_session_timeout = 10000';
/**
 * Nobody reads what a rebuild fills until the switch, whose commit waits for the disk and so for everything before it.
 * What a crash of the database takes back, it takes back with its position: the rebuild is refused and begins there.
 */
const beginRebuild = 'BEGIN; SET LOCAL synchronous_commit = off';

/** Fewer rows than this are sent with the statement that adds them. */
const leastCopied = 64;

/**
 * An empty batch for a generation. What lacks its keys takes copies only.
 * @param isCareful Rows that are there already stay as they are; else they are an error, since the positions say that
 *   there are none.
 */
export function emptyBatch({ rebuild }: Generation, isCareful: boolean): RowBatch {
  if (rebuild === 'bare') return new RowBatch(0);
  return isCareful ? new RowBatch() : new RowBatch(leastCopied);
}

/**
 * Rows, heads, clock, stops and positions of one batch, in one transaction.
 * @throws Fenced
 */
export async function storeBatch(
  database: Database,
  { view, generation, schema, rebuild }: Generation,
  epoch: number,
  { work, rows, moved }: Folded,
): Promise<void> {
  const heads = work
    .movedStreams()
    .map(({ stream, head, isNew }) => ({ key: streamKey(stream), revision: head!, isNew }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const place = [view, generation];
  const moves = [
    arrayLiteral('integer', column(moved, 'partition')),
    arrayLiteral('bigint', column(moved, 'before')),
    arrayLiteral('bigint', column(moved, 'position')),
    arrayLiteral('text', column(moved, 'recordedAt')),
  ];
  await transaction(database, rebuild === null ? begin : beginRebuild, async (client) => {
    const result = await client.query(
      `UPDATE projection.partition AS p SET position = u.position, recorded_at = u.recorded_at
       FROM unnest($3::integer[], $4::bigint[], $5::bigint[], $6::text[]) AS u(partition, before, position, recorded_at)
       WHERE p.view = $1 AND p.generation = $2 AND p.partition = u.partition AND p.position = u.before
         AND p.epoch = $7`,
      [...place, ...moves, epoch],
    );
    if (result.rowCount !== moved.length) {
      throw new Fenced(`${view} generation ${generation}: another projector has moved these partitions`);
    }
    if (moved.length === 0) await assertEpoch(client, { view, generation }, epoch);
    await writeHeads(client, schema, heads, rows.leastCopied);
    await writeBatch(client as unknown as Queryable, schema, rows, client);
    if (work.clockRows.length > 0) await writeClock(client as unknown as Queryable, generation, work.clockRows);
    for (const stop of work.newStops) await writeStop(client as unknown as Queryable, stop);
  });
}

/**
 * A stopped partition lets events pass, which whoever releases it folds from the store under its lock: they must
 * have passed before that.
 */
export async function assertEpoch(
  database: Database | PoolClient,
  { view, generation }: Pick<Generation, 'view' | 'generation'>,
  epoch: number,
): Promise<void> {
  const { rows } = await database.query<{ epoch: number }>(
    'SELECT epoch FROM projection.partition WHERE view = $1 AND generation = $2 LIMIT 1 FOR SHARE',
    [view, generation],
  );
  if (rows[0]?.epoch !== epoch) throw new Fenced(`${view} generation ${generation}: it has been taken over`);
}

function column<Name extends string>(rows: readonly { readonly [N in Name]: unknown }[], name: Name): unknown[] {
  return rows.map((row) => row[name]);
}

interface Head {
  readonly key: string;
  readonly revision: bigint;
  readonly isNew: boolean;
}

/** What the batch begins with is in no table yet, and need not be looked for. */
async function writeHeads(
  client: PoolClient,
  schema: string,
  heads: readonly Head[],
  leastCopied: number,
): Promise<void> {
  const fresh = heads.filter(({ isNew }) => isNew);
  const isCopied = fresh.length > 0 && fresh.length >= leastCopied;
  if (isCopied) {
    const lines = new Lines<Head>(({ key, revision }, line) => {
      line[0] = key;
      line[1] = String(revision);
    });
    for (const head of fresh) lines.add(head);
    await copyLines(client, `${schema}.stream_head`, ['stream', 'revision'], lines);
  }
  const others = isCopied ? heads.filter(({ isNew }) => !isNew) : heads;
  if (others.length === 0) return;
  await client.query(
    `INSERT INTO ${schema}.stream_head (stream, revision) SELECT * FROM unnest($1::uuid[], $2::bigint[])
     ON CONFLICT (stream) DO UPDATE SET revision = excluded.revision`,
    [arrayLiteral('bigint', column(others, 'key')), arrayLiteral('bigint', column(others, 'revision'))],
  );
}

async function writeClock(database: Queryable, generation: number, rows: readonly ClockRow[]): Promise<void> {
  await database.query(
    `INSERT INTO projection.clock (generation, partition, recorded_at, position)
     SELECT $1, * FROM unnest($2::integer[], $3::text[], $4::bigint[]) ON CONFLICT DO NOTHING`,
    [
      generation,
      arrayLiteral('integer', column(rows, 'partition')),
      arrayLiteral('text', column(rows, 'recordedAt')),
      arrayLiteral('bigint', column(rows, 'position')),
    ],
  );
}

export async function writeStop(database: Queryable, stop: Stop): Promise<void> {
  await database.query(
    `INSERT INTO projection.stop
       (view, generation, partition, kind, event_id, event_type, stream, revision, position, error)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     ON CONFLICT (view, generation, partition) DO UPDATE SET kind = excluded.kind, event_id = excluded.event_id,
       event_type = excluded.event_type, stream = excluded.stream, revision = excluded.revision,
       position = excluded.position, error = excluded.error, stopped_at = now()`,
    [
      stop.view,
      stop.generation,
      stop.partition,
      stop.kind,
      stop.eventId,
      stop.eventType.replaceAll('\u0000', '\uFFFD'),
      stop.stream.replaceAll('\u0000', '\uFFFD'),
      stop.revision,
      stop.position,
      stop.error,
    ],
  );
}

/** Postgres answers that a value is impossible (SQLSTATE classes 21, 22, 23 and 54): no retry will help. */
export function isDataFault(error: unknown): boolean {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  return typeof code === 'string' && /^(21|22|23|54)[0-9A-Z]{3}$/.test(code);
}
