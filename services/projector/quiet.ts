import { relayedItem } from '#libs/messaging';
import type { IncomingRecord, Messaging } from '#libs/messaging';

/** How many records before its end are looked at: the last ones may be foreign. */
const lookedAt = 20n;

/**
 * The highest position that the last records of each partition name; absent where they name none. What a group has
 * committed says where reading goes on, and nothing of what the database has: one that was restored from a backup is
 * behind it, and where no record comes any more it would stay so.
 */
export async function lastPositions(
  messaging: Pick<Messaging, 'endOffsets' | 'fetch'>,
  topic: string,
  partitions: readonly number[],
): Promise<ReadonlyMap<number, bigint>> {
  const ends = await messaging.endOffsets(topic);
  const offsets = partitions.flatMap((partition): [number, bigint][] => {
    const end = ends.get(partition) ?? 0n;
    return end === 0n ? [] : [[partition, end > lookedAt ? end - lookedAt : 0n]];
  });
  const found = offsets.length === 0 ? new Map<number, never[]>() : await messaging.fetch(topic, new Map(offsets));
  return new Map(
    [...found].flatMap(([partition, records]): [number, bigint][] => {
      const highest = records.map(positionOf).reduce((most, one) => (one > most ? one : most), -1n);
      return highest < 0n ? [] : [[partition, highest]];
    }),
  );
}

function positionOf(record: IncomingRecord): bigint {
  try {
    const item = relayedItem(record);
    return item.kind === 'event' ? item.event.position : item.position;
  } catch {
    return -1n;
  }
}
