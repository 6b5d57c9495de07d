import type { SubscriptionItem } from '#libs/event-store';

/** How far a view is behind the event store. */
export interface Lag {
  readonly view: string;
  /** Position of the view; -1: nothing yet. */
  readonly position: bigint;
  /** Events that the store has after it; at most {@link mostCounted} are counted. */
  readonly events: number;
  /** Age of the oldest of them, by the store's own time of recording; 0 when there is none. */
  readonly seconds: number;
}

export interface LagMeter {
  lags(): readonly Lag[];
  close(): Promise<void>;
}

export const mostCounted = 1_000_000;

/**
 * Counts what the store has beyond each view by following it alone, ahead of every view: positions are not dense, so
 * that no difference of positions says how many events there are.
 *
 * @param subscribe $all, from the process's fan-out
 * @param positions where each view is, as its readers see it
 */
export function startLagMeter(
  subscribe: (options: { readonly after?: bigint; readonly signal: AbortSignal }) => AsyncIterable<SubscriptionItem>,
  positions: () => ReadonlyMap<string, bigint>,
  now: () => number = Date.now,
): LagMeter {
  const ended = new AbortController();
  const tail = new Tail();
  const least = () => [...positions().values()].reduce((low, each) => (each < low ? each : low), 2n ** 63n);

  async function follow(): Promise<void> {
    const start = least();
    const after = start < 2n ** 63n && start >= 0n ? { after: start } : {};
    for await (const item of subscribe({ ...after, signal: ended.signal })) {
      if (item.kind !== 'event') continue;
      tail.add(item.event.position, Date.parse(item.event.recordedAt));
      if (tail.size % 10_000 === 0) tail.forget(least());
    }
  }
  // The fan-out outlives outages; what ends it for good ends the whole process's reading and shows in its health.
  const following = follow().catch(() => undefined);

  return {
    lags() {
      tail.forget(least());
      return [...positions()].map(([view, position]) => {
        const { events, since } = tail.after(position);
        return { view, position, events, seconds: since === undefined ? 0 : Math.max(0, (now() - since) / 1_000) };
      });
    },
    async close() {
      ended.abort();
      await following;
    },
  };
}

/** The end of the log: position and time of each event that some view has not folded. */
class Tail {
  #positions: bigint[] = [];
  #times: number[] = [];

  get size(): number {
    return this.#positions.length;
  }

  add(position: bigint, time: number): void {
    this.#positions.push(position);
    this.#times.push(time);
    if (this.size > mostCounted + 100_000) this.#drop(100_000);
  }

  /** No view asks for what lies at or before this position any more. */
  forget(position: bigint): void {
    const index = this.#firstAfter(position);
    if (index > 0) this.#drop(index);
  }

  after(position: bigint): { readonly events: number; readonly since: number | undefined } {
    const index = this.#firstAfter(position);
    return { events: Math.min(this.size - index, mostCounted), since: this.#times[index] };
  }

  #drop(count: number): void {
    this.#positions.splice(0, count);
    this.#times.splice(0, count);
  }

  #firstAfter(position: bigint): number {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#positions[middle]! <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
