import { createRequire } from 'node:module';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { crc32c } from './crc32c.js';
import { storedEvent } from '../event-store/placed-event.js';
import type { PlacedEvent } from '../event-store/placed-event.js';
import { eventRecord } from './event-record.js';
import type { Outgoing } from './port.js';
import { writeRecordBatch } from './record-batch.js';
import type { ProducerStamp } from './record-batch.js';
import { RecordBytes } from './record-bytes.js';

/** kafkajs's own encoding, which this one stands in for. */
const load = createRequire(import.meta.url);
const { RecordBatch } = load('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch(batch: object): Promise<{ readonly buffer: Buffer }>;
};
const Record = load('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => object;

/** Base offset and length: what stands before the bytes that both write the same. */
const lengthFrom = 12;
/** kafkajs leaves the leader's epoch 0, Apache's own client -1: the broker writes its own. */
const epochBytes = 4;

/** Into a buffer that was used before and is too small at first. */
function encodeRecordBatch(records: readonly Outgoing[], stamp: ProducerStamp, time: number): Buffer {
  const target = new RecordBytes(Buffer.alloc(80, 0xff), 3);
  writeRecordBatch(target, records, stamp, time);
  return target.buffer.subarray(3, target.at);
}

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme', maxLength: 90 }),
  fc.string({ minLength: 60, maxLength: 70 }),
);
const bytes = fc.oneof(fc.uint8Array(), fc.uint8Array({ minLength: 60, maxLength: 140 }));
const record = fc.record({
  partition: fc.constant(0),
  key: text,
  value: bytes,
  headers: fc.dictionary(text, fc.oneof(text, bytes), { noNullPrototype: true }),
});

test('a batch is byte for byte what kafkajs encodes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(record, { minLength: 1, maxLength: 20 }),
      fc.bigInt({ min: 0n, max: 2n ** 40n }),
      fc.nat({ max: 2 ** 31 - 1 }),
      async (records, id, firstSequence) => {
        const time = 1_790_000_000_000;
        const ours = encodeRecordBatch(records, { id, epoch: 7, firstSequence }, time);
        const theirs = await RecordBatch({
          firstTimestamp: time,
          maxTimestamp: time,
          producerId: id.toString(),
          producerEpoch: 7,
          firstSequence,
          lastOffsetDelta: records.length - 1,
          records: records.map(({ key, value, headers }, offsetDelta) =>
            Record({ key, value: Buffer.from(value), headers: buffers(headers), offsetDelta, timestampDelta: 0 }),
          ),
        });
        expect(ours.subarray(0, lengthFrom)).toEqual(theirs.buffer.subarray(0, lengthFrom));
        const from = lengthFrom + epochBytes;
        expect(ours.subarray(from).equals(theirs.buffer.subarray(from))).toBe(true);
      },
    ),
    { numRuns: 150 },
  );
});

test("an event's record is byte for byte that of its key, value and headers, also of one that was not taken apart", () => {
  const ascii = fc.string({ minLength: 1, maxLength: 60 });
  const optional = fc.record(
    {
      schemaVersion: fc.oneof(fc.nat({ max: 12 }), fc.maxSafeInteger(), fc.constantFrom<unknown>('2', 0.5, -1, null)),
      correlationId: fc.oneof(fc.uuid(), text),
      causationId: fc.uuid(),
      actor: fc.record({ causationId: text, schemaVersion: fc.nat() }),
      note: fc.oneof(text, fc.array(text), fc.constantFrom('"}', '{', '\\', ',"schemaVersion":9')),
    },
    { requiredKeys: [] },
  );
  const metadata = fc
    .tuple(optional, fc.constantFrom(undefined, undefined, undefined, 1))
    .map(([fields, spaces]) => Buffer.from(JSON.stringify(fields, undefined, spaces), 'utf8'));
  const number = fc.oneof(
    fc.maxSafeInteger().map(Math.abs),
    fc.nat({ max: 15 }).chain((power) => fc.constantFrom(10 ** power - 1, 10 ** power)),
  );
  const placed = fc
    .record({
      id: fc.uuid(),
      stream: ascii,
      type: fc.oneof(fc.constantFrom('ModelRegistered', 'RunEnded'), ascii),
      revision: number,
      position: number,
      recordedAt: fc.constantFrom('2026-11-22T10:00:00.000Z', '2026-11-22T10:00:00.001Z'),
      data: bytes,
      metadata,
    })
    .map(({ id, stream, data, metadata: about, ...rest }): PlacedEvent => {
      const parts = [Buffer.from('before'), Buffer.from(id + stream), about, data, Buffer.from('behind')];
      const streamTo = 42 + stream.length;
      const metadataTo = streamTo + about.length;
      return {
        kind: 'placed',
        bytes: Buffer.concat(parts),
        idFrom: 6,
        streamFrom: 42,
        streamTo,
        metadataFrom: streamTo,
        metadataTo,
        dataFrom: metadataTo,
        dataTo: metadataTo + data.length,
        ...rest,
      };
    });
  const relay = fc.record({ id: fc.uuid(), epoch: fc.bigInt({ min: 1n, max: 2n ** 40n }) });
  const stamp = { id: 5n, epoch: 1, firstSequence: 0 };
  fc.assert(
    fc.property(fc.array(placed, { minLength: 1, maxLength: 8 }), relay, (events, by) => {
      const stored = events.map((event) => storedEvent(event));
      const whole = encodeRecordBatch([{ partition: 2, events, relay: by }], stamp, 7);
      const taken = encodeRecordBatch([{ partition: 2, events: stored, relay: by }], stamp, 7);
      const apart = stored.map((event) => eventRecord(event, by, 2));
      expect(whole.equals(taken)).toBe(true);
      expect(taken.equals(encodeRecordBatch(apart, stamp, 7))).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test.each([127, 128, 8_191, 8_192, 8_193, 1_048_576, 1_048_577])(
  'a record around a length of %i bytes',
  async (size) => {
    const value = Buffer.alloc(size - 8, 'x');
    const ours = encodeRecordBatch(
      [{ partition: 0, key: 'k', value, headers: {} }],
      { id: 1n, epoch: 0, firstSequence: 0 },
      0,
    );
    const theirs = await RecordBatch({
      firstTimestamp: 0,
      maxTimestamp: 0,
      producerId: '1',
      records: [Record({ key: 'k', value, offsetDelta: 0, timestampDelta: 0 })],
    });
    expect(ours.subarray(16).equals(theirs.buffer.subarray(16))).toBe(true);
  },
);

test('CRC-32C of RFC 3720 appendix B.4', () => {
  const ascending = Buffer.from(Array.from({ length: 32 }, (_, index) => index));
  expect(
    [Buffer.alloc(32), Buffer.alloc(32, 0xff), ascending, Buffer.from('123456789')].map((each) => crc32c(each)),
  ).toEqual([0x8a9136aa, 0x62a8ab43, 0x46dd794e, 0xe3069283]);
  expect(crc32c(ascending, 3, 3)).toBe(0);
});

test('CRC-32C of any part of any bytes is what it is bit by bit', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 120 }),
      fc.nat({ max: 20 }),
      fc.nat({ max: 20 }),
      (given, before, behind) => {
        const [start, end] = [Math.min(before, given.length), Math.max(before, given.length - behind)];
        let crc = -1;
        for (const byte of given.subarray(start, end)) {
          crc ^= byte;
          for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
        }
        expect(crc32c(given, start, Math.min(end, given.length))).toBe(~crc >>> 0);
      },
    ),
    { numRuns: 500 },
  );
});

function buffers(headers: Readonly<Record<string, string | Uint8Array>>): object {
  const entries = Object.entries(headers).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : Buffer.from(value),
  ]);
  return Object.fromEntries(entries);
}
