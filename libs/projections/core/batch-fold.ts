import type { RowBatch } from './batch.js';
import type { Batch, Delivery, Stop } from './delivery.js';
import { placeOf } from './partition.js';
import type { Generation } from './registry.js';
import { followedBy, follows, handles, type Operation, type View } from './view.js';

export interface PartitionState {
  position: bigint;
  recordedAt: string;
  stop: Stop | undefined;
}

export interface ClockRow {
  readonly partition: number;
  readonly recordedAt: string;
  readonly position: bigint;
}

const longestError = 1_000;

export interface Evolved {
  readonly operations?: readonly Operation[];
  readonly error?: unknown;
}

const nothing: Evolved = {};

/** A stream of the batch: where it belongs, and the last revision that is in the rows. */
export interface StreamPlace {
  readonly stream: string;
  /** Every event of the stream is of this workspace: the codec refuses another one. Empty: not a stream of Assay. */
  readonly workspace: string;
  readonly partition: number;
  readonly state: PartitionState;
  /**
   * The view handles events of this kind of stream. What happens in others is nothing to it, so that it keeps no
   * revisions of them; it passes by their events, and a gap in them is the business of those that handle them.
   */
  readonly isFollowed: boolean;
  /** -1: nothing of it; undefined: it has to be looked up. */
  head: bigint | undefined;
  /** This batch has moved the head. */
  isMoved: boolean;
  /** The batch begins with the stream's first event, so that nothing of it is stored. */
  isNew: boolean;
}

export interface Moved {
  readonly partition: number;
  readonly before: bigint;
  readonly position: bigint;
  readonly recordedAt: string;
}

/** One batch's way through the partitions: on copies, so that a failed write leaves no trace. */
export class BatchFold {
  readonly partitions: PartitionState[];
  readonly newStops: Stop[] = [];
  readonly clockRows: ClockRow[] = [];
  /** An event went by because its partition is stopped. */
  isPassedBy = false;
  readonly #before: readonly PartitionState[];
  readonly #streams = new Map<string, StreamPlace>();
  /** By partition, how far events of streams that are not followed lead. */
  readonly #passed = new Map<number, { position: bigint; recordedAt: string }>();

  constructor(
    private readonly view: View,
    private readonly generation: Generation,
    partitions: readonly PartitionState[],
    private readonly known: { get(stream: string): bigint | undefined },
    private readonly options: {
      readonly clock?: boolean;
      readonly isReleased?: (event: Delivery['event'], view: string) => boolean;
    },
  ) {
    this.#before = partitions;
    this.partitions = partitions.map((state) => ({ ...state }));
  }

  /**
   * The deliveries of followed streams. Of the others no more is of interest than how far they lead, which
   * {@link pass} enters when these are folded.
   */
  followed(deliveries: readonly Delivery[]): readonly Delivery[] {
    // The clock has a row for each event that raises the time.
    if (this.view.handles === 'all' || this.options.clock === true) return deliveries;
    const wanted = followedBy(this.view);
    return deliveries.filter(({ event: { stream, position, recordedAt }, place }) => {
      const { aggregate, number } = place ?? placeOf(stream);
      if (aggregate === undefined || wanted.has(aggregate)) return true;
      const partition = number % this.partitions.length;
      const passed = this.#passed.get(partition);
      if (passed === undefined) this.#passed.set(partition, { position, recordedAt });
      else {
        if (position > passed.position) passed.position = position;
        if (recordedAt > passed.recordedAt) passed.recordedAt = recordedAt;
      }
      return false;
    });
  }

  /** Enters what {@link followed} has left out. */
  pass(): void {
    const passed = [...this.#passed];
    this.#passed.clear();
    for (const [partition, { position, recordedAt }] of passed) {
      const state = this.partitions[partition]!;
      if (position <= this.#before[partition]!.position) continue;
      if (state.stop !== undefined) this.isPassedBy = true;
      else {
        if (position > state.position) state.position = position;
        if (recordedAt > state.recordedAt) state.recordedAt = recordedAt;
      }
    }
  }

  placeOf({ event: { stream: name, revision, position }, place: known = placeOf(name) }: Delivery): StreamPlace {
    const { stream } = known;
    let place = this.#streams.get(stream);
    if (place === undefined) {
      const { aggregate, workspace, number } = known;
      const partition = number % this.partitions.length;
      const state = this.partitions[partition]!;
      // A first event that comes a second time says nothing of what is stored.
      const isFirst = revision === 0n && position > state.position;
      const isFollowed = aggregate === undefined || follows(this.view, aggregate);
      const head = (isFollowed ? this.known.get(stream) : undefined) ?? (isFirst || !isFollowed ? -1n : undefined);
      const isNew = head === -1n;
      place = { stream, workspace, partition, state, isFollowed, head, isMoved: false, isNew };
      this.#streams.set(stream, place);
    }
    return place;
  }

  /** Streams whose head is not known yet. */
  unknown(): readonly StreamPlace[] {
    return [...this.#streams.values()].filter(({ head }) => head === undefined);
  }

  /** The revision to which this batch has moved a stream. */
  headOf(stream: string): bigint | undefined {
    const place = this.#streams.get(stream);
    return place?.isMoved === true ? place.head : undefined;
  }

  /** Streams that this batch has moved. */
  movedStreams(): readonly StreamPlace[] {
    return [...this.#streams.values()].filter(({ isMoved }) => isMoved);
  }

  evolve(delivery: Delivery, { state }: StreamPlace): Evolved {
    const { event } = delivery;
    if (!handles(this.view, event.type)) return nothing;
    if (state.stop !== undefined || event.position <= state.position || this.#isReleased(event)) return nothing;
    try {
      const decoded = delivery.decoded();
      if (decoded === undefined) return nothing;
      return { operations: this.view.evolve(decoded) };
    } catch (error) {
      return { error };
    }
  }

  fold(delivery: Delivery, place: StreamPlace, evolved: Evolved, rows: RowBatch, poison: unknown): void {
    const { event } = delivery;
    const { state } = place;
    if (event.position <= state.position) return;
    if (state.stop !== undefined) {
      this.isPassedBy = true;
      return;
    }
    const head = place.head ?? -1n;
    if (place.isFollowed && event.revision <= head) return;
    if (place.isFollowed && event.revision > head + 1n) {
      return this.#stop(delivery, place, 'gap', `revision ${event.revision} follows ${head < 0n ? 'nothing' : head}`);
    }
    const fault = evolved.error ?? poison;
    if (fault !== undefined || evolved.operations !== undefined) {
      // Passed over for good, also by a build that could fold it: a rebuild gives the same rows.
      const isReleased = this.#isReleased(event);
      if (fault !== undefined && !isReleased) return this.#stop(delivery, place, 'poison', messageOf(fault));
      if (!isReleased && evolved.operations !== undefined) {
        try {
          rows.apply(place.workspace, event, evolved.operations);
        } catch (error) {
          return this.#stop(delivery, place, 'poison', messageOf(error));
        }
      }
    }
    if (place.isFollowed) {
      place.head = event.revision;
      place.isMoved = true;
    }
    state.position = event.position;
    if (event.recordedAt > state.recordedAt) {
      state.recordedAt = event.recordedAt;
      if (this.options.clock === true) {
        this.clockRows.push({ partition: place.partition, recordedAt: event.recordedAt, position: event.position });
      }
    }
  }

  /** Everything up to the watermark has been seen; a stopped partition stays where it is. */
  advance(watermark: Batch['watermark']): void {
    for (const [partition, state] of this.partitions.entries()) {
      const position = typeof watermark === 'bigint' ? watermark : watermark.get(partition);
      if (position === undefined || state.stop !== undefined) continue;
      if (position > state.position) state.position = position;
    }
  }

  moved(): Moved[] {
    return this.partitions.flatMap(({ position, recordedAt }, partition) => {
      const before = this.#before[partition]!.position;
      return position === before ? [] : [{ partition, before, position, recordedAt }];
    });
  }

  #isReleased(event: Delivery['event']): boolean {
    return this.options.isReleased?.(event, this.view.name) === true;
  }

  #stop({ event }: Delivery, { partition, state }: StreamPlace, kind: Stop['kind'], error: string): void {
    const { view, generation } = this.generation;
    const { id: eventId, type: eventType, stream, revision, position } = event;
    const stop = { view, generation, partition, kind, eventId, eventType, stream, revision, position, error };
    state.stop = stop;
    if (position - 1n > state.position) state.position = position - 1n;
    this.newStops.push(stop);
  }
}

/** A batch that grows, until it is written. */
export class OpenBatch {
  constructor(
    readonly work: BatchFold,
    readonly rows: RowBatch,
    /** Rows that are stored already stay as they are. */
    readonly isCareful: boolean,
  ) {}

  /** Where a partition stands after it; undefined while it is stopped. */
  placeOf(partition: number): bigint | undefined {
    const { stop, position } = this.work.partitions[partition]!;
    return stop === undefined ? position : undefined;
  }

  close() {
    return { work: this.work, rows: this.rows, moved: this.work.moved() };
  }
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.replaceAll('\u0000', '\uFFFD').slice(0, longestError);
}

export function least(states: readonly PartitionState[]): bigint {
  return states.reduce((low, { position }) => (position < low ? position : low), states[0]?.position ?? -1n);
}

export function greatest(states: readonly PartitionState[]): bigint {
  return states.reduce((high, { position }) => (position > high ? position : high), -1n);
}
