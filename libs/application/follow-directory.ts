import type { EventStore } from '#libs/event-store';
import type { Directory } from './directory.js';

/**
 * Feeds the directory from the process's fan-out until `signal` aborts, so that what other processes write is known
 * here within the fan-out's delay. `caughtUp` is called each time when everything in the store is known.
 */
export async function followDirectory(
  source: Pick<EventStore, 'subscribeAll'>,
  directory: Directory,
  signal: AbortSignal,
  caughtUp: () => void = () => undefined,
): Promise<void> {
  const after = directory.position;
  for await (const item of source.subscribeAll({ signal, ...(after !== undefined && { after }) })) {
    if (item.kind === 'caught-up') caughtUp();
    if (item.kind === 'event') directory.take(item.event);
  }
}
