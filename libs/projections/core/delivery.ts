import type { StoredEvent } from '../../event-store/port.js';
import type { RecordedAssayEvent } from '../../event-store/envelope.js';
import type { Place } from './partition.js';

/** An event on its way to the views, decoded once for all of them. */
export interface Delivery {
  readonly event: Pick<StoredEvent, 'id' | 'type' | 'stream' | 'revision' | 'position' | 'recordedAt'>;
  /** What its stream's name says, where that has been looked at for all views. */
  readonly place?: Place;
  /** The decoded event; undefined for a type that nobody of this build knows. @throws what the codec throws */
  decoded(): RecordedAssayEvent | undefined;
  /** Every view has folded it: what was decoded need not be kept, and is decoded anew if somebody asks again. */
  forget?(): void;
}

/** Deliveries in position order within each partition, and how far each partition is complete after them. */
export interface Batch {
  readonly deliveries: readonly Delivery[];
  /** For every partition, or by partition: nothing that belongs to it lies unseen at or before this position. */
  readonly watermark: bigint | ReadonlyMap<number, bigint>;
}

/** A partition that waits for somebody's decision. */
export interface Stop {
  readonly view: string;
  readonly generation: number;
  readonly partition: number;
  readonly kind: 'poison' | 'gap';
  readonly eventId: string;
  readonly eventType: string;
  readonly stream: string;
  readonly revision: bigint;
  readonly position: bigint;
  readonly error: string;
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

/** A stop as fields of a log line: event, view and error. */
export function alarmOf(stop: Stop): Readonly<Record<string, string | number>> {
  return { ...stop, revision: String(stop.revision), position: String(stop.position) };
}
