import type { StoredEvent } from '#libs/event-store';
import { eventRecord, watermarkRecord } from '#libs/messaging';
import type { RelayStamp } from '#libs/messaging';
import { partitionOf } from '#libs/projections';
import type { MemoryTopic } from '../../libs/messaging/testing-memory.js';

/** What a relay publishes for these events, the ones before them being there already. */
export function publishBatch(
  topic: MemoryTopic,
  events: readonly StoredEvent[],
  after: bigint,
  stamp: RelayStamp,
): void {
  const position = events.at(-1)?.position ?? after;
  const partitions = topic.records.length;
  const counts = Array.from({ length: partitions }, () => 0);
  for (const event of events) {
    const partition = partitionOf(event.stream, partitions);
    counts[partition]! += 1;
    topic.write([eventRecord(event, stamp, partition)]);
  }
  topic.write(
    counts.map((count, partition) => watermarkRecord({ ...stamp, after, position, events: count }, partition)),
  );
}
