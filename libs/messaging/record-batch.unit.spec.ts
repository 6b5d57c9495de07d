import { createRequire } from 'node:module';
import { gunzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { crc32c } from '@node-rs/crc32';
import { storedEvent } from '../event-store/placed-event.js';
import type { PlacedEvent } from '../event-store/placed-event.js';
import { eventRecord } from './event-record.js';
import type { Outgoing, OutgoingRecord } from './port.js';
import { leastStored, writeRecordBatch } from './record-batch.js';
import type { ProducerStamp } from './record-batch.js';
import { RecordBytes } from './record-bytes.js';
import { storedBlocks } from './stored-gzip.js';

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

const stamp = { id: 5n, epoch: 1, firstSequence: 0 };

test('a batch of few records is byte for byte what kafkajs encodes', async () => {
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

const crcAt = 17;
const head = 61;

test('many records are a gzip member of stored blocks that end with a record: everybody gunzips them', () => {
  const one = record.chain((each) => fc.constantFrom(each, each, { ...each, value: Buffer.alloc(9_000, 7) }));
  const long = fc.constantFrom(0, 0, 65_535, 65_536, 200_000);
  fc.assert(
    fc.property(
      fc.array(one, { minLength: leastStored, maxLength: leastStored + 60 }),
      long,
      fc.nat(),
      (some, size, at) => {
        const records = some.with(at % some.length, { ...some[0]!, value: Buffer.alloc(size, at) });
        const bytes = encodeRecordBatch(records, stamp, 7);
        const plain = Buffer.concat(records.map((each, offset) => alone(each, offset)));
        expect(bytes.readInt16BE(21)).toBe(1);
        expect(bytes.readInt32BE(8)).toBe(bytes.length - lengthFrom);
        expect(bytes.readUInt32BE(crcAt)).toBe(crc32c(bytes.subarray(21)));
        expect(gunzipSync(bytes.subarray(head)).equals(plain)).toBe(true);
        const ends = new Set([0]);
        for (const [offset, each] of records.entries()) ends.add([...ends].at(-1)! + alone(each, offset).length);
        let passed = 0;
        for (const { from, to } of storedBlocks(bytes, head, bytes.length)!) {
          passed += to - from;
          if (size < 65_000) expect(ends.has(passed)).toBe(true);
        }
      },
    ),
    { numRuns: 40 },
  );
});

/** A record's bytes at its place in a batch. */
function alone(each: OutgoingRecord, offset: number): Buffer {
  const target = new RecordBytes(Buffer.alloc(64));
  target.record(each, offset);
  return target.buffer.subarray(0, target.at);
}

function buffers(headers: Readonly<Record<string, string | Uint8Array>>): object {
  const entries = Object.entries(headers).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : Buffer.from(value),
  ]);
  return Object.fromEntries(entries);
}
