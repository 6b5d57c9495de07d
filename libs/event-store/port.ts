/**
 * The event store as Assay sees it. Two implementations stand behind the same client: EventStoreDB / KurrentDB,
 * and `libs/ledger-server`. Positions are opaque and ordered, never dense; revisions are dense from 0.
 */

export type ExpectedRevision = bigint | 'any' | 'no_stream' | 'stream_exists';

export interface EventToAppend {
  /** UUID; the store deduplicates by it. */
  readonly id: string;
  readonly type: string;
  /** RFC 8785 bytes. */
  readonly data: Uint8Array;
  /** RFC 8785 bytes. */
  readonly metadata: Uint8Array;
}

/** As read back: bytes exactly as stored. */
export interface StoredEvent extends EventToAppend {
  readonly stream: string;
  readonly revision: bigint;
  /** Commit position in $all. */
  readonly position: bigint;
  /** The store's `created`, ISO 8601 UTC with milliseconds. */
  readonly recordedAt: string;
}

export interface AppendResult {
  readonly revision: bigint;
  readonly position: bigint;
}

export class WrongExpectedRevision extends Error {
  override readonly name = 'WrongExpectedRevision';
  constructor(
    readonly stream: string,
    readonly expected: ExpectedRevision,
    /** undefined when the stream does not exist. */
    readonly actual: bigint | undefined,
  ) {
    super(`${stream}: expected revision ${expected}, found ${actual ?? 'no stream'}`);
  }
}

export class StreamDeleted extends Error {
  override readonly name = 'StreamDeleted';
}

/** The store cannot be reached or is not ready: the caller may retry. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/** What a $all subscription yields, in order. */
export type SubscriptionItem =
  | { readonly kind: 'event'; readonly event: StoredEvent }
  /** Nothing that passes the filter lies at or before this position unseen. */
  | { readonly kind: 'checkpoint'; readonly position: bigint }
  | { readonly kind: 'caught-up' };

export interface EventStore {
  append(stream: string, events: readonly EventToAppend[], expected: ExpectedRevision): Promise<AppendResult>;

  /** Empty when the stream does not exist. `from` is inclusive. */
  readStream(
    stream: string,
    options?: { readonly from?: bigint; readonly backwards?: boolean; readonly maxCount?: number },
  ): AsyncIterable<StoredEvent>;

  /** Domain events only (system streams and events are left out). Starts AT `from` forwards, BEFORE it backwards. */
  readAll(options?: {
    readonly from?: bigint;
    readonly backwards?: boolean;
    readonly maxCount?: number;
  }): AsyncIterable<StoredEvent>;

  /** Catch-up then live, starting AFTER `after` (undefined: from the beginning). Ends when `signal` aborts; throws when the store goes away. */
  subscribeAll(options: { readonly after?: bigint; readonly signal: AbortSignal }): AsyncIterable<SubscriptionItem>;

  /** Resolves when the store answers; throws StoreUnavailable. */
  ping(): Promise<void>;

  close(): Promise<void>;
}
