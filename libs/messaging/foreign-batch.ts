import { gunzipSync } from 'node:zlib';
import { batchHeadBytes, codecBits, gzip } from './batch-format.js';
import { Reader, Unusual } from './fetch-reader.js';
import { varintBytes } from './record-bytes.js';

/** Bytes of a batch's records: twice as many as the topic takes in one of the relay's, which are no shorter for gzip. */
const mostUnfolded = 16 << 20;

/**
 * Makes one record of each batch of an answer to a fetch (version 11) that is compressed with anything but gzip, or that
 * gzip would unfold to more than 16 MiB: at the batch's last offset, without key and headers, the compressed bytes as its
 * value. No relay writes such a batch; kafkajs reads none of the former and unfolds all of the latter, and either would
 * end every reader of its partition for good. As a record without headers it is foreign, and is told and passed over
 * as any other one. In place.
 */
export function openForeignBatches(bytes: Buffer): Buffer {
  const reader = new Reader(bytes, 10);
  try {
    reader.array(() => {
      reader.pass(reader.int16());
      reader.array(() => {
        reader.pass(30);
        // Transactions that were given up; then the replica that is preferred.
        reader.array(() => reader.pass(16));
        reader.pass(4);
        let batch = reader.pass(Math.max(0, reader.int32()));
        while (reader.at - batch >= batchHeadBytes && bytes[batch + 16] === 2) {
          const end = batch + 12 + bytes.readInt32BE(batch + 8);
          if (end > reader.at || end < batch + batchHeadBytes) break;
          if (isForeign(bytes, batch, end)) openBatch(bytes, batch, end);
          batch = end;
        }
      });
    });
  } catch (error) {
    // A damaged answer is kafkajs's to refuse.
    if (!(error instanceof Unusual || error instanceof RangeError)) throw error;
  }
  return bytes;
}

function isForeign(bytes: Buffer, batch: number, end: number): boolean {
  const by = bytes[batch + 22]! & codecBits;
  if (by !== gzip) return by > gzip;
  try {
    gunzipSync(bytes.subarray(batch + batchHeadBytes, end), { maxOutputLength: mostUnfolded });
    return false;
  } catch (error) {
    // What is damaged is kafkajs's to refuse.
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
  }
}

function openBatch(bytes: Buffer, batch: number, end: number): void {
  const from = batch + batchHeadBytes;
  const delta = bytes.readInt32BE(batch + 23);
  // Attributes, delta of the time, that of the offset, no key; behind the value, no headers.
  const head = [0, 0, ...varint(delta, varintBytes(delta)), 1];
  for (let width = 1; width <= 5; width += 1) {
    const length = end - from - width;
    const value = length - head.length - width - 1;
    if (value < 0 || varintBytes(length) > width) continue;
    const before = [...varint(length, width), ...head, ...varint(value, width)];
    bytes.set(before, from);
    bytes[end - 1] = 0;
    bytes[batch + 22]! &= ~codecBits;
    bytes.writeInt32BE(1, batch + 57);
    return;
  }
}

/** In so many bytes, also where fewer would do. */
function varint(value: number, width: number): number[] {
  const written: number[] = [];
  for (let left = value * 2, at = 1; at <= width; at += 1, left = Math.floor(left / 128))
    written.push((left % 128) + (at < width ? 128 : 0));
  return written;
}
