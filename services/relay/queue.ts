/** A bounded queue between the reader of the store and the writer to Kafka. */
export interface Queue<Item> {
  /** Waits while the queue is full. Resolves at once after `end`. */
  put(item: Item): Promise<void>;
  /** Up to `most` items, as soon as there is one; empty after `milliseconds`; undefined when ended and drained. */
  take(most: number, milliseconds: number): Promise<readonly Item[] | undefined>;
  /** The next `take` rejects with this, after what was put before has been taken. */
  fail(error: unknown): void;
  end(): void;
}

export function createQueue<Item>(limit: number): Queue<Item> {
  let items: Item[] = [];
  let ended: { readonly error?: unknown } | undefined;
  const full = () => items.length >= limit && !ended;
  let wakeTaker: () => void = () => undefined;
  let wakePutter: () => void = () => undefined;
  return {
    async put(item) {
      while (full()) await new Promise<void>((resolve) => (wakePutter = resolve));
      if (ended) return;
      items.push(item);
      wakeTaker();
    },
    async take(most, milliseconds) {
      if (items.length === 0 && !ended) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, milliseconds);
          wakeTaker = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      if (items.length === 0 && ended) {
        if (ended.error !== undefined) throw ended.error;
        return undefined;
      }
      const taken = items.slice(0, most);
      items = items.slice(most);
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
