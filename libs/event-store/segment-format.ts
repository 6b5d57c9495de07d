import { createHash, hash as hashOnce } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { StoredEvent } from './port.js';

/**
 * A segment file holds stored events in $all order, byte for byte:
 *
 *     "assay-segment 1\n"                                                            16 bytes
 *     u64 first position that the file may hold (0: from the beginning)               8 bytes
 *     records: u32 size of what follows · u32 CRC-32 of size, head and names
 *              head: u64 position · u64 revision · i64 recorded at (ms) · id (16) · SHA-256 (32) · u16 type · u16 stream · u32 data
 *              names: type, stream (UTF-8, of those lengths) · data · 0x00 · metadata
 *     end:     u32 0 · u64 number of events · u64 last position · SHA-256 (32) over the magic, the start and every head and names
 *
 * Numbers are big-endian. The SHA-256 of a record is the event's digest: over `data ‖ 0x00 ‖ metadata`, as stored.
 */
export const magic = Buffer.from('assay-segment 1\n', 'ascii');
export const preambleBytes = magic.length + 8;
export const prefixBytes = 8;
const headBytes = 8 + 8 + 8 + 16 + 32 + 2 + 2 + 4;
const digestAt = 40;
export const endBytes = 4 + 8 + 8 + 32;
/** More than any store takes in one append (EventStoreDB 25.1: 16 MiB an event): a greater size is damage. */
const largestRecord = 64 * 1024 * 1024;

/** A segment file is not what an export has written; says where and what. Nothing after that place was handed out. */
export class SegmentDamaged extends Error {
  override readonly name = 'SegmentDamaged';
  readonly code = 'SegmentDamaged';
  constructor(
    readonly path: string,
    /** Byte where the damaged part begins. */
    readonly offset: number,
    /** Of the last whole event before it; undefined: there is none. */
    readonly after: bigint | undefined,
    readonly problem: string,
  ) {
    super(
      `${path}: ${problem}, at byte ${offset}, ${after === undefined ? 'before any event' : `after position ${after}`}`,
    );
  }
}

/** The file ends in the middle of a record, or without its end mark: an export that was broken off, or a cut. */
export class SegmentTruncated extends SegmentDamaged {
  override readonly name = 'SegmentDamaged';
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function preamble(from: bigint): Buffer {
  const bytes = Buffer.alloc(preambleBytes);
  magic.copy(bytes);
  bytes.writeBigUInt64BE(from, magic.length);
  return bytes;
}

export function encodeRecord(event: StoredEvent): Buffer {
  const type = Buffer.from(event.type, 'utf8');
  const stream = Buffer.from(event.stream, 'utf8');
  const { data, metadata } = event;
  const id = event.id.toLowerCase();
  if (!uuidPattern.test(id)) throw new TypeError(`event id ${JSON.stringify(event.id)}: a UUID is wanted`);
  if (type.length > 0xffff || stream.length > 0xffff)
    throw new RangeError(`event ${id}: type and stream of at most 65,535 bytes are wanted`);
  const namesAt = prefixBytes + headBytes;
  const dataAt = namesAt + type.length + stream.length;
  const bytes = Buffer.allocUnsafe(dataAt + data.length + 1 + metadata.length);
  bytes.writeUInt32BE(bytes.length - 4, 0);
  let at = prefixBytes;
  at = bytes.writeBigUInt64BE(event.position, at);
  at = bytes.writeBigUInt64BE(event.revision, at);
  at = bytes.writeBigInt64BE(BigInt(Date.parse(event.recordedAt)), at);
  at += bytes.write(id.replaceAll('-', ''), at, 'hex');
  at += 32;
  at = bytes.writeUInt16BE(type.length, at);
  at = bytes.writeUInt16BE(stream.length, at);
  bytes.writeUInt32BE(data.length, at);
  type.copy(bytes, namesAt);
  stream.copy(bytes, namesAt + type.length);
  bytes.set(data, dataAt);
  bytes[dataAt + data.length] = 0;
  bytes.set(metadata, dataAt + data.length + 1);
  digestOf(bytes.subarray(dataAt)).copy(bytes, prefixBytes + digestAt);
  bytes.writeUInt32BE(checkOf(bytes, dataAt), 4);
  return bytes;
}

function digestOf(bytes: Uint8Array): Buffer {
  return hashOnce('sha256', bytes, 'buffer');
}

/** What of a record the end mark vouches for: head and names, which hold the digest of the rest. */
export function vouchedPart(record: Buffer): Buffer {
  return record.subarray(prefixBytes, dataPlace(record));
}

export function encodeEnd(count: bigint, last: bigint, sum: Buffer): Buffer {
  const bytes = Buffer.alloc(endBytes);
  bytes.writeBigUInt64BE(count, 4);
  bytes.writeBigUInt64BE(last, 12);
  sum.copy(bytes, 20);
  return bytes;
}

/** The checksum of a file so far: give it the preamble first, then each record. */
export function fileSum(): { add(bytes: Uint8Array): void; digest(): Buffer } {
  const sum = createHash('sha256');
  return {
    add: (bytes) => void sum.update(bytes),
    // The sum goes on after it was asked.
    digest: () => sum.copy().digest(),
  };
}

/** CRC-32 of size, head and names, which end at `namesEnd`. */
function checkOf(record: Buffer, namesEnd: number): number {
  return crc32(record.subarray(prefixBytes, namesEnd), crc32(record.subarray(0, 4)));
}

/**
 * How many bytes the record takes that begins here, `end` for the end mark, undefined where too little is there to
 * tell. A size is believed when the CRC holds, so that a damaged one is not taken for the end of the file. Throws an
 * Error whose message is the problem.
 */
export function recordSize(bytes: Buffer): number | 'end' | undefined {
  if (bytes.length < 4) return undefined;
  const size = bytes.readUInt32BE(0);
  if (size === 0) return 'end';
  if (size > largestRecord || size < headBytes + 4) throw new RangeError(`a record of ${size} bytes`);
  if (bytes.length < prefixBytes + headBytes) return undefined;
  const namesEnd = dataPlace(bytes);
  if (namesEnd + bytes.readUInt32BE(prefixBytes + headBytes - 4) >= size + 4)
    throw new RangeError('lengths that do not fit the record');
  if (bytes.length < namesEnd) return undefined;
  if (checkOf(bytes, namesEnd) !== bytes.readUInt32BE(4)) throw new Error('the CRC-32 of size, head and names differs');
  return size + 4;
}

/** Where a record's data begins: after head and names. */
function dataPlace(record: Buffer): number {
  const namesAt = prefixBytes + headBytes;
  return namesAt + record.readUInt16BE(namesAt - 8) + record.readUInt16BE(namesAt - 6);
}

export function recordPosition(record: Buffer): bigint {
  return record.readBigUInt64BE(prefixBytes);
}

/** What the head of a whole record says of where it belongs; its bytes are not looked at. */
export function recordHead(record: Buffer): Pick<StoredEvent, 'position' | 'stream'> {
  const namesAt = prefixBytes + headBytes;
  const streamAt = namesAt + record.readUInt16BE(namesAt - 8);
  return {
    position: recordPosition(record),
    stream: record.toString('utf8', streamAt, streamAt + record.readUInt16BE(namesAt - 6)),
  };
}

/** One whole record of which {@link recordSize} has told the size. Throws an Error whose message is the problem. */
export function decodeRecord(record: Buffer): StoredEvent {
  const namesAt = prefixBytes + headBytes;
  const typeBytes = record.readUInt16BE(namesAt - 8);
  const dataAt = dataPlace(record);
  const dataEnd = dataAt + record.readUInt32BE(namesAt - 4);
  const position = record.readBigUInt64BE(prefixBytes);
  // As text of one byte a character: half the cost of a Buffer of its own.
  const digest = hashOnce('sha256', record.subarray(dataAt), 'binary');
  if (
    record[dataEnd] !== 0 ||
    digest !== record.toString('binary', prefixBytes + digestAt, prefixBytes + digestAt + 32)
  )
    throw new Error(`the digest of the event at position ${position} differs`);
  const id = record.toString('hex', prefixBytes + 24, prefixBytes + 40);
  return {
    id: `${id.slice(0, 8)}-${id.slice(8, 12)}-${id.slice(12, 16)}-${id.slice(16, 20)}-${id.slice(20)}`,
    type: record.toString('utf8', namesAt, namesAt + typeBytes),
    stream: record.toString('utf8', namesAt + typeBytes, dataAt),
    revision: record.readBigUInt64BE(prefixBytes + 8),
    position,
    recordedAt: new Date(Number(record.readBigInt64BE(prefixBytes + 16))).toISOString(),
    data: record.subarray(dataAt, dataEnd),
    metadata: record.subarray(dataEnd + 1),
  };
}
