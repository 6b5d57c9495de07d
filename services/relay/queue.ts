/** A bounded queue between the reader of the store and the writer to Kafka. */
export interface Queue<Item> {
  /** What to wait for before the next one, if anything: the queue is full. After `end` nothing is taken. */
  put(item: Item): Promise<void> | undefined;
  /**
   * Up to `most` items and `bytes` of them (one at least), as soon as there are `least` (default 1) or no more can be
   * put; what there is, or nothing, after `milliseconds`; undefined when ended and drained.
   */
  take(most: number, milliseconds: number, least?: number): Promise<readonly Item[] | undefined>;
  /** The next `take` rejects with this, after what was put before has been taken. */
  fail(error: unknown): void;
  end(): void;
  readonly size: number;
}

export interface QueueLimits<Item> {
  /** Most items that wait. */
  readonly items: number;
  /** Most bytes in one `take`; twice as many may wait. */
  readonly bytes: number;
  readonly sizeOf: (item: Item) => number;
}

export function createQueue<Item>(limits: QueueLimits<Item>): Queue<Item> {
  let items: Item[] = [];
  let bytes = 0;
  let ended: { readonly error?: unknown } | undefined;
  const full = () => items.length > 0 && (items.length >= limits.items || bytes >= 2 * limits.bytes) && !ended;
  let wanted = 1;
  let wakeTaker: () => void = () => undefined;
  let wakePutter: () => void = () => undefined;
  const room = async (): Promise<void> => {
    while (full()) await new Promise<void>((resolve) => (wakePutter = resolve));
  };
  return {
    get size() {
      return items.length;
    },
    put(item) {
      if (ended) return undefined;
      items.push(item);
      bytes += limits.sizeOf(item);
      if (items.length >= wanted || full()) wakeTaker();
      return full() ? room() : undefined;
    },
    async take(most, milliseconds, least = 1) {
      wanted = least;
      if (items.length < least && !full() && !ended) {
        await new Promise<void>((resolve) => {
          const wake = () => {
            wakeTaker = () => undefined;
            clearTimeout(timer);
            resolve();
          };
          const timer = setTimeout(wake, milliseconds);
          wakeTaker = wake;
        });
      }
      if (items.length === 0 && ended) {
        if (ended.error !== undefined) throw ended.error;
        return undefined;
      }
      let count = 0;
      for (let taken = 0; count < items.length && count < most; count += 1) {
        taken += limits.sizeOf(items[count]!);
        if (count > 0 && taken > limits.bytes) break;
      }
      const taken = items.slice(0, count);
      items = items.slice(count);
      for (const item of taken) bytes -= limits.sizeOf(item);
      wakePutter();
      return taken;
    },
    fail(error) {
      ended ??= { error };
      wakeTaker();
      wakePutter();
    },
    end() {
      ended ??= {};
      wakeTaker();
      wakePutter();
    },
  };
}
