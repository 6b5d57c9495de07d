import { readFileSync } from 'node:fs';
import type { ConnectedStore } from './client.js';
import type { ReadItem } from './copy-appends.js';
import { isPlacedSystem, storedEvent } from './placed-event.js';
import type { PlacedEvent } from './placed-event.js';
import type { StoredEvent, SubscriptionItem } from './port.js';

/** That a double holds exactly. */
const greatest = BigInt(Number.MAX_SAFE_INTEGER);

/** The map of a copy is not one, or is of another store. */
export class CopyMapRefused extends Error {
  override readonly name = 'CopyMapRefused';
  readonly code = 'CopyMapRefused';
}

/** What `assay store copy` has written: of each event its position and time before, and its position now; in order. */
export interface CopyMap {
  readonly from: BigInt64Array;
  readonly to: BigInt64Array;
  /** Milliseconds since the epoch. */
  readonly recordedAt: Float64Array;
}

/** @throws CopyMapRefused naming the line */
export function readCopyMap(path: string): CopyMap {
  const lines = readFileSync(path, 'utf8').split('\n');
  if (lines.at(-1) === '') lines.pop();
  const map = {
    from: new BigInt64Array(lines.length),
    to: new BigInt64Array(lines.length),
    recordedAt: new Float64Array(lines.length),
  };
  for (const [at, line] of lines.entries()) {
    const refused = (problem: string) => new CopyMapRefused(`${path} line ${at + 1}: ${problem}`);
    let entry: Partial<Record<'from' | 'to' | 'recordedAt', unknown>>;
    try {
      entry = JSON.parse(line) as typeof entry;
      map.from[at] = BigInt(entry.from as string);
      map.to[at] = BigInt(entry.to as string);
    } catch {
      throw refused('{"from", "recordedAt", "to"} with positions as strings is wanted');
    }
    map.recordedAt[at] = Date.parse(String(entry.recordedAt));
    if (Number.isNaN(map.recordedAt[at])) throw refused('recordedAt is not a time');
    if (at > 0 && !(map.from[at]! > map.from[at - 1]! && map.to[at]! > map.to[at - 1]!))
      throw refused('positions do not grow');
  }
  return map;
}

/**
 * A copied store that answers as the one that it was copied from: copied events keep the positions and times of
 * recording that they had, and what is appended goes on after them. So whatever holds a position from before the copy
 * (a client's `asOf` or cursor, a lease, a requested dossier, a view, a topic) means the same events after it.
 */
export function withCopyMap(store: ConnectedStore, map: CopyMap): ConnectedStore {
  const count = map.from.length;
  if (count === 0) return store;
  const [lastFrom, lastTo] = [map.from[count - 1]!, map.to[count - 1]!];
  const shift = lastFrom - lastTo;

  /** Our position of one of the store's that is not an event's own: of the last event at or before it. */
  const outside = (position: bigint): bigint | undefined => {
    if (position > lastTo) return position + shift;
    const at = lastAtMost(map.to, position);
    return at < 0 ? undefined : map.from[at]!;
  };
  /** The store's position at which the events from ours on begin. */
  const insideFrom = (position: bigint): bigint => {
    if (position > lastFrom) return position - shift;
    const at = lastAtMost(map.from, position);
    if (at >= 0 && map.from[at] === position) return map.to[at]!;
    return at + 1 < count ? map.to[at + 1]! : lastTo + 1n;
  };
  /** The store's position after which the events after ours come; undefined: all do. */
  const insideAfter = (position: bigint): bigint | undefined => {
    if (position > lastFrom) return position - shift;
    const at = lastAtMost(map.from, position);
    return at < 0 ? undefined : map.to[at]!;
  };
  const translated = <Event extends Pick<StoredEvent, 'position' | 'recordedAt'>>(event: Event): Event => {
    if (event.position > lastTo) return { ...event, position: event.position + shift };
    const at = lastAtMost(map.to, event.position);
    if (at < 0 || map.to[at] !== event.position)
      throw new CopyMapRefused(
        `the map of the copy has no event at position ${event.position}: it is of another store`,
      );
    const recordedAt = new Date(map.recordedAt[at]!).toISOString();
    return { ...event, position: map.from[at]!, recordedAt };
  };

  const anyTranslated = (event: StoredEvent): StoredEvent =>
    isSystem(event) ? { ...event, position: outside(event.position) ?? 0n } : translated(event);

  const translatedPlaced = (item: PlacedEvent): ReadItem => {
    const { position, recordedAt } = translated({ position: BigInt(item.position), recordedAt: item.recordedAt });
    if (position <= greatest) return { ...item, position: Number(position), recordedAt };
    return { kind: 'event', event: { ...storedEvent(item), position, recordedAt } };
  };

  const translatedItem = (item: SubscriptionItem): SubscriptionItem[] => {
    if (item.kind === 'event') return [{ kind: 'event', event: translated(item.event) }];
    if (item.kind === 'caught-up') return [item];
    const position = outside(item.position);
    return position === undefined ? [] : [{ kind: 'checkpoint', position }];
  };

  const mapped: ConnectedStore = {
    async append(stream, events, expected) {
      const result = await store.append(stream, events, expected);
      return { ...result, position: outside(result.position) ?? result.position };
    },
    async *readStream(stream, options) {
      for await (const event of store.readStream(stream, options)) yield translated(event);
    },
    async *readAll({ from, ...options } = {}) {
      const inside = from === undefined ? {} : { from: insideFrom(from) };
      for await (const event of store.readAll({ ...options, ...inside })) yield translated(event);
    },
    async *subscribeAll(options) {
      for await (const items of mapped.subscribeInBatches(options)) yield* items;
    },
    async *subscribeInBatches({ after, signal }) {
      const inside = after === undefined ? undefined : insideAfter(after);
      for await (const items of store.subscribeInBatches({ signal, ...(inside !== undefined && { after: inside }) }))
        yield items.flatMap(translatedItem);
    },
    async *subscribeInPlace({ after, signal }) {
      const inside = after === undefined ? undefined : insideAfter(after);
      for await (const items of store.subscribeInPlace({ signal, ...(inside !== undefined && { after: inside }) }))
        yield items.flatMap((item): (SubscriptionItem | PlacedEvent)[] => {
          return item.kind === 'placed' ? [translatedPlaced(item)] : translatedItem(item);
        });
    },
    async *readEverything({ from } = {}) {
      const inside = from === undefined ? {} : { from: insideFrom(from) };
      for await (const items of store.readEverything(inside))
        yield items.map((item): ReadItem => {
          if (item.kind === 'event') return { kind: 'event', event: anyTranslated(item.event) };
          return isPlacedSystem(item)
            ? { kind: 'event', event: anyTranslated(storedEvent(item)) }
            : translatedPlaced(item);
        });
    },
    appendInOrder: () => store.appendInOrder(),
    async *readTypes(prefixes) {
      for await (const event of store.readTypes(prefixes)) yield anyTranslated(event);
    },
    ping: () => store.ping(),
    close: () => store.close(),
  };
  return mapped;
}

const isSystem = ({ stream, type }: StoredEvent): boolean => stream.startsWith('$') || type.startsWith('$');

/** Place of the last entry at or below a value; -1: there is none. */
function lastAtMost(sorted: BigInt64Array, value: bigint): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** A connection string and the file that its parameter `copyMap` names, which no client but ours knows. */
export function splitCopyMap(connectionString: string): {
  readonly connectionString: string;
  readonly copyMap?: string;
} {
  const match = /([?&])copyMap=([^&]*)(&?)/i.exec(connectionString);
  if (match === null) return { connectionString };
  const [whole, before, path, after] = match;
  const rest = connectionString.replace(whole, after === '&' ? before! : '');
  return { connectionString: rest, copyMap: decodeURIComponent(path!) };
}
