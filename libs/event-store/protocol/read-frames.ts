import { decodeReadResponse } from './read.js';
import type { ReadResponse, WireEvent } from './read.js';
import { MalformedMessage } from './wire.js';

/** Compression flag and length before every message (gRPC over HTTP/2, "Length-Prefixed-Message"). */
const prefixBytes = 5;

/** Answers of a read: one message, or several with their prefixes, which begin with 0 as no message does. */
export function decodeReadResponses(bytes: Buffer): readonly ReadResponse[] {
  if (bytes[0] !== 0) return [decodeReadResponse(bytes)];
  const responses: ReadResponse[] = [];
  for (let from = prefixBytes; from <= bytes.length; from += prefixBytes) {
    const to = from + bytes.readUInt32BE(from - 4);
    if (to > bytes.length) throw new MalformedMessage('a message runs over the end of what came');
    responses.push(plainEvent(bytes, from, to) ?? decodeReadResponse(bytes.subarray(from, to)));
    from = to;
  }
  return responses;
}

/** Where the reading of an event is. */
let at = 0;

/**
 * An event of the usual form (lower-case id, names in ASCII, the three properties that a store sets, no link), read in
 * one pass and without a call for each field; undefined for everything else, which the long way reads or refuses.
 */
function plainEvent(bytes: Buffer, from: number, to: number): ReadResponse | undefined {
  at = from;
  if (bytes[at++] !== 0x0a || varint(bytes) !== to - at) return undefined;
  if (bytes[at++] !== 0x0a) return undefined;
  const length = varint(bytes);
  const end = at + length;
  if (length < 0 || end > to) return undefined;
  const event = recorded(bytes, end);
  if (!event) return undefined;
  // The event's position once more.
  if (at < to && (bytes[at++] !== 0x18 || varint(bytes) < 0)) return undefined;
  return at === to ? { kind: 'event', event } : undefined;
}

function recorded(bytes: Buffer, end: number): WireEvent | undefined {
  let [id, stream, type] = [undefined, undefined, undefined] as (string | undefined)[];
  let [revision, position] = [0, 0];
  let [isJson, created] = [false, 0n];
  let [metadataFrom, metadataTo, dataFrom, dataTo] = [at, at, at, at];
  while (at < end) {
    const tag = bytes[at++]!;
    if (tag === 0x0a) {
      if (bytes[at] !== 38 || bytes[at + 1] !== 0x12 || bytes[at + 2] !== 36 || !isId(bytes, at + 3)) return undefined;
      id = bytes.toString('latin1', at + 3, at + 39);
      at += 39;
    } else if (tag === 0x18 || tag === 0x20 || tag === 0x28) {
      const value = varint(bytes);
      if (value < 0) return undefined;
      if (tag === 0x18) revision = value;
      else if (tag === 0x28) position = value;
    } else {
      const length = varint(bytes);
      const next = at + length;
      if (length < 0 || next > end) return undefined;
      if (tag === 0x42) [dataFrom, dataTo] = [at, next];
      else if (tag === 0x3a) [metadataFrom, metadataTo] = [at, next];
      else if (tag === 0x12) {
        if (bytes[at++] !== 0x1a || varint(bytes) !== next - at || !isAscii(bytes, at, next)) return undefined;
        stream = bytes.toString('latin1', at, next);
      } else if (tag !== 0x32) return undefined;
      else if (isAt(bytes, at, next, jsonEntry)) isJson = true;
      else if (isAt(bytes, at, next, lastCreated.bytes)) created = lastCreated.ticks;
      else if (startsAt(bytes, at, next, typeKey)) {
        at += typeKey.length;
        if (varint(bytes) !== next - at) return undefined;
        type = typeAt(bytes, at, next);
        if (type === undefined) return undefined;
      } else if (startsAt(bytes, at, next, createdKey)) {
        const ticks = ticksAt(bytes, at, next);
        if (ticks === undefined) return undefined;
        created = ticks;
      } else return undefined;
      at = next;
    }
  }
  if (at !== end || id === undefined || stream === undefined || type === undefined) return undefined;
  return {
    id,
    stream,
    revision: BigInt(revision),
    position: BigInt(position),
    type,
    isJson,
    created,
    data: bytes.subarray(dataFrom, dataTo),
    metadata: bytes.subarray(metadataFrom, metadataTo),
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

/** Events of one transaction have one time. */
let lastCreated: { readonly bytes: Uint8Array; readonly ticks: bigint } = { bytes: new Uint8Array(1), ticks: 0n };

function ticksAt(bytes: Buffer, from: number, to: number): bigint | undefined {
  const digits = from + createdKey.length + 1;
  if (bytes[digits - 1] !== to - digits) return undefined;
  const text = bytes.toString('latin1', digits, to);
  if (!/^[0-9]{1,19}$/.test(text)) return undefined;
  const ticks = BigInt(text);
  lastCreated = { bytes: Uint8Array.from(bytes.subarray(from, to)), ticks };
  return ticks;
}
