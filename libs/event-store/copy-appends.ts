import type { EventStore, EventToAppend, StoredEvent } from './port.js';

/**
 * Appends under way: what comes while a store writes is its next transaction, so that more make fewer of them, and a
 * store whose transaction is full goes on with what has come.
 */
const mostInFlight = 4_000;
const mostBytesInFlight = 16 * 1024 * 1024;
const appendEvents = 500;
const appendBytes = 500 * 1024;

export interface OrderedAppends {
  /** Waits while too much is under way. @throws what an append before has thrown */
  add(event: StoredEvent): Promise<void>;
  /** Sends what is left and waits for everything; does not throw. */
  end(): Promise<void>;
  throwIfFailed(): void;
}

/**
 * Appends events in order, many at a time, neighbours of one stream in one append: a store takes the appends of one
 * connection in the order in which they come, each with the revision that it must find.
 */
export function ordered(target: Pick<EventStore, 'append'>): OrderedAppends {
  let [inFlight, bytesInFlight] = [0, 0];
  let [group, groupBytes]: [StoredEvent[], number] = [[], 0];
  let failure: { readonly error: unknown } | undefined;
  let isFirst = true;
  let wake: () => void = () => undefined;
  const throwIfFailed = (): void => {
    if (failure) throw failure.error;
  };
  const isFull = () => inFlight >= mostInFlight || bytesInFlight >= mostBytesInFlight;
  const isBusy = () => inFlight > 0;
  const change = () => new Promise<void>((resolve) => (wake = resolve));

  const send = async (): Promise<void> => {
    const [first] = group;
    if (!first || failure) return;
    const [events, bytes] = [group, groupBytes];
    [group, groupBytes] = [[], 0];
    inFlight += 1;
    bytesInFlight += bytes;
    const expected = first.revision === 0n ? 'no_stream' : first.revision - 1n;
    const sent = target.append(first.stream, events.map(toAppend), expected).catch((error: unknown) => {
      failure ??= { error };
    });
    void sent.then(() => {
      inFlight -= 1;
      bytesInFlight -= bytes;
      wake();
    });
    // The first one makes the connection; the others follow on it.
    if (isFirst) await sent;
    isFirst = false;
  };

  return {
    async add(event) {
      const size = event.data.length + event.metadata.length;
      const joins = group[0]?.stream === event.stream && group.length < appendEvents && groupBytes + size < appendBytes;
      if (!joins) {
        await send();
        while (isFull()) await change();
        throwIfFailed();
      }
      group.push(event);
      groupBytes += size;
    },
    async end() {
      await send();
      while (isBusy()) await change();
    },
    throwIfFailed,
  };
}

function toAppend({ id, type, data, metadata }: StoredEvent): EventToAppend {
  return { id, type, data, metadata };
}
