import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { StoreUnavailable } from '#libs/event-store';
import type { EventStore, StoredEvent } from '#libs/event-store';
import { BrokerUnavailable, eventRecord, watermarkRecord } from '#libs/messaging';
import type { Messaging, Publisher, TopicSettings } from '#libs/messaging';
import { acquireLease, createLeaseTable, leaseSeconds, LeaseLost, releaseLease, renewLease } from './lease.js';
import { createQueue } from './queue.js';

export interface RelayOptions {
  readonly store: EventStore;
  readonly messaging: Messaging;
  readonly pool: Pool;
  readonly topic: TopicSettings;
  /** The partition of a stream: the same function as the consumers' virtual partitions. */
  readonly partitionOf: (stream: string, partitions: number) => number;
  /** Events in one publish; 1,000 unless told. */
  readonly batchSize?: number;
  readonly onState?: (state: RelayState) => void;
}

export interface RelayState {
  readonly status: 'starting' | 'standing-by' | 'leading' | 'store-away' | 'broker-away' | 'database-away' | 'stopped';
  readonly epoch?: bigint;
  /** Last position that Kafka has acknowledged. */
  readonly position?: bigint;
  readonly events: number;
  readonly error?: string;
}

export interface Relay {
  readonly state: RelayState;
  close(): Promise<void>;
}

/** Milliseconds between tries while a neighbour is away: doubling, with jitter, at most the last. */
const pause = { first: 100, last: 5_000 };
/** A partition without events learns within this time that the log has moved on. */
const idleWatermarkMs = 250;

/** $all to Kafka by one fenced writer: at least once, in order; with the consumers' deduplication exactly once. */
export function startRelay(options: RelayOptions): Relay {
  const holder = randomUUID();
  const abort = new AbortController();
  const { topic } = options;
  let state: RelayState = { status: 'starting', events: 0 };
  const change = (part: Partial<RelayState>) => {
    state = { ...state, error: undefined, ...part };
    options.onState?.(state);
  };

  const running = (async () => {
    let wait = pause.first;
    while (!abort.signal.aborted) {
      try {
        await createLeaseTable(options.pool);
        await options.messaging.ensureTopic(topic);
        const lease = await acquireLease(options.pool, topic.topic, holder);
        if (lease) {
          wait = pause.first;
          change({ status: 'leading', epoch: lease.epoch, position: lease.position });
          await lead(options, holder, lease.epoch, lease.position, abort.signal, change);
        } else change({ status: 'standing-by' });
      } catch (error) {
        if (error instanceof LeaseLost) change({ status: 'standing-by', error: error.message });
        else change({ status: awayOf(error), error: error instanceof Error ? error.message : String(error) });
      }
      await sleep(wait * (0.5 + Math.random()), abort.signal);
      wait = Math.min(wait * 2, state.status === 'standing-by' ? (leaseSeconds * 1000) / 4 : pause.last);
    }
    if (state.epoch) await releaseLease(options.pool, topic.topic, holder, state.epoch).catch(() => undefined);
    change({ status: 'stopped' });
  })();

  return {
    get state() {
      return state;
    },
    async close() {
      abort.abort();
      await running;
    },
  };
}

async function lead(
  { store, messaging, pool, topic, partitionOf, batchSize = 1_000 }: RelayOptions,
  holder: string,
  epoch: bigint,
  from: bigint | undefined,
  signal: AbortSignal,
  change: (part: Partial<RelayState>) => void,
): Promise<void> {
  const publisher = await messaging.publisher();
  const stop = new AbortController();
  const until = AbortSignal.any([signal, stop.signal]);
  const queue = createQueue<StoredEvent | { readonly checkpoint: bigint }>(batchSize * 4);
  const reading = read(store, from, until, queue);
  const partitions = Array.from({ length: topic.partitions }, (_, partition) => partition);
  const publish = (events: readonly StoredEvent[], position: bigint) =>
    publisher.publish(topic.topic, [
      ...events.map((event) => eventRecord(event, epoch, partitionOf(event.stream, topic.partitions))),
      ...partitions.map((partition) => watermarkRecord(position, epoch, partition)),
    ]);
  try {
    // The consumers learn the new epoch before the first event of it: a zombie's records are dropped from here on.
    await publish([], from ?? 0n);
    let acknowledged = from;
    let events = 0;
    let saved = Date.now();
    while (!until.aborted) {
      const batch = await queue.take(batchSize, idleWatermarkMs);
      if (batch === undefined) break;
      const relayed = batch.filter((item): item is StoredEvent => 'stream' in item);
      const last = batch.at(-1);
      if (last) {
        acknowledged = 'stream' in last ? last.position : last.checkpoint;
        await publish(relayed, acknowledged);
        events += relayed.length;
        change({ status: 'leading', epoch, position: acknowledged, events });
      }
      if (last || Date.now() - saved > (leaseSeconds * 1000) / 4) {
        await renewLease(pool, topic.topic, holder, epoch, acknowledged);
        saved = Date.now();
      }
    }
  } finally {
    stop.abort();
    queue.end();
    await quietly(publisher);
    await reading;
  }
}

/** Fills the queue from the subscription; a fault of the store comes out of `queue.take`. */
async function read(
  store: EventStore,
  after: bigint | undefined,
  signal: AbortSignal,
  queue: ReturnType<typeof createQueue<StoredEvent | { readonly checkpoint: bigint }>>,
): Promise<void> {
  try {
    for await (const item of store.subscribeAll({ after, signal })) {
      if (item.kind === 'event') await queue.put(item.event);
      else if (item.kind === 'checkpoint') await queue.put({ checkpoint: item.position });
    }
    queue.fail(new StoreUnavailable('the subscription ended'));
  } catch (error) {
    queue.fail(error);
  }
}

async function quietly(publisher: Publisher): Promise<void> {
  await publisher.close().catch(() => undefined);
}

function awayOf(error: unknown): RelayState['status'] {
  if (error instanceof StoreUnavailable) return 'store-away';
  if (error instanceof BrokerUnavailable) return 'broker-away';
  return 'database-away';
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => resolve(clearTimeout(timer)), { once: true });
  });
}
