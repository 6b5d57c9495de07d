import { crc32c } from './crc32c.js';
import type { Outgoing } from './port.js';
import { RecordBytes } from './record-bytes.js';

/** Who writes a batch, and which number its first record has among this producer's of that partition. */
export interface ProducerStamp {
  readonly id: bigint;
  readonly epoch: number;
  readonly firstSequence: number;
}

/** Bytes before the records: base offset to record count. */
const headBytes = 61;
const lengthFrom = 12;
const crcAt = 17;
const crcFrom = 21;

/**
 * Records of one partition as one record batch of format 2, uncompressed (Kafka protocol guide, "Record Batch"), all
 * with one time: byte for byte what the broker stores, in one pass and without an object for each part.
 * @param time milliseconds since the epoch
 */
export function encodeRecordBatch(records: readonly Outgoing[], stamp: ProducerStamp, time: number): Buffer {
  const target = new RecordBytes(headBytes, records.length * 1024);
  for (let index = 0; index < records.length; index += 1) {
    const record = records[index]!;
    if ('event' in record) target.event(record, index);
    else target.record(record, index);
  }
  const batch = target.taken();
  batch.writeBigInt64BE(0n, 0);
  batch.writeInt32BE(batch.length - lengthFrom, 8);
  batch.writeInt32BE(-1, lengthFrom);
  batch[16] = 2;
  batch.writeInt16BE(0, crcFrom);
  batch.writeInt32BE(records.length - 1, 23);
  batch.writeBigInt64BE(BigInt(time), 27);
  batch.writeBigInt64BE(BigInt(time), 35);
  batch.writeBigInt64BE(stamp.id, 43);
  batch.writeInt16BE(stamp.epoch, 51);
  batch.writeInt32BE(stamp.firstSequence, 53);
  batch.writeInt32BE(records.length, 57);
  batch.writeUInt32BE(crc32c(batch, crcFrom), crcAt);
  return batch;
}
