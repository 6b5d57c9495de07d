import type { SubscriptionItem } from './port.js';

/** What waits for one subscriber of a fan-out: bounded in items and bytes. */
export class FanOutQueue {
  /** The position after which its subscriber wants to hear. */
  wanted = -1n;
  overflowed = false;
  #items: SubscriptionItem[] = [];
  #first = 0;
  #bytes = 0;
  #waiting = new Set<() => void>();
  readonly #mostItems: number;
  readonly #mostBytes: number;

  constructor(limits: { readonly queueItems?: number; readonly queueBytes?: number }) {
    this.#mostItems = limits.queueItems ?? 2_000;
    this.#mostBytes = limits.queueBytes ?? 8 * 1024 * 1024;
  }

  get #length(): number {
    return this.#items.length - this.#first;
  }

  /** False when it is full; an empty queue takes an item of any size. */
  push(item: SubscriptionItem): boolean {
    if (this.#length > 0 && (this.#length >= this.#mostItems || this.#bytes >= this.#mostBytes)) return false;
    this.#items.push(item);
    this.#bytes += bytesOf(item);
    this.wake();
    return true;
  }

  shift(): SubscriptionItem | undefined {
    const item = this.#items[this.#first];
    if (!item) return undefined;
    this.#first += 1;
    this.#bytes -= bytesOf(item);
    if (this.#first > 512 && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    if (this.#length * 2 <= this.#mostItems && this.#bytes * 2 <= this.#mostBytes) this.wake();
    return item;
  }

  overflow(): void {
    this.reset();
    this.overflowed = true;
    this.wake();
  }

  reset(): void {
    this.#items = [];
    this.#first = 0;
    this.#bytes = 0;
    this.overflowed = false;
  }

  wake(): void {
    for (const done of this.#waiting) done();
  }

  /** Resolves when there is something to take, or `signal` aborts, or `given` says that waiting is over. */
  async filled(signal: AbortSignal, given: () => boolean): Promise<void> {
    while (this.#length === 0 && !this.overflowed && !signal.aborted && !given()) await this.#woken();
  }

  /** Resolves when half of it is free, after `milliseconds`, or when `signal` aborts. */
  async room(milliseconds: number, signal: AbortSignal): Promise<void> {
    const until = Date.now() + milliseconds;
    while (this.#length * 2 > this.#mostItems || this.#bytes * 2 > this.#mostBytes) {
      const left = until - Date.now();
      if (left <= 0 || signal.aborted) return;
      await this.#woken(left);
    }
  }

  async #woken(milliseconds?: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = milliseconds === undefined ? undefined : setTimeout(() => done(), milliseconds);
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      this.#waiting.add(done);
    });
  }
}

function bytesOf(item: SubscriptionItem): number {
  return item.kind === 'event' ? item.event.data.length + item.event.metadata.length + 200 : 50;
}
