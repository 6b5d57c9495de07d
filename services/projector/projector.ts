import { setMaxListeners } from 'node:events';
import type { Pool } from 'pg';
import type { EventStore, FanOut, SubscriptionItem } from '#libs/event-store';
import {
  allViews,
  clockView,
  livePositions,
  migrateRegistry,
  NotYet,
  openGeneration,
  switchGeneration,
  ViewConsumer,
  type Delivery,
  type Generation,
  type Stop,
  type View,
} from '#libs/projections';
import { backoff, sleep } from './backoff.js';
import { deliver } from './deliver.js';
import { ViewRunner } from './runner.js';

export interface ProjectorOptions {
  readonly pool: Pool;
  /** The process's one subscription… */
  readonly fanOut?: Pick<FanOut, 'subscribe'>;
  /** …or a store to subscribe to. */
  readonly store?: Pick<EventStore, 'subscribeAll'>;
  /** Default: every view. */
  readonly views?: readonly View[];
  /** Virtual partitions, by the hash of the stream: as many as the Kafka topic has or will have. Default 8. */
  readonly partitions?: number;
  /** Most events in one transaction. Default 4,000. */
  readonly batchSize?: number;
  /** Least milliseconds between two batches of a view under load. Default 100. */
  readonly lingerMs?: number;
  /** A recorded decision to pass over a poison event. */
  readonly isReleased?: (event: Delivery['event'], view: string) => boolean;
  /** A partition has stopped and waits for a recorded decision. */
  readonly onAlarm?: (stop: Stop) => void;
  /** Called when the store or the database fails; the projector retries by itself. */
  readonly onTrouble?: (trouble: { readonly where: string; readonly error: unknown; readonly attempt: number }) => void;
}

export interface ViewStatus {
  readonly view: string;
  readonly generation: number;
  readonly status: Generation['status'];
  readonly position: bigint;
  /** Greatest time of recording in the tables; empty when there is none. */
  readonly recordedAt: string;
  readonly stops: readonly Stop[];
  readonly trouble: string | undefined;
}

export interface Projector {
  /** Opens the generations and begins to fold. Resolves when the views can be read (not when they are complete). */
  start(): Promise<void>;
  /** Ends after the batches that are being written. */
  stop(): Promise<void>;
  /** Position of each view as its readers see it; -1: nothing yet. */
  positions(): ReadonlyMap<string, bigint>;
  /** The least position of these views (default: all): what a query may pin. */
  position(views?: readonly string[]): bigint;
  /** Resolves when these views (default: all) show this position. @throws NotYet after `timeoutMs` */
  waitFor(position: bigint, timeoutMs: number, views?: readonly string[]): Promise<void>;
  /** Calls back after positions have moved; returns how to end that. */
  onAdvance(listener: () => void): () => void;
  /** Stopped partitions, each with the event, the view and the error. */
  alarms(): readonly Stop[];
  status(): readonly ViewStatus[];
  /** Last position received from the store; -1 before the first. */
  received(): bigint;
  /** Why a view does not get on at the moment. */
  readonly trouble: string | undefined;
}

interface Fed {
  readonly view: View;
  readonly runner: ViewRunner;
  generation: Generation;
  /** This build's generation is still being filled; readers see the one before, which stays at `liveAt`. */
  isBuilding: boolean;
  isSwitching: boolean;
  liveAt: bigint;
}

/** Folds the event store's subscription into every view, through the consumer code that Kafka feeds as well. */
export function createProjector(options: ProjectorOptions): Projector {
  return new StoreProjector(options);
}

class StoreProjector implements Projector {
  #fed: Fed[] = [];
  #received = -1n;
  #isCaughtUp = false;
  readonly #abort = newAbort();
  readonly #listeners = new Set<() => void>();
  #running: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: ProjectorOptions) {}

  async start(): Promise<void> {
    const { pool, partitions = 8 } = this.options;
    await migrateRegistry(pool);
    for (const view of this.options.views ?? allViews) {
      const generation = await openGeneration(pool, view, partitions);
      const consumer = new ViewConsumer(pool, view, generation, {
        clock: view === clockView,
        ...(this.options.isReleased && { isReleased: this.options.isReleased }),
        ...(this.options.onAlarm && { onStop: this.options.onAlarm }),
      });
      await consumer.load();
      const fed: Fed = {
        view,
        generation,
        isBuilding: generation.status !== 'live',
        isSwitching: false,
        liveAt: -1n,
        runner: this.#runner(consumer, () => void this.#advanced(fed)),
      };
      this.#fed.push(fed);
    }
    const live = await livePositions(pool);
    for (const fed of this.#fed) fed.liveAt = live.get(fed.view.name) ?? -1n;
    const { signal } = this.#abort;
    this.#running = Promise.all([this.#feed(signal), ...this.#fed.map(({ runner }) => runner.run(signal))]);
  }

  #runner(consumer: ViewConsumer, onAdvance: () => void): ViewRunner {
    const where = consumer.view.name;
    return new ViewRunner(consumer, {
      batchSize: this.options.batchSize ?? 4_000,
      // Each view a little later than the one before, so that under load they do not all write in one moment.
      lingerMs: (this.options.lingerMs ?? 100) * (1 + this.#fed.length / 16),
      sleep,
      onAdvance,
      onTrouble: (error, attempt) => this.options.onTrouble?.({ where, error, attempt }),
    });
  }

  async #feed(signal: AbortSignal): Promise<void> {
    const { fanOut, store } = this.options;
    if (fanOut === undefined && store === undefined) throw new Error('createProjector: neither fanOut nor store');
    const starts = this.#fed.map(({ runner }) => runner.consumer.resumeAfter());
    this.#received = starts.reduce((low, position) => (position < low ? position : low), starts[0] ?? -1n);
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        const after = this.#received < 0n ? {} : { after: this.#received };
        const items = fanOut?.subscribe({ ...after, signal }) ?? store!.subscribeAll({ ...after, signal });
        for await (const item of items) {
          // What the client has read ahead comes after the end too.
          if (signal.aborted) return;
          attempt = 0;
          await this.#take(item);
        }
      } catch (error) {
        if (signal.aborted) return;
        this.options.onTrouble?.({ where: 'event store', error, attempt });
      }
      await sleep(backoff(Math.max(attempt, 1)), signal);
    }
  }

  async #take(item: SubscriptionItem): Promise<void> {
    if (item.kind === 'caught-up') {
      this.#isCaughtUp = true;
      for (const fed of this.#fed) await this.#advanced(fed);
      return;
    }
    if (item.kind === 'checkpoint') {
      if (item.position > this.#received) this.#received = item.position;
      for (const { runner } of this.#fed) runner.mark(item.position);
      return;
    }
    const delivery = deliver(item.event);
    for (const { runner } of this.#fed) await runner.room();
    for (const { runner } of this.#fed) runner.push(delivery);
    if (item.event.position > this.#received) this.#received = item.event.position;
  }

  /** A generation that has caught up with the live one takes its place. */
  async #advanced(fed: Fed): Promise<void> {
    const { consumer } = fed.runner;
    if (fed.isBuilding && !fed.isSwitching && this.#isCaughtUp && consumer.position() >= fed.liveAt) {
      fed.isSwitching = true;
      try {
        fed.generation = await switchGeneration(this.options.pool, fed.view, fed.generation);
        fed.isBuilding = false;
      } catch (error) {
        this.options.onTrouble?.({ where: fed.view.name, error, attempt: 1 });
      }
      fed.isSwitching = false;
    }
    for (const listener of this.#listeners) listener();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  positions(): ReadonlyMap<string, bigint> {
    return new Map(this.#fed.map((fed) => [fed.view.name, visible(fed)]));
  }

  position(views?: readonly string[]): bigint {
    const positions = [...this.positions()].filter(([name]) => views === undefined || views.includes(name));
    return positions.reduce((low, [, position]) => (position < low ? position : low), positions[0]?.[1] ?? -1n);
  }

  async waitFor(position: bigint, timeoutMs: number, views?: readonly string[]): Promise<void> {
    if (this.position(views) >= position) return;
    await new Promise<void>((resolve, reject) => {
      const unsubscribe = this.onAdvance(() => {
        if (this.position(views) < position) return;
        clearTimeout(timer);
        unsubscribe();
        resolve();
      });
      const timer = setTimeout(() => {
        unsubscribe();
        const stopped = [...new Set(this.alarms().map(({ view }) => view))];
        reject(new NotYet(position, this.position(views), stopped));
      }, timeoutMs);
    });
  }

  onAdvance(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  alarms(): readonly Stop[] {
    return this.#fed.flatMap(({ runner }) => runner.consumer.stops());
  }

  status(): readonly ViewStatus[] {
    return this.#fed.map((fed) => ({
      view: fed.view.name,
      generation: fed.generation.generation,
      status: fed.generation.status,
      position: visible(fed),
      recordedAt: fed.runner.consumer.recordedAt(),
      stops: fed.runner.consumer.stops(),
      trouble: fed.runner.trouble,
    }));
  }

  received(): bigint {
    return this.#received;
  }

  get trouble(): string | undefined {
    const troubled = this.#fed.find(({ runner }) => runner.trouble !== undefined);
    return troubled && `${troubled.view.name}: ${troubled.runner.trouble}`;
  }
}

/** Every view, and every pause of one, listens to it: more than the ten that Node takes for a leak. */
function newAbort(): AbortController {
  const abort = new AbortController();
  setMaxListeners(0, abort.signal);
  return abort;
}

function visible({ isBuilding, liveAt, runner }: Fed): bigint {
  return isBuilding ? liveAt : runner.consumer.position();
}
