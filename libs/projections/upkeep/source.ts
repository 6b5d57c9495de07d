import type { EventStore, StoredEvent } from '../../event-store/port.js';
import { readSegment, segmentState, strangeEnd } from '../../event-store/segment.js';
import type { Batch } from '../core/delivery.js';

/** Events as a rebuild reads them, and how far each partition is complete after them. */
export interface SourceBatch {
  readonly events: readonly StoredEvent[];
  readonly watermark: Batch['watermark'];
}

/** Where a rebuild reads from: a segment file, Kafka, or the event store itself. */
export interface EventSource {
  readonly name: string;
  /** The partitions that it brings; default: all. */
  readonly partitions?: readonly number[];
  /** The segment file that it reads, which can be shared out among threads. */
  readonly segment?: string;
  /** Before anything is begun. @throws when it is not there, or not of this store */
  check?(): Promise<void>;
  /** What lies after a position, to where the source ends now. May begin earlier: what is known already is passed by. */
  batches(after: bigint, signal: AbortSignal): AsyncIterable<SourceBatch>;
}

/** The source does not hold what is wanted of it. */
export class UnfitSource extends Error {
  override readonly name = 'UnfitSource';
  readonly code = 'UnfitSource';
}

type Reading = Pick<EventStore, 'readAll'>;

/** Least events of a batch: each is a transaction, and more of them cost more than they are worth. */
const batchSize = 4_000;

/** Position of the last event; undefined where there is none. */
export async function headOf(store: Reading): Promise<bigint | undefined> {
  for await (const { position } of store.readAll({ backwards: true, maxCount: 1 })) return position;
  return undefined;
}

/** The event store, to its head as it is when reading begins. */
export function storeSource(store: Reading): EventSource {
  return {
    name: 'the event store',
    async *batches(after, signal) {
      const head = await headOf(store);
      if (head === undefined || head <= after) return;
      let events: StoredEvent[] = [];
      for await (const event of store.readAll({ from: after + 1n })) {
        if (signal.aborted) return;
        if (event.position > head) break;
        events.push(event);
        if (events.length < batchSize) continue;
        yield { events, watermark: event.position };
        events = [];
      }
      yield { events, watermark: head };
    },
  };
}

/**
 * A segment file. Its ends must be events of this store, so that a file of another one, or of one that was restored
 * to an earlier state, is not folded into the views.
 */
export function segmentSource(path: string, store: Reading): EventSource {
  return {
    name: `the segment file ${path}`,
    segment: path,
    async check() {
      const position = await strangeEnd(path, store);
      if (position === undefined) return;
      throw new UnfitSource(`${path} is not of this event store: the store has no such event at position ${position}`);
    },
    async *batches(after, signal) {
      const last = await lastAfter(path, after);
      if (last === undefined) return;
      let part: StoredEvent[] = [];
      for await (const events of readSegment(path, { after, signal })) {
        for (const event of events) part.push(event);
        if (part.length < batchSize) continue;
        yield { events: part, watermark: part.at(-1)!.position };
        part = [];
      }
      if (!signal.aborted) yield { events: part, watermark: last };
    },
  };
}

/** Position of the last event of a segment file; undefined: it has nothing after that position. @throws UnfitSource */
export async function lastAfter(path: string, after: bigint): Promise<bigint | undefined> {
  const { from, last } = await segmentState(path);
  if (from > after + 1n)
    throw new UnfitSource(`${path} begins at position ${from}, what is wanted begins after ${after}`);
  return last === undefined || last <= after ? undefined : last;
}

/** What a thread is given of a segment file: some partitions, piece by piece. */
export function sharedSource(
  name: string,
  partitions: readonly number[],
  pieces: AsyncIterable<readonly StoredEvent[]>,
  last: bigint,
): EventSource {
  const batch = (events: readonly StoredEvent[], position: bigint): SourceBatch => ({
    events,
    watermark: new Map(partitions.map((partition) => [partition, position])),
  });
  return {
    name,
    partitions,
    async *batches(after, signal) {
      let part: StoredEvent[] = [];
      for await (const events of pieces) {
        for (const event of events) if (event.position > after) part.push(event);
        if (part.length < batchSize) continue;
        yield batch(part, part.at(-1)!.position);
        part = [];
      }
      if (!signal.aborted) yield batch(part, last);
    },
  };
}
