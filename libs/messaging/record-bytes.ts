import { metadataHeaders } from './event-record.js';
import type { RelayStamp } from './event-record.js';
import type { OutgoingEvent, OutgoingRecord } from './port.js';

/** Strings up to so many characters are written byte by byte: a call out of JavaScript costs more. */
const shortText = 40;

/** Records of one batch as they are written one behind the other; what stands before them is left free. */
export class RecordBytes {
  at: number;
  #buffer: Buffer;

  constructor(head: number, size: number) {
    this.at = head;
    this.#buffer = Buffer.allocUnsafeSlow(head + size);
  }

  static ofTexts(...each: readonly string[]): Buffer {
    const target = new RecordBytes(0, 128);
    for (const text of each) target.#text(text);
    return target.taken();
  }

  taken(): Buffer {
    return this.#buffer.subarray(0, this.at);
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

  /** What `record` writes of `eventRecord(event, relay)`, without the object for it. */
  event({ event, relay }: OutgoingEvent, offset: number): void {
    const start = this.#begin(offset);
    const key = this.at;
    this.#text(event.stream);
    const keyBytes = this.at - key;
    this.#bytes(event.data);
    const { schemaVersion, correlationId, causationId } = metadataHeaders(event.metadata);
    this.#varint(11 + (correlationId ? 1 : 0) + (causationId ? 1 : 0));
    this.#put(stampHeaders(relay));
    this.#put(names.eventId);
    this.#text(event.id);
    this.#put(typeHeader(event.type));
    this.#put(names.schemaVersion);
    this.#text(schemaVersion);
    this.#put(names.stream);
    this.#room(keyBytes);
    this.#buffer.copyWithin(this.at, key, key + keyBytes);
    this.at += keyBytes;
    this.#put(names.revision);
    this.#number(event.revision);
    this.#put(names.position);
    this.#number(event.position);
    this.#put(timeHeader(event.recordedAt));
    if (correlationId) {
      this.#put(names.correlationId);
      this.#text(correlationId);
    }
    if (causationId) {
      this.#put(names.causationId);
      this.#text(causationId);
    }
    this.#put(names.metadata);
    this.#bytes(event.metadata);
    this.#end(start);
  }

  /** The length comes first and is known last: two bytes of room, as most records want. */
  #begin(offset: number): number {
    const start = this.at;
    this.#room(16);
    this.at += 2;
    // Attributes and the difference to the batch's time.
    this.#buffer[this.at] = 0;
    this.#buffer[this.at + 1] = 0;
    this.at += 2;
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
    this.at = start;
    this.#varint(length);
    this.at += length;
  }

  #room(bytes: number): void {
    if (this.at + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.at + bytes));
    this.#buffer.copy(larger, 0, 0, this.at);
    this.#buffer = larger;
  }

  /** Zigzag: twice a number that is not negative. There is room. */
  #varint(value: number): void {
    let rest = value * 2;
    while (rest > 0x7f) {
      this.#buffer[this.at++] = (rest & 0x7f) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.at++] = rest;
  }

  #put(bytes: Uint8Array): void {
    const { length } = bytes;
    this.#room(length + 5);
    const buffer = this.#buffer;
    if (length > shortText) buffer.set(bytes, this.at);
    else for (let index = 0, { at } = this; index < length; index += 1) buffer[at++] = bytes[index]!;
    this.at += length;
  }

  #bytes(value: Uint8Array): void {
    this.#room(value.length + 10);
    this.#varint(value.length);
    this.#buffer.set(value, this.at);
    this.at += value.length;
    this.#room(5);
  }

  /** In decimal digits. */
  #number(value: bigint): void {
    if (value < 0n || value > greatest) return this.#text(value.toString());
    this.#room(25);
    let rest = Number(value);
    let digits = 1;
    for (let power = 10; power <= rest; power *= 10) digits += 1;
    const buffer = this.#buffer;
    buffer[this.at] = digits * 2;
    this.at += 1 + digits;
    for (let at = this.at - 1, left = digits; left > 0; left -= 1, at -= 1) {
      const next = Math.floor(rest / 10);
      buffer[at] = 0x30 + (rest - next * 10);
      rest = next;
    }
  }

  #text(value: string): void {
    const { length } = value;
    this.#room(length * 3 + 10);
    if (length <= shortText) {
      const buffer = this.#buffer;
      let at = this.at;
      buffer[at++] = length * 2;
      let index = 0;
      for (; index < length; index += 1) {
        const code = value.charCodeAt(index);
        if (code > 0x7f) break;
        buffer[at++] = code;
      }
      if (index === length) {
        this.at = at;
        return;
      }
    }
    this.#varint(Buffer.byteLength(value, 'utf8'));
    this.at += this.#buffer.write(value, this.at, 'utf8');
  }
}

/** Their digits are counted in doubles. */
const greatest = 999_999_999_999_999n;

function varintBytes(value: number): number {
  let size = 1;
  for (let rest = Math.floor((value * 2) / 128); rest > 0; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

const texts = (...each: readonly string[]): Uint8Array => Uint8Array.from(RecordBytes.ofTexts(...each));

const names = {
  eventId: texts('event-id'),
  schemaVersion: texts('schema-version'),
  stream: texts('stream'),
  revision: texts('revision'),
  position: texts('position'),
  correlationId: texts('correlation-id'),
  causationId: texts('causation-id'),
  metadata: texts('metadata'),
};

let lastStamp: { readonly relay: RelayStamp; readonly bytes: Uint8Array } | undefined;

function stampHeaders(relay: RelayStamp): Uint8Array {
  if (lastStamp?.relay !== relay)
    lastStamp = { relay, bytes: texts('kind', 'event', 'relay', relay.id, 'epoch', relay.epoch.toString()) };
  return lastStamp!.bytes;
}

const mostTypes = 1_000;
const types = new Map<string, Uint8Array>();

function typeHeader(type: string): Uint8Array {
  const known = types.get(type);
  if (known) return known;
  const made = texts('event-type', type);
  if (types.size < mostTypes) types.set(type, made);
  return made;
}

let lastTime: { readonly time: string; readonly bytes: Uint8Array } | undefined;

/** Events of one transaction have one time. */
function timeHeader(time: string): Uint8Array {
  if (lastTime?.time !== time) lastTime = { time, bytes: texts('recorded-at', time) };
  return lastTime!.bytes;
}
