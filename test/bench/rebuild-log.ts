import { exportSegment, type StoredEvent } from '#libs/event-store';
import { randomHistory } from '../../libs/projections/testing/index.js';

/** Every uuid of a generated history; the last four digits tell the copies apart and leave the order of keys alone. */
const uuid = /([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{8})[0-9a-f]{4}/g;

/**
 * A log of so many events: a generated history in which every event type occurs (libs/projections/testing), copied
 * with other ids until there are enough. As it would lie in a store: dense revisions, growing positions. Streams whose
 * name holds no id (those of the workspaces, of names, of denials) are not copied: they would be the same again.
 */
export function* copiedLog(count: number, historySteps = 12_000): Generator<StoredEvent> {
  const history = randomHistory(77, historySteps).map(({ stored }) => ({
    ...stored,
    data: Buffer.from(stored.data).toString('utf8'),
    metadata: Buffer.from(stored.metadata).toString('utf8'),
  }));
  const span = history.at(-1)!.position + 100n;
  for (let n = 0, copy = 0; n < count; copy += 1) {
    const mark = copy.toString(16).padStart(4, '0');
    const marked = (text: string): string => text.replace(uuid, `$1${mark}`);
    for (const event of history) {
      if (copy > 0 && event.stream.search(uuid) < 0) continue;
      if (n++ >= count) return;
      yield {
        ...event,
        id: marked(event.id),
        stream: marked(event.stream),
        position: event.position + BigInt(copy) * span,
        data: Buffer.from(marked(event.data), 'utf8'),
        metadata: Buffer.from(marked(event.metadata), 'utf8'),
      };
    }
  }
}

/** The same as a segment file; its first and last event, by which a rebuild recognises the store. */
export async function segmentOf(path: string, count: number): Promise<readonly StoredEvent[]> {
  const ends: StoredEvent[] = [];
  const store = {
    async *readAll() {
      for (const event of copiedLog(count)) {
        if (ends.length < 2) ends.push(event);
        else ends[1] = event;
        yield event;
      }
    },
  };
  await exportSegment({ store, path });
  return ends;
}

/** A store that holds the two ends of a log and nothing between: the rebuild reads the rest from the segment. */
export function endsOf(events: readonly StoredEvent[]) {
  return {
    last: events.at(-1)!.position,
    async *readAll({ from = 0n, backwards = false, maxCount = Infinity } = {}) {
      const found = backwards ? events.toReversed() : events.filter((event) => event.position >= from);
      yield* found.slice(0, maxCount);
    },
  };
}
