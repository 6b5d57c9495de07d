import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { readSegment, segmentState, shareSegment, type SharedPiece } from '../../event-store/segment.js';
import { connectionOf } from '../../postgres/pool.js';
import { startThread } from '../../runtime/thread.js';
import { Stopped } from '../core/delivery.js';
import type { Stop } from '../core/delivery.js';
import { partitionOf } from '../core/partition.js';
import type { Generation } from '../core/registry.js';
import { allViews } from '../views.js';
import type { FillOptions } from './filler.js';
import { lastAfter, type EventSource } from './source.js';

/** Below so many events the threads cost more than they bring. */
const eventsForThreads = 100_000;
const mostThreads = 4;
/** Pieces, of a megabyte, that a thread has before it and the next are read. */
const mostPieces = 6;

/** What a thread folds: some partitions of one generation, with a connection of its own. */
export interface Share {
  readonly url: string;
  readonly view: string;
  readonly generation: Generation;
  readonly source: string;
  readonly share: number;
  readonly partitions: readonly number[];
  /** Position of the last event of the file. */
  readonly last: bigint;
  readonly skipped: ReadonlySet<string>;
}

export type ToThread =
  | { readonly kind: 'piece'; readonly piece: SharedPiece }
  /** There is no more, and the file is what its export has written. */
  | { readonly kind: 'whole' }
  | { readonly kind: 'stop' };

export type FromThread =
  | { readonly kind: 'took' }
  | { readonly kind: 'written'; readonly events: number; readonly position: bigint }
  | { readonly kind: 'ended' }
  | { readonly kind: 'stopped'; readonly stop: Stop }
  | { readonly kind: 'failed'; readonly name: string; readonly message: string; readonly code: string | undefined };

/** What a thread sends when an error has ended it. */
export function failureOf(error: unknown): FromThread {
  if (error instanceof Stopped) return { kind: 'stopped', stop: error.stop };
  const { name, message, code } = error as Error & { readonly code?: unknown };
  return { kind: 'failed', name, message, code: code === undefined ? undefined : String(code) };
}

/** Among how many threads the source is shared out; 1: it is folded where it is. */
export async function threadsFor(
  { pool, view }: FillOptions,
  { partitions }: Generation,
  { segment }: EventSource,
  wanted?: number,
): Promise<number> {
  if (segment === undefined || !allViews.includes(view) || connectionOf(pool) === undefined) return 1;
  const { events } = await segmentState(segment);
  const threads = wanted ?? (events < eventsForThreads ? 1 : Math.min(mostThreads, availableParallelism()));
  return Math.min(threads, partitions);
}

export interface InThreads extends FillOptions {
  readonly generation: Generation;
  readonly source: EventSource & { readonly segment: string };
  readonly threads: number;
  /** Where reading begins. */
  readonly after: bigint;
  readonly signal: AbortSignal;
  /** Called with the number of events and how far all are, when they are in the generation. */
  readonly written: (events: number, position: bigint) => void;
}

/**
 * Folds a segment file into a generation, its partitions shared out among threads: a partition's place and rows are
 * its own, as when several projectors share a topic. This thread reads the file and checks order, number and sum, the
 * others the bytes. Resolves when all have ended, also when the signal has come.
 * @throws what the first of them has thrown, when all have ended
 */
export async function foldInThreads(options: InThreads): Promise<void> {
  const { generation, source, threads: count, after, signal } = options;
  const last = await lastAfter(source.segment, after);
  if (last === undefined) return;
  const positions = Array.from({ length: count }, () => after);
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const threads = positions.map(
    (_, share) =>
      new Thread(shareOf(options, share, last), (events, position) => {
        positions[share] = position;
        options.written(
          events,
          positions.reduce((least, each) => (each < least ? each : least)),
        );
      }),
  );
  const shareOfStream = (stream: string): number => partitionOf(stream, generation.partitions) % count;
  const read = async (): Promise<void> => {
    for await (const piece of shareSegment(source.segment, count, shareOfStream, { after, signal: either })) {
      await Promise.all(threads.map((thread) => thread.give(piece)));
      if (either.aborted) return;
    }
    if (!either.aborted) for (const thread of threads) thread.end();
  };
  either.addEventListener('abort', () => threads.forEach((thread) => thread.stop()));
  const stopping = (work: Promise<void>): Promise<void> =>
    work.catch((error: unknown) => {
      stop.abort();
      throw error;
    });
  const ended = await Promise.allSettled([...threads.map(({ ended: work }) => stopping(work)), stopping(read())]);
  const failed = ended.find(({ status }) => status === 'rejected');
  if (failed?.status !== 'rejected') return;
  const error = failed.reason as Error & { readonly code?: unknown };
  // Read again by one, which knows the place.
  if (error.code === 'SegmentDamaged') for await (const events of readSegment(source.segment, { after })) void events;
  throw error;
}

function shareOf({ pool, view, generation, source, threads, skipped }: InThreads, share: number, last: bigint): Share {
  const all = Array.from({ length: generation.partitions }, (_, partition) => partition);
  return {
    url: connectionOf(pool)!,
    view: view.name,
    generation,
    source: source.name,
    share,
    partitions: all.filter((partition) => partition % threads === share),
    last,
    skipped: skipped ?? new Set(),
  };
}

class Thread {
  /** Resolves when the thread is over; rejects with what has ended it. */
  readonly ended: Promise<void>;
  readonly #worker: Worker;
  #pieces = 0;
  #isOver = false;
  #roomy = (): void => undefined;

  constructor(
    share: Share,
    private readonly written: (events: number, position: bigint) => void,
  ) {
    this.#worker = startThread(import.meta.url, 'thread', {
      workerData: share,
      // A batch's objects die together: with room for them few are copied. (Three times a semi-space of 64 MB.)
      resourceLimits: { maxYoungGenerationSizeMb: 192 },
    });
    this.ended = this.#run(share);
    this.ended.catch(() => undefined);
  }

  async #run({ partitions }: Share): Promise<void> {
    let last: FromThread | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#worker.on('message', (message: FromThread) => {
          if (message.kind === 'written') this.written(message.events, message.position);
          else if (message.kind === 'took') {
            this.#pieces -= 1;
            this.#roomy();
          } else last = message;
        });
        this.#worker.once('error', reject);
        this.#worker.once('exit', () => resolve());
      });
    } finally {
      this.#isOver = true;
      this.#roomy();
    }
    if (last === undefined) throw new Error(`the thread of partitions ${partitions.join(', ')} has ended early`);
    const error = errorOf(last);
    if (error !== undefined) throw error;
  }

  /** Resolves when there is room for another. */
  async give(piece: SharedPiece): Promise<void> {
    this.#worker.postMessage({ kind: 'piece', piece } satisfies ToThread);
    this.#pieces += 1;
    while (this.#pieces > mostPieces && !this.#isOver) await new Promise<void>((resolve) => (this.#roomy = resolve));
  }

  end(): void {
    this.#worker.postMessage({ kind: 'whole' } satisfies ToThread);
  }

  stop(): void {
    this.#worker.postMessage({ kind: 'stop' } satisfies ToThread);
  }
}

function errorOf(failure: FromThread): Error | undefined {
  if (failure.kind === 'stopped') return new Stopped(failure.stop);
  if (failure.kind !== 'failed') return undefined;
  const { name, message, code } = failure;
  return Object.assign(new Error(message), { name, ...(code !== undefined && { code }) });
}
