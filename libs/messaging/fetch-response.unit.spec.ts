import { createRequire } from 'node:module';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { KafkaMessage } from 'kafkajs';
import { decodeFetch } from './fetch-response.js';
import type { FetchedRecord } from './fetched-record.js';
import { openForeignBatches } from './foreign-batch.js';
import { incoming } from './kafka-fetch.js';
import { eventRecord, relayedItem } from './event-record.js';
import type { IncomingRecord, OutgoingRecord } from './port.js';
import { leastStored, writeRecordBatch } from './record-batch.js';
import { RecordBytes } from './record-bytes.js';
import { storedBlocks } from './stored-gzip.js';

/** kafkajs's own decoding, which this one stands in for. */
const load = createRequire(import.meta.url);
const kafkajs = load('kafkajs/src/protocol/requests/fetch/v11/response') as {
  decode(bytes: Buffer): Promise<Answer>;
};
interface Answer {
  readonly responses: readonly { readonly partitions: readonly Partition[] }[];
}
interface Partition {
  readonly partition: number;
  readonly messages: readonly (KafkaMessage | FetchedRecord)[];
}

const text = fc.oneof(fc.string(), fc.string({ unit: 'grapheme', maxLength: 90 }));
const record = fc.record({
  partition: fc.constant(0),
  key: text,
  value: fc.uint8Array({ maxLength: 140 }),
  headers: fc.dictionary(
    fc.oneof(
      text.filter((name) => name !== '__proto__'),
      fc.constantFrom('kind', 'relay', 'position', 'revision'),
    ),
    fc.oneof(text, fc.uint8Array()),
    { noNullPrototype: true },
  ),
});
/** So many that they are put into stored blocks, every eighth time more than one. */
const many = fc
  .tuple(record, fc.integer({ min: leastStored, max: leastStored + 9 }), fc.nat({ max: 7 }))
  .map(([each, count, long]) =>
    Array.from({ length: count }, (_, index) =>
      long === 0 && index % 9 === 0 ? { ...each, value: Buffer.alloc(12_000, index) } : each,
    ),
  );
const batch = fc.oneof(
  { weight: 4, arbitrary: fc.array(record, { minLength: 1, maxLength: 4 }) },
  { weight: 1, arbitrary: many },
);
const partition = fc.array(batch, { maxLength: 3 });
const time = 1_790_000_000_000;

function recordBatch(records: readonly OutgoingRecord[]): Buffer {
  const target = new RecordBytes(Buffer.alloc(64));
  writeRecordBatch(target, records, { id: 1n, epoch: 0, firstSequence: 0 }, time);
  return target.buffer.subarray(0, target.at);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** Fetch response, version 11 (Kafka protocol guide), of one topic. */
function response(partitions: readonly (readonly (readonly OutgoingRecord[])[])[], cutOff = 0): Buffer {
  const parts = [Buffer.alloc(10), int32(1), Buffer.from([0, 1, 0x74]), int32(partitions.length)];
  for (const [index, batches] of partitions.entries()) {
    let offset = 2n ** 33n;
    const records = Buffer.concat(
      batches.map((batch) => {
        const bytes = recordBatch(batch);
        bytes.writeBigInt64BE(offset, 0);
        offset += BigInt(batch.length);
        return bytes;
      }),
    );
    // kafkajs looks for the format before it looks whether so much is there.
    const left = Math.max(0, records.length - cutOff);
    const kept = records.subarray(0, left < 17 ? 0 : left);
    const ends = Buffer.alloc(26);
    ends.writeBigInt64BE(offset, 2);
    parts.push(int32(index), ends, int32(0), int32(-1), int32(kept.length), kept);
  }
  return Buffer.concat(parts);
}

const seen = (answer: Answer) =>
  answer.responses.map(({ partitions }) =>
    partitions.map(({ messages, ...rest }) => ({
      ...rest,
      messages: messages
        .map((message) => incoming(rest.partition, message))
        .map(({ partition: at, offset, timestamp, key, value, headers }) => {
          return { at, offset, timestamp, key, value, headers: { ...headers } };
        }),
    })),
  );

test('an answer is what kafkajs makes of it, also where the last batch is cut off', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(partition, { maxLength: 3 }), fc.nat({ max: 120 }), async (partitions, cutOff) => {
      const bytes = response(partitions, cutOff);
      const ours = decodeFetch(bytes);
      expect(ours).toBeDefined();
      expect(seen(ours!)).toEqual(seen(await kafkajs.decode(bytes)));
    }),
    { numRuns: 150 },
  );
});

const plain: OutgoingRecord = { partition: 0, key: 'k', value: Buffer.from('v'), headers: { kind: 'event' } };

test('what is compressed, of a transaction or of another format is left to kafkajs, and so are damaged answers', () => {
  const bytes = response([[[plain]]]);
  const batch = bytes.length - recordBatch([plain]).length;
  const changed = (at: number, value: number): Buffer => {
    const copy = Buffer.from(bytes);
    copy[at] = value;
    return copy;
  };
  expect(decodeFetch(bytes)).toBeDefined();
  for (const attributes of [1, 2, 3, 4, 16, 32]) expect(decodeFetch(changed(batch + 22, attributes))).toBeUndefined();
  expect(decodeFetch(changed(batch + 16, 1))).toBeUndefined();
  // The record's length, the key's, the number of headers.
  for (const at of [61, 65, 69]) expect(decodeFetch(changed(batch + at, 0x7e))).toBeUndefined();
  for (let length = 0; length < bytes.length; length += 1)
    expect(decodeFetch(bytes.subarray(0, length))).toBeUndefined();
  expect(decodeFetch(response([[[{ ...plain, headers: JSON.parse('{"__proto__":"x"}') as {} }]]]))).toBeUndefined();
});

test('what is compressed as no relay compresses is one foreign record, and what lies around it is read', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(batch, { minLength: 1, maxLength: 3 }),
      fc.array(fc.constantFrom(0, 2, 3, 4), { minLength: 3, maxLength: 3 }),
      async (batches, codecs) => {
        const bytes = response([batches]);
        const all = seen(await kafkajs.decode(bytes))[0]![0]!.messages;
        let at = bytes.length - batches.reduce((sum, each) => sum + recordBatch(each).length, 0);
        let before = 0;
        const wanted = batches.flatMap((each, index): readonly object[] => {
          const codec = codecs[index]!;
          const records = all.slice(before, (before += each.length));
          if (codec > 0) bytes[at + 22] = codec;
          at += recordBatch(each).length;
          if (codec === 0) return records;
          return [{ offset: records.at(-1)!.offset, key: undefined, headers: {} }];
        });
        if (codecs.slice(0, batches.length).some((codec) => codec > 0)) {
          expect(decodeFetch(bytes)).toBeUndefined();
          await expect(kafkajs.decode(bytes)).rejects.toThrow('not implemented');
        }
        const { messages } = seen(await kafkajs.decode(openForeignBatches(bytes)))[0]![0]!;
        expect(messages).toMatchObject(wanted);
      },
    ),
    { numRuns: 100 },
  );
});

test('what gzip would unfold to more than 16 MiB is one foreign record', async () => {
  const unfolded = async (bytesOfValue: number): Promise<(number | undefined)[]> => {
    const one = recordBatch(
      Array.from({ length: leastStored }, () => ({ ...plain, value: Buffer.alloc(bytesOfValue) })),
    );
    const small = Buffer.concat([one.subarray(0, 61), gzipSync(gunzipSync(one.subarray(61)))]);
    small.writeInt32BE(small.length - 12, 8);
    const empty = response([[]]);
    const answer = Buffer.concat([empty.subarray(0, -4), int32(small.length), small]);
    expect(decodeFetch(answer)).toBeUndefined();
    const { messages } = (await kafkajs.decode(openForeignBatches(answer))).responses[0]!.partitions[0]!;
    return messages.map(({ value }) => value?.length);
  };
  const [least, most] = [200_000, 2 ** 24 / leastStored];
  expect(await unfolded(least)).toEqual(Array.from({ length: leastStored }, () => least));
  expect(await unfolded(most)).toEqual([expect.any(Number)]);
});

const stored = Array.from({ length: leastStored }, (): OutgoingRecord => ({
  ...plain,
  value: Buffer.alloc(2_000, 'v'),
}));

test('stored blocks that are not as they were written are left to kafkajs, whose gunzip refuses them', async () => {
  const bytes = response([[stored]]);
  const member = bytes.length - recordBatch(stored).length + 61;
  const blocks = storedBlocks(bytes, member, bytes.length)!;
  expect(blocks).toHaveLength(2);
  const changed = (at: number): Buffer => {
    const copy = Buffer.from(bytes);
    copy[at]! ^= 0x41;
    return copy;
  };
  expect(decodeFetch(bytes)).toBeDefined();
  const heads = blocks.flatMap(({ from }) => [-5, -4, -3, -2, -1].map((at) => from + at));
  const trail = Array.from({ length: 8 }, (_, index) => bytes.length - 1 - index);
  for (const at of [member, member + 2, ...heads, blocks[0]!.from + 1_000, blocks[1]!.to - 1, ...trail]) {
    expect(decodeFetch(changed(at))).toBeUndefined();
    await expect(kafkajs.decode(changed(at))).rejects.toThrow();
  }
});

test('a record of several blocks, and what others have compressed, are read by kafkajs', async () => {
  const long = [...stored, { ...plain, value: Buffer.alloc(200_000, 'w') }, ...stored];
  const ours = response([[long]]);
  const batchFrom = ours.length - recordBatch(long).length;
  const smaller = gzipSync(gunzipSync(ours.subarray(batchFrom + 61)));
  const theirs = Buffer.concat([ours.subarray(0, batchFrom + 61), smaller]);
  theirs.writeInt32BE(theirs.length - batchFrom, batchFrom - 4);
  theirs.writeInt32BE(theirs.length - batchFrom - 12, batchFrom + 8);
  for (const answer of [ours, theirs]) {
    expect(decodeFetch(answer)).toBeUndefined();
    const { messages } = (await kafkajs.decode(answer)).responses[0]!.partitions[0]!;
    expect(messages.map(({ value }) => value?.length)).toEqual(long.map(({ value }) => value.length));
  }
});

const relay = { id: '0b54bd1d-9d39-4b7c-8ee7-5c4d03bd5a3b', epoch: 3n };
const position = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const event = fc.record({
  id: fc.uuid(),
  type: fc.constantFrom('Tested', 'Größe', 'X'),
  stream: fc.constantFrom('dataset-main.1', 'datensätze-main.2'),
  revision: position,
  position,
  recordedAt: fc.constant('2026-11-22T10:00:00.000Z'),
  data: fc.uint8Array({ maxLength: 20 }),
  metadata: fc.uint8Array({ maxLength: 20 }),
});
/** What somebody else might have written in place of one of the relay's headers. */
const strange = fc.tuple(
  fc.constantFrom('kind', 'relay', 'epoch', 'event-id', 'event-type', 'stream', 'revision', 'position', 'recorded-at'),
  fc.constantFrom(
    '',
    '-1',
    '007',
    '1e3',
    '9'.repeat(20),
    relay.id.toUpperCase(),
    'watermark',
    'events',
    'datensätze-main.2',
  ),
);

test('a record read where it lies says what the same record says as objects, or is refused for the same reason', () => {
  const said = (record: IncomingRecord): unknown => {
    try {
      const item = relayedItem(record);
      if (item.kind === 'watermark') return item;
      const { id, type, stream, revision, position: at, recordedAt, data, metadata } = item.event;
      const bytes = [Buffer.from(data).toString('hex'), Buffer.from(metadata).toString('hex')];
      return [item.id, item.epoch, id, type, stream, revision, at, recordedAt, ...bytes];
    } catch (error) {
      return String(error);
    }
  };
  fc.assert(
    fc.property(event, fc.option(strange), fc.boolean(), (stored, odd, isLacking) => {
      const { key, value, headers } = eventRecord(stored, relay, 0);
      const { [odd?.[0] ?? '']: _, ...others } = headers;
      const given = odd === null ? headers : isLacking ? others : { ...headers, [odd[0]]: odd[1] };
      const answer = decodeFetch(response([[[{ partition: 0, key, value, headers: given }]]]))!;
      const fetched = answer.responses[0]!.partitions[0]!.messages[0]!;
      const { partition: at, offset, timestamp } = fetched;
      expect(said(fetched)).toEqual(
        said({ partition: at, offset, timestamp, key: fetched.key, value: fetched.value, headers: fetched.headers }),
      );
    }),
    { numRuns: 300 },
  );
});
