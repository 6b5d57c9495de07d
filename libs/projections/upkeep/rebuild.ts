import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import type { EventStore } from '#libs/event-store';
import {
  completeGeneration,
  dropGeneration,
  OtherBuild,
  listGenerations,
  rebuildGeneration,
  switchGeneration,
  type Generation,
} from '../core/registry.js';
import type { View } from '../core/view.js';
import { Filler } from './filler.js';
import { headOf, storeSource, type EventSource } from './source.js';
import { foldInThreads, threadsFor } from './threads.js';

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
  /** Ids of the events that the view passes by, as decided ({@link readSkipped}). */
  readonly skipped?: ReadonlySet<string>;
  readonly signal?: AbortSignal;
  readonly progress?: (progress: Progress) => void;
  /** Threads among which a segment file is shared out; default: one a core, at most 4, and none for a small file. */
  readonly threads?: number;
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
    const work = await Work.begin(options, generation, 'filling');
    const stopped = () => ({ generation, events: work.events, outcome: 'stopped' as const });
    if (generation.rebuild === 'bare') {
      if (options.source !== undefined) await work.fold(options.source, signal);
      if (!signal.aborted) await work.fold(storeSource(store), signal);
      if (signal.aborted) return stopped();
      await work.at('indexing');
      generation = await completeGeneration(pool, view, generation);
    }
    await work.go(generation, 'catching up');
    await work.fold(storeSource(store), signal);
    if (signal.aborted) return stopped();
    return { generation: await handOver(options, generation, work), events: work.events, outcome: 'switched' };
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
    const work = await Work.begin(options, before, 'catching up');
    await work.fold(storeSource(store), signal);
    if (signal.aborted) return { generation: before, events: work.events, outcome: 'stopped' };
    return { generation: await handOver(options, before, work), events: work.events, outcome: 'switched' };
  });
}

/**
 * Removes a generation that is not live.
 * @throws NotPossible when there is none of that number, it is live, or somebody fills or repairs the view just now
 */
export async function removeGeneration(options: {
  readonly pool: Pool;
  readonly view: View;
  readonly generation: number;
}): Promise<void> {
  const { pool, view, generation } = options;
  await exclusively(pool, view, async () => {
    const all = await listGenerations(pool, view.name);
    const found = all.find((each) => each.generation === generation);
    if (found === undefined) {
      const numbers = all.map((each) => each.generation).join(', ');
      throw new NotPossible(`view ${view.name} has no generation ${generation}; it has ${numbers || 'none'}`);
    }
    if (found.status === 'live')
      throw new NotPossible(
        `generation ${generation} of ${view.name} is live: a rebuild or undo makes another one live`,
      );
    await dropGeneration(pool, view.name, generation);
  });
}

const switchAttempts = 20;

async function handOver(options: RebuildOptions, generation: Generation, work: Work): Promise<Generation> {
  const { pool, view, store } = options;
  await work.at('switching');
  for (let attempt = 1; ; attempt += 1) {
    try {
      const foldToHead = () => work.fold(storeSource(store), new AbortController().signal);
      return await switchGeneration(pool, view, generation, foldToHead);
    } catch (error) {
      // 55P03, 40P01: a reader holds what is to be replaced. Those who wait behind us are let through first.
      const code = String((error as { readonly code?: unknown }).code);
      if (attempt >= switchAttempts || !['55P03', '40P01'].includes(code)) throw error;
      await sleep(50 + Math.random() * 50 * attempt);
    }
  }
}

/** Folds sources into a generation, phase by phase, and says how far it is. */
class Work {
  events = 0;
  #phase: Progress['phase'] = 'filling';
  #source = '';
  #head = -1n;

  private constructor(
    private readonly options: RebuildOptions,
    private generation: Generation,
    private filler: Filler,
  ) {}

  static async begin(options: RebuildOptions, generation: Generation, phase: Progress['phase']): Promise<Work> {
    const work = new Work(options, generation, await Filler.open(options, generation));
    await work.at(phase);
    return work;
  }

  async go(generation: Generation, phase: Progress['phase']): Promise<void> {
    this.generation = generation;
    this.filler = await Filler.open(this.options, generation);
    await this.at(phase);
  }

  async at(phase: Progress['phase']): Promise<void> {
    this.#phase = phase;
    this.#head = (await headOf(this.options.store)) ?? -1n;
    this.#report();
  }

  async fold(source: EventSource, signal: AbortSignal): Promise<void> {
    this.#source = source.name;
    const { options, generation } = this;
    const { segment } = source;
    const threads = await threadsFor(options, generation, source, options.threads);
    if (threads < 2 || segment === undefined) {
      return this.filler.fold(source, signal, (events) => this.#report(events));
    }
    const written = (events: number, position: bigint): void => this.#report(events, position);
    const after = this.filler.resumeAfter();
    await foldInThreads({ ...options, generation, source: { ...source, segment }, threads, after, signal, written });
    await this.filler.reload();
  }

  #report(events = 0, position = this.filler.positionOf({})): void {
    this.events += events;
    const { options } = this;
    options.progress?.({
      phase: this.#phase,
      source: this.#source,
      events: this.events,
      position,
      head: this.#head,
    });
  }
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
