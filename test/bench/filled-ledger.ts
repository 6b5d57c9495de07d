import { EventStoreDBClient } from '@eventstore/db-client';
import type { EventStore, StoredEvent } from '#libs/event-store';
import { copiedLog } from './rebuild-log.js';

const mostInFlight = 64;

/** Appends a generated log of so many events, one stream after the other, each in its own order. */
export async function fillLedger(store: EventStore, count: number): Promise<void> {
  const streams = new Map<string, StoredEvent[]>();
  for (const event of copiedLog(count, 4_000)) {
    const found = streams.get(event.stream);
    if (found) found.push(event);
    else streams.set(event.stream, [event]);
  }
  const inFlight = new Set<Promise<unknown>>();
  for (const [stream, events] of streams) {
    for (let at = 0; at < events.length; at += 200) {
      const appended = store.append(stream, events.slice(at, at + 200), at === 0 ? 'no_stream' : BigInt(at - 1));
      const settled = appended.finally(() => inFlight.delete(settled));
      inFlight.add(settled);
      // A stream of several parts waits for each; so does everything when enough is under way.
      if (events.length > 200) await settled;
      while (inFlight.size >= mostInFlight) await Promise.race(inFlight);
    }
  }
  await Promise.all(inFlight);
}

/** Events a second of $all through the official client: the best of two, after one to warm up. */
export async function officialReadRate(connectionString: string, count: number): Promise<number> {
  await officialRead(connectionString, count);
  return Math.max(await officialRead(connectionString, count), await officialRead(connectionString, count));
}

/** Once. */
export async function officialRead(connectionString: string, count: number): Promise<number> {
  const client = EventStoreDBClient.connectionString(connectionString);
  const began = performance.now();
  let seen = 0;
  for await (const resolved of client.readAll({ direction: 'forwards', fromPosition: 'start' }))
    if (resolved.event && !resolved.event.type.startsWith('$')) seen += 1;
  const seconds = (performance.now() - began) / 1_000;
  await client.dispose();
  if (seen !== count) throw new Error(`read ${seen} of ${count}`);
  return count / seconds;
}
