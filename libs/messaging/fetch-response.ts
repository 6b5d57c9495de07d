import { batchHeadBytes, gzip } from './batch-format.js';
import { FetchedRecord } from './fetched-record.js';
import { Reader, Unusual } from './fetch-reader.js';
import { storedBlocks } from './stored-gzip.js';

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

const logAppendTime = 8;

/**
 * An answer whose records are plain: batches of format 2 that are no part of a transaction and not compressed, or in
 * stored blocks that end where a record does, as the relay writes them. One pass, where kafkajs makes a decoder for each
 * record and copies an object for each header.
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
  while (end - reader.at >= batchHeadBytes && batchOf(reader, end, partition, messages));
  reader.at = end;
  const rest = { highWatermark, lastStableOffset, lastStartOffset, preferredReadReplica };
  return { partition, errorCode, abortedTransactions: [], messages, ...rest };
}

/** @returns false where the last batch is cut off, as answers of limited size may end */
function batchOf(reader: Reader, end: number, partition: number, into: FetchedRecord[]): boolean {
  const { bytes, at: start } = reader;
  const length = bytes.readInt32BE(start + 8);
  if (bytes[start + 16] !== 2 || length < batchHeadBytes - 12) throw new Unusual('another format');
  const batchEnd = start + 12 + length;
  if (batchEnd > end) return false;
  const attributes = bytes.readInt16BE(start + 21);
  if ((attributes & ~(logAppendTime | gzip)) !== 0) throw new Unusual('compressed, or of a transaction');
  const firstOffset = bytes.readBigInt64BE(start);
  const isAppendTime = (attributes & logAppendTime) !== 0;
  const firstTime = Number(bytes.readBigInt64BE(start + (isAppendTime ? 35 : 27)));
  const count = bytes.readInt32BE(start + 57);
  const whole = { from: start + batchHeadBytes, to: batchEnd };
  const blocks = (attributes & gzip) === 0 ? [whole] : storedBlocks(bytes, whole.from, whole.to);
  if (blocks === undefined) throw new Unusual('compressed');
  let index = 0;
  for (const { from, to } of blocks) {
    reader.at = from;
    while (reader.at < to) {
      const recordEnd = reader.end(to);
      reader.at += 1;
      const delta = reader.varint();
      const offset = firstOffset + BigInt(reader.varint());
      const keyLength = reader.varint();
      const keyFrom = keyLength < 0 ? -1 : reader.pass(keyLength);
      const valueLength = reader.varint();
      const valueFrom = valueLength < 0 ? -1 : reader.pass(valueLength);
      const headersFrom = reader.at;
      reader.passHeaders();
      if (reader.at !== recordEnd) throw new Unusual('a record of another length');
      const timestamp = isAppendTime ? firstTime : firstTime + delta;
      const places = { keyFrom, keyLength, valueFrom, valueLength, headersFrom };
      into.push(new FetchedRecord(partition, offset, timestamp, bytes, places));
      index += 1;
    }
  }
  if (index !== count) throw new Unusual('another number of records');
  reader.at = batchEnd;
  return true;
}
