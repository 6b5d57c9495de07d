import type { IncomingRecord } from './port.js';

/** Kafka protocol guide, "Fetch API": the version that kafkajs asks brokers from 2.3 on in. */
export const fetchVersion = 11;

/** The answer to a fetch as kafkajs's consumer takes it on. */
export interface FetchResponse {
  readonly throttleTime: number;
  /** Milliseconds that the broker's quota asks this client to wait; kafkajs does. */
  readonly clientSideThrottleTime: number;
  readonly errorCode: number;
  readonly sessionId: number;
  readonly responses: readonly { readonly topicName: string; readonly partitions: readonly FetchedPartition[] }[];
}

interface FetchedPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: string;
  readonly lastStableOffset: string;
  readonly lastStartOffset: string;
  readonly abortedTransactions: readonly [];
  readonly preferredReadReplica: number;
  readonly messages: readonly FetchedRecord[];
}

/** A record, and what kafkajs asks of one. */
export class FetchedRecord implements IncomingRecord {
  readonly isControlRecord = false;
  constructor(
    readonly partition: number,
    readonly offset: bigint,
    readonly timestamp: number,
    readonly key: string | undefined,
    readonly value: Uint8Array | undefined,
    readonly headers: Readonly<Record<string, Uint8Array>>,
  ) {}
}

const batchHead = 61;
const logAppendTime = 8;
const nothing = Buffer.alloc(0);

/** What this decoder leaves to kafkajs's own: unusual, not necessarily wrong. */
class Unusual extends Error {}

/**
 * An answer whose records are plain: batches of format 2 that are neither compressed nor part of a transaction, as the
 * relay writes them. One pass, where kafkajs makes a decoder for each record and copies an object for each header.
 * @returns undefined for any other answer, damaged ones among them
 */
export function decodeFetch(bytes: Buffer): FetchResponse | undefined {
  try {
    const reader = new Reader(bytes);
    const clientSideThrottleTime = reader.int32();
    const errorCode = reader.int16();
    const sessionId = reader.int32();
    const responses = reader.array(() => {
      const topicName = reader.text(reader.int16());
      return { topicName, partitions: reader.array(() => partitionOf(reader)) };
    });
    return { throttleTime: 0, clientSideThrottleTime, errorCode, sessionId, responses };
  } catch (error) {
    if (error instanceof Unusual) return undefined;
    throw error;
  }
}

function partitionOf(reader: Reader): FetchedPartition {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const highWatermark = reader.int64().toString();
  const lastStableOffset = reader.int64().toString();
  const lastStartOffset = reader.int64().toString();
  if (reader.int32() > 0) throw new Unusual('transactions that were given up');
  const preferredReadReplica = reader.int32();
  const length = Math.max(0, reader.int32());
  const end = reader.at + length;
  if (end > reader.bytes.length) throw new Unusual('records beyond the end');
  const messages: FetchedRecord[] = [];
  while (end - reader.at >= batchHead && batchOf(reader, end, partition, messages));
  reader.at = end;
  const rest = { highWatermark, lastStableOffset, lastStartOffset, preferredReadReplica };
  return { partition, errorCode, abortedTransactions: [], messages, ...rest };
}

/** @returns false where the last batch is cut off, as answers of limited size may end */
function batchOf(reader: Reader, end: number, partition: number, into: FetchedRecord[]): boolean {
  const { bytes, at: start } = reader;
  const length = bytes.readInt32BE(start + 8);
  if (bytes[start + 16] !== 2 || length < batchHead - 12) throw new Unusual('another format');
  const batchEnd = start + 12 + length;
  if (batchEnd > end) return false;
  const attributes = bytes.readInt16BE(start + 21);
  if ((attributes & ~logAppendTime) !== 0) throw new Unusual('compressed, or of a transaction');
  const firstOffset = bytes.readBigInt64BE(start);
  const isAppendTime = attributes === logAppendTime;
  const firstTime = Number(bytes.readBigInt64BE(start + (isAppendTime ? 35 : 27)));
  const count = bytes.readInt32BE(start + 57);
  reader.at = start + batchHead;
  for (let index = 0; index < count; index += 1) {
    const recordEnd = reader.end(batchEnd);
    reader.at += 1;
    const delta = reader.varint();
    const offset = firstOffset + BigInt(reader.varint());
    const key = reader.varint();
    const keyText = key < 0 ? undefined : reader.text(key);
    const value = reader.slice(reader.varint());
    const headers = headersOf(reader);
    if (reader.at !== recordEnd) throw new Unusual('a record of another length');
    into.push(
      new FetchedRecord(partition, offset, isAppendTime ? firstTime : firstTime + delta, keyText, value, headers),
    );
  }
  if (reader.at !== batchEnd) throw new Unusual('a batch of another length');
  return true;
}

/** A header given twice is kept as its last value. */
function headersOf(reader: Reader): Record<string, Uint8Array> {
  const headers: Record<string, Uint8Array> = {};
  for (let left = reader.varint(); left > 0; left -= 1) {
    const name = reader.name();
    headers[name] = reader.slice(reader.varint()) ?? nothing;
  }
  return headers;
}

/** Reads forwards; what goes beyond the end throws. */
class Reader {
  at = 0;
  constructor(readonly bytes: Buffer) {}

  int16(): number {
    return this.bytes.readInt16BE(this.#pass(2));
  }

  int32(): number {
    return this.bytes.readInt32BE(this.#pass(4));
  }

  int64(): bigint {
    return this.bytes.readBigInt64BE(this.#pass(8));
  }

  array<Item>(item: () => Item): Item[] {
    const items: Item[] = [];
    for (let left = this.int32(); left > 0; left -= 1) items.push(item());
    return items;
  }

  /** A zigzag varint of at most 53 bits. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let length = 1; length <= 8; length += 1) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw new Unusual('no end');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      scale *= 128;
    }
    throw new Unusual('a number beyond 53 bits');
  }

  /** Where what begins with its length ends. */
  end(limit: number): number {
    const length = this.varint();
    if (length < 0 || length > limit - this.at) throw new Unusual('beyond the end of its batch');
    return this.at + length;
  }

  text(length: number): string {
    const from = this.#pass(length);
    return this.bytes.toString('utf8', from, this.at);
  }

  /** undefined for a length below 0, which stands for null. */
  slice(length: number): Buffer | undefined {
    if (length < 0) return undefined;
    const from = this.#pass(length);
    return this.bytes.subarray(from, this.at);
  }

  /** Names repeat with every record: each is made a string once, and found by its length and two of its bytes. */
  name(): string {
    const { bytes } = this;
    const length = this.varint();
    const from = this.#pass(length);
    const place = length * 65_536 + bytes[from]! * 256 + bytes[this.at - 1]!;
    const known = names.get(place);
    if (known !== undefined && isAt(bytes, from, known.bytes)) return known.text;
    const text = bytes.toString('utf8', from, this.at);
    // Set on an object it would be something else.
    if (text === '__proto__') throw new Unusual('a name');
    if (names.size < mostNames) names.set(place, { text, bytes: Buffer.from(bytes.subarray(from, this.at)) });
    return text;
  }

  #pass(length: number): number {
    const from = this.at;
    if (length < 0 || length > this.bytes.length - from) throw new Unusual('beyond the end');
    this.at += length;
    return from;
  }
}

const mostNames = 256;
const names = new Map<number, { readonly text: string; readonly bytes: Buffer }>();

function isAt(bytes: Buffer, from: number, wanted: Buffer): boolean {
  for (let index = 0; index < wanted.length; index += 1) if (bytes[from + index] !== wanted[index]) return false;
  return true;
}
