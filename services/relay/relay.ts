import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Pool } from 'pg';
import { StoreRefused, StoreUnavailable } from '#libs/event-store';
import type { ConnectedStore } from '#libs/event-store';
import { BrokerUnavailable, TopicMismatch } from '#libs/messaging';
import type { Messaging, TopicSettings } from '#libs/messaging';
import { assertSameStore, OtherStore } from '#libs/projections/timeline';
import { acquireLease, createLeaseTable, forgetPosition, leaseSeconds, LeaseLost, releaseLease } from './lease.js';
import { isUntouched, lead } from './lead.js';

export interface RelayOptions {
  readonly store: Pick<ConnectedStore, 'subscribeInPlace' | 'readAll'>;
  readonly messaging: Messaging;
  readonly pool: Pool;
  readonly topic: TopicSettings;
  /** The partition of a stream: the same function as the consumers' virtual partitions. */
  readonly partitionOf: (stream: string, partitions: number) => number;
  /** Most events in one publish; 2,000 unless told. */
  readonly batchSize?: number;
  /** How others call this relay; host and process unless told. */
  readonly name?: string;
  readonly onState?: (state: RelayState) => void;
}

export interface RelayState {
  /** `refused`: something is wrong that only a person can put right; it is tried again all the same. */
  readonly status:
    'starting' | 'standing-by' | 'leading' | 'store-away' | 'broker-away' | 'database-away' | 'refused' | 'stopped';
  readonly epoch?: bigint;
  /** Last position that Kafka has acknowledged. */
  readonly position?: bigint;
  /** Acknowledged by Kafka since this relay began to lead. */
  readonly events: number;
  /** When the last relayed event was recorded. */
  readonly recordedAt?: string;
  /** Everything that the store had is in Kafka. */
  readonly caughtUp: boolean;
  readonly error?: string;
}

export interface Relay {
  readonly state: RelayState;
  close(): Promise<void>;
}

/** Milliseconds between tries while a neighbour is away: doubling, with jitter, at most the last. */
const pause = { first: 100, last: 5_000 };

/** $all to Kafka by one fenced writer: at least once, in order; with the consumers' deduplication exactly once. */
export function startRelay(options: RelayOptions): Relay {
  const holder = randomUUID();
  const name = options.name ?? `${hostname()}:${process.pid}`;
  const abort = new AbortController();
  const { topic, pool, messaging, store } = options;
  let state: RelayState = { status: 'starting', events: 0, caughtUp: false };
  const change = (part: Partial<RelayState>) => {
    state = { ...state, error: undefined, ...part };
    options.onState?.(state);
  };

  /** Topic first, then lease; returns when it is over. @throws what is away */
  async function attempt(isPrepared: boolean, begun: () => void): Promise<void> {
    if (!isPrepared) await createLeaseTable(pool);
    // Behind another store's positions nothing would ever come.
    await assertSameStore(pool, store);
    const made = await messaging.ensureTopic(topic);
    const lease = await acquireLease(pool, topic.topic, holder, name);
    if (lease === undefined || !('id' in lease)) {
      const who = lease && `${lease.holder} relays with epoch ${lease.epoch} for ${Math.ceil(lease.seconds)} s more`;
      change({ status: 'standing-by', caughtUp: false, error: `there is one relay for ${topic.topic}: ${who ?? '?'}` });
      return;
    }
    begun();
    const { id, epoch } = lease;
    // Made anew by this relay, or by one that died of it or that stands by.
    const isNew = made === 'created' || (lease.position !== undefined && (await isUntouched(messaging, topic.topic)));
    if (isNew) await forgetPosition(pool, topic.topic, holder, epoch);
    const position = isNew ? undefined : lease.position;
    change({ status: 'leading', epoch, position, caughtUp: false });
    await lead(options, { id, epoch, position, holder }, abort.signal, change);
  }

  const running = (async () => {
    let wait = pause.first;
    let isPrepared = false;
    while (!abort.signal.aborted) {
      let begun: number | undefined;
      try {
        await attempt(isPrepared, () => (begun = performance.now()));
        isPrepared = true;
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        change({ status: statusOf(error), caughtUp: false, error: message });
      }
      // Who fails again at once takes no new epoch ten times a second.
      if (begun !== undefined && performance.now() - begun > pause.last) wait = pause.first;
      await sleep(wait * (0.5 + Math.random()), abort.signal);
      wait = Math.min(wait * 2, state.status === 'standing-by' ? (leaseSeconds * 1000) / 4 : pause.last);
    }
    if (state.epoch) await releaseLease(pool, topic.topic, holder, state.epoch).catch(() => undefined);
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

function statusOf(error: unknown): RelayState['status'] {
  if (error instanceof LeaseLost) return 'standing-by';
  if (error instanceof TopicMismatch || error instanceof StoreRefused || error instanceof OtherStore) return 'refused';
  if (error instanceof StoreUnavailable) return 'store-away';
  if (error instanceof BrokerUnavailable) return 'broker-away';
  // A fault of our own is nobody's absence.
  if (error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError) return 'refused';
  return 'database-away';
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done);
  });
}
