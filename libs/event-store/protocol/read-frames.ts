import { decodeReadResponse } from './read.js';
import type { ReadResponse, WireEvent } from './read.js';
import type { PlacedEvent } from '../placed-event.js';
import { isoTime, MalformedMessage } from './wire.js';

/** Compression flag and length before every message (gRPC over HTTP/2, "Length-Prefixed-Message"). */
const prefixBytes = 5;

/** Answers of a read: one message, or several with their prefixes, which begin with 0 as no message does. */
export function decodeReadResponses(bytes: Buffer): readonly ReadResponse[] {
  return each(bytes, (from, to) =>
    isPlainEvent(bytes, from, to)
      ? { kind: 'event', event: foundEvent(bytes) }
      : decodeReadResponse(bytes.subarray(from, to)),
  );
}

/** The same, where events of the usual form stay in their place. */
export function placeReadResponses(bytes: Buffer): readonly (ReadResponse | PlacedEvent)[] {
  return each(bytes, (from, to) =>
    isPlainEvent(bytes, from, to) ? foundPlaces(bytes) : decodeReadResponse(bytes.subarray(from, to)),
  );
}

function each<Answer>(bytes: Buffer, read: (from: number, to: number) => Answer): readonly (Answer | ReadResponse)[] {
  if (bytes[0] !== 0) return [decodeReadResponse(bytes)];
  const answers: Answer[] = [];
  for (let from = prefixBytes; from <= bytes.length; from += prefixBytes) {
    const to = from + bytes.readUInt32BE(from - 4);
    if (to > bytes.length) throw new MalformedMessage('a message runs over the end of what came');
    answers.push(read(from, to));
    from = to;
  }
  return answers;
}

/** Where the reading of an event is. */
let at = 0;

/** The parts of the event that was read last. */
const found = {
  type: '',
  revision: 0,
  position: 0,
  isJson: false,
  idFrom: 0,
  streamFrom: 0,
  streamTo: 0,
  metadataFrom: 0,
  metadataTo: 0,
  dataFrom: 0,
  dataTo: 0,
};

/**
 * An event of the usual form (lower-case id, names in ASCII, the three properties that a store sets, no link), read in
 * one pass and without a call for each field; false for everything else, which the long way reads or refuses.
 */
function isPlainEvent(bytes: Buffer, from: number, to: number): boolean {
  at = from;
  if (bytes[at++] !== 0x0a || varint(bytes) !== to - at) return false;
  if (bytes[at++] !== 0x0a) return false;
  const length = varint(bytes);
  const end = at + length;
  if (length < 0 || end > to) return false;
  if (!isRecorded(bytes, end)) return false;
  // The event's position once more.
  if (at < to && (bytes[at++] !== 0x18 || varint(bytes) < 0)) return false;
  return at === to;
}

function isRecorded(bytes: Buffer, end: number): boolean {
  let type: string | undefined;
  let [idFrom, streamFrom, streamTo] = [-1, -1, -1];
  let [revision, position] = [0, 0];
  let [isJson, created] = [false, unknownTime];
  let [metadataFrom, metadataTo, dataFrom, dataTo] = [at, at, at, at];
  while (at < end) {
    const tag = bytes[at++]!;
    if (tag === 0x0a) {
      if (bytes[at] !== 38 || bytes[at + 1] !== 0x12 || bytes[at + 2] !== 36 || !isId(bytes, at + 3)) return false;
      idFrom = at + 3;
      at += 39;
    } else if (tag === 0x18 || tag === 0x20 || tag === 0x28) {
      const value = varint(bytes);
      if (value < 0) return false;
      if (tag === 0x18) revision = value;
      else if (tag === 0x28) position = value;
    } else {
      const length = varint(bytes);
      const next = at + length;
      if (length < 0 || next > end) return false;
      if (tag === 0x42) [dataFrom, dataTo] = [at, next];
      else if (tag === 0x3a) [metadataFrom, metadataTo] = [at, next];
      else if (tag === 0x12) {
        if (bytes[at++] !== 0x1a || varint(bytes) !== next - at || !isAscii(bytes, at, next)) return false;
        [streamFrom, streamTo] = [at, next];
      } else if (tag !== 0x32) return false;
      else if (isAt(bytes, at, next, jsonEntry)) isJson = true;
      else if (isAt(bytes, at, next, lastCreated.bytes)) created = lastCreated;
      else if (startsAt(bytes, at, next, typeKey)) {
        at += typeKey.length;
        if (varint(bytes) !== next - at) return false;
        type = typeAt(bytes, at, next);
        if (type === undefined) return false;
      } else if (startsAt(bytes, at, next, createdKey)) {
        const known = createdAt(bytes, at, next);
        if (known === undefined) return false;
        created = known;
      } else return false;
      at = next;
    }
  }
  if (at !== end || idFrom < 0 || streamFrom < 0 || type === undefined) return false;
  found.type = type;
  found.revision = revision;
  found.position = position;
  found.isJson = isJson;
  found.idFrom = idFrom;
  found.streamFrom = streamFrom;
  found.streamTo = streamTo;
  found.metadataFrom = metadataFrom;
  found.metadataTo = metadataTo;
  found.dataFrom = dataFrom;
  found.dataTo = dataTo;
  foundCreated = created;
  return true;
}

function foundEvent(bytes: Buffer): WireEvent {
  return {
    id: bytes.toString('latin1', found.idFrom, found.idFrom + 36),
    stream: bytes.toString('latin1', found.streamFrom, found.streamTo),
    revision: BigInt(found.revision),
    position: BigInt(found.position),
    type: found.type,
    isJson: found.isJson,
    created: foundCreated.ticks,
    data: bytes.subarray(found.dataFrom, found.dataTo),
    metadata: bytes.subarray(found.metadataFrom, found.metadataTo),
  };
}

function foundPlaces(bytes: Buffer): PlacedEvent {
  return {
    kind: 'placed',
    bytes,
    idFrom: found.idFrom,
    streamFrom: found.streamFrom,
    streamTo: found.streamTo,
    type: found.type,
    revision: found.revision,
    position: found.position,
    recordedAt: foundCreated.time,
    metadataFrom: found.metadataFrom,
    metadataTo: found.metadataTo,
    dataFrom: found.dataFrom,
    dataTo: found.dataTo,
  };
}

/** A number that a double holds exactly; -1: another one, or the bytes are over. */
function varint(bytes: Buffer): number {
  let value = 0;
  for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
    const byte = bytes[at++];
    if (byte === undefined) return -1;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value <= Number.MAX_SAFE_INTEGER ? value : -1;
  }
  return -1;
}

const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');

const jsonEntry = ascii('\n\fcontent-type\x12\x10application/json');
const typeKey = ascii('\n\x04type\x12');
const createdKey = ascii('\n\x07created\x12');

export function isAt(bytes: Buffer, from: number, to: number, expected: Uint8Array): boolean {
  return to - from === expected.length && startsAt(bytes, from, to, expected);
}

export function startsAt(bytes: Buffer, from: number, to: number, expected: Uint8Array): boolean {
  const { length } = expected;
  if (to - from < length) return false;
  for (let index = 0; index < length; index += 1) if (bytes[from + index] !== expected[index]) return false;
  return true;
}

export function isAscii(bytes: Buffer, from: number, to: number): boolean {
  let all = 0;
  for (let index = from; index < to; index += 1) all |= bytes[index]!;
  return all < 0x80;
}

/** 1: a lower-case hexadecimal digit, 2: a dash. */
const kinds = Uint8Array.from({ length: 256 }, (_, code) =>
  /^[0-9a-f]$/.test(String.fromCharCode(code)) ? 1 : code === 0x2d ? 2 : 0,
);

export function isId(bytes: Buffer, from: number): boolean {
  let digits = 1;
  for (let index = 0; index < 36; index += 1)
    if (index !== 8 && index !== 13 && index !== 18 && index !== 23) digits &= kinds[bytes[from + index]!]!;
  const dashes =
    kinds[bytes[from + 8]!]! & kinds[bytes[from + 13]!]! & kinds[bytes[from + 18]!]! & kinds[bytes[from + 23]!]!;
  return digits === 1 && dashes === 2;
}

interface KnownType {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** Types that were seen, by length and ends: there are few of them, and each is made a string once. */
const types: (KnownType | undefined)[] = Array.from({ length: 256 });

export function typeAt(bytes: Buffer, from: number, to: number): string | undefined {
  const place = ((to - from) * 7 + bytes[from]! * 5 + bytes[to - 1]!) & 255;
  const known = types[place];
  if (known && isAt(bytes, from, to, known.bytes)) return known.text;
  if (!isAscii(bytes, from, to)) return undefined;
  const text = bytes.toString('latin1', from, to);
  types[place] = { bytes: Uint8Array.from(bytes.subarray(from, to)), text };
  return text;
}

interface Created {
  readonly bytes: Uint8Array;
  readonly ticks: bigint;
  /** ISO 8601. */
  readonly time: string;
}

const unknownTime: Created = { bytes: new Uint8Array(1), ticks: 0n, time: isoTime(0n) };
/** Events of one transaction have one time. */
let lastCreated = unknownTime;
let foundCreated = unknownTime;

function createdAt(bytes: Buffer, from: number, to: number): Created | undefined {
  const digits = from + createdKey.length + 1;
  if (bytes[digits - 1] !== to - digits) return undefined;
  const text = bytes.toString('latin1', digits, to);
  if (!/^[0-9]{1,19}$/.test(text)) return undefined;
  const ticks = BigInt(text);
  return (lastCreated = { bytes: Uint8Array.from(bytes.subarray(from, to)), ticks, time: isoTime(ticks) });
}
