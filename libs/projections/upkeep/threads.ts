import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { segmentState } from '#libs/event-store';
import { connectionOf } from '#libs/postgres';
import { repositoryRoot } from '#libs/runtime';
import { Stopped } from '../core/consumer.js';
import type { Stop } from '../core/delivery.js';
import type { Generation } from '../core/registry.js';
import { allViews } from '../views.js';
import type { FillOptions } from './filler.js';
import type { EventSource } from './source.js';

/** Below so many events the threads cost more than they bring. */
const eventsForThreads = 100_000;
const most = 4;

/** A thread's share of a segment file: some partitions of one generation, with a connection of its own. */
export interface Share {
  readonly url: string;
  readonly view: string;
  readonly generation: Generation;
  readonly path: string;
  readonly partitions: readonly number[];
  readonly skipped: ReadonlySet<string>;
}

export type FromThread =
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

function errorOf(failure: FromThread): Error | undefined {
  if (failure.kind === 'stopped') return new Stopped(failure.stop);
  if (failure.kind !== 'failed') return undefined;
  const { name, message, code } = failure;
  return Object.assign(new Error(message), { name, ...(code !== undefined && { code }) });
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
  const threads = wanted ?? (events < eventsForThreads ? 1 : Math.min(most, availableParallelism()));
  return Math.min(threads, partitions);
}

/**
 * Folds a segment file into a generation, its partitions shared out among threads: a partition's place and rows are
 * its own, as when several projectors share a topic. Resolves when all have ended, also when the signal has come.
 * @param written Called with the number of events and how far all are, when they are in the generation.
 * @throws what the first of them has thrown, when all have ended
 */
export async function foldInThreads(
  { pool, view, skipped = new Set() }: FillOptions,
  generation: Generation,
  path: string,
  threads: number,
  signal: AbortSignal,
  written: (events: number, position: bigint) => void,
): Promise<void> {
  const positions = Array.from({ length: threads }, () => -1n);
  const stop = new AbortController();
  const run = async (thread: number): Promise<void> => {
    const partitions = Array.from({ length: generation.partitions }, (_, n) => n).filter((n) => n % threads === thread);
    const share: Share = { url: connectionOf(pool)!, view: view.name, generation, path, partitions, skipped };
    try {
      await runShare(share, AbortSignal.any([signal, stop.signal]), (events, position) => {
        positions[thread] = position;
        written(
          events,
          positions.reduce((least, each) => (each < least ? each : least)),
        );
      });
    } catch (error) {
      stop.abort();
      throw error;
    }
  };
  const ended = await Promise.allSettled(positions.map((_, thread) => run(thread)));
  const failed = ended.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

async function runShare(
  share: Share,
  signal: AbortSignal,
  written: (events: number, position: bigint) => void,
): Promise<void> {
  const source = import.meta.url.endsWith('.ts');
  const worker = new Worker(new URL(source ? './thread.ts' : './thread.js', import.meta.url), {
    workerData: share,
    // A batch's objects die together: with room for them few are copied.
    resourceLimits: { maxYoungGenerationSizeMb: 64 },
    // Run from the sources (tests, benches) it needs the loader that reads them.
    ...(source && { execArgv: ['--import', join(repositoryRoot(), 'scripts', 'typescript-loader.mjs')] }),
  });
  const stop = (): void => worker.postMessage('stop');
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    let last: FromThread | undefined;
    await new Promise<void>((resolve, reject) => {
      worker.on('message', (message: FromThread) => {
        if (message.kind === 'written') written(message.events, message.position);
        else last = message;
      });
      worker.once('error', reject);
      worker.once('exit', () => resolve());
    });
    if (last === undefined) throw new Error(`the thread of partitions ${share.partitions.join(', ')} has ended early`);
    const error = errorOf(last);
    if (error !== undefined) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
