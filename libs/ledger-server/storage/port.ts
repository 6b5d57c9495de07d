/** What the writer hands over and the readers get: an event with its place. */
export interface LedgerEvent {
  readonly position: bigint;
  readonly stream: string;
  readonly revision: bigint;
  readonly id: string;
  readonly type: string;
  readonly isJson: boolean;
  /** 100-ns ticks since the UNIX epoch. */
  readonly created: bigint;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** Positions lie as far apart as the events are long, so that a lost row leaves a gap that shows. */
export function sizeOf(event: Pick<LedgerEvent, 'type' | 'data' | 'metadata'>): bigint {
  return BigInt(96 + Buffer.byteLength(event.type) + event.data.length + event.metadata.length);
}

export interface NewEvent extends LedgerEvent {
  readonly streamId: number;
}

/** What one transaction stores; durable when `commit` resolves. */
export interface Commit {
  readonly newStreams: readonly { readonly id: number; readonly name: string }[];
  readonly events: readonly NewEvent[];
  /** The head before and after. */
  readonly from: bigint;
  readonly to: bigint;
}

export interface LedgerHead {
  readonly nextPosition: bigint;
  readonly nextStream: number;
  readonly lastCreated: bigint;
}

export interface StoredStream {
  readonly id: number;
  /** Revision of the last event; undefined when there is none. */
  readonly last: bigint | undefined;
}

export interface ReadRange {
  /** Inclusive; exclusive in $all backwards, where it is at most the head. */
  readonly from: bigint;
  /** Exclusive, $all forwards: nothing at or after it is seen. */
  readonly below?: bigint;
  readonly backwards: boolean;
  readonly limit: number;
}

/** The store was lost in the middle of a commit: whether it is durable is unknown, and the writer must load its state again. */
export class StorageLost extends Error {
  override readonly name = 'StorageLost';
}

/** Somebody else writes this ledger, or it is of another format, or unsafe, or damaged. */
export class LedgerRefused extends Error {
  override readonly name = 'LedgerRefused';
}

export interface CheckedSlice {
  /** Everything from here to where the check began is as it was acknowledged, unless `damage` says otherwise. */
  readonly from: bigint;
  readonly damage?: string;
}

/** One writer, many readers. Postgres behind it in the product, memory in one bench. */
export interface LedgerStorage {
  /** Takes the writer's place (or throws LedgerRefused) and tells where the ledger ends. Also after StorageLost. */
  open(): Promise<LedgerHead>;
  commit(commit: Commit): Promise<void>;
  /** Of all streams. */
  names(): Promise<readonly string[]>;
  streams(names: readonly string[]): Promise<Map<string, StoredStream>>;
  /** By position. */
  readAll(range: ReadRange): Promise<LedgerEvent[]>;
  /**
   * By position, forwards and before `below`: at most so many of some megabytes of $all whose type begins with one of
   * these, and the position at which the rest begins.
   */
  readTypes(
    prefixes: readonly string[],
    range: { readonly from: bigint; readonly below: bigint; readonly limit: number },
  ): Promise<{ readonly events: readonly LedgerEvent[]; readonly next: bigint }>;
  /** By revision. */
  readStream(stream: { readonly id: number; readonly name: string }, range: ReadRange): Promise<LedgerEvent[]>;
  /** Checks a slice of events that ends at `below`. */
  check(below: bigint): Promise<CheckedSlice>;
  close(): Promise<void>;
}
