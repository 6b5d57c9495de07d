import { Fenced } from '#libs/projections';
import type { Delivery, OpenBatch, ViewConsumer } from '#libs/projections';
import { backoff, type Sleep } from './backoff.js';

/** Whole batches of one partition, on their way into every view. */
export interface Chunk {
  readonly partition: number;
  readonly deliveries: readonly Delivery[];
  /** They are all that the partition has after this position… */
  readonly after: bigint;
  /** …and at or before this one. */
  readonly position: bigint;
  /** Called by each view when it has folded them, and again if it has to fold them again. */
  readonly folded: () => void;
  /** Called by each view when it has written them. */
  readonly written: () => void;
}

export interface ViewFeedOptions {
  /** Most deliveries in one transaction; the last chunk may go beyond it. */
  readonly batchSize: number;
  readonly sleep: Sleep;
  readonly onWritten: () => void;
  readonly onTrouble: (error: unknown, attempt: number) => void;
  /** The view is at an earlier place than what comes in begins at: it has to come again from there. */
  readonly onBehind: () => void;
}

/** What is folded and waits for the batch before it to be written. */
interface Folding {
  readonly batch: OpenBatch;
  chunks: number;
  deliveries: number;
}

/** So much is worth a transaction while nothing is being written. */
const enough = 1_000;

/**
 * Writes what the partitions of this process bring into one view, several partitions in one transaction: while one batch
 * is written, the next one is folded. What fails is read and written again, batch by batch, until it succeeds. Positions
 * are compared and set by the database: what another projector has written meanwhile is read again and passed over.
 */
export class ViewFeed {
  /** Everything that is not written yet, and how many of them are folded. */
  #chunks: Chunk[] = [];
  #folded = 0;
  #queued = 0;
  #folding: Folding | undefined;
  #writing: Promise<void> | undefined;
  /** A batch has failed: it is insisted upon before anything else is folded. */
  #hasFailed = false;
  #stale = true;
  #wake: (() => void) | undefined;
  #trouble: string | undefined;

  constructor(
    readonly consumer: ViewConsumer,
    private readonly options: ViewFeedOptions,
  ) {}

  /** Deliveries that wait. */
  get queued(): number {
    return this.#queued;
  }

  /** When the oldest event that waits was recorded. */
  get waitingSince(): string | undefined {
    return this.#chunks.find(({ deliveries }) => deliveries.length > 0)?.deliveries[0]?.event.recordedAt;
  }

  /** What is known of the positions may be outdated: they are read before the next batch. */
  get isStale(): boolean {
    return this.#stale;
  }

  /** Why it does not get on at the moment: the database's last error. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  push(chunk: Chunk): void {
    this.#chunks.push(chunk);
    this.#queued += chunk.deliveries.length;
    this.#wake?.();
  }

  /** The partitions are shared out anew: what waits comes again, and others may have written since. */
  restart(): void {
    this.#chunks = [];
    this.#queued = 0;
    this.refresh();
  }

  /** What is known of the positions is read again, and what waits is folded upon that. */
  refresh(): void {
    this.#stale = true;
    this.#drop();
    this.#wake?.();
  }

  #drop(): void {
    this.#folding = undefined;
    this.#folded = 0;
  }

  async run(signal: AbortSignal): Promise<void> {
    const wake = () => this.#wake?.();
    signal.addEventListener('abort', wake);
    while (!signal.aborted) {
      if (this.#hasFailed || this.#stale) {
        await this.#writing;
        if (this.#hasFailed && this.#chunks.length > 0) await this.#insist(this.#next(), signal);
        else if (this.#stale) await this.#reload(signal);
        this.#hasFailed = false;
      } else if (this.#isFoldable()) await this.#foldNext();
      else if (this.#folding !== undefined && this.#writing === undefined) this.#write(this.#folding);
      else await this.#pause();
    }
    await this.#writing;
    signal.removeEventListener('abort', wake);
  }

  async #pause(): Promise<void> {
    const isIdle = this.#chunks.length === 0;
    await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = undefined;
    // Everything that came in with the same fetch goes into one transaction.
    if (isIdle) await new Promise(setImmediate);
  }

  #isFoldable(): boolean {
    if (this.#folded === this.#chunks.length) return false;
    const most = this.#writing === undefined ? enough : this.options.batchSize;
    return (this.#folding?.deliveries ?? 0) < Math.min(most, this.options.batchSize);
  }

  async #foldNext(): Promise<void> {
    const chunk = this.#chunks[this.#folded]!;
    const folding = (this.#folding ??= { batch: this.consumer.open(), chunks: 0, deliveries: 0 });
    const place = folding.batch.placeOf(chunk.partition);
    if (place !== undefined && chunk.after > place) return this.#isBehind();
    try {
      await this.consumer.fold(folding.batch, batchOf([chunk]));
    } catch (error) {
      if (this.#folding === folding) this.#fail(error, 1);
      return;
    }
    // Dropped meanwhile: it is folded anew.
    if (this.#folding !== folding) return;
    folding.chunks += 1;
    folding.deliveries += chunk.deliveries.length;
    this.#folded += 1;
    chunk.folded();
  }

  /** Positions are set as the chunks say: what lies between them would never be asked for again. */
  #isBehind(): void {
    this.restart();
    this.options.onBehind();
  }

  #write({ batch, chunks: count }: Folding): void {
    const chunks = this.#chunks.slice(0, count);
    this.#folding = undefined;
    this.#writing = this.consumer
      .write(batch)
      .then(
        () => this.#written(chunks),
        (error: unknown) => this.#fail(error, 1),
      )
      .then(() => {
        this.#writing = undefined;
        this.#wake?.();
      });
  }

  #written(chunks: readonly Chunk[]): void {
    this.#trouble = undefined;
    // After a restart they come again.
    if (this.#chunks[0] === chunks[0]) {
      this.#chunks.splice(0, chunks.length);
      this.#folded = Math.max(0, this.#folded - chunks.length);
      this.#queued -= deliveriesIn(chunks);
    }
    for (const chunk of chunks) chunk.written();
    this.options.onWritten();
  }

  #fail(error: unknown, attempt: number): void {
    this.#stale = true;
    this.#hasFailed = true;
    this.#drop();
    this.#trouble = error instanceof Error ? error.message : String(error);
    this.options.onTrouble(error, attempt);
  }

  async #reload(signal: AbortSignal): Promise<void> {
    this.#stale = false;
    try {
      await this.consumer.load();
    } catch (error) {
      this.#fail(error, 1);
      await this.options.sleep(backoff(3), signal);
    }
  }

  #next(): readonly Chunk[] {
    let count = 0;
    let deliveries = 0;
    while (count < this.#chunks.length && deliveries < this.options.batchSize) {
      deliveries += this.#chunks[count]!.deliveries.length;
      count += 1;
    }
    return this.#chunks.slice(0, count);
  }

  /** One batch after a failure, by itself, as often as it takes. */
  async #insist(chunks: readonly Chunk[], signal: AbortSignal): Promise<void> {
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        if (this.#stale) {
          this.#stale = false;
          await this.consumer.load();
        }
        if (this.#areBehind(chunks)) return this.#isBehind();
        await this.consumer.apply(batchOf(chunks));
        return this.#written(chunks);
      } catch (error) {
        this.#fail(error, attempt + 1);
        if (!(error instanceof Fenced) || attempt > 3) await this.options.sleep(backoff(attempt), signal);
        // After a restart these come again: there is no need to insist.
        if (this.#chunks[0] !== chunks[0]) return;
      }
    }
  }

  #areBehind(chunks: readonly Chunk[]): boolean {
    const seen = new Map<number, bigint>();
    return chunks.some(({ partition, after, position }) => {
      const place = seen.get(partition) ?? this.consumer.placeOf(partition);
      if (place !== undefined && position > place) seen.set(partition, position);
      return place !== undefined && after > place;
    });
  }
}

function batchOf(chunks: readonly Chunk[]) {
  return {
    deliveries: chunks.length === 1 ? chunks[0]!.deliveries : chunks.flatMap(({ deliveries }) => deliveries),
    watermark: new Map(chunks.map(({ partition, position }) => [partition, position] as const)),
  };
}

function deliveriesIn(chunks: readonly Chunk[]): number {
  return chunks.reduce((sum, { deliveries }) => sum + deliveries.length, 0);
}
