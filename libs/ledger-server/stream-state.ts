import { KnownNames } from './known-names.js';
import type { LedgerStorage } from './storage/port.js';

/** Revision of a tombstone, and the `$tb` that means deleted: 2^63 - 1. */
export const deletedRevision = 9223372036854775807n;

export interface StreamMetadata {
  readonly maxCount?: bigint;
  /** Ticks of 100 ns. */
  readonly maxAge?: bigint;
  readonly truncateBefore?: bigint;
  /** As written; kept when a re-created stream's `$tb` is rewritten. */
  readonly document: Readonly<Record<string, unknown>>;
}

export interface StreamState {
  readonly name: string;
  /** undefined: nothing was ever written. */
  readonly id: number | undefined;
  /** Revision of the last event, -1 without one. */
  readonly last: bigint;
  readonly metadata: StreamMetadata | undefined;
}

export const isTombstoned = (state: StreamState): boolean => state.last === deletedRevision;
export const isSoftDeleted = (state: StreamState): boolean =>
  !isTombstoned(state) && state.metadata?.truncateBefore === deletedRevision;

export const metastreamOf = (stream: string): string => `$$${stream}`;
export const isMetastream = (stream: string): boolean => stream.startsWith('$$');
export const isSystemStream = (stream: string): boolean => stream.startsWith('$');

/** What `$$stream`'s last event says; anything that is not a JSON object says nothing. */
export function parseMetadata(data: Uint8Array): StreamMetadata | undefined {
  let document: unknown;
  try {
    document = JSON.parse(Buffer.from(data).toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return undefined;
  const fields = document as Record<string, unknown>;
  const maxCount = wholeNumber(fields['$maxCount']);
  const maxAge = wholeNumber(fields['$maxAge']);
  const truncateBefore = wholeNumber(fields['$tb']);
  return {
    document: fields,
    ...(maxCount !== undefined && { maxCount }),
    ...(maxAge !== undefined && { maxAge: maxAge * 10_000_000n }),
    ...(truncateBefore !== undefined && { truncateBefore }),
  };
}

/** 2^63 - 1 is not a double: JSON.parse gives 2^63, which is read as the deleted revision. */
function wholeNumber(value: unknown): bigint | undefined {
  if (typeof value !== 'number' || value < 0 || !Number.isFinite(value)) return undefined;
  return value >= 2 ** 63 ? deletedRevision : BigInt(Math.trunc(value));
}

/** The first revision that a read may show (age apart). */
export function firstReadable(state: StreamState): bigint {
  const byCount = state.metadata?.maxCount === undefined ? 0n : state.last - state.metadata.maxCount + 1n;
  const byTruncation = state.metadata?.truncateBefore ?? 0n;
  const first = byCount > byTruncation ? byCount : byTruncation;
  return first > 0n ? first : 0n;
}

const capacity = 20_000;
/** Names that are read at a start; a ledger of more streams asks its storage for each new one. */
const mostNames = 100_000;

/** The states of streams, loaded when asked for, kept true by the writer, forgotten oldest first. */
export class StreamStates {
  readonly #states = new Map<string, StreamState>();
  /** What was asked for before a `clear` is not believed after it. */
  #epoch = 0;
  /** Of every stream there is; undefined: not known. */
  #names: KnownNames | undefined;

  constructor(readonly storage: LedgerStorage) {}

  /** Reads the names of all streams, of which there are so many, if they are not too many. */
  async open(streams: number): Promise<void> {
    if (streams > mostNames) return;
    const names = new KnownNames();
    for (const name of await this.storage.names()) names.add(name);
    this.#names = names;
  }

  /** A stream that will be written: before it is, so that nobody takes it for missing. */
  willHave(name: string): void {
    this.#names?.add(name);
  }

  /** Whether `get` answers without `load`. */
  has(name: string): boolean {
    return this.#states.has(name) || this.#isNew(name);
  }

  /** Of a name that no stream has, the state is known. */
  #isNew(name: string): boolean {
    if (!this.#names || this.#names.mayHave(name) || this.#names.mayHave(metastreamOf(name))) return false;
    this.set({ name, id: undefined, last: -1n, metadata: undefined });
    return true;
  }

  /** Loads what is missing; afterwards `get` answers for each of the names until the next `load`. */
  async load(names: Iterable<string>): Promise<void> {
    const wanted = new Set(names);
    // Another turn may forget one while we wait for the next: then once more.
    for (;;) {
      const missing: string[] = [];
      for (const name of wanted) if (!this.has(name)) missing.push(name);
      if (missing.length === 0) return;
      await this.#loadMissing(missing);
    }
  }

  async #loadMissing(missing: readonly string[]): Promise<void> {
    const epoch = this.#epoch;
    const found = await this.storage.streams([...missing, ...missing.map(metastreamOf)]);
    for (const name of missing) {
      const stored = found.get(name);
      const metastream = found.get(metastreamOf(name));
      const metadata =
        metastream?.last === undefined ? undefined : await this.#metadata(name, metastream.id, metastream.last);
      // The writer may have come first while we were reading: what it knows is newer.
      if (this.#states.has(name) || epoch !== this.#epoch) continue;
      this.set({ name, id: stored?.id, last: stored?.last ?? -1n, metadata });
    }
  }

  async #metadata(name: string, id: number, last: bigint): Promise<StreamMetadata | undefined> {
    const [event] = await this.storage.readStream(
      { id, name: metastreamOf(name) },
      { from: last, backwards: true, limit: 1 },
    );
    return event && parseMetadata(event.data);
  }

  get(name: string): StreamState {
    const state = this.#states.get(name);
    if (!state) throw new Error(`the state of ${name} is not loaded`);
    return state;
  }

  peek(name: string): StreamState | undefined {
    return this.#states.get(name);
  }

  set(state: StreamState): void {
    this.#states.delete(state.name);
    this.#states.set(state.name, state);
  }

  /** Forgets the oldest above the capacity, never one of `used`. */
  trim(used: ReadonlySet<string>): void {
    for (const name of this.#states.keys()) {
      if (this.#states.size <= capacity) return;
      if (!used.has(name)) this.#states.delete(name);
    }
  }

  clear(): void {
    this.#epoch += 1;
    this.#states.clear();
    this.#names = undefined;
  }
}
