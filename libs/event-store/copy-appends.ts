import { storedEvent } from './placed-event.js';
import type { PlacedEvent } from './placed-event.js';
import type { EventStore, StoredEvent } from './port.js';

/**
 * Appends under way: what comes while a store writes is its next transaction, so that more make fewer of them, and a
 * store whose transaction is full goes on with what has come.
 */
export const mostInFlight = 1_000;
export const mostBytesInFlight = 4 * 1024 * 1024;
export const appendEvents = 500;
export const appendBytes = 500 * 1024;

/** An event as it was read: in its place where it is of the usual form. */
export type ReadItem = PlacedEvent | { readonly kind: 'event'; readonly event: StoredEvent };

export const eventOf = (item: ReadItem): StoredEvent => (item.kind === 'placed' ? storedEvent(item) : item.event);

/** Appends events in order, many at a time, neighbours of one stream in one append, each with its revision. */
export interface OrderedAppends {
  /** @param stream the item's. @throws what an append before has thrown */
  add(item: ReadItem, stream: string): void;
  readonly hasRoom: boolean;
  /** Waits while too much is under way. @throws what an append before has thrown */
  room(): Promise<void>;
  /** Sends what is left and waits for everything; does not throw. */
  end(): Promise<void>;
  throwIfFailed(): void;
}

/** The same by single appends: a store takes those of one connection in the order in which they come. */
export function ordered(target: Pick<EventStore, 'append'>): OrderedAppends {
  let [inFlight, bytesInFlight] = [0, 0];
  let [group, groupBytes]: [StoredEvent[], number] = [[], 0];
  let failure: { readonly error: unknown } | undefined;
  let isFirst = true;
  /** The first one makes the connection; the others follow on it. */
  let connecting: Promise<void> | undefined;
  let wake: () => void = () => undefined;
  const throwIfFailed = (): void => {
    if (failure) throw failure.error;
  };
  const isFull = () => inFlight >= mostInFlight || bytesInFlight >= mostBytesInFlight;
  const isBusy = () => inFlight > 0;
  const change = () => new Promise<void>((resolve) => (wake = resolve));

  const send = (): void => {
    const [first] = group;
    if (!first || failure) return;
    const [events, bytes] = [group, groupBytes];
    [group, groupBytes] = [[], 0];
    inFlight += 1;
    bytesInFlight += bytes;
    const expected = first.revision === 0n ? 'no_stream' : first.revision - 1n;
    const note = (error: unknown): void => void (failure ??= { error });
    const sent = target
      .append(first.stream, events, expected)
      .catch(note)
      .then(() => {
        inFlight -= 1;
        bytesInFlight -= bytes;
        wake();
      });
    if (isFirst) connecting = sent.then(() => void (connecting = undefined));
    isFirst = false;
  };

  return {
    add(item) {
      const event = eventOf(item);
      const size = event.data.length + event.metadata.length;
      const joins = group[0]?.stream === event.stream && group.length < appendEvents && groupBytes + size < appendBytes;
      if (!joins) send();
      throwIfFailed();
      group.push(event);
      groupBytes += size;
    },
    get hasRoom() {
      return connecting === undefined && !isFull();
    },
    async room() {
      await connecting;
      while (isFull()) await change();
      throwIfFailed();
    },
    async end() {
      await connecting;
      send();
      while (isBusy()) await change();
    },
    throwIfFailed,
  };
}
