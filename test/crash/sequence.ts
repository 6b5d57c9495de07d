/** A bell: everybody who waits hears the next ring. */
export interface Sequence {
  next(): void;
  wait(): Promise<void>;
}

export function createSequence(): Sequence {
  let waiting: (() => void)[] = [];
  return {
    next() {
      const woken = waiting;
      waiting = [];
      for (const wake of woken) wake();
    },
    wait: () => new Promise((resolve) => waiting.push(resolve)),
  };
}
