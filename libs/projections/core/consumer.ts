import type { PoolClient } from 'pg';
import { RowBatch, type RowKey } from './batch.js';
import { BatchFold, type ClockRow, type Evolved, type Moved, type PartitionState } from './batch-fold.js';
import type { Batch, Delivery, Stop } from './delivery.js';
import { streamKey } from './partition.js';
import { OtherBuild, type Generation } from './registry.js';
import { generationSchema } from './schema.js';
import { transaction, type Database } from './transaction.js';
import { arrayLiteral, loadVersions, writeBatch, type Queryable } from './writer.js';
import type { Table } from './table.js';
import type { View } from './view.js';

/**
 * Somebody else has moved a partition of this generation, or taken it: a rebuild that has switched, a release. This
 * consumer's batch is not written; after {@link ViewConsumer.load} the same batch can be applied again.
 */
export class Fenced extends Error {
  override readonly name = 'Fenced';
}

/** A strict consumer met what stops a partition. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
  constructor(readonly stop: Stop) {
    super(
      `view ${stop.view}: ${stop.eventType} ${stop.eventId} (${stop.stream} revision ${stop.revision}, position ` +
        `${stop.position}) stops partition ${stop.partition}: ${stop.error}`,
    );
  }
}

export interface ConsumerOptions {
  /** This view feeds the table that leads from a time to a position. */
  readonly clock?: boolean;
  /** A recorded decision to pass over a poison event (rule 9). */
  readonly isReleased?: (event: Delivery['event'], view: string) => boolean;
  /** An alarm: a partition has stopped, and that is stored. */
  readonly onStop?: (stop: Stop) => void;
  /** Default: a stop is stored and the other partitions go on. Strict: it is thrown, and nothing of its batch written. */
  readonly strict?: boolean;
  /** Default: when the generation is no longer live, the consumer goes on with the one that is. */
  readonly stays?: boolean;
}

const rememberedStreams = 100_000;
/**
 * Waits for the disk (synchronous_commit stays on): a projector outlives a crash of its database, and would go on
 * behind events whose rows the crash has taken. One that hangs between two statements lets go of its partitions, so
 * that another can go on.
 */
const begin = 'BEGIN; SET LOCAL idle_in_transaction_session_timeout = 10000';

/**
 * Folds batches of events into one generation of one view: rows, revisions and positions in one Postgres transaction.
 * A delivery at or before its partition's position, or at or before its stream's revision, is a duplicate and changes
 * nothing. A revision gap or a poison event stops its partition, is recorded, and the other partitions go on.
 */
export class ViewConsumer {
  #partitions: PartitionState[] = [];
  #epoch = 0;
  #generation: Generation;
  readonly #heads = new Map<string, bigint>();

  constructor(
    private readonly pool: Database,
    readonly view: View,
    generation: Generation,
    private readonly options: ConsumerOptions = {},
  ) {
    this.#generation = generation;
  }

  /** What it writes: another one after a switch, from the next {@link load} on. */
  get generation(): Generation {
    return this.#generation;
  }

  /**
   * Reads positions and stops. To be called before the first batch, and after {@link Fenced}.
   * @throws OtherBuild when the view's live generation is not one that this build can write
   */
  async load(): Promise<void> {
    this.#heads.clear();
    if (this.options.stays !== true) await this.#follow();
    const { view, generation } = this.generation;
    const positions = await this.pool.query<{
      partition: number;
      position: string;
      recorded_at: string;
      epoch: number;
    }>(
      `SELECT partition, position, recorded_at, epoch FROM projection.partition WHERE view = $1 AND generation = $2
       ORDER BY partition`,
      [view, generation],
    );
    if (positions.rows.length === 0) throw new Error(`generation ${generation} of ${view} does not exist any more`);
    this.#epoch = positions.rows[0]!.epoch;
    const stops = await this.pool.query<Record<string, string> & { partition: number }>(
      'SELECT * FROM projection.stop WHERE view = $1 AND generation = $2',
      [view, generation],
    );
    this.#partitions = positions.rows.map(({ partition, position, recorded_at: recordedAt }) => {
      const row = stops.rows.find((stop) => stop.partition === partition);
      const stop: Stop | undefined = row && {
        view,
        generation,
        partition,
        kind: row['kind'] as Stop['kind'],
        eventId: row['event_id']!,
        eventType: row['event_type']!,
        stream: row['stream']!,
        revision: BigInt(row['revision']!),
        position: BigInt(row['position']!),
        error: row['error']!,
      };
      return { position: BigInt(position), recordedAt, stop };
    });
  }

  /** From a generation that was live, or is gone, to the one that is live now. */
  async #follow(): Promise<void> {
    const { rows } = await this.pool.query<Omit<Generation, 'schema'>>(
      `SELECT view, generation, version, partitions, status, rebuild, switched FROM projection.generation
       WHERE view = $1 AND (generation = $2 OR status = 'live')`,
      [this.view.name, this.#generation.generation],
    );
    const own = rows.find(({ generation }) => generation === this.#generation.generation);
    const live = rows.find(({ status }) => status === 'live');
    const next = own !== undefined && own.status !== 'retired' ? own : live;
    if (next === undefined) return;
    const followed = { ...next, schema: generationSchema(next.view, next.generation) };
    if (next.version !== this.view.version || next.partitions !== this.#generation.partitions)
      throw new OtherBuild(this.view, followed, this.#generation.partitions);
    this.#generation = followed;
  }

  /** The view's position: the least of its partitions. */
  position(): bigint {
    return least(this.#partitions);
  }

  /** Where a partition stands; undefined while it is stopped. */
  placeOf(partition: number): bigint | undefined {
    const state = this.#partitions[partition];
    return state?.stop === undefined ? state?.position : undefined;
  }

  positionOf(partition: number): bigint {
    return this.#partitions[partition]!.position;
  }

  /** Where reading must begin: the least position of the partitions that still go on. */
  resumeAfter(): bigint {
    const running = this.#partitions.filter(({ stop }) => stop === undefined);
    return running.length === 0 ? greatest(this.#partitions) : least(running);
  }

  /** The greatest time of recording that is in the tables. */
  recordedAt(): string {
    return this.#partitions.reduce((latest, { recordedAt }) => (recordedAt > latest ? recordedAt : latest), '');
  }

  /** Lets a stopped partition go on from where it stands, in this consumer only: what is stored says stopped still. */
  resume(partition: number): void {
    this.#partitions[partition]!.stop = undefined;
  }

  stops(): readonly Stop[] {
    return this.#partitions.flatMap(({ stop }) => (stop === undefined ? [] : [stop]));
  }

  /**
   * Folds and writes one batch. When this resolves, its rows and positions are visible.
   * @throws Fenced, and whatever the database throws; then nothing of the batch is written and it can be applied again.
   */
  async apply(batch: Batch): Promise<void> {
    try {
      await this.#write(batch.deliveries, batch.watermark, undefined);
    } catch (error) {
      if (!isDataFault(error) || batch.deliveries.length === 0) throw error;
      await this.#isolate(batch.deliveries);
      await this.#write([], batch.watermark, undefined);
    }
  }

  /** Postgres refuses some row of these: halve until the event is alone, which is then the poison. */
  async #isolate(deliveries: readonly Delivery[]): Promise<void> {
    const middle = Math.ceil(deliveries.length / 2);
    for (const part of [deliveries.slice(0, middle), deliveries.slice(middle)]) {
      if (part.length === 0) continue;
      try {
        await this.#write(part, undefined, undefined);
      } catch (error) {
        if (!isDataFault(error)) throw error;
        if (part.length > 1) await this.#isolate(part);
        else await this.#write(part, undefined, error);
      }
    }
  }

  async #write(deliveries: readonly Delivery[], watermark: Batch['watermark'] | undefined, poison: unknown) {
    await this.#loadHeads(deliveries);
    const work = new BatchFold(this.view, this.generation, this.#partitions, this.#heads, this.options);
    const rows = new RowBatch();
    const evolved = deliveries.map((delivery) => work.evolve(delivery));
    await this.#loadRows(rows, deliveries, evolved);
    for (const [index, delivery] of deliveries.entries()) work.fold(delivery, evolved[index]!, rows, poison);
    if (watermark !== undefined) work.advance(watermark);
    if (this.options.strict === true && work.newStops.length > 0) throw new Stopped(work.newStops[0]!);
    const moved = work.moved();
    if (moved.length > 0 || work.newStops.length > 0) await this.#store(work, rows, moved);
    else if (work.isPassedBy) await this.#assertEpoch(this.pool);
    this.#partitions = work.partitions;
    if (this.#heads.size + work.heads.size > rememberedStreams) this.#heads.clear();
    for (const [stream, revision] of work.heads) this.#heads.set(stream, revision);
    for (const stop of work.newStops) this.options.onStop?.(stop);
  }

  /**
   * A stopped partition lets events pass, which whoever releases it folds from the store under its lock: they must
   * have passed before that.
   */
  async #assertEpoch(database: Database | PoolClient): Promise<void> {
    const { view, generation } = this.generation;
    const { rows } = await database.query<{ epoch: number }>(
      'SELECT epoch FROM projection.partition WHERE view = $1 AND generation = $2 LIMIT 1 FOR SHARE',
      [view, generation],
    );
    if (rows[0]?.epoch !== this.#epoch) throw new Fenced(`${view} generation ${generation}: it has been taken over`);
  }

  async #loadHeads(deliveries: readonly Delivery[]): Promise<void> {
    const unknown = new Map<string, string>();
    for (const { event } of deliveries) {
      if (event.revision > 0n && !this.#heads.has(event.stream)) unknown.set(streamKey(event.stream), event.stream);
    }
    if (unknown.size === 0) return;
    const { rows } = await this.pool.query<{ stream: string; revision: string }>(
      `SELECT stream, revision FROM ${this.generation.schema}.stream_head WHERE stream = ANY ($1::uuid[])`,
      [`{${[...unknown.keys()].join(',')}}`],
    );
    for (const { stream, revision } of rows) this.#heads.set(unknown.get(stream)!, BigInt(revision));
  }

  async #loadRows(batch: RowBatch, deliveries: readonly Delivery[], evolved: readonly Evolved[]): Promise<void> {
    const wanted = new Map<Table, Map<string, RowKey>>();
    for (const [index, { event }] of deliveries.entries()) {
      const result = evolved[index]!;
      if (result.operations === undefined || event.stream === '') continue;
      batch.missing(result.operations, result.workspace, wanted);
    }
    for (const [table, keys] of wanted) {
      for (const text of keys.keys()) batch.load(table, text, undefined);
      const stored = await loadVersions(this.pool as unknown as Queryable, this.generation.schema, table, [
        ...keys.values(),
      ]);
      for (const row of stored) batch.loadStored(table, row);
    }
  }

  async #store(work: BatchFold, rows: RowBatch, moved: readonly Moved[]): Promise<void> {
    const { view, generation, schema, rebuild } = this.generation;
    await transaction(this.pool, begin, async (client) => {
      const result = await client.query(
        `UPDATE projection.partition AS p SET position = u.position, recorded_at = u.recorded_at
         FROM unnest($3::integer[], $4::bigint[], $5::bigint[], $6::text[]) AS u(partition, before, position, recorded_at)
         WHERE p.view = $1 AND p.generation = $2 AND p.partition = u.partition AND p.position = u.before
           AND p.epoch = $7`,
        [
          view,
          generation,
          arrayLiteral(
            'integer',
            moved.map(({ partition }) => partition),
          ),
          arrayLiteral(
            'bigint',
            moved.map(({ before }) => before),
          ),
          arrayLiteral(
            'bigint',
            moved.map(({ position }) => position),
          ),
          arrayLiteral(
            'text',
            moved.map(({ recordedAt }) => recordedAt),
          ),
          this.#epoch,
        ],
      );
      if (result.rowCount !== moved.length) {
        throw new Fenced(`${view} generation ${generation}: another projector has moved these partitions`);
      }
      if (moved.length === 0) await this.#assertEpoch(client);
      if (work.heads.size > 0) {
        const heads = [...work.heads].map(([stream, revision]) => ({ key: streamKey(stream), revision }));
        heads.sort((a, b) => (a.key < b.key ? -1 : 1));
        await client.query(
          `INSERT INTO ${schema}.stream_head (stream, revision) SELECT * FROM unnest($1::uuid[], $2::bigint[])
           ON CONFLICT (stream) DO UPDATE SET revision = excluded.revision`,
          [
            arrayLiteral(
              'bigint',
              heads.map(({ key }) => key),
            ),
            arrayLiteral(
              'bigint',
              heads.map(({ revision }) => revision),
            ),
          ],
        );
      }
      await writeBatch(client as unknown as Queryable, schema, rows, rebuild === 'bare' ? client : undefined);
      if (work.clockRows.length > 0) await writeClock(client as unknown as Queryable, generation, work.clockRows);
      for (const stop of work.newStops) await writeStop(client as unknown as Queryable, stop);
    });
  }
}

async function writeClock(database: Queryable, generation: number, rows: readonly ClockRow[]): Promise<void> {
  await database.query(
    `INSERT INTO projection.clock (generation, partition, recorded_at, position)
     SELECT $1, * FROM unnest($2::integer[], $3::text[], $4::bigint[]) ON CONFLICT DO NOTHING`,
    [
      generation,
      arrayLiteral(
        'integer',
        rows.map(({ partition }) => partition),
      ),
      arrayLiteral(
        'text',
        rows.map(({ recordedAt }) => recordedAt),
      ),
      arrayLiteral(
        'bigint',
        rows.map(({ position }) => position),
      ),
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
function isDataFault(error: unknown): boolean {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  return typeof code === 'string' && /^(21|22|23|54)[0-9A-Z]{3}$/.test(code);
}

function least(states: readonly PartitionState[]): bigint {
  return states.reduce((low, { position }) => (position < low ? position : low), states[0]?.position ?? -1n);
}

function greatest(states: readonly PartitionState[]): bigint {
  return states.reduce((high, { position }) => (position > high ? position : high), -1n);
}
