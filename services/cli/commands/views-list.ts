import { decisionsView, readEvent } from '../../../libs/application/index.js';
import type { EventStore } from '../../../libs/event-store/index.js';
import {
  listGenerations,
  listStops,
  readSkipped,
  type Generation,
  type Stop,
} from '../../../libs/projections/index.js';
import { table } from '../print.js';
import type { ViewsCall } from './views.js';

/** Events that are counted one by one before the lag is said to be more. */
const countedLag = 10_000;

interface Place {
  readonly view: string;
  readonly generation: number;
  readonly position: string;
}

interface Lag {
  /** Events that the generation has not folded; `counted` false: at least so many. */
  readonly events: number;
  readonly counted: boolean;
  /** Seconds since the oldest of them was recorded. */
  readonly seconds: number;
}

/** `assay views list`: generations, positions, lag and what stopped where. */
export async function listViews({ pool, stores, stdout, json }: ViewsCall): Promise<number> {
  const generations = await listGenerations(pool);
  const { rows: places } = await pool.query<Place>(
    'SELECT view, generation, min(position) AS position FROM projection.partition GROUP BY view, generation',
  );
  const stops = await listStops(pool);
  const unseen = await newest(stores.store);
  const listed = generations.map((generation) => {
    const place = places.find((each) => each.view === generation.view && each.generation === generation.generation);
    const position = BigInt(place?.position ?? -1);
    const stopped = stops.filter((stop) => stop.view === generation.view && stop.generation === generation.generation);
    return { ...generation, position, lag: lagOf(position, unseen), stops: stopped };
  });
  const waiting = await unreadable(stores.store, stops);
  if (json) {
    const all = waiting.length === 0 ? listed : [...listed, { view: decisionsView, stops: waiting }];
    const text = JSON.stringify(all, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
    stdout.write(`${text}\n`);
    return 0;
  }
  const rows = listed.map(({ view, generation, version, position, lag, stops: stopped, ...rest }) => [
    view,
    String(generation),
    statusOf(rest),
    String(version),
    position < 0n ? '-' : String(position),
    lag.events === 0 ? '0' : `${lag.counted ? '' : '> '}${lag.events} events, ${lag.seconds} s`,
    stopped.map(({ partition }) => partition).join(', '),
  ]);
  const headings = ['view', 'generation', 'status', 'version', 'position', 'lag', 'stopped partitions'];
  stdout.write(`${table(headings, rows).join('\n')}\n`);
  for (const stop of stops) {
    stdout.write(
      `\n${stop.view} generation ${stop.generation}, partition ${stop.partition}: ${stop.kind} since ${stop.stoppedAt}\n` +
        `  ${stop.eventType} ${stop.eventId}, ${stop.stream} revision ${stop.revision}, position ${stop.position}\n` +
        `  ${stop.error}\n`,
    );
  }
  for (const { eventType, eventId, stream, revision, position, error } of waiting) {
    stdout.write(
      `\n${decisionsView}: nothing is decided on ${stream}\n` +
        `  ${eventType} ${eventId}, ${stream} revision ${revision}, position ${position}\n  ${error}\n`,
    );
  }
  return 0;
}

/** Of the events that stop a view, those that decisions cannot read either and do not pass by. */
async function unreadable(
  store: Pick<EventStore, 'readAll' | 'readStream'>,
  stops: readonly Stop[],
): Promise<readonly Omit<Stop, 'view' | 'generation' | 'partition'>[]> {
  const found = new Map<string, Omit<Stop, 'view' | 'generation' | 'partition'>>();
  const isPassed = await readSkipped(store, [decisionsView]);
  for (const { view: _, generation: __, partition: ___, ...stop } of stops) {
    if (found.has(stop.eventId) || isPassed({ id: stop.eventId }, decisionsView)) continue;
    for await (const stored of store.readStream(stop.stream, { from: stop.revision, maxCount: 1 })) {
      try {
        readEvent(stored);
      } catch {
        found.set(stop.eventId, stop);
      }
    }
  }
  return [...found.values()];
}

function statusOf({ status, rebuild }: Pick<Generation, 'status' | 'rebuild'>): string {
  return rebuild === null ? status : 'rebuild begun';
}

/** The newest events, newest first. */
async function newest(
  store: Pick<EventStore, 'readAll'>,
): Promise<readonly { position: bigint; recordedAt: string }[]> {
  const found: { position: bigint; recordedAt: string }[] = [];
  for await (const { position, recordedAt } of store.readAll({ backwards: true, maxCount: countedLag }))
    found.push({ position, recordedAt });
  return found;
}

function lagOf(position: bigint, newestFirst: readonly { position: bigint; recordedAt: string }[]): Lag {
  const behind = newestFirst.filter((event) => event.position > position);
  const oldest = behind.at(-1);
  return {
    events: behind.length,
    counted: behind.length < countedLag,
    seconds: oldest === undefined ? 0 : Math.max(0, Math.round((Date.now() - Date.parse(oldest.recordedAt)) / 1_000)),
  };
}
