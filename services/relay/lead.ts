import { StoreUnavailable, streamOf } from '#libs/event-store';
import type { PlacedEvent, StoredEvent, SubscriptionItem } from '#libs/event-store';
import { BrokerUnavailable, watermarkRecord } from '#libs/messaging';
import type { Messaging, Outgoing } from '#libs/messaging';
import { leaseSeconds, renewLease } from './lease.js';
import type { Lease } from './lease.js';
import { createQueue } from './queue.js';
import type { Queue } from './queue.js';
import type { RelayOptions, RelayState } from './relay.js';

/** Milliseconds between two renewals of the lease with what Kafka has acknowledged; so much is sent twice after a kill. */
const saveMs = 250;
/** An idle relay renews its lease so often. */
const idleRenewalMs = (leaseSeconds * 1000) / 4;
/** A relay that is behind waits so long for half a batch. */
const lingerMs = 20;
/** It is behind while it catches up, and as long as this part of a batch comes together by itself. */
const behindPart = 1 / 8;
/** Bytes of one publish: a batch of one partition must fit into one message set of the broker. */
const batchBytes = 2 << 20;

type Item = SubscriptionItem | PlacedEvent;

/** Relays for as long as the lease is its own. @throws LeaseLost, and what the store, the broker or the database throw */
export async function lead(
  { store, messaging, pool, topic, partitionOf, batchSize = 2_000 }: RelayOptions,
  { id, epoch, position: from, holder }: Lease & { readonly holder: string },
  signal: AbortSignal,
  change: (part: Partial<RelayState>) => void,
): Promise<void> {
  const publisher = await messaging.publisher();
  const stop = new AbortController();
  const until = AbortSignal.any([signal, stop.signal]);
  const queue = createQueue<Item>({ items: batchSize * 2, bytes: batchBytes, sizeOf: bytesOf });
  const reading = read(store, from, until, queue);
  const relay = { id, epoch };

  const publish = (items: readonly Item[], after: bigint, position: bigint) => {
    const parts = Array.from({ length: topic.partitions }, (): (StoredEvent | PlacedEvent)[] => []);
    for (const item of items)
      if (item.kind === 'placed') parts[partitionOf(streamOf(item), topic.partitions)]!.push(item);
      else if (item.kind === 'event') parts[partitionOf(item.event.stream, topic.partitions)]!.push(item.event);
    const records: Outgoing[] = [];
    for (const [partition, events] of parts.entries()) {
      if (events.length > 0) records.push({ partition, events, relay });
      records.push(watermarkRecord({ ...relay, after, position, events: events.length }, partition));
    }
    return publisher.publish(topic.topic, records);
  };

  // One request is in flight, and the next one encoded: what comes after that waits in the queue.
  const underway: Promise<void>[] = [];
  let failed: { readonly error: unknown } | undefined;
  const settled = async (most: number): Promise<void> => {
    while (underway.length > most) await underway.shift();
    if (failed) throw failed.error;
  };

  try {
    let acknowledged = from ?? -1n;
    let sent = acknowledged;
    // The consumers learn the new epoch before the first event of it: a zombie's records are dropped from here on.
    await publish([], acknowledged, acknowledged);
    await renewLease(pool, topic.topic, holder, epoch, from);
    let events = 0;
    let saved = { at: Date.now(), position: acknowledged };
    const tell = (recordedAt?: string) => {
      const caughtUp = reading.live && queue.size === 0 && acknowledged === sent;
      change({ status: 'leading', epoch, position: acknowledged, events, caughtUp, ...(recordedAt && { recordedAt }) });
    };
    let isBehind = true;
    while (!until.aborted) {
      // A batch of few costs as much as one of many; who has caught up does not wait for company.
      const batch: readonly Item[] | undefined = isBehind
        ? await queue.take(batchSize, lingerMs, batchSize / 2)
        : await queue.take(batchSize, saveMs);
      if (batch === undefined) break;
      isBehind = !reading.live || batch.length >= batchSize * behindPart;
      const last = lastTime(batch);
      const position = lastPosition(batch);
      if (position !== undefined && position > sent) {
        const count = batch.reduce((sum, { kind }) => sum + (isEvent(kind) ? 1 : 0), 0);
        const published = publish(batch, sent, position).then(
          () => {
            acknowledged = position;
            events += count;
            tell(last);
          },
          (error: unknown) => {
            failed ??= { error };
          },
        );
        underway.push(published);
        sent = position;
      } else if (batch.length > 0) tell();
      await settled(1);
      const idle = Date.now() - saved.at;
      // Nothing else would tell an idle relay that what it has sent is gone.
      if (idle > idleRenewalMs && (await isUntouched(messaging, topic.topic)))
        throw new BrokerUnavailable(`topic ${topic.topic} was made anew`);
      if (idle > idleRenewalMs || (idle >= saveMs && acknowledged !== saved.position)) {
        await renewLease(pool, topic.topic, holder, epoch, acknowledged < 0n ? undefined : acknowledged);
        saved = { at: Date.now(), position: acknowledged };
      }
    }
    await settled(0);
    if (acknowledged !== saved.position) await renewLease(pool, topic.topic, holder, epoch, acknowledged);
  } finally {
    stop.abort();
    queue.end();
    await publisher.close().catch(() => undefined);
    await reading.ended;
  }
}

interface Reading {
  /** The subscription has been at the store's end and has followed it since. */
  live: boolean;
  ended: Promise<void>;
}

/** Fills the queue from the subscription; a fault of the store comes out of `queue.take`. */
function read(
  store: RelayOptions['store'],
  after: bigint | undefined,
  signal: AbortSignal,
  queue: Queue<Item>,
): Reading {
  const reading: Reading = { live: false, ended: Promise.resolve() };
  reading.ended = (async () => {
    try {
      for await (const items of store.subscribeInPlace({ ...(after !== undefined && { after }), signal }))
        for (const item of items) {
          if (item.kind === 'caught-up') reading.live = true;
          const room = queue.put(item);
          if (room) await room;
        }
      if (signal.aborted) queue.end();
      else queue.fail(new StoreUnavailable('the subscription ended'));
    } catch (error) {
      queue.fail(error);
    }
  })();
  return reading;
}

function lastPosition(batch: readonly Item[]): bigint | undefined {
  for (let index = batch.length - 1; index >= 0; index -= 1) {
    const item = batch[index]!;
    if (item.kind === 'placed') return BigInt(item.position);
    if (item.kind === 'event') return item.event.position;
    if (item.kind === 'checkpoint') return item.position;
  }
  return undefined;
}

/** When the last event of a batch was recorded. */
function lastTime(batch: readonly Item[]): string | undefined {
  const item = batch.findLast(({ kind }) => isEvent(kind));
  return item?.kind === 'placed' ? item.recordedAt : item?.kind === 'event' ? item.event.recordedAt : undefined;
}

const isEvent = (kind: Item['kind']): boolean => kind === 'placed' || kind === 'event';

function bytesOf(item: Item): number {
  if (item.kind === 'placed') return item.dataTo - item.dataFrom + (item.metadataTo - item.metadataFrom) + 500;
  return item.kind === 'event' ? item.event.data.length + item.event.metadata.length + 500 : 0;
}

/** Who leads writes to every partition before it saves a position: where there is none, the topic was made anew. */
export async function isUntouched(messaging: Messaging, topic: string): Promise<boolean> {
  const ends = await messaging.endOffsets(topic);
  return [...ends.values()].some((end) => end === 0n);
}
