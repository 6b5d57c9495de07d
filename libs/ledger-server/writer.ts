import { setTimeout as sleep } from 'node:timers/promises';
import type { Expected, ProposedEvent, WriteOutcome } from '#libs/event-store/protocol';
import { Batch } from './batch.js';
import { RecentIds } from './recent-ids.js';
import type { LedgerEvent, LedgerHead, LedgerStorage } from './storage/port.js';
import { StorageLost } from './storage/port.js';
import type { StreamStates } from './stream-state.js';
import { isMetastream, isSoftDeleted, metastreamOf } from './stream-state.js';
import type { Tail } from './tail.js';

export interface WriteRequest {
  readonly kind: 'append' | 'delete' | 'tombstone';
  readonly stream: string;
  readonly expected: Expected;
  readonly events: readonly ProposedEvent[];
  /** Milliseconds since the epoch. */
  readonly deadline?: number;
}

export interface Queued {
  readonly request: WriteRequest;
  readonly bytes: number;
  /** Events that already sit where this append would go: a retry after a lost reply. */
  existing: readonly LedgerEvent[];
  readonly answer: (outcome: WriteOutcome) => void;
}

/** One transaction takes at most this much of what has queued up while the last one was written. */
const batchBytes = 4 * 1024 * 1024;
const batchRequests = 2_000;
/** What may wait; more is refused as unavailable, so that memory is bounded. */
const queueBytes = 64 * 1024 * 1024;

/** Milliseconds between two queries for the states of streams while a transaction is written. */
const betweenLoads = 4;

/**
 * The one writer: collects what arrives while a transaction is under way, decides it in order against the states of
 * the streams, stores it in the next transaction, and answers when that is durable.
 */
export class LedgerWriter {
  #queue: Queued[] = [];
  #queuedBytes = 0;
  #running: Promise<void> | undefined;
  #closed = false;
  #lost = false;
  #nextPosition: bigint;
  #nextStream: number;
  #lastCreated: bigint;
  #preparing: string[] = [];
  #prepares = false;
  readonly #recent = new RecentIds();

  constructor(
    readonly storage: LedgerStorage,
    readonly states: StreamStates,
    readonly tail: Tail,
    head: LedgerHead,
    /** Milliseconds since the epoch. */
    readonly now: () => number,
  ) {
    this.#nextPosition = head.nextPosition;
    this.#nextStream = head.nextStream;
    this.#lastCreated = head.lastCreated;
  }

  /** Remembers ids of events written before this start, oldest first. */
  remember(events: readonly LedgerEvent[]): void {
    for (const { id, stream, revision, position } of events) this.#recent.add(id, stream, revision, position);
  }

  submit(request: WriteRequest): Promise<WriteOutcome> {
    const bytes = request.events.reduce((sum, event) => sum + event.data.length + event.metadata.length + 128, 128);
    if (this.#closed) return Promise.resolve({ kind: 'unavailable', message: 'the ledger server is stopping' });
    if (this.#queuedBytes + bytes > queueBytes)
      return Promise.resolve({ kind: 'unavailable', message: 'too many appends are waiting; try again' });
    return new Promise((answer) => {
      this.#queue.push({ request, bytes, existing: [], answer });
      this.#queuedBytes += bytes;
      if (this.#running) this.#prepare(request.stream);
      this.#running ??= this.#run();
    });
  }

  /** Loads the states that the next transaction will need while this one is written: with one query at a time. */
  #prepare(stream: string): void {
    const names = related(stream).filter((name) => !this.states.has(name));
    if (names.length === 0) return;
    this.#preparing.push(...names);
    if (!this.#prepares) void this.#load();
  }

  async #load(): Promise<void> {
    this.#prepares = true;
    await new Promise(setImmediate);
    while (this.#preparing.length > 0) {
      const names = this.#preparing;
      this.#preparing = [];
      // What fails here fails again, and is answered, when the transaction begins.
      if (!this.#lost) await this.states.load(names).catch(() => undefined);
      // Many come in many pieces: a query for each would cost more than what it finds.
      await sleep(betweenLoads);
    }
    this.#prepares = false;
  }

  /** Writes what is queued, then refuses. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    // Lets every append of this turn of the event loop into the first batch.
    await new Promise(setImmediate);
    while (this.#queue.length > 0) {
      const batch = this.#take();
      try {
        await this.#write(batch);
      } catch (error) {
        if (error instanceof StorageLost) this.#lost = true;
        const message = `the ledger could not be written: ${(error as Error).message}`;
        for (const { answer } of batch) answer({ kind: 'unavailable', message });
      }
    }
    // Before anybody who was answered can submit again: from here on the next one starts a new run.
    this.#running = undefined;
  }

  #take(): Queued[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#queue.length && count < batchRequests && (count === 0 || bytes < batchBytes)) {
      bytes += this.#queue[count]!.bytes;
      count += 1;
    }
    this.#queuedBytes -= bytes;
    return this.#queue.splice(0, count);
  }

  async #write(queued: readonly Queued[]): Promise<void> {
    if (this.#lost) await this.#reopen();
    const names = await this.#loadStates(queued);
    for (const one of queued) if (this.#mayRepeat(one.request)) one.existing = await this.#existing(one.request);

    const created = this.#tick();
    const batch = new Batch({
      states: this.states,
      recent: this.#recent,
      nextPosition: this.#nextPosition,
      nextStream: this.#nextStream,
      created,
      now: this.now(),
    });
    let outcomes: readonly WriteOutcome[];
    try {
      outcomes = queued.map((one) => batch.decide(one));
      if (batch.events.length > 0)
        await this.storage.commit({
          newStreams: batch.newStreams,
          events: batch.events,
          from: this.#nextPosition,
          to: batch.nextPosition,
        });
    } catch (error) {
      this.#recent.forget(batch.events.length);
      throw error;
    }
    if (batch.events.length > 0) {
      this.#nextPosition = batch.nextPosition;
      this.#nextStream = batch.nextStream;
      this.#lastCreated = created;
      for (const state of batch.changed.values()) this.states.set(state);
      this.tail.publish(batch.events, batch.nextPosition);
    }
    this.states.trim(names);
    for (const [index, one] of queued.entries()) one.answer(outcomes[index]!);
  }

  /** Loads what deciding these will look at; returns the streams' names. */
  async #loadStates(queued: readonly Queued[]): Promise<ReadonlySet<string>> {
    const names = new Set(queued.flatMap(({ request: { stream } }) => related(stream)));
    await this.states.load(names);
    // These write the stream's metadata too.
    const described = queued.flatMap(({ request: { kind, stream } }) =>
      kind === 'delete' || isSoftDeleted(this.states.get(stream)) ? [metastreamOf(stream)] : [],
    );
    if (described.length > 0) await this.states.load(described);
    for (const name of described) names.add(name);
    return names;
  }

  /** 100-ns ticks, never before the last event's: `recordedAt` grows with the position. */
  #tick(): bigint {
    const ticks = BigInt(Math.trunc(this.now() * 1000)) * 10n;
    return ticks > this.#lastCreated ? ticks : this.#lastCreated;
  }

  /** Only an exact revision (or "no stream") below the head can be a repetition. */
  #mayRepeat({ stream, expected, events }: WriteRequest): boolean {
    const base = expected === 'no_stream' ? -1n : expected;
    const { id, last } = this.states.get(stream);
    return typeof base === 'bigint' && base < last && id !== undefined && events.length > 0;
  }

  /** What lies where a repetition would. */
  async #existing({ stream, expected, events }: WriteRequest): Promise<readonly LedgerEvent[]> {
    const from = typeof expected === 'bigint' ? expected + 1n : 0n;
    const { id } = this.states.get(stream);
    return this.storage.readStream({ id: id!, name: stream }, { from, backwards: false, limit: events.length });
  }

  /** The connection broke in a commit that may or may not be durable: everything known is read again. */
  async #reopen(): Promise<void> {
    const head = await this.storage.open();
    this.#nextPosition = head.nextPosition;
    this.#nextStream = head.nextStream;
    this.#lastCreated = head.lastCreated;
    this.states.clear();
    await this.states.open(head.nextStream);
    this.tail.reset(head.nextPosition);
    this.remember((await this.storage.readAll({ from: head.nextPosition, backwards: true, limit: 1_000 })).reverse());
    this.#lost = false;
  }
}

/** A write to a metastream looks at its stream's state too. */
function related(stream: string): string[] {
  return isMetastream(stream) ? [stream, stream.slice(2)] : [stream];
}
