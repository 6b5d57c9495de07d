import type { StoredEvent } from '../event-store/port.js';
import type { RelayedEvent } from './event-record.js';
import { HeaderNames, repeatedText, type FetchedRecord } from './fetched-record.js';

const names = new HeaderNames([
  'kind',
  'relay',
  'epoch',
  'event-id',
  'event-type',
  'stream',
  'revision',
  'position',
  'recorded-at',
  'metadata',
]);
/** Their places in that list. */
const [kind, relay, epoch, id, type] = [0, 1, 2, 3, 4] as const;
const [stream, revision, position, recordedAt, metadata] = [5, 6, 7, 8, 9] as const;
/** Filled and used up before anything else can run. */
const places = new Int32Array(20);

export const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
let lastRelay = '';
/** One number for all events of a term. */
let lastEpoch = -1n;

/**
 * The cheap way to say that the relay wrote a record: read where it lies.
 * @returns undefined where somebody has to look properly: a watermark, and whatever is not as the relay writes it
 */
export function plainEvent(record: FetchedRecord): RelayedEvent | undefined {
  const { bytes } = record;
  record.locate(names, places);
  for (let place = 0; place < places.length - 2; place += 2) if (places[place]! >= places[place + 1]!) return undefined;
  if (places[2 * metadata] === 0 || record.valueFrom < 0) return undefined;
  if (repeated(bytes, kind) !== 'event' || !record.isKey(places[2 * stream]!, places[2 * stream + 1]!))
    return undefined;
  const relayId = repeated(bytes, relay);
  if (relayId !== lastRelay) {
    if (!uuid.test(relayId)) return undefined;
    lastRelay = relayId;
  }
  const eventId = bytes.toString('latin1', places[2 * id], places[2 * id + 1]);
  if (!uuid.test(eventId)) return undefined;
  const term = decimal(bytes, epoch);
  const eventRevision = decimal(bytes, revision);
  const eventPosition = decimal(bytes, position);
  if (term === undefined || eventRevision === undefined || eventPosition === undefined) return undefined;
  if (term !== lastEpoch) lastEpoch = term;
  const event = new FetchedEvent(
    eventId,
    repeated(bytes, type),
    bytes.toString('utf8', places[2 * stream], places[2 * stream + 1]),
    eventRevision,
    eventPosition,
    bytes.toString('utf8', places[2 * recordedAt], places[2 * recordedAt + 1]),
    bytes,
    record.valueFrom,
    record.valueTo,
    places[2 * metadata]!,
    places[2 * metadata + 1]!,
  );
  return { kind: 'event', id: relayId, epoch: lastEpoch, event };
}

/** Views of the answer's bytes are made when they are asked for: thousands of events wait at a time. */
class FetchedEvent implements StoredEvent {
  readonly #bytes: Buffer;
  readonly #dataFrom: number;
  readonly #dataTo: number;
  readonly #metadataFrom: number;
  readonly #metadataTo: number;

  constructor(
    readonly id: string,
    readonly type: string,
    readonly stream: string,
    readonly revision: bigint,
    readonly position: bigint,
    readonly recordedAt: string,
    bytes: Buffer,
    dataFrom: number,
    dataTo: number,
    metadataFrom: number,
    metadataTo: number,
  ) {
    this.#bytes = bytes;
    this.#dataFrom = dataFrom;
    this.#dataTo = dataTo;
    this.#metadataFrom = metadataFrom;
    this.#metadataTo = metadataTo;
  }

  get data(): Buffer {
    return this.#bytes.subarray(this.#dataFrom, this.#dataTo);
  }

  get metadata(): Buffer {
    return this.#bytes.subarray(this.#metadataFrom, this.#metadataTo);
  }
}

function repeated(bytes: Buffer, name: number): string {
  return repeatedText(bytes, places[2 * name]!, places[2 * name + 1]!);
}

const smallNumbers = Array.from({ length: 1_024 }, (_, number) => BigInt(number));
const mostSafeDigits = 15;

/** A decimal number of at most 19 digits without leading zeros. */
function decimal(bytes: Buffer, name: number): bigint | undefined {
  const from = places[2 * name]!;
  const to = places[2 * name + 1]!;
  if (to - from > 19 || (bytes[from] === 0x30 && to - from > 1)) return undefined;
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  if (to - from > mostSafeDigits) return BigInt(bytes.toString('latin1', from, to));
  return smallNumbers[value] ?? BigInt(value);
}
