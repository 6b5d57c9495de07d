import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import {
  decodeAgain,
  decodeEvent,
  type EventStore,
  type RecordedAssayEvent,
  type StoredEvent,
} from '#libs/event-store';
import { Stopped, ViewConsumer, type ConsumerOptions } from '../core/consumer.js';
import type { Batch, Delivery } from '../core/delivery.js';
import { partitionOf } from '../core/partition.js';
import {
  completeGeneration,
  OtherBuild,
  listGenerations,
  rebuildGeneration,
  switchGeneration,
  type Generation,
} from '../core/registry.js';
import { writeStop } from '../core/store.js';
import { handles, type View } from '../core/view.js';
import type { Queryable } from '../core/writer.js';
import { clockView } from '../views.js';
import { headOf, storeSource, type EventSource } from './source.js';

export interface Progress {
  readonly phase: 'filling' | 'indexing' | 'catching up' | 'switching';
  /** Where the events come from. */
  readonly source: string;
  /** Events folded by this run. */
  readonly events: number;
  /** Everything at or before it is in the generation. */
  readonly position: bigint;
  /** Of the last event in the store when the phase began. */
  readonly head: bigint;
}

export interface RebuildOptions {
  readonly pool: Pool;
  readonly view: View;
  readonly store: Pick<EventStore, 'readAll'>;
  /** Read first; the store has what comes after it. */
  readonly source?: EventSource;
  readonly isReleased?: ConsumerOptions['isReleased'];
  readonly signal?: AbortSignal;
  readonly progress?: (progress: Progress) => void;
}

export interface Rebuilt {
  readonly generation: Generation;
  readonly events: number;
  /** `stopped`: the signal came; run it again and it goes on. */
  readonly outcome: 'switched' | 'stopped';
}

/** The view has no live generation, another rebuild of it runs, or there is nothing to go back to. */
export class NotPossible extends Error {
  override readonly name = 'NotPossible';
  readonly code = 'NotPossible';
}

/**
 * Fills the next generation of a view beside the live one and switches to it. What was begun is taken up again: each
 * batch and its position are one transaction. Readers read on, and a projector that runs elsewhere follows.
 * @throws Stopped when an event cannot be folded: the generation stays, and waits for a release or another build
 */
export async function rebuildView(options: RebuildOptions): Promise<Rebuilt> {
  const { pool, view, store, signal = new AbortController().signal } = options;
  return exclusively(pool, view, async () => {
    const live = (await listGenerations(pool, view.name)).find(({ status }) => status === 'live');
    if (live === undefined) throw new NotPossible(`view ${view.name} has no generation yet: start the projector first`);
    if (live.version > view.version) throw new OtherBuild(view, live, live.partitions);
    await options.source?.check?.();
    let generation = await rebuildGeneration(pool, view, live.partitions);
    await forgetStops(pool, generation);
    const filler = await Filler.open(options, generation, 'filling');
    const stopped = () => ({ generation, events: filler.events, outcome: 'stopped' as const });
    if (generation.rebuild === 'bare') {
      if (options.source !== undefined) await filler.fold(options.source, signal);
      if (!signal.aborted) await filler.fold(storeSource(store), signal);
      if (signal.aborted) return stopped();
      await filler.at('indexing');
      generation = await completeGeneration(pool, view, generation);
    }
    await filler.go(generation, 'catching up');
    await filler.fold(storeSource(store), signal);
    if (signal.aborted) return stopped();
    return { generation: await handOver(options, generation, filler), events: filler.events, outcome: 'switched' };
  });
}

/**
 * Goes back to the generation that was live before. It has stood still since, and is caught up first; from then on it
 * is the one that the projector feeds.
 */
export async function undoView(options: Omit<RebuildOptions, 'source'>): Promise<Rebuilt> {
  const { pool, view, store, signal = new AbortController().signal } = options;
  return exclusively(pool, view, async () => {
    const generations = await listGenerations(pool, view.name);
    const live = generations.find(({ status }) => status === 'live');
    const before = generations
      .filter(({ status }) => status === 'retired')
      .reduce<Generation | undefined>((last, next) => (last && last.switched > next.switched ? last : next), undefined);
    if (live === undefined || before === undefined)
      throw new NotPossible(`view ${view.name} has no generation to go back to`);
    if (before.version !== view.version || before.partitions !== live.partitions)
      throw new OtherBuild(view, before, live.partitions);
    const filler = await Filler.open(options, before, 'catching up');
    await filler.fold(storeSource(store), signal);
    if (signal.aborted) return { generation: before, events: filler.events, outcome: 'stopped' };
    return { generation: await handOver(options, before, filler), events: filler.events, outcome: 'switched' };
  });
}

const switchAttempts = 20;

async function handOver(options: RebuildOptions, generation: Generation, filler: Filler): Promise<Generation> {
  const { pool, view, store } = options;
  await filler.at('switching');
  for (let attempt = 1; ; attempt += 1) {
    try {
      const foldToHead = () => filler.fold(storeSource(store), new AbortController().signal);
      return await switchGeneration(pool, view, generation, foldToHead);
    } catch (error) {
      // 55P03, 40P01: a reader holds what is to be replaced. Those who wait behind us are let through first.
      const code = String((error as { readonly code?: unknown }).code);
      if (attempt >= switchAttempts || !['55P03', '40P01'].includes(code)) throw error;
      await sleep(50 + Math.random() * 50 * attempt);
    }
  }
}

/** Folds sources into one generation. */
class Filler {
  events = 0;
  #phase: Progress['phase'] = 'filling';
  #source = '';
  #head = -1n;
  /** By partition, the position of the live generation of the same definition; empty: there is none. */
  #known: readonly bigint[] = [];
  /** A fold has failed in the middle: what the consumer knows may be ahead of what is stored. */
  #isLost = false;

  private constructor(
    private readonly options: RebuildOptions,
    private consumer: ViewConsumer,
  ) {}

  /** The live generation of the same definition has folded it, and its bytes are the same: it was decoded then. */
  #isKnown({ position, stream }: StoredEvent): boolean {
    const { length } = this.#known;
    return length > 0 && position <= this.#known[partitionOf(stream, length)]!;
  }

  static async open(options: RebuildOptions, generation: Generation, phase: Progress['phase']): Promise<Filler> {
    const filler = new Filler(options, consumerOf(options, generation));
    filler.#known = await livePartitions(options);
    await filler.go(generation, phase);
    return filler;
  }

  async go(generation: Generation, phase: Progress['phase']): Promise<void> {
    this.consumer = consumerOf(this.options, generation);
    await this.consumer.load();
    await this.at(phase);
  }

  async at(phase: Progress['phase']): Promise<void> {
    this.#phase = phase;
    this.#head = (await headOf(this.options.store)) ?? -1n;
    this.#report();
  }

  async fold({ name, batches }: EventSource, signal: AbortSignal): Promise<void> {
    this.#source = name;
    const { view } = this.options;
    const isKnown = (event: StoredEvent): boolean => this.#isKnown(event);
    const source = batches(this.consumer.resumeAfter(), signal);
    const deliveries = async function* (): AsyncGenerator<Batch> {
      for await (const { events, watermark } of source) {
        if (signal.aborted) return;
        yield { deliveries: events.map((event) => new StoredDelivery(event, view, isKnown)), watermark };
      }
    };
    if (this.#isLost) await this.consumer.load();
    this.#isLost = true;
    try {
      await this.consumer.applyAll(deliveries(), (batch) => {
        this.events += batch.deliveries.length;
        this.#report();
      });
      this.#isLost = false;
    } catch (error) {
      if (error instanceof Stopped) await writeStop(this.options.pool as unknown as Queryable, error.stop);
      throw error;
    }
  }

  #report(): void {
    this.options.progress?.({
      phase: this.#phase,
      source: this.#source,
      events: this.events,
      position: this.consumer.position(),
      head: this.#head,
    });
  }
}

function consumerOf({ pool, view, isReleased }: RebuildOptions, generation: Generation): ViewConsumer {
  return new ViewConsumer(pool, view, generation, {
    clock: view === clockView,
    stays: true,
    // What went live with a stopped partition may be gone back to.
    strict: generation.rebuild !== null,
    ...(isReleased && { isReleased }),
  });
}

/** Decoded when it is folded, and not kept: a rebuild feeds one view. */
class StoredDelivery implements Delivery {
  constructor(
    readonly event: StoredEvent,
    private readonly view: View,
    private readonly isKnown?: (event: StoredEvent) => boolean,
  ) {}

  decoded(): RecordedAssayEvent | undefined {
    if (!handles(this.view, this.event.type)) return undefined;
    return this.isKnown?.(this.event) === true ? decodeAgain(this.event) : decodeEvent(this.event);
  }
}

export function deliveryOf(event: StoredEvent, view: View): Delivery {
  return new StoredDelivery(event, view);
}

async function livePartitions({ pool, view }: RebuildOptions): Promise<readonly bigint[]> {
  const { rows } = await pool.query<{ position: string }>(
    `SELECT p.position FROM projection.generation AS g JOIN projection.partition AS p USING (view, generation)
     WHERE g.view = $1 AND g.status = 'live' AND g.version = $2 ORDER BY p.partition`,
    [view.name, view.version],
  );
  return rows.map(({ position }) => BigInt(position));
}

/** What stopped an earlier run is met again, or has been released, or this build can fold it. */
async function forgetStops(pool: Pool, { view, generation }: Generation): Promise<void> {
  await pool.query('DELETE FROM projection.stop WHERE view = $1 AND generation = $2', [view, generation]);
}

/** Any fixed number: the space of the locks of those who rebuild, among Postgres's advisory locks. */
export const rebuildLocks = 521_906;

/** One rebuild, undo or release of a view at a time; ends with the connection. */
export async function exclusively<T>(pool: Pool, view: View, work: () => Promise<T>): Promise<T> {
  const client: PoolClient = await pool.connect();
  const ignore = (): void => undefined;
  client.on('error', ignore);
  try {
    const { rows } = await client.query<{ locked: boolean }>(
      'SELECT pg_try_advisory_lock($1::integer, hashtext($2)) AS locked',
      [rebuildLocks, view.name],
    );
    if (!rows[0]!.locked) throw new NotPossible(`view ${view.name} is being rebuilt or repaired by somebody else`);
    try {
      return await work();
    } finally {
      await client.query('SELECT pg_advisory_unlock_all()').catch(() => undefined);
    }
  } finally {
    client.off('error', ignore);
    // Closed, not given back: with it goes the lock at the latest.
    client.release(true);
  }
}
