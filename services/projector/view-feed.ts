import { Fenced } from '#libs/projections';
import type { Delivery, ViewConsumer } from '#libs/projections';
import { backoff, type Sleep } from './backoff.js';

/** Whole batches of one partition, on their way into every view. */
export interface Chunk {
  readonly partition: number;
  readonly deliveries: readonly Delivery[];
  /** They are all that the partition has after this position… */
  readonly after: bigint;
  /** …and at or before this one. */
  readonly position: bigint;
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

/**
 * Writes what the partitions of this process bring into one view, several partitions in one transaction. Positions are
 * compared and set by the database: what another projector has written meanwhile is read again and passed over.
 */
export class ViewFeed {
  #chunks: Chunk[] = [];
  #queued = 0;
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
    this.#stale = true;
    this.#wake?.();
  }

  /** What is known of the positions is read again before the next batch. */
  refresh(): void {
    this.#stale = true;
    this.#wake?.();
  }

  async run(signal: AbortSignal): Promise<void> {
    const wake = () => this.#wake?.();
    signal.addEventListener('abort', wake);
    while (!signal.aborted) {
      if (this.#chunks.length === 0 && this.#stale) {
        await this.#reload(signal);
        continue;
      }
      if (this.#chunks.length === 0) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#wake = undefined;
        // Everything that came in with the same fetch goes into one transaction.
        await new Promise(setImmediate);
        continue;
      }
      await this.#write(this.#next(), signal);
    }
    signal.removeEventListener('abort', wake);
  }

  #isBehind(chunks: readonly Chunk[]): boolean {
    const seen = new Map<number, bigint>();
    return chunks.some(({ partition, after, position }) => {
      const place = seen.get(partition) ?? this.consumer.placeOf(partition);
      if (place !== undefined && position > place) seen.set(partition, position);
      return place !== undefined && after > place;
    });
  }

  async #reload(signal: AbortSignal): Promise<void> {
    this.#stale = false;
    try {
      await this.consumer.load();
    } catch (error) {
      this.#stale = true;
      this.#failed(error, 1);
      await this.options.sleep(backoff(3), signal);
    }
  }

  #failed(error: unknown, attempt: number): void {
    this.#trouble = error instanceof Error ? error.message : String(error);
    this.options.onTrouble(error, attempt);
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

  async #write(chunks: readonly Chunk[], signal: AbortSignal): Promise<void> {
    const deliveries = chunks.flatMap((chunk) => chunk.deliveries);
    const watermark = new Map(chunks.map(({ partition, position }) => [partition, position]));
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        if (this.#stale) {
          this.#stale = false;
          await this.consumer.load();
        }
        // Positions are set as the chunks say: what lies between them would never be asked for again.
        if (this.#isBehind(chunks)) {
          this.restart();
          this.options.onBehind();
          return;
        }
        await this.consumer.apply({ deliveries, watermark });
        break;
      } catch (error) {
        this.#stale = true;
        this.#failed(error, attempt);
        if (!(error instanceof Fenced) || attempt > 3) await this.options.sleep(backoff(attempt), signal);
        // After a restart these come again: there is no need to insist.
        if (this.#chunks[0] !== chunks[0]) return;
      }
    }
    if (signal.aborted) return;
    this.#trouble = undefined;
    if (this.#chunks[0] === chunks[0]) {
      this.#chunks.splice(0, chunks.length);
      this.#queued -= deliveries.length;
    }
    for (const chunk of chunks) chunk.written();
    this.options.onWritten();
  }
}
