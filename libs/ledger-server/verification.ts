import { setTimeout as sleep } from 'node:timers/promises';
import type { LedgerStorage } from './storage/port.js';
import { LedgerRefused } from './storage/port.js';

/** How long a start may take for it; the rest is checked while the ledger serves. */
const atStartMilliseconds = 2_500;

/** Of the background check's time, this share works. */
const dutyCycle = 0.1;

/**
 * Checks the ledger from its end backwards: what fits into the time at the start, the rest in the background.
 * Throws LedgerRefused for damage that is found at once; reports what is found later to `damaged`.
 */
export async function verify(
  storage: LedgerStorage,
  head: bigint,
  stopping: AbortSignal,
  damaged: (error: LedgerRefused) => Promise<void>,
): Promise<void> {
  const deadline = performance.now() + atStartMilliseconds;
  let below = head;
  while (below > 0n && performance.now() < deadline) below = await checkOne(storage, below);
  if (below > 0n) void checkRest(storage, below, stopping, damaged);
}

async function checkOne(storage: LedgerStorage, below: bigint): Promise<bigint> {
  const { from, damage } = await storage.check(below);
  if (damage !== undefined) throw new LedgerRefused(`the ledger is damaged: ${damage}; restore it from a backup`);
  return from;
}

async function checkRest(
  storage: LedgerStorage,
  head: bigint,
  stopping: AbortSignal,
  damaged: (error: LedgerRefused) => Promise<void>,
): Promise<void> {
  let below = head;
  while (below > 0n && !stopping.aborted) {
    const started = performance.now();
    try {
      below = await checkOne(storage, below);
    } catch (error) {
      if (error instanceof LedgerRefused) return void (await damaged(error));
      // Postgres is away: the same slice again, later.
    }
    const pause = Math.max(100, (performance.now() - started) * (1 / dutyCycle - 1));
    await sleep(pause, undefined, { signal: stopping }).catch(() => undefined);
  }
}
