import { crc32 } from 'node:zlib';
import type { NewEvent } from './port.js';

const head = Buffer.allocUnsafe(45);
const view = new DataView(head.buffer, head.byteOffset, head.byteLength);

/** CRC-32 over every column of the row, in the order and form in which verify.sql computes it. */
export function checksumOf(event: NewEvent): number {
  view.setBigInt64(0, event.position);
  view.setInt32(8, event.streamId);
  view.setBigInt64(12, event.revision);
  view.setBigInt64(20, event.created);
  putUuid(view, 28, event.id);
  head[44] = event.isJson ? 1 : 0;
  return crc32(event.data, crc32(event.metadata, crc32(bytesOfType(event.type), crc32(head))));
}

const digits = Uint8Array.from({ length: 128 }, (_, code) => {
  const digit = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(digit) ? 0 : digit;
});
/** Where the sixteen bytes of a UUID begin in its text. */
const places = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/** The sixteen bytes of a UUID in its text form, which was checked when it came. */
export function putUuid(target: DataView, at: number, text: string): void {
  for (let index = 0; index < 16; index += 1) {
    const place = places[index]!;
    const [high, low] = [digits[text.charCodeAt(place) & 127]!, digits[text.charCodeAt(place + 1) & 127]!];
    target.setUint8(at + index, high * 16 + low);
  }
}

const mostTypes = 1_000;
const types = new Map<string, Uint8Array>();

/** UTF-8; there are few types, and each is encoded once. */
export function bytesOfType(type: string): Uint8Array {
  const known = types.get(type);
  if (known) return known;
  const made = Buffer.from(type, 'utf8');
  if (types.size < mostTypes) types.set(type, made);
  return made;
}
