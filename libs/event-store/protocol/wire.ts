import protobuf from 'protobufjs/minimal.js';
import type { Reader, Writer } from 'protobufjs';

export type { Reader, Writer };

/** A message that cannot be read: names the field and the rule. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

export const writer = (): Writer => protobuf.Writer.create();

/** Calls `field(number, reader)` for each field; a field that it does not take (returns false) is skipped. */
export function readFields(
  source: Uint8Array | Reader,
  field: (number: number, reader: Reader) => boolean | void,
  length?: number,
): void {
  const reader = source instanceof Uint8Array ? protobuf.Reader.create(source) : source;
  const end = length === undefined ? reader.len : reader.pos + length;
  if (end > reader.len) throw new MalformedMessage('message ends before its last field');
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 0) throw new MalformedMessage('field number 0');
    if (field(tag >>> 3, reader) === false) reader.skipType(tag & 7);
  }
  if (reader.pos !== end) throw new MalformedMessage('a field runs over the end of its message');
}

/** The same for an embedded message, whose length comes first. */
export function readMessage(reader: Reader, field: (number: number, reader: Reader) => boolean | void): void {
  readFields(reader, field, reader.uint32());
}

/** An embedded message whose fields say nothing (Empty, or one of no interest). */
export function skipMessage(reader: Reader): void {
  readMessage(reader, () => false);
}

interface Bits {
  readonly low: number;
  readonly high: number;
}

/** Never through a double: protobufjs hands over two 32-bit halves. */
export function readUint64(reader: Reader): bigint {
  const { low, high } = reader.uint64() as unknown as Bits;
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

export function readInt64(reader: Reader): bigint {
  return BigInt.asIntN(64, readUint64(reader));
}

function bits(value: bigint): Bits & { unsigned: boolean } {
  return { low: Number(value & 0xffffffffn) | 0, high: Number((value >> 32n) & 0xffffffffn) | 0, unsigned: true };
}

/** Also for int64: two's complement has the same bits. */
export function writeUint64(target: Writer, number: number, value: bigint): void {
  target.uint32(number << 3).uint64(bits(BigInt.asUintN(64, value)) as unknown as number);
}

export function writeString(target: Writer, number: number, value: string): void {
  target.uint32((number << 3) | 2).string(value);
}

export function writeBytes(target: Writer, number: number, value: Uint8Array): void {
  target.uint32((number << 3) | 2).bytes(value);
}

export function writeMessage(target: Writer, number: number, fill: (target: Writer) => void): void {
  target.uint32((number << 3) | 2).fork();
  fill(target);
  target.ldelim();
}

export function writeEmpty(target: Writer, number: number): void {
  target.uint32((number << 3) | 2).uint32(0);
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Strict UTF-8, or MalformedMessage. */
export function decodeText(bytes: Uint8Array, field: string): string {
  try {
    return strict.decode(bytes);
  } catch {
    throw new MalformedMessage(`${field} is not UTF-8`);
  }
}

/** StreamIdentifier: the name is bytes in field 3. */
export function readStreamIdentifier(reader: Reader): string {
  let name = '';
  readMessage(reader, (number, fields) => {
    if (number !== 3) return false;
    name = decodeText(fields.bytes(), 'stream_name');
  });
  return name;
}

export function writeStreamIdentifier(target: Writer, number: number, name: string): void {
  writeMessage(target, number, (identifier) => writeBytes(identifier, 3, Buffer.from(name, 'utf8')));
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Text form in lower case; both wire forms are read. */
export function readUuid(reader: Reader): string {
  let text: string | undefined;
  readMessage(reader, (number, fields) => {
    if (number === 2) {
      text = fields.string().toLowerCase();
    } else if (number === 1) {
      let most = 0n;
      let least = 0n;
      readMessage(fields, (half, value) => {
        if (half === 1) most = BigInt.asUintN(64, readInt64(value));
        else if (half === 2) least = BigInt.asUintN(64, readInt64(value));
        else return false;
      });
      const hex = ((most << 64n) | least).toString(16).padStart(32, '0');
      text = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    } else return false;
  });
  if (text === undefined || !uuidPattern.test(text)) throw new MalformedMessage('id is not a UUID');
  return text;
}

export type UuidForm = 'string' | 'structured';

export function writeUuid(target: Writer, number: number, uuid: string, form: UuidForm = 'string'): void {
  writeMessage(target, number, (message) => {
    if (form === 'string') {
      writeString(message, 2, uuid);
      return;
    }
    const value = BigInt(`0x${uuid.replaceAll('-', '')}`);
    writeMessage(message, 1, (halves) => {
      writeUint64(halves, 1, value >> 64n);
      writeUint64(halves, 2, value & 0xffff_ffff_ffff_ffffn);
    });
  });
}

/** One entry of a map<string, string>. */
export function readMapEntry(reader: Reader): readonly [string, string] {
  let key = '';
  let value = '';
  readMessage(reader, (number, fields) => {
    if (number === 1) key = fields.string();
    else if (number === 2) value = fields.string();
    else return false;
  });
  return [key, value];
}

export function writeMapEntry(target: Writer, number: number, key: string, value: string): void {
  writeMessage(target, number, (entry) => {
    writeString(entry, 1, key);
    writeString(entry, 2, value);
  });
}

/** Seconds and nanoseconds in fields 1 and 2 (Timestamp and Duration), as milliseconds. */
export function readTime(reader: Reader): number {
  let seconds = 0n;
  let nanoseconds = 0;
  readMessage(reader, (number, fields) => {
    if (number === 1) seconds = readInt64(fields);
    else if (number === 2) nanoseconds = fields.int32();
    else return false;
  });
  return Number(seconds) * 1000 + nanoseconds / 1e6;
}

export function writeTime(target: Writer, number: number, milliseconds: number): void {
  writeMessage(target, number, (time) => {
    const seconds = Math.floor(milliseconds / 1000);
    writeUint64(time, 1, BigInt(seconds));
    time.uint32(2 << 3).int32(Math.round((milliseconds - seconds * 1000) * 1e6));
  });
}

export interface Position {
  readonly commit: bigint;
  readonly prepare: bigint;
}

export function readPosition(reader: Reader): Position {
  let commit = 0n;
  let prepare = 0n;
  readMessage(reader, (number, fields) => {
    if (number === 1) commit = readUint64(fields);
    else if (number === 2) prepare = readUint64(fields);
    else return false;
  });
  return { commit, prepare };
}

export function writePosition(target: Writer, number: number, position: bigint): void {
  writeMessage(target, number, (message) => {
    writeUint64(message, 1, position);
    writeUint64(message, 2, position);
  });
}

export function finish(target: Writer): Buffer {
  const bytes = target.finish();
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

let lastTicks = -1n;
let lastTime = '';

/** ISO 8601 of 100-ns ticks since the UNIX epoch. Events of one transaction have one time: it is written out once. */
export function isoTime(ticks: bigint): string {
  if (ticks === lastTicks) return lastTime;
  lastTicks = ticks;
  return (lastTime = new Date(Number(ticks / 10_000n)).toISOString());
}
