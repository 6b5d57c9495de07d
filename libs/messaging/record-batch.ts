import { crc32c } from './crc32c.js';
import type { OutgoingRecord } from './port.js';

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
export function encodeRecordBatch(records: readonly OutgoingRecord[], stamp: ProducerStamp, time: number): Buffer {
  const target = new Bytes(headBytes + records.length * 512);
  target.at = headBytes;
  for (const [index, record] of records.entries()) target.record(record, index);
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

/** Strings up to so many characters are written byte by byte: a call out of JavaScript costs more. */
const shortText = 24;

class Bytes {
  at = 0;
  #buffer: Buffer;

  constructor(size: number) {
    this.#buffer = Buffer.allocUnsafeSlow(size);
  }

  taken(): Buffer {
    return this.#buffer.subarray(0, this.at);
  }

  record({ key, value, headers }: OutgoingRecord, offset: number): void {
    // The length comes first and is known last: two bytes of room, as most records want.
    const start = this.at;
    this.#room(16);
    this.at += 2;
    this.#buffer[this.at] = 0;
    this.#buffer[this.at + 1] = 0;
    this.at += 2;
    this.#varint(offset);
    this.#text(key);
    this.#bytes(value);
    const names = Object.keys(headers);
    this.#varint(names.length);
    for (const name of names) {
      this.#text(name);
      const header = headers[name]!;
      if (typeof header === 'string') this.#text(header);
      else this.#bytes(header);
    }
    const length = this.at - start - 2;
    const size = varintBytes(length);
    if (size !== 2) {
      this.#room(size);
      this.#buffer.copyWithin(start + size, start + 2, this.at);
    }
    this.at = start;
    this.#varint(length);
    this.at += length;
  }

  #room(bytes: number): void {
    if (this.at + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.at + bytes));
    this.#buffer.copy(larger, 0, 0, this.at);
    this.#buffer = larger;
  }

  /** Zigzag: twice a number that is not negative. There is room. */
  #varint(value: number): void {
    let rest = value * 2;
    while (rest > 0x7f) {
      this.#buffer[this.at++] = (rest & 0x7f) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.at++] = rest;
  }

  #bytes(value: Uint8Array): void {
    this.#room(value.length + 10);
    this.#varint(value.length);
    this.#buffer.set(value, this.at);
    this.at += value.length;
    this.#room(5);
  }

  #text(value: string): void {
    const { length } = value;
    this.#room(length * 3 + 10);
    if (length <= shortText) {
      const buffer = this.#buffer;
      let at = this.at;
      buffer[at++] = length * 2;
      let index = 0;
      for (; index < length; index += 1) {
        const code = value.charCodeAt(index);
        if (code > 0x7f) break;
        buffer[at++] = code;
      }
      if (index === length) {
        this.at = at;
        return;
      }
    }
    this.#varint(Buffer.byteLength(value, 'utf8'));
    this.at += this.#buffer.write(value, this.at, 'utf8');
  }
}

function varintBytes(value: number): number {
  let size = 1;
  for (let rest = Math.floor((value * 2) / 128); rest > 0; rest = Math.floor(rest / 128)) size += 1;
  return size;
}
