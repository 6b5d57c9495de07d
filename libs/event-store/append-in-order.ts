import type { ClientDuplexStream } from '@grpc/grpc-js';
import type { OrderedAppends, ReadItem } from './copy-appends.js';
import { appendBytes, appendEvents, eventOf, mostBytesInFlight, mostInFlight } from './copy-appends.js';
import { resultOf, storeError } from './errors.js';
import type { PlacedEvent } from './placed-event.js';
import { StoreUnavailable } from './port.js';
import type { AppendFrames, BatchAnswer, BatchAppendRequest } from './protocol/index.js';
import { AppendFrames as Frames, eachNumberedAnswer, jsonProperties, numberedId } from './protocol/index.js';

/** A BatchAppend call whose answers come as bytes. */
export type OrderedCall = ClientDuplexStream<AppendFrames, Buffer>;

/** So much is sent at once. */
const mostPieceBytes = 256 * 1024;

/** Places of appends under way, a power of two above their number. */
const ring = 8_192;

/**
 * Appends on a call of their own: nothing is made for each of them but its bytes in the piece that is sent. A store takes
 * the appends of one call in the order in which they come.
 */
export function appendsInOrder(call: OrderedCall, timeoutMilliseconds: number): OrderedAppends {
  let [next, oldest, bytesInFlight] = [0, 0, 0];
  const isAnswered = new Uint8Array(ring);
  const bytesOf = new Float64Array(ring);
  const sentAt = new Float64Array(ring);
  const streams: string[] = [];
  const revisions = new Float64Array(ring);
  let [group, groupStream, groupBytes]: [ReadItem[], string, number] = [[], '', 0];
  let failure: { readonly error: unknown } | undefined;
  let wake: () => void = () => undefined;
  let frames: AppendFrames | undefined;
  let lastBytes = 0;

  const fail = (error: unknown): void => {
    failure ??= { error };
    wake();
  };
  const isFull = () => next - oldest >= mostInFlight || bytesInFlight >= mostBytesInFlight;
  const hasRoom = () => failure !== undefined || !isFull();
  const isBusy = () => oldest < next && !failure;
  const change = () => new Promise<void>((resolve) => (wake = resolve));
  const throwIfFailed = (): void => {
    if (failure) throw failure.error;
  };

  const settle = (number: number): void => {
    if (number < oldest || number >= next || isAnswered[number % ring] === 1) return;
    isAnswered[number % ring] = 1;
    bytesInFlight -= bytesOf[number % ring]!;
    while (oldest < next && isAnswered[oldest % ring] === 1) oldest += 1;
  };
  const refuse = ({ correlation, outcome }: BatchAnswer): void => {
    const number = Number.parseInt(correlation.slice(24), 16);
    if (correlation !== numberedId(number) || number < oldest || number >= next) return;
    const revision = revisions[number % ring]!;
    try {
      resultOf(outcome, streams[number % ring]!, revision === 0 ? 'no_stream' : BigInt(revision) - 1n);
      settle(number);
    } catch (error) {
      fail(error);
    }
  };
  call.on('data', (bytes: Buffer) => {
    try {
      eachNumberedAnswer(bytes, settle, refuse);
    } catch (error) {
      fail(storeError(error, '$all'));
    }
    wake();
  });
  call.on('error', (error: unknown) => fail(storeError(error, '$all')));
  const ended = () => fail(new StoreUnavailable('the store ended the append stream'));
  call.on('end', ended);
  call.on('close', ended);
  const clock = setInterval(() => {
    if (oldest < next && Date.now() - sentAt[oldest % ring]! > timeoutMilliseconds)
      fail(new StoreUnavailable(`no answer to the append within ${timeoutMilliseconds} ms`));
  }, 1_000);

  const flush = (): void => {
    const piece = frames;
    frames = undefined;
    if (piece) lastBytes = Math.min(piece.size, mostPieceBytes);
    if (piece && !failure) call.write(piece);
  };

  const send = (): void => {
    const [first] = group;
    if (!first || failure) return;
    const [items, stream, bytes] = [group, groupStream, groupBytes];
    [group, groupBytes] = [[], 0];
    const at = next % ring;
    const now = Date.now();
    isAnswered[at] = 0;
    bytesOf[at] = bytes;
    sentAt[at] = now;
    streams[at] = stream;
    revisions[at] = first.kind === 'placed' ? first.revision : Number(first.event.revision);
    bytesInFlight += bytes;
    if (!frames) {
      frames = new Frames(lastBytes + 1_024);
      // What comes with this turn of the event loop goes into the same piece.
      setImmediate(flush);
    }
    const deadline = now + timeoutMilliseconds;
    const correlation = numberedId(next);
    if (items.every(isPlaced)) frames.placed(correlation, items, deadline);
    else frames.add(requestOf(correlation, stream, items, deadline));
    next += 1;
    if (frames.size >= mostPieceBytes) flush();
  };

  return {
    add(item, stream) {
      const size = sizeOf(item);
      const joins = groupStream === stream && group.length < appendEvents && groupBytes + size < appendBytes;
      if (!joins || group.length === 0) {
        send();
        throwIfFailed();
        groupStream = stream;
      }
      group.push(item);
      groupBytes += size;
    },
    get hasRoom() {
      return hasRoom();
    },
    async room() {
      while (!hasRoom()) await change();
      throwIfFailed();
    },
    async end() {
      send();
      flush();
      while (isBusy()) await change();
      clearInterval(clock);
      call.removeListener('end', ended);
      call.removeListener('close', ended);
      if (failure) call.cancel();
      else call.end();
    },
    throwIfFailed,
  };
}

const isPlaced = (item: ReadItem): item is PlacedEvent => item.kind === 'placed';

function sizeOf(item: ReadItem): number {
  if (item.kind === 'event') return item.event.data.length + item.event.metadata.length;
  return item.dataTo - item.dataFrom + item.metadataTo - item.metadataFrom;
}

function requestOf(
  correlation: string,
  stream: string,
  items: readonly ReadItem[],
  deadline: number,
): BatchAppendRequest {
  const events = items.map(eventOf);
  const { revision } = events[0]!;
  return {
    correlation,
    options: { stream, expected: revision === 0n ? 'no_stream' : revision - 1n, deadline },
    events: events.map(({ id, type, metadata, data }) => ({ id, properties: jsonProperties(type), metadata, data })),
    isFinal: true,
  };
}
