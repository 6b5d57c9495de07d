import type { Delivery, ViewConsumer } from '#libs/projections';
import { Fenced } from '#libs/projections';
import { backoff, type Sleep } from './backoff.js';

export interface RunnerOptions {
  /** Most deliveries in one transaction. */
  readonly batchSize: number;
  /** Under load, the least time between two batches: many small transactions cost more than they bring forward. */
  readonly lingerMs: number;
  readonly sleep: Sleep;
  /** After every written batch. */
  readonly onAdvance: () => void;
  readonly onTrouble: (error: unknown, attempt: number) => void;
}

/**
 * Feeds one view: takes what has come in while the last batch was being written, and writes it in turn. Reading goes
 * on meanwhile until the queue holds two batches.
 */
export class ViewRunner {
  #queue: Delivery[] = [];
  #watermark = -1n;
  #written = -1n;
  #wake: (() => void) | undefined;
  #roomy: (() => void)[] = [];
  #lastWrite = 0;
  #trouble: string | undefined;
  #isOver = false;

  constructor(
    readonly consumer: ViewConsumer,
    private readonly options: RunnerOptions,
  ) {}

  /** Why it does not get on at the moment: the database's last error. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  push(delivery: Delivery): void {
    this.#queue.push(delivery);
    this.mark(delivery.event.position);
  }

  /** Nothing lies unseen at or before this position. */
  mark(watermark: bigint): void {
    if (watermark > this.#watermark) this.#watermark = watermark;
    this.#wake?.();
  }

  /** Resolves when there is room for more deliveries, or nothing is taken any more. */
  async room(): Promise<void> {
    if (this.#isOver || this.#queue.length < 2 * this.options.batchSize) return;
    await new Promise<void>((resolve) => this.#roomy.push(resolve));
  }

  /** Runs until the signal aborts; what is queued then is read again at the next start. */
  async run(signal: AbortSignal): Promise<void> {
    this.#isOver = signal.aborted;
    signal.addEventListener('abort', () => {
      this.#isOver = true;
      this.#wake?.();
      this.#release();
    });
    while (!signal.aborted) {
      if (this.#queue.length === 0 && this.#watermark <= this.#written) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#wake = undefined;
        continue;
      }
      const rest = this.options.lingerMs - (performance.now() - this.#lastWrite);
      if (rest > 1 && this.#queue.length < this.options.batchSize) await this.options.sleep(rest, signal);
      await this.#writeNext(signal);
    }
  }

  async #writeNext(signal: AbortSignal): Promise<void> {
    const deliveries = this.#queue.splice(0, this.options.batchSize);
    const watermark = this.#queue.length === 0 ? this.#watermark : deliveries.at(-1)!.event.position;
    this.#release();
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        await this.consumer.apply({ deliveries, watermark });
        this.#trouble = undefined;
        this.#written = watermark;
        this.#lastWrite = performance.now();
        this.options.onAdvance();
        return;
      } catch (error) {
        this.#trouble = error instanceof Error ? error.message : String(error);
        this.options.onTrouble(error, attempt);
        await this.options.sleep(backoff(attempt), signal);
        if (error instanceof Fenced) await this.consumer.load().catch(() => undefined);
      }
    }
  }

  #release(): void {
    const waiting = this.#roomy;
    this.#roomy = [];
    for (const resolve of waiting) resolve();
  }
}
