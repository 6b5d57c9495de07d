import type { RowBatch, RowKey, VersionRow } from './batch.js';
import {
  BatchFold,
  greatest,
  least,
  OpenBatch,
  type Evolved,
  type PartitionState,
  type StreamPlace,
} from './batch-fold.js';
import { Stopped, type Batch, type Delivery, type Stop } from './delivery.js';
import { streamKey } from './partition.js';
import { OtherBuild, type Generation } from './registry.js';
import { Remembered } from './remembered.js';
import { generationSchema } from './schema.js';
import type { Database } from './transaction.js';
import { loadVersions, type Queryable } from './writer.js';
import { assertEpoch, emptyBatch, isDataFault, storeBatch, type Folded } from './store.js';
import { openEnd, type Table } from './table.js';
import type { View } from './view.js';

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

interface Writing {
  readonly batch: Batch;
  readonly done: Promise<void>;
  readonly written: (batch: Batch) => void;
}

/** What is not remembered is looked up. More of them cost more: every collection of old objects visits them all. */
const rememberedStreams = 10_000;
const rememberedRows = 1_000;
/** Milliseconds for which folding keeps the process from anything else. */
const slice = 8;
const sliceCheck = 64;
/**
 * Folds batches of events into one generation of one view: rows, revisions and positions in one Postgres transaction.
 * A delivery at or before its partition's position, or at or before its stream's revision, is a duplicate and changes
 * nothing. A revision gap or a poison event stops its partition, is recorded, and the other partitions go on.
 */
export class ViewConsumer {
  #partitions: PartitionState[] = [];
  #epoch = 0;
  #generation: Generation;
  readonly #heads = new Remembered<bigint>(rememberedStreams);
  /** By table and key the newest version of the rows that were changed last. */
  readonly #rows = new Map<Table, Remembered<VersionRow>>();
  /** What is on its way into the database. */
  #writing: Folded | undefined;

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
    this.#rows.clear();
    this.#writing = undefined;
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

  /** The view's position: the least of its partitions, or of those that are named. */
  position(partitions?: readonly number[]): bigint {
    return least(this.#statesOf(partitions));
  }

  #statesOf(partitions: readonly number[] | undefined): readonly PartitionState[] {
    return partitions?.map((partition) => this.#partitions[partition]!) ?? this.#partitions;
  }

  /** Where a partition stands; undefined while it is stopped. */
  placeOf(partition: number): bigint | undefined {
    const state = this.#partitions[partition];
    return state?.stop === undefined ? state?.position : undefined;
  }

  positionOf(partition: number): bigint {
    return this.#partitions[partition]!.position;
  }

  /** Where reading must begin: the least position of the partitions, or of those that are named, that still go on. */
  resumeAfter(partitions?: readonly number[]): bigint {
    const states = this.#statesOf(partitions);
    const running = states.filter(({ stop }) => stop === undefined);
    return running.length === 0 ? greatest(states) : least(running);
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
      await this.#write(batch.deliveries, batch.watermark);
    } catch (error) {
      if (!isDataFault(error) || batch.deliveries.length === 0) throw error;
      await this.#isolate(batch.deliveries);
      await this.#write([], batch.watermark);
    }
  }

  /** Postgres refuses some row of these: halve until the event is alone, which is then the poison. */
  async #isolate(deliveries: readonly Delivery[]): Promise<void> {
    const middle = Math.ceil(deliveries.length / 2);
    for (const part of [deliveries.slice(0, middle), deliveries.slice(middle)]) {
      if (part.length === 0) continue;
      try {
        await this.#write(part, undefined, { poison: undefined });
      } catch (error) {
        if (!isDataFault(error)) throw error;
        if (part.length > 1) await this.#isolate(part);
        else await this.#write(part, undefined, { poison: error });
      }
    }
  }

  /**
   * The same for batch after batch, the next one being read and folded while one is written.
   * @param written is called when a batch is visible.
   * @throws as {@link apply}; then {@link load} comes before anything else.
   */
  async applyAll(batches: AsyncIterable<Batch>, written: (batch: Batch) => void): Promise<void> {
    let before: Writing | undefined;
    try {
      for await (const batch of batches) {
        const folding = await Promise.allSettled([this.#fold(batch.deliveries, batch.watermark)]);
        // Written in parts, the one before may have become another: what was folded upon it is folded again.
        const isAsFolded = await this.#finish(before);
        before = undefined;
        if (isAsFolded && folding[0].status === 'rejected') throw folding[0].reason;
        const folded =
          isAsFolded && folding[0].status === 'fulfilled'
            ? folding[0].value
            : await this.#fold(batch.deliveries, batch.watermark);
        before = { batch, done: this.#begin(folded).then(() => written(batch)), written };
        before.done.catch(() => undefined);
      }
      await this.#finish(before);
      before = undefined;
    } finally {
      await before?.done.catch(() => undefined);
      this.#writing = undefined;
    }
  }

  /** @returns whether it was written as it was folded */
  async #finish(writing: Writing | undefined): Promise<boolean> {
    if (writing === undefined) return true;
    try {
      await writing.done;
      return true;
    } catch (error) {
      if (!isDataFault(error) || writing.batch.deliveries.length === 0) throw error;
      await this.load();
      await this.apply(writing.batch);
      writing.written(writing.batch);
      return false;
    }
  }

  /** @param isolated The batch has been refused: this is a part of it and, alone, what the database said of it. */
  async #write(
    deliveries: readonly Delivery[],
    watermark: Batch['watermark'] | undefined,
    isolated?: { readonly poison: unknown },
  ): Promise<void> {
    const folded = await this.#fold(deliveries, watermark, isolated);
    await this.#store(folded);
    this.#adopt(folded);
  }

  /** What a batch makes of what is known; changes nothing here. */
  async #fold(
    given: readonly Delivery[],
    watermark: Batch['watermark'] | undefined,
    isolated?: { readonly poison: unknown },
  ): Promise<Folded> {
    const open = this.open(isolated !== undefined);
    await this.fold(open, { deliveries: given, watermark }, isolated?.poison);
    return open.close();
  }

  /** A batch into which events can be folded one part after the other. Only one is open at a time. */
  open(isCareful = false): OpenBatch {
    const [heads, writing] = [this.#heads, this.#writing?.work];
    const known = { get: (stream: string) => heads.get(stream) ?? writing?.headOf(stream) };
    const work = new BatchFold(this.view, this.#generation, this.#partitions, known, this.options);
    return new OpenBatch(work, emptyBatch(this.#generation, isCareful), isCareful);
  }

  /**
   * Folds into an open batch what follows what is in it.
   * @param poison What the database says of the only event.
   * @throws whatever the database throws, and Stopped where the consumer is strict; the batch is of no use then
   */
  async fold(
    { work, rows, isCareful }: OpenBatch,
    { deliveries: given, watermark }: Omit<Batch, 'watermark'> & { readonly watermark: Batch['watermark'] | undefined },
    poison?: unknown,
  ): Promise<void> {
    // Where Postgres has refused something, each event by itself.
    const deliveries = isCareful ? given : work.followed(given);
    const places = deliveries.map((delivery) => work.placeOf(delivery));
    await this.#loadHeads(work.unknown());
    let since = performance.now();
    const isDue = (index: number): boolean => index % sliceCheck === 0 && performance.now() - since >= slice;
    const rest = async (): Promise<void> => {
      await new Promise(setImmediate);
      since = performance.now();
    };
    if (this.view.tables.some(({ kind }) => kind === 'versions')) {
      const evolved: Evolved[] = [];
      for (const [index, delivery] of deliveries.entries()) {
        evolved.push(work.evolve(delivery, places[index]!));
        if (isDue(index)) await rest();
      }
      await this.#loadRows(rows, places, evolved);
      for (const [index, delivery] of deliveries.entries()) {
        work.fold(delivery, places[index]!, evolved[index]!, rows, poison);
        if (isDue(index)) await rest();
      }
    } else {
      // Nothing has to be looked up, and no event is kept longer than it takes to fold it.
      for (const [index, delivery] of deliveries.entries()) {
        const place = places[index]!;
        work.fold(delivery, place, work.evolve(delivery, place), rows, poison);
        if (isDue(index)) await rest();
      }
    }
    work.pass();
    if (watermark !== undefined) work.advance(watermark);
    if (this.options.strict === true && work.newStops.length > 0) throw new Stopped(work.newStops[0]!);
  }

  /**
   * Writes a batch. What is opened from now on follows it, while it is on its way.
   * @throws Fenced, and whatever the database throws; then {@link load} comes before anything else
   */
  write(open: OpenBatch): Promise<void> {
    return this.#begin(open.close());
  }

  async #begin(folded: Folded): Promise<void> {
    this.#adopt(folded);
    this.#writing = folded;
    await this.#store(folded);
    if (this.#writing === folded) this.#writing = undefined;
  }

  #adopt({ work, rows }: Folded): void {
    this.#partitions = work.partitions;
    for (const { stream, head } of work.movedStreams()) this.#heads.set(stream, head!);
    for (const [table, chains] of rows.newest()) {
      let remembered = this.#rows.get(table);
      if (remembered === undefined) this.#rows.set(table, (remembered = new Remembered(rememberedRows)));
      for (const [key, version] of chains) remembered.set(key, version);
    }
  }

  async #loadHeads(places: readonly StreamPlace[]): Promise<void> {
    if (places.length === 0) return;
    const keys = places.map(({ stream }) => streamKey(stream));
    const { rows } = await this.pool.query<{ stream: string; revision: string }>(
      `SELECT stream, revision FROM ${this.generation.schema}.stream_head WHERE stream = ANY ($1::uuid[])`,
      [`{${keys.join(',')}}`],
    );
    const found = new Map(rows.map(({ stream, revision }) => [stream, BigInt(revision)]));
    for (const [index, place] of places.entries()) place.head = found.get(keys[index]!) ?? -1n;
  }

  /** A row belongs to one stream, so that there is none yet where the stream is new. */
  async #loadRows(batch: RowBatch, places: readonly StreamPlace[], evolved: readonly Evolved[]): Promise<void> {
    const wanted = new Map<Table, Map<string, RowKey>>();
    const made = new Map<Table, Map<string, RowKey>>();
    for (const [index, { operations }] of evolved.entries()) {
      const { isNew, workspace } = places[index]!;
      if (operations !== undefined) batch.missing(operations, workspace, isNew ? made : wanted);
    }
    for (const [table, keys] of made) for (const text of keys.keys()) batch.load(table, text, undefined);
    for (const [table, keys] of wanted) {
      const [remembered, writing] = [this.#rows.get(table), this.#writing?.rows.newest().get(table)];
      const unknown: RowKey[] = [];
      for (const [text, key] of keys) {
        const known = writing?.get(text) ?? remembered?.get(text);
        // A copy: whoever follows closes it.
        batch.load(table, text, known && { ...known, positionTo: openEnd });
        if (known === undefined) unknown.push(key);
      }
      if (unknown.length === 0) continue;
      const database = this.pool as unknown as Queryable;
      for (const row of await loadVersions(database, this.generation.schema, table, unknown))
        batch.loadStored(table, row);
    }
  }

  async #store({ work, rows, moved }: Folded): Promise<void> {
    if (moved.length > 0 || work.newStops.length > 0)
      await storeBatch(this.pool, this.generation, this.#epoch, { work, rows, moved });
    else if (work.isPassedBy) await assertEpoch(this.pool, this.generation, this.#epoch);
    for (const stop of work.newStops) this.options.onStop?.(stop);
  }
}
