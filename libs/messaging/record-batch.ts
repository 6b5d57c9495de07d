import { crc32c } from '@node-rs/crc32';
import { batchHeadBytes, gzip } from './batch-format.js';
import { eventRecord } from './event-record.js';
import type { Outgoing } from './port.js';
import { RecordBytes } from './record-bytes.js';
import { StoredGzip } from './stored-gzip.js';

/** Who writes a batch, and which number its first record has among this producer's of that partition. */
export interface ProducerStamp {
  readonly id: bigint;
  readonly epoch: number;
  readonly firstSequence: number;
}

const lengthFrom = 12;
const crcAt = 17;
const crcFrom = 21;

/** Of so many records a broker passes over the whole faster than it takes each apart. */
export const leastStored = 64;

/** How many records these are. */
export function recordCount(records: readonly Outgoing[]): number {
  let count = 0;
  for (const one of records) count += 'events' in one ? one.events.length : 1;
  return count;
}

/**
 * Writes records of one partition as one record batch of format 2 (Kafka protocol guide, "Record Batch"), all with one
 * time: byte for byte what the broker stores, in one pass and without an object for each part. Many records are put into
 * stored blocks of gzip, few are not compressed in any way.
 * @param time milliseconds since the epoch
 */
export function writeRecordBatch(
  target: RecordBytes,
  records: readonly Outgoing[],
  stamp: ProducerStamp,
  time: number,
): void {
  const start = target.skip(batchHeadBytes);
  const isStored = recordCount(records) >= leastStored;
  const stored = isStored ? new StoredGzip(target) : undefined;
  let count = 0;
  for (const one of records) {
    if ('events' in one) {
      for (const event of one.events) {
        if ('bytes' in event) target.placed(event, one.relay, count);
        else target.record(eventRecord(event, one.relay, one.partition), count);
        stored?.added();
        count += 1;
      }
    } else {
      target.record(one, count);
      stored?.added();
      count += 1;
    }
  }
  stored?.end();
  const batch = target.buffer.subarray(start, target.at);
  batch.writeBigInt64BE(0n, 0);
  batch.writeInt32BE(batch.length - lengthFrom, 8);
  batch.writeInt32BE(-1, lengthFrom);
  batch[16] = 2;
  batch.writeInt16BE(isStored ? gzip : 0, crcFrom);
  batch.writeInt32BE(count - 1, 23);
  batch.writeBigInt64BE(BigInt(time), 27);
  batch.writeBigInt64BE(BigInt(time), 35);
  batch.writeBigInt64BE(stamp.id, 43);
  batch.writeInt16BE(stamp.epoch, 51);
  batch.writeInt32BE(stamp.firstSequence, 53);
  batch.writeInt32BE(count, 57);
  batch.writeUInt32BE(crc32c(batch.subarray(crcFrom)), crcAt);
}
