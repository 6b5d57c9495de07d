import { setMaxListeners } from 'node:events';
import type { Pool } from 'pg';
import { decodeOwn } from '#libs/event-store';
import { TopicMismatch } from '#libs/messaging';
import type { IncomingRecord, Messaging, Subscription } from '#libs/messaging';
import { allViews, migrateRegistry } from '#libs/projections';
import type { Delivery, Stop, View } from '#libs/projections';
import { backoff, sleep } from './backoff.js';
import { deliver } from './deliver.js';
import { FedViews } from './fed-views.js';
import { leaseOf } from './lease-of.js';
import { PartitionLog } from './partition-log.js';
import type { PartitionGap, Taken } from './partition-log.js';
import { lastPositions } from './quiet.js';

export interface KafkaProjectorOptions {
  readonly pool: Pool;
  readonly messaging: Messaging;
  readonly topic: { readonly topic: string; readonly partitions: number };
  /** Projectors of one group share the partitions. Default: one group for each database. */
  readonly group?: string;
  /** Default: every view. */
  readonly views?: readonly View[];
  /** Most events in one transaction, give or take what one fetch brings. Default 4,000. */
  readonly batchSize?: number;
  /** Milliseconds after which a projector that hangs loses its partitions. Default 10,000. */
  readonly sessionTimeout?: number;
  /** Reads the recorded decisions to pass over poison events, before anything is folded. */
  readonly releases?: () => Promise<Released>;
  /** A neighbour fails; the projector retries by itself. */
  readonly onTrouble?: (trouble: { readonly where: string; readonly error: unknown; readonly attempt: number }) => void;
  /** A partition has stopped and waits for a recorded decision. */
  readonly onAlarm?: (stop: Stop) => void;
  /** A record of which nothing was used. */
  readonly onRefused?: (refused: {
    readonly partition: number;
    readonly offset: bigint;
    readonly error: Error;
  }) => void;
}

type Released = (event: Pick<Delivery['event'], 'id'>, view: string) => boolean;

export interface KafkaProjectorStatus {
  readonly status: 'starting' | 'waiting' | 'running' | 'stopped';
  /** What it waits for, or what has failed last. */
  readonly trouble: string | undefined;
  /** Partitions of this process. */
  readonly partitions: readonly number[];
  readonly gaps: readonly Pick<PartitionGap, 'message'>[];
  readonly stops: readonly Stop[];
  readonly views: readonly ViewLag[];
  /** Records by what became of them. */
  readonly records: Readonly<Record<Taken['kind'], number>>;
}

/** How far a view is behind the topic, in this process's partitions. */
export interface ViewLag {
  readonly view: string;
  readonly generation: number;
  readonly trouble: string | undefined;
  /** Events that wait in this process, and records that it has not read yet (watermarks count too). */
  readonly events: number;
  /** Age of the oldest event that waits; 0 when none does. */
  readonly seconds: number;
}

export interface KafkaProjector {
  /** Rejects when this process can never project: an older build, a topic of another shape. Else it never settles. */
  readonly failed: Promise<never>;
  status(): KafkaProjectorStatus;
  stop(): Promise<void>;
}

const chunkEvents = 1_000;
const commitEveryMs = 1_000;
/** How much older than a view's newest event the records are among which its place is looked for. */
const clockSlackMs = 600_000;

/** Reads the relay's topic as a member of a group, and folds it into every view. Any number may run. */
export function startKafkaProjector(options: KafkaProjectorOptions): KafkaProjector {
  return new GroupProjector(options);
}

class GroupProjector implements KafkaProjector {
  readonly failed: Promise<never>;
  readonly #views: FedViews;
  readonly #abort = newAbort();
  readonly #running: Promise<void>;
  #subscription: Subscription | undefined;
  #status: KafkaProjectorStatus['status'] = 'starting';
  #trouble: string | undefined;
  /** Counts the group's assignments: what belongs to an earlier one is of no use any more. */
  #assignment = 0;
  #assigned: readonly number[] = [];
  /** Partitions from which nothing has come since then, and that have not been looked at for it. */
  readonly #quiet = new Set<number>();
  #logs = new Map<number, PartitionLog>();
  #searches = new Map<number, number>();
  #gaps = new Map<number, PartitionGap>();
  #unread = new Map<number, bigint>();
  #written = new Map<number, bigint>();
  #isReleased: Released = () => false;
  readonly #counts = { waiting: 0, duplicate: 0, zombie: 0, batch: 0, foreign: 0, gap: 0 };

  constructor(private readonly options: KafkaProjectorOptions) {
    this.#views = new FedViews({
      pool: options.pool,
      views: options.views ?? allViews,
      partitions: options.topic.partitions,
      batchSize: options.batchSize ?? 4_000,
      isReleased: (event, view) => this.#isReleased(event, view),
      ...(options.onAlarm && { onAlarm: options.onAlarm }),
      onTrouble: (where, error, attempt) => this.#troubled(where, error, attempt),
      onBehind: () => void this.#rewind(),
    });
    let fail: (error: unknown) => void = () => undefined;
    this.failed = new Promise<never>((_, reject) => (fail = reject));
    this.failed.catch(() => undefined);
    this.#running = this.#run().catch(fail);
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    const { releases } = this.options;
    if (releases) await this.#insist('event store', async () => void (this.#isReleased = await releases()));
    await this.#insist('database', async () => {
      await migrateRegistry(this.options.pool);
      await this.#views.open();
    });
    await this.#insist('topic', () => this.#lookAtTopic());
    if (signal.aborted) return;
    const { messaging, topic, sessionTimeout } = this.options;
    const group = this.options.group ?? `assay-projector-${(await this.#lease())?.id ?? 'none'}`;
    await this.#insist('broker', async () => {
      this.#subscription = await messaging.subscribe(
        topic.topic,
        group,
        {
          assigned: (partitions) => this.#share(partitions),
          failed: (error) => this.#lost(error),
          startOffset: async () => undefined,
          handle: (partition, records, keepAlive, unread) => this.#handle(partition, records, keepAlive, unread),
        },
        sessionTimeout === undefined ? {} : { sessionTimeout },
      );
    });
    await Promise.all([this.#views.run(signal), this.#keep(signal)]);
  }

  /** Tries until it succeeds. @throws what no waiting can put right */
  async #insist(where: string, work: () => Promise<void>): Promise<void> {
    const { signal } = this.#abort;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      const before = this.#trouble;
      try {
        await work();
        if (this.#trouble === before) this.#trouble = undefined;
        return;
      } catch (error) {
        if (isFinal(error)) {
          this.#trouble = (error as Error).message;
          throw error;
        }
        this.#status = 'waiting';
        this.#troubled(where, error, attempt);
        await sleep(backoff(attempt), signal);
      }
    }
  }

  async #lookAtTopic(): Promise<void> {
    const { messaging, topic, pool } = this.options;
    const found = await messaging.partitions(topic.topic);
    if (found === undefined) throw new Error(`there is no topic ${topic.topic} yet: the relay makes it`);
    if (found !== topic.partitions)
      throw new TopicMismatch(`topic ${topic.topic}: ${found} partitions, configured are ${topic.partitions}`);
    if ((await leaseOf(pool, topic.topic)) === undefined)
      throw new Error(`no relay of this database has written to ${topic.topic} yet`);
  }

  #lease = () => leaseOf(this.options.pool, this.options.topic.topic);

  #troubled(where: string, error: unknown, attempt: number): void {
    this.#trouble = error instanceof Error ? error.message : String(error);
    this.options.onTrouble?.({ where, error, attempt });
  }

  #share(partitions: readonly number[]): void {
    this.#status = 'running';
    this.#trouble = undefined;
    this.#assigned = [...partitions].sort((a, b) => a - b);
    this.#gaps.clear();
    this.#unread.clear();
    this.#quiet.clear();
    for (const partition of partitions) this.#quiet.add(partition);
    this.#restart();
  }

  /** Whatever is in hand comes again. */
  #restart(): number {
    this.#logs.clear();
    this.#searches.clear();
    this.#written.clear();
    this.#views.restart();
    return (this.#assignment += 1);
  }

  #lost(error: Error): void {
    this.#status = 'waiting';
    this.#troubled('broker', error, 1);
  }

  async #handle(
    partition: number,
    records: readonly IncomingRecord[],
    keepAlive: () => Promise<void>,
    unread: bigint,
  ): Promise<bigint | undefined> {
    const assignment = this.#assignment;
    this.#quiet.delete(partition);
    this.#unread.set(partition, unread + BigInt(records.length));
    await this.#views.room(keepAlive, this.#abort.signal);
    const log = await this.#logOf(partition);
    // These come again, and the log that is there by then must not know them yet.
    if (log === undefined || assignment !== this.#assignment) return undefined;
    let events: Delivery[] = [];
    let after = log.position;
    let last: { readonly position: bigint; readonly offset: bigint } | undefined;
    const flush = () => {
      if (last === undefined || assignment !== this.#assignment) return;
      const { position, offset } = last;
      const written = () => {
        if (assignment === this.#assignment) this.#written.set(partition, offset + 1n);
      };
      this.#views.push({ partition, deliveries: events, after, position }, written);
      after = position;
      events = [];
      last = undefined;
    };
    try {
      for (const record of records) {
        const took = log.take(record);
        for (const taken of 'then' in took ? await took : took) {
          this.#counts[taken.kind] += 1;
          if (taken.kind === 'batch') {
            this.#gaps.delete(partition);
            this.#searches.delete(partition);
            for (const event of taken.events) events.push(deliver(event, decodeOwn));
            last = { position: taken.position, offset: record.offset };
            if (events.length >= chunkEvents) flush();
          } else if (taken.kind === 'foreign') {
            this.options.onRefused?.({ partition, offset: record.offset, error: taken.error });
          } else if (taken.kind === 'gap') {
            flush();
            if (assignment !== this.#assignment) return undefined;
            const place = await this.#search(partition, log, taken.error);
            if (place !== undefined) return place;
          }
        }
      }
    } finally {
      // Also when the database is away in the middle: the log knows these already, and would not take them again.
      flush();
    }
    if (assignment === this.#assignment) this.#unread.set(partition, unread);
    return undefined;
  }

  /** undefined: the partitions have been shared out anew meanwhile. */
  async #logOf(partition: number): Promise<PartitionLog | undefined> {
    const assignment = this.#assignment;
    const known = this.#logs.get(partition);
    if (known !== undefined) return known;
    const { position } = await this.#views.placeOf(partition);
    if (assignment !== this.#assignment) return undefined;
    const log = new PartitionLog(partition, this.options.topic.partitions, position, this.#lease);
    this.#logs.set(partition, log);
    return log;
  }

  /** Where the missing records may be: near the time of the newest event that was seen, then at the beginning. */
  async #search(partition: number, log: PartitionLog, gap: PartitionGap): Promise<bigint | undefined> {
    const attempt = (this.#searches.get(partition) ?? 0) + 1;
    this.#searches.set(partition, attempt);
    log.restart();
    if (attempt === 1) return this.#placeInTopic(partition);
    if (attempt <= 2) return 0n;
    if (!this.#gaps.has(partition)) this.#troubled(`partition ${partition}`, gap, attempt);
    this.#gaps.set(partition, gap);
    return undefined;
  }

  /** Hints to the group, and what others did to the generations of the views. */
  async #keep(signal: AbortSignal): Promise<void> {
    let hints = new Map<number, bigint>();
    while (!signal.aborted) {
      await sleep(commitEveryMs, signal);
      try {
        // One round later: what Postgres loses in a crash is not yet behind the hint.
        const due = new Map([...hints].filter(([partition]) => this.#written.has(partition)));
        hints = new Map(this.#written);
        if (due.size > 0) await this.#subscription?.commit(due);
      } catch {
        // Only a hint, and the next round gives it again.
      }
      try {
        await this.#views.refresh();
      } catch (error) {
        if (isFinal(error)) throw error;
        this.#troubled('database', error, 1);
      }
      await this.#lookAtQuiet().catch((error: unknown) => this.#troubled('broker', error, 1));
    }
  }

  /** A database that was restored lies behind the group's hints: what it lacks is read at once, not at the next record. */
  async #lookAtQuiet(): Promise<void> {
    const assignment = this.#assignment;
    const quiet = [...this.#quiet];
    if (quiet.length === 0) return;
    const positions = await lastPositions(this.options.messaging, this.options.topic.topic, quiet);
    for (const partition of quiet) {
      const { position } = await this.#views.placeOf(partition);
      const place = position < (positions.get(partition) ?? -1n) ? await this.#placeInTopic(partition) : undefined;
      if (assignment !== this.#assignment) return;
      if (this.#quiet.delete(partition) && place !== undefined) this.#subscription?.seek(partition, place);
    }
  }

  /** Somebody has put a view back to an earlier place: the partitions are read from there. */
  async #rewind(): Promise<void> {
    const { signal } = this.#abort;
    const assignment = this.#restart();
    for (let attempt = 1; assignment === this.#assignment && !signal.aborted; attempt += 1) {
      try {
        const places = await Promise.all(this.#assigned.map((partition) => this.#placeInTopic(partition)));
        if (assignment !== this.#assignment) return;
        for (const [index, partition] of this.#assigned.entries()) this.#subscription?.seek(partition, places[index]!);
        return;
      } catch (error) {
        this.#troubled('broker', error, attempt);
        await sleep(backoff(attempt), signal);
      }
    }
  }

  /** Where a partition's records of the time begin when the slowest view's newest event was recorded. */
  async #placeInTopic(partition: number): Promise<bigint> {
    const { recordedAt } = await this.#views.placeOf(partition);
    const time = Date.parse(recordedAt) - clockSlackMs;
    if (Number.isNaN(time)) return 0n;
    const offsets = await this.options.messaging.offsetsAt(this.options.topic.topic, time);
    return offsets.get(partition) ?? 0n;
  }

  status(): KafkaProjectorStatus {
    const unread = Number([...this.#unread.values()].reduce((sum, count) => sum + count, 0n));
    return {
      status: this.#status,
      trouble: this.#trouble,
      partitions: this.#assigned,
      gaps: [...this.#gaps.values()],
      stops: this.#views.stops(this.#assigned),
      views: this.#views.lags(unread),
      records: { ...this.#counts },
    };
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#subscription?.close();
    await this.#running.catch(() => undefined);
    this.#status = 'stopped';
  }
}

/** No waiting puts these right: the database or the topic is of another build or configuration. */
const final: ReadonlySet<string> = new Set(['RegistryAhead', 'OtherBuild', 'TopicMismatch']);
const isFinal = (error: unknown): boolean => error instanceof Error && final.has(error.name);

function newAbort(): AbortController {
  const abort = new AbortController();
  setMaxListeners(0, abort.signal);
  return abort;
}
