import type { LedgerEvent } from './storage/port.js';

const mostEvents = 4_096;
const mostBytes = 8n * 1024n * 1024n;

/**
 * The newest events, shared by all subscriptions to $all: the bounded buffer between the writer and them. A subscription
 * that falls behind it reads from the storage again. Without one nothing is kept.
 */
export class Tail {
  #events: LedgerEvent[] = [];
  /** Every event at or after this position is here. */
  #start: bigint;
  readonly #waiting = new Set<() => void>();
  #subscriptions = 0;

  /** Nothing at or after `head` is acknowledged yet. */
  constructor(public head: bigint) {
    this.#start = head;
  }

  /** From here on events are kept for one more; call what comes back when it ends. */
  subscribe(): () => void {
    this.#subscriptions += 1;
    return () => void (this.#subscriptions -= 1);
  }

  publish(events: readonly LedgerEvent[], head: bigint): void {
    if (this.#subscriptions === 0) return this.reset(head);
    for (const event of events) this.#events.push(event);
    let drop = Math.max(0, this.#events.length - mostEvents);
    // Positions count bytes.
    while (drop < this.#events.length && head - this.#events[drop]!.position > mostBytes) drop += 1;
    if (drop > 0) {
      this.#events = this.#events.slice(drop);
      this.#start = this.#events[0]?.position ?? head;
    }
    this.head = head;
    this.wake();
  }

  /** Events after `position`, at most `limit`; undefined when the tail does not reach back that far. */
  after(position: bigint, limit: number): readonly LedgerEvent[] | undefined {
    if (position + 1n < this.#start) return undefined;
    let [low, high] = [0, this.#events.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#events[middle]!.position <= position) low = middle + 1;
      else high = middle;
    }
    return this.#events.slice(low, low + limit);
  }

  /** Resolves at the next publication, or when `signal` aborts. */
  async changed(since: bigint, signal: AbortSignal): Promise<void> {
    if (this.head > since || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        this.#waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#waiting.add(done);
      signal.addEventListener('abort', done);
    });
  }

  wake(): void {
    for (const done of this.#waiting) done();
  }

  /** Forgets the events: what is before `head` is in the storage. */
  reset(head: bigint): void {
    this.#events = [];
    this.#start = head;
    this.head = head;
    this.wake();
  }
}
