/** Waits so long, or until the signal aborts. */
export type Sleep = (milliseconds: number, signal: AbortSignal) => Promise<void>;

const first = 50;
const longest = 5_000;

/** Milliseconds before the next attempt: doubling from 50 ms to 5 s, with jitter down to a half. */
export function backoff(attempt: number): number {
  const full = Math.min(longest, first * 2 ** Math.min(attempt - 1, 10));
  return full * (0.5 + Math.random() / 2);
}

export const sleep: Sleep = (milliseconds, signal) =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done);
  });
