import type { EventStore, StoredEvent } from '#libs/event-store';

/** Follows $all by reading it: everything that was in the store when `catchUp` was called has been applied after. */
export interface Follower {
  catchUp(): Promise<void>;
}

/**
 * Reads $all on from where the fold stands. Callers that come while a read is under way share the next one: the read
 * under way may have passed the end before their events were there.
 */
export function createFollower(
  store: EventStore,
  fold: { readonly position: bigint | undefined; take(stored: StoredEvent): void },
): Follower {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  const read = async (): Promise<void> => {
    const from = fold.position;
    for await (const stored of store.readAll(from === undefined ? {} : { from })) {
      if (from !== undefined && stored.position <= from) continue;
      fold.take(stored);
    }
  };

  const start = (): Promise<void> => {
    running = read().finally(() => {
      running = undefined;
    });
    return running;
  };

  return {
    catchUp() {
      if (!running) return start();
      next ??= running
        .catch(() => undefined)
        .then(() => {
          next = undefined;
          return start();
        });
      return next;
    },
  };
}
