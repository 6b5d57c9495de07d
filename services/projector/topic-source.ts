import type { Pool } from 'pg';
import type { EventStore, StoredEvent } from '#libs/event-store';
import { TopicMismatch } from '#libs/messaging';
import type { Messaging } from '#libs/messaging';
import { UnfitSource } from '#libs/projections';
import type { EventSource } from '#libs/projections';
import { leaseOf } from './lease-of.js';
import { PartitionLog } from './partition-log.js';

export interface TopicSourceOptions {
  readonly messaging: Pick<Messaging, 'partitions' | 'startOffsets' | 'endOffsets' | 'fetch'>;
  /** The product's database: it knows which relay is to be believed. */
  readonly pool: Pool;
  readonly topic: { readonly topic: string; readonly partitions: number };
  readonly store: Pick<EventStore, 'readAll'>;
}

/** Least events of a batch: each is a transaction. */
const batchSize = 4_000;
/** A partition that is so many events ahead of the slowest waits for it. */
const mostAhead = 20_000;

/**
 * The relay's topic, from its beginning to what it holds when reading begins, in the order of $all. Each partition is
 * read as a projector reads it: lower epochs and what was seen are dropped, foreign records are not used, and what is
 * missing ends it. An event is handed out when every partition is complete to its position.
 */
export function topicSource(options: TopicSourceOptions): EventSource {
  const { messaging, pool, topic, store } = options;
  return {
    name: `the topic ${topic.topic}`,
    async check() {
      const found = await messaging.partitions(topic.topic);
      if (found === undefined) throw new UnfitSource(`there is no topic ${topic.topic}`);
      if (found !== topic.partitions)
        throw new TopicMismatch(`topic ${topic.topic}: ${found} partitions, configured are ${topic.partitions}`);
      if ((await leaseOf(pool, topic.topic)) === undefined)
        throw new UnfitSource(`no relay of this database has written to ${topic.topic}`);
    },
    async *batches(after, signal) {
      const [start, end] = await Promise.all([messaging.startOffsets(topic.topic), messaging.endOffsets(topic.topic)]);
      const lease = () => leaseOf(pool, topic.topic);
      const parts = Array.from({ length: topic.partitions }, (_, partition) => {
        const log = new PartitionLog(partition, topic.partitions, after, lease);
        return new Part(log, start.get(partition) ?? 0n, end.get(partition) ?? 0n);
      });
      let events: StoredEvent[] = [];
      let handed = after;
      for (;;) {
        const wanted = parts.filter((part) => part.wantsMore);
        if (wanted.length === 0) break;
        const records = await messaging.fetch(
          topic.topic,
          new Map(wanted.map((part) => [part.log.partition, part.next] as const)),
        );
        if (signal.aborted) return;
        for (const part of wanted) await part.take(records.get(part.log.partition) ?? []);
        const complete = least(parts);
        const ready = parts.flatMap((part) => part.upTo(complete));
        for (const event of ready.sort(byPosition)) events.push(event);
        for (const part of parts) part.wait(complete);
        if (events.length < batchSize) continue;
        await assertKnown(topic.topic, store, events.at(-1)!);
        handed = complete;
        yield { events, watermark: complete };
        events = [];
      }
      const complete = least(parts);
      if (complete <= handed) return;
      if (events.length > 0) await assertKnown(topic.topic, store, events.at(-1)!);
      yield { events, watermark: complete };
    },
  };
}

/** One partition, its events that are complete and wait for the others. */
class Part {
  #events: StoredEvent[] = [];
  #ahead = false;

  constructor(
    readonly log: PartitionLog,
    public next: bigint,
    private readonly end: bigint,
  ) {}

  get wantsMore(): boolean {
    return this.next < this.end && !this.#ahead;
  }

  /** @throws UnfitSource when records are missing */
  async take(records: readonly Parameters<PartitionLog['take']>[0][]): Promise<void> {
    for (const record of records) {
      this.next = record.offset + 1n;
      for (const taken of await this.log.take(record)) {
        if (taken.kind === 'batch') for (const event of taken.events) this.#events.push(event);
        else if (taken.kind === 'gap') throw new UnfitSource(`${taken.error.message}; the event store has all of it`);
      }
    }
  }

  upTo(position: bigint): StoredEvent[] {
    const later = this.#events.findIndex((event) => event.position > position);
    const ready = later < 0 ? this.#events : this.#events.slice(0, later);
    this.#events = later < 0 ? [] : this.#events.slice(later);
    return ready;
  }

  wait(complete: bigint): void {
    this.#ahead = this.#events.length > mostAhead && this.log.position > complete;
  }
}

const least = (parts: readonly Part[]): bigint =>
  parts.reduce((low, { log }) => (log.position < low ? log.position : low), parts[0]!.log.position);

const byPosition = (left: StoredEvent, right: StoredEvent): number => (left.position < right.position ? -1 : 1);

/** A topic that was filled from another store, or from this one before it was put back, is not folded into the views. */
async function assertKnown(
  topic: string,
  store: Pick<EventStore, 'readAll'>,
  { id, position, stream, revision }: StoredEvent,
): Promise<void> {
  for await (const found of store.readAll({ from: position, maxCount: 1 }))
    if (found.position === position && found.id === id && found.stream === stream && found.revision === revision)
      return;
  throw new UnfitSource(`${topic} is not of this event store: the store has no event ${id} at position ${position}`);
}
