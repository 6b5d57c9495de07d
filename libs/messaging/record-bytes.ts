import { storedEvent } from '../event-store/placed-event.js';
import type { PlacedEvent } from '../event-store/placed-event.js';
import { eventRecord } from './event-record.js';
import type { RelayStamp } from './event-record.js';
import { findMetadata } from './metadata-places.js';
import type { MetadataPlaces } from './metadata-places.js';
import type { OutgoingRecord } from './port.js';

/** Up to so many bytes are written one by one: a call out of JavaScript costs more. */
const shortText = 40;

/** Bytes of an event's record besides its own parts: headers' names, stamp, numbers, lengths. */
const restOfEvent = 600;

/** Records as they are written one behind the other, into a buffer that may have been used before. */
export class RecordBytes {
  /** Where the next byte goes. */
  at: number;
  #buffer: Buffer;

  constructor(buffer: Buffer, at = 0) {
    this.at = at;
    this.#buffer = buffer;
  }

  static ofTexts(...each: readonly string[]): Buffer {
    const target = new RecordBytes(Buffer.alloc(128));
    for (const text of each) target.#text(text);
    return target.buffer.subarray(0, target.at);
  }

  /** A larger one as soon as something did not fit in. */
  get buffer(): Buffer {
    return this.#buffer;
  }

  /** Leaves so many bytes free and answers where they begin. */
  skip(bytes: number): number {
    this.#room(bytes);
    this.at += bytes;
    return this.at - bytes;
  }

  record({ key, value, headers }: OutgoingRecord, offset: number): void {
    const start = this.#begin(offset);
    this.#text(key);
    this.#bytes(value);
    const names = Object.keys(headers);
    this.#varint(names.length);
    for (const name of names) {
      this.#text(name);
      const header = headers[name]!;
      if (typeof header === 'string') this.#text(header);
      else this.#bytes(header);
    }
    this.#end(start);
  }

  /** What `record` writes of `eventRecord(storedEvent(event), relay)`, from place to place. */
  placed(event: PlacedEvent, relay: RelayStamp, offset: number): void {
    const { bytes, streamFrom, streamTo, metadataFrom, metadataTo, dataFrom, dataTo } = event;
    if (!findMetadata(bytes, metadataFrom, metadataTo, found))
      return this.record(eventRecord(storedEvent(event), relay, 0), offset);
    const stamp = stampHeaders(relay);
    const type = typeHeader(event.type);
    const streamBytes = streamTo - streamFrom;
    const dataBytes = dataTo - dataFrom;
    const metadataBytes = metadataTo - metadataFrom;
    this.#room(restOfEvent + stamp.length + type.length + 2 * streamBytes + dataBytes + 2 * metadataBytes);
    const start = this.#begin(offset);
    const target = this.#buffer;
    let at = varint(target, this.at, streamBytes);
    at = copied(target, at, bytes, streamFrom, streamTo);
    at = varint(target, at, dataBytes);
    at = copied(target, at, bytes, dataFrom, dataTo);
    at = varint(target, at, 11 + (found.correlationTo > 0 ? 1 : 0) + (found.causationTo > 0 ? 1 : 0));
    at = put(target, at, stamp);
    at = copied(target, at, bytes, event.idFrom, event.idFrom + 36);
    at = put(target, at, type);
    if (found.versionTo > 0) {
      at = varint(target, at, found.versionTo - found.versionFrom);
      at = copied(target, at, bytes, found.versionFrom, found.versionTo);
    } else at = put(target, at, firstVersion);
    at = put(target, at, names.stream);
    at = varint(target, at, streamBytes);
    at = copied(target, at, bytes, streamFrom, streamTo);
    at = put(target, at, names.revision);
    at = decimal(target, at, event.revision);
    at = put(target, at, names.position);
    at = decimal(target, at, event.position);
    at = put(target, at, timeHeader(event.recordedAt));
    if (found.correlationTo > 0) {
      at = put(target, at, names.correlationId);
      at = varint(target, at, found.correlationTo - found.correlationFrom);
      at = copied(target, at, bytes, found.correlationFrom, found.correlationTo);
    }
    if (found.causationTo > 0) {
      at = put(target, at, names.causationId);
      at = varint(target, at, found.causationTo - found.causationFrom);
      at = copied(target, at, bytes, found.causationFrom, found.causationTo);
    }
    at = put(target, at, names.metadata);
    at = varint(target, at, metadataBytes);
    this.at = copied(target, at, bytes, metadataFrom, metadataTo);
    this.#end(start);
  }

  /** The length comes first and is known last: two bytes of room, as most records want. */
  #begin(offset: number): number {
    const start = this.at;
    this.#room(16);
    // Attributes and the difference to the batch's time.
    this.#buffer[start + 2] = 0;
    this.#buffer[start + 3] = 0;
    this.at = start + 4;
    this.#varint(offset);
    return start;
  }

  #end(start: number): void {
    const length = this.at - start - 2;
    const size = varintBytes(length);
    if (size !== 2) {
      this.#room(size);
      this.#buffer.copyWithin(start + size, start + 2, this.at);
    }
    this.at = varint(this.#buffer, start, length) + length;
  }

  #room(bytes: number): void {
    if (this.at + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.at + bytes));
    this.#buffer.copy(larger, 0, 0, this.at);
    this.#buffer = larger;
  }

  #varint(value: number): void {
    this.#room(5);
    this.at = varint(this.#buffer, this.at, value);
  }

  #bytes(value: Uint8Array): void {
    this.#room(value.length + 10);
    this.#varint(value.length);
    this.#buffer.set(value, this.at);
    this.at += value.length;
  }

  #text(value: string): void {
    this.#room(value.length * 3 + 10);
    this.#varint(Buffer.byteLength(value, 'utf8'));
    this.at += this.#buffer.write(value, this.at, 'utf8');
  }
}

const found: MetadataPlaces = {
  versionFrom: 0,
  versionTo: 0,
  correlationFrom: 0,
  correlationTo: 0,
  causationFrom: 0,
  causationTo: 0,
};

/** Zigzag: twice a number that is not negative. Here and below there is room, and the place behind is answered. */
function varint(target: Buffer, from: number, value: number): number {
  let at = from;
  let rest = value * 2;
  while (rest > 0x7f) {
    target[at++] = (rest & 0x7f) | 0x80;
    rest = Math.floor(rest / 128);
  }
  target[at++] = rest;
  return at;
}

/** Of a number from 0 on. */
export function varintBytes(value: number): number {
  let size = 1;
  for (let rest = Math.floor((value * 2) / 128); rest > 0; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

function put(target: Buffer, at: number, bytes: Uint8Array): number {
  const { length } = bytes;
  if (length > shortText) target.set(bytes, at);
  else for (let index = 0; index < length; index += 1) target[at + index] = bytes[index]!;
  return at + length;
}

function copied(target: Buffer, at: number, source: Buffer, from: number, to: number): number {
  const length = to - from;
  if (length > shortText) source.copy(target, at, from, to);
  else for (let index = 0; index < length; index += 1) target[at + index] = source[from + index]!;
  return at + length;
}

/** A whole number that a double holds exactly, in decimal digits behind their count. */
function decimal(target: Buffer, from: number, value: number): number {
  let digits = 1;
  for (let power = 10; power <= value; power *= 10) digits += 1;
  target[from] = digits * 2;
  const end = from + 1 + digits;
  // Whole numbers of 32 bits are divided faster: eight digits at a time.
  let rest = value;
  for (let at = end - 1; at > from;) {
    const head = rest < 100_000_000 ? 0 : Math.floor(rest / 100_000_000);
    let low = (rest - head * 100_000_000) | 0;
    for (let left = 8; left > 0 && at > from; left -= 1, at -= 1) {
      const next = (low / 10) | 0;
      target[at] = 0x30 + low - next * 10;
      low = next;
    }
    rest = head;
  }
  return end;
}

const texts = (...each: readonly string[]): Uint8Array => Uint8Array.from(RecordBytes.ofTexts(...each));

const names = {
  stream: texts('stream'),
  revision: texts('revision'),
  position: texts('position'),
  correlationId: texts('correlation-id'),
  causationId: texts('causation-id'),
  metadata: texts('metadata'),
};
const firstVersion = texts('1');
/** Length of an id, doubled. */
const idLength = 72;

let lastStamp: { readonly relay: RelayStamp; readonly bytes: Uint8Array } | undefined;

/** Up to the id itself. */
function stampHeaders(relay: RelayStamp): Uint8Array {
  if (lastStamp?.relay !== relay) {
    const headers = texts('kind', 'event', 'relay', relay.id, 'epoch', relay.epoch.toString(), 'event-id');
    lastStamp = { relay, bytes: Uint8Array.of(...headers, idLength) };
  }
  return lastStamp!.bytes;
}

const mostTypes = 1_000;
const types = new Map<string, Uint8Array>();

/** Up to the version itself. */
function typeHeader(type: string): Uint8Array {
  const known = types.get(type);
  if (known) return known;
  const made = texts('event-type', type, 'schema-version');
  if (types.size < mostTypes) types.set(type, made);
  return made;
}

let lastTime: { readonly time: string; readonly bytes: Uint8Array } | undefined;

/** Events of one transaction have one time. */
function timeHeader(time: string): Uint8Array {
  if (lastTime?.time !== time) lastTime = { time, bytes: texts('recorded-at', time) };
  return lastTime!.bytes;
}
