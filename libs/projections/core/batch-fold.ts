import type { RecordedAssayEvent } from '../../event-store/envelope.js';
import type { RowBatch } from './batch.js';
import type { Batch, Delivery, Stop } from './delivery.js';
import { partitionOf } from './partition.js';
import type { Generation } from './registry.js';
import { handles, type Operation, type View } from './view.js';

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
  readonly workspace: string;
  readonly event?: RecordedAssayEvent;
  readonly error?: unknown;
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
  readonly heads = new Map<string, bigint>();
  readonly newStops: Stop[] = [];
  readonly clockRows: ClockRow[] = [];
  /** An event went by because its partition is stopped. */
  isPassedBy = false;
  readonly #before: readonly PartitionState[];

  constructor(
    private readonly view: View,
    private readonly generation: Generation,
    partitions: readonly PartitionState[],
    private readonly known: ReadonlyMap<string, bigint>,
    private readonly options: {
      readonly clock?: boolean;
      readonly isReleased?: (event: Delivery['event'], view: string) => boolean;
    },
  ) {
    this.#before = partitions;
    this.partitions = partitions.map((state) => ({ ...state }));
  }

  evolve(delivery: Delivery): Evolved {
    const { event } = delivery;
    const state = this.#stateOf(event.stream);
    const none = { workspace: '' };
    if (state.stop !== undefined || event.position <= state.position) return none;
    if (!handles(this.view, event.type) || this.#isReleased(event)) return none;
    try {
      const decoded = delivery.decoded();
      if (decoded === undefined) return none;
      return { event: decoded, workspace: decoded.metadata.workspace, operations: this.view.evolve(decoded) };
    } catch (error) {
      return { ...none, error };
    }
  }

  fold(delivery: Delivery, evolved: Evolved, rows: RowBatch, poison: unknown): void {
    const { event } = delivery;
    const state = this.#stateOf(event.stream);
    if (event.position <= state.position) return;
    if (state.stop !== undefined) {
      this.isPassedBy = true;
      return;
    }
    const head = this.heads.get(event.stream) ?? this.known.get(event.stream) ?? -1n;
    if (event.revision <= head) return;
    if (event.revision > head + 1n) {
      return this.#stop(delivery, 'gap', `revision ${event.revision} follows ${head < 0n ? 'nothing' : head}`);
    }
    // Passed over for good, also by a build that could fold it: a rebuild gives the same rows.
    const isReleased = this.#isReleased(event);
    const fault = evolved.error ?? poison;
    if (fault !== undefined && !isReleased) return this.#stop(delivery, 'poison', messageOf(fault));
    if (!isReleased && evolved.operations !== undefined && evolved.event !== undefined) {
      try {
        rows.apply(evolved.event, evolved.operations);
      } catch (error) {
        return this.#stop(delivery, 'poison', messageOf(error));
      }
    }
    this.heads.set(event.stream, event.revision);
    state.position = event.position;
    if (event.recordedAt > state.recordedAt) {
      state.recordedAt = event.recordedAt;
      if (this.options.clock === true) {
        const partition = partitionOf(event.stream, this.partitions.length);
        this.clockRows.push({ partition, recordedAt: event.recordedAt, position: event.position });
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

  #stateOf(stream: string): PartitionState {
    return this.partitions[partitionOf(stream, this.partitions.length)]!;
  }

  #stop({ event }: Delivery, kind: Stop['kind'], error: string): void {
    const { view, generation } = this.generation;
    const partition = partitionOf(event.stream, this.partitions.length);
    const { id: eventId, type: eventType, stream, revision, position } = event;
    const stop = { view, generation, partition, kind, eventId, eventType, stream, revision, position, error };
    const state = this.partitions[partition]!;
    state.stop = stop;
    if (position - 1n > state.position) state.position = position - 1n;
    this.newStops.push(stop);
  }
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.replaceAll('\u0000', '\uFFFD').slice(0, longestError);
}
