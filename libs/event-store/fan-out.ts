import { setTimeout as sleep } from 'node:timers/promises';
import { StoreRefused } from './errors.js';
import { FanOutQueue } from './fan-out-queue.js';
import type { EventStore, SubscriptionItem } from './port.js';

export interface FanOutOptions {
  /** Where the shared subscription begins; default: at the lowest `after` of those who subscribed before it began. */
  readonly after?: bigint;
  /** Items that wait for one subscriber. Default 2,000. */
  readonly queueItems?: number;
  /** Bytes that wait for one subscriber. Default 8 MiB. */
  readonly queueBytes?: number;
  /** How long one full queue may hold up all others before its subscriber is left to catch up alone. Default 1 s. */
  readonly patienceMilliseconds?: number;
}

export interface FanOut {
  /**
   * What `EventStore.subscribeAll` yields, from the process's one subscription. Outlives the store's outages: after
   * each it goes on where it was. Ends when `signal` aborts or the fan-out closes; throws StoreRefused.
   */
  subscribe(options: { readonly after?: bigint; readonly signal: AbortSignal }): AsyncIterable<SubscriptionItem>;
  /** For health checks: whether the shared subscription is live, how far it is, and what broke it last. */
  readonly state: FanOutState;
  close(): Promise<void>;
}

export interface FanOutState {
  readonly live: boolean;
  /** Everything up to here was handed on; undefined at the beginning of the store. */
  readonly position: bigint | undefined;
  readonly failure: string | undefined;
}

const firstDelay = 100;
const longestDelay = 5_000;

/** Doubles from 0.1 s to 5 s, half of it random, so that processes do not come back all at once. */
export function retryDelay(attempt: number, random = Math.random()): number {
  const ceiling = Math.min(longestDelay, firstDelay * 2 ** Math.min(attempt, 10));
  return ceiling / 2 + (ceiling / 2) * random;
}

/** One $all subscription of `store`, shared by everybody in the process. Begins with the first subscriber. */
export function createFanOut(store: EventStore, options: FanOutOptions = {}): FanOut {
  return new SharedSubscription(store, options);
}

class SharedSubscription implements FanOut {
  readonly #queues = new Set<FanOutQueue>();
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #position: bigint | undefined;
  #live = false;
  #failure: string | undefined;
  #refused: StoreRefused | undefined;

  constructor(
    readonly store: EventStore,
    readonly options: FanOutOptions,
  ) {}

  get state(): FanOutState {
    return { live: this.#live, position: this.#position, failure: this.#failure };
  }

  subscribe({ after, signal }: { after?: bigint; signal: AbortSignal }): AsyncIterable<SubscriptionItem> {
    const queue = new FanOutQueue(this.options);
    const ended = AbortSignal.any([signal, this.#stop.signal]);
    // What lies before the shared subscription's place (or its beginning, while it has none) a subscriber reads alone.
    const follows = (this.#position ?? this.options.after ?? -1n) <= (after ?? -1n);
    queue.wanted = after ?? -1n;
    if (follows) this.#queues.add(queue);
    this.#running ??= this.#run();
    return this.#consume(queue, after ?? -1n, follows, ended);
  }

  async #run(): Promise<void> {
    // Everybody who subscribes in this turn of the event loop is there from the beginning.
    await new Promise(setImmediate);
    const lowest = [...this.#queues].reduce<bigint>((low, { wanted }) => (wanted < low ? wanted : low), 2n ** 63n);
    let after = this.options.after ?? (lowest === 2n ** 63n ? -1n : lowest);
    if (after >= 0n) this.#position = after;
    const { signal } = this.#stop;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        for await (const item of this.store.subscribeAll({ ...(after >= 0n && { after }), signal })) {
          attempt = 0;
          this.#failure = undefined;
          if (item.kind === 'caught-up') this.#live = true;
          else {
            after = item.kind === 'event' ? item.event.position : item.position;
            this.#position = after;
          }
          for (const queue of this.#queues) await this.#offer(queue, item);
        }
      } catch (error) {
        this.#live = false;
        this.#failure = (error as Error).message;
        if (error instanceof StoreRefused) {
          this.#refused = error;
          for (const queue of this.#queues) queue.wake();
          return;
        }
        await pause(retryDelay(attempt), signal);
      }
    }
  }

  async #offer(queue: FanOutQueue, item: SubscriptionItem): Promise<void> {
    if (queue.push(item)) return;
    await queue.room(this.options.patienceMilliseconds ?? 1_000, this.#stop.signal);
    // Too slow: it reads what it misses from the store itself, and nobody waits for it.
    if (!queue.push(item) && this.#queues.delete(queue)) queue.overflow();
  }

  async *#consume(
    queue: FanOutQueue,
    from: bigint,
    follows: boolean,
    ended: AbortSignal,
  ): AsyncGenerator<SubscriptionItem> {
    let cursor = from;
    let following = follows;
    let live = false;
    const wake = () => queue.wake();
    ended.addEventListener('abort', wake);
    try {
      for (let attempt = 0; !ended.aborted;) {
        if (this.#refused) throw this.#refused;
        if (queue.overflowed) following = false;
        if (!following) {
          // The queue first, the store second: what is stored meanwhile waits in the queue.
          queue.reset();
          this.#queues.add(queue);
          following = true;
          live = false;
          try {
            for await (const event of this.store.readAll({ from: cursor + 1n })) {
              if (ended.aborted) return;
              cursor = event.position;
              yield { kind: 'event', event };
            }
            attempt = 0;
          } catch (error) {
            if (error instanceof StoreRefused) throw error;
            this.#queues.delete(queue);
            following = false;
            await pause(retryDelay(attempt), ended);
            attempt += 1;
          }
          if (following && !queue.overflowed && this.#live) {
            live = true;
            yield { kind: 'caught-up' };
          }
          continue;
        }
        const item = queue.shift();
        if (!item) {
          await queue.filled(ended, () => this.#refused !== undefined);
        } else if (item.kind === 'caught-up') {
          if (!live) yield item;
          live = true;
        } else {
          const position = item.kind === 'event' ? item.event.position : item.position;
          if (position <= cursor) continue;
          cursor = position;
          yield item;
        }
      }
    } finally {
      this.#queues.delete(queue);
      queue.reset();
      ended.removeEventListener('abort', wake);
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    for (const queue of this.#queues) queue.wake();
    await this.#running;
  }
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}
