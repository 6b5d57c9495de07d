import { prefixBytes } from './frame-writer.js';
import { MalformedMessage } from './wire.js';

/** Calls `take` for each message: one, or several with their prefixes, which begin with 0 as no message does. */
export function eachMessage(bytes: Buffer, take: (from: number, to: number) => void): void {
  if (bytes[0] !== 0) return take(0, bytes.length);
  let to = 0;
  for (let from = prefixBytes; from <= bytes.length; from = to + prefixBytes) {
    to = from + bytes.readUInt32BE(from - 4);
    if (to > bytes.length) break;
    take(from, to);
  }
  if (to !== bytes.length) throw new MalformedMessage('a message runs over the end of what came');
}

/** Where the number that was read last ends. */
export let numberEnd = 0;

/** A varint that a double holds exactly; -1: another one, or the bytes are over. Where it ends is in `numberEnd`. */
export function numberAt(bytes: Buffer, from: number): number {
  let at = from;
  let value = 0;
  for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
    const byte = bytes[at++];
    if (byte === undefined) break;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      numberEnd = at;
      return value <= Number.MAX_SAFE_INTEGER ? value : -1;
    }
  }
  numberEnd = at;
  return -1;
}

export const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** The content type of JSON, as an entry of a map of texts. */
export const jsonEntry = ascii('\n\fcontent-type\x12\x10application/json');
/** What comes before the type's text and length. */
export const typeKey = ascii('\n\x04type\x12');

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
