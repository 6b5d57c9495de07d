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
   * Resolves when every record is acknowledged by all in-sync replicas (`acks: -1`). One call at a time: the records
   * of one partition keep their order, in this call and over calls. Rejects when durability is unknown.
   */
  publish(topic: string, records: readonly OutgoingRecord[]): Promise<void>;
  close(): Promise<void>;
}

export interface BatchHandler {
  /** Called when a partition is assigned: the first offset to deliver, or undefined for the oldest that there is. */
  startOffset(partition: number): Promise<bigint | undefined>;
  /**
   * One partition's next records, in order. The next batch of that partition follows when the promise resolved;
   * when it rejects the same batch comes again after a pause.
   */
  handle(partition: number, records: readonly IncomingRecord[], keepAlive: () => Promise<void>): Promise<void>;
  /** A partition went to another member: what is in hand for it must not be written. */
  revoked?(partitions: readonly number[]): void;
}

export interface Subscription {
  close(): Promise<void>;
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
  ensureTopic(settings: TopicSettings): Promise<void>;
  publisher(): Promise<Publisher>;
  /** Joins the group; partitions are shared with its other members. */
  subscribe(topic: string, group: string, handler: BatchHandler): Promise<Subscription>;
  /** Latest offset (exclusive) of each partition. */
  endOffsets(topic: string): Promise<ReadonlyMap<number, bigint>>;
  ping(): Promise<void>;
  close(): Promise<void>;
}
