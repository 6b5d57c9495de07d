import type { PlacedEvent } from '../event-store/placed-event.js';
import type { StoredEvent } from '../event-store/port.js';
import type { RelayStamp } from './event-record.js';

/**
 * Kafka as Assay needs it: publish a batch and know that it is durable, and run batches partition by partition from
 * an offset of one's own. Small on purpose, so that the client behind it can be exchanged.
 */

export interface OutgoingRecord {
  readonly partition: number;
  readonly key: string;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string | Uint8Array>>;
}

/** Events of one partition, in order, each to be written as `eventRecord` says. */
export interface OutgoingEvents {
  readonly partition: number;
  readonly events: readonly (StoredEvent | PlacedEvent)[];
  readonly relay: RelayStamp;
}

export type Outgoing = OutgoingRecord | OutgoingEvents;

export interface IncomingRecord {
  readonly partition: number;
  readonly offset: bigint;
  /** Kafka's record time, milliseconds since the epoch. */
  readonly timestamp: number;
  readonly key: string | undefined;
  readonly value: Uint8Array | undefined;
  readonly headers: Readonly<Record<string, Uint8Array>>;
}

export interface Publisher {
  /**
   * Resolves when every record is acknowledged by all in-sync replicas (`acks: -1`). The records of one partition keep
   * their order, in this call and over calls: a call that is made before the one before has ended is encoded at once and
   * sent after it. Rejects when durability is unknown, and so does then every later call: another publisher is wanted.
   */
  publish(topic: string, records: readonly Outgoing[]): Promise<void>;
  close(): Promise<void>;
}

export interface BatchHandler {
  /** The group has shared its partitions out anew; whatever was in hand before comes again, here or elsewhere. */
  assigned?(partitions: readonly number[]): void;
  /** Nothing comes at the moment, for this reason; it is tried again without end, and `assigned` says when it goes on. */
  failed?(error: Error): void;
  /**
   * Called before a partition's first records after an assignment: the first offset to deliver, or undefined for the
   * last one that was committed as a hint, or the oldest that there is.
   */
  startOffset(partition: number): Promise<bigint | undefined>;
  /**
   * One partition's next records, in order. The next batch of that partition follows when the promise resolved;
   * when it rejects the same batch comes again after a pause. An offset: the partition comes again from there.
   *
   * @param keepAlive to be called now and then by a handler that waits; it rejects when the group is shared out anew
   * @param unread how many records the partition holds after these
   */
  handle(
    partition: number,
    records: readonly IncomingRecord[],
    keepAlive: () => Promise<void>,
    unread: bigint,
  ): Promise<bigint | undefined>;
}

export interface Subscription {
  /** Where reading may begin after the next assignment, by partition: only a hint, and it may be lost. */
  commit(offsets: ReadonlyMap<number, bigint>): Promise<void>;
  /** A partition that this member has comes next from this offset, or from the oldest that there still is. */
  seek(partition: number, offset: bigint): void;
  close(): Promise<void>;
}

export interface SubscribeOptions {
  /** Milliseconds until a member that does not answer loses its partitions. Default 10,000; brokers allow 6,000 up. */
  readonly sessionTimeout?: number;
}

export interface TopicSettings {
  readonly topic: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly configuration: Readonly<Record<string, string>>;
}

export class TopicMismatch extends Error {
  override readonly name = 'TopicMismatch';
}

/** The broker cannot be reached: the caller may retry. */
export class BrokerUnavailable extends Error {
  override readonly name = 'BrokerUnavailable';
}

export interface Messaging {
  /** Creates the topic, or throws {@link TopicMismatch} when it exists with another number of partitions. */
  ensureTopic(settings: TopicSettings): Promise<'created' | 'existing'>;
  /** How many partitions a topic has; undefined when there is none of that name. */
  partitions(topic: string): Promise<number | undefined>;
  publisher(): Promise<Publisher>;
  /** Joins the group; partitions are shared with its other members. */
  subscribe(topic: string, group: string, handler: BatchHandler, options?: SubscribeOptions): Promise<Subscription>;
  /** Latest offset (exclusive) of each partition. */
  endOffsets(topic: string): Promise<ReadonlyMap<number, bigint>>;
  /** Offset of the oldest record that each partition still has; its end when there is none. */
  startOffsets(topic: string): Promise<ReadonlyMap<number, bigint>>;
  /**
   * Records of partitions from an offset on, in order, some megabytes of them at most; none where there are none yet.
   * Belongs to no group: whoever reads keeps the place.
   */
  fetch(topic: string, offsets: ReadonlyMap<number, bigint>): Promise<ReadonlyMap<number, readonly IncomingRecord[]>>;
  /** First offset of each partition whose record is not older than `time` (milliseconds); its end when there is none. */
  offsetsAt(topic: string, time: number): Promise<ReadonlyMap<number, bigint>>;
  ping(): Promise<void>;
  close(): Promise<void>;
}
