import { createRequire } from 'node:module';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { crc32c } from './crc32c.js';
import { encodeRecordBatch } from './record-batch.js';

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

function buffers(headers: Readonly<Record<string, string | Uint8Array>>): object {
  const entries = Object.entries(headers).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : Buffer.from(value),
  ]);
  return Object.fromEntries(entries);
}
