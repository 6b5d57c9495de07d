import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import kafkajs from 'kafkajs';
import type { KafkaBroker, KafkaCluster, KafkaConnection } from './kafka-cluster.js';
import type { OutgoingRecord } from './port.js';
import { createProducer } from './producer.js';

/** What becomes of one request: the broker refuses it, takes it and the answer is lost, or it never arrives. */
type Fate = 'answered' | 'answer-lost' | 'never-arrived' | 'one-refused' | 'leaders-moved';

const partitions = 3;
const retry = { initialRetryTime: 0, maxRetryTime: 0, retries: 50 };

/** Two brokers as an idempotent producer meets them: sequences have no gap, and what is there is not taken twice. */
function brokers(fates: Fate[]) {
  const logs: number[][] = Array.from({ length: partitions }, () => []);
  const next = Array.from({ length: partitions }, () => 0);
  let leader = 0;
  let inFlight = 0;
  let most = 0;

  const take = (partition: number, batch: Buffer): number => {
    const [sequence, count] = [batch.readInt32BE(53), batch.readInt32BE(57)];
    if (sequence + count === next[partition] && count > 0) return 46;
    if (sequence !== next[partition]) return 45;
    next[partition] = sequence + count;
    for (let record = 0; record < count; record += 1) logs[partition]!.push(sequence + record);
    return 0;
  };
  const answer = async (node: number, request: () => Buffer): Promise<ReadonlyMap<number, number>> => {
    most = Math.max(most, (inFlight += 1));
    await new Promise(setImmediate);
    inFlight -= 1;
    const fate = fates.shift() ?? 'answered';
    if (fate === 'never-arrived') throw new kafkajs.KafkaJSConnectionError('closed');
    if (fate === 'leaders-moved') leader += 1;
    const codes = new Map<number, number>();
    for (const [index, { partition, batch }] of [...batchesOf(request())].entries()) {
      if ((partition + leader) % 2 !== node) codes.set(partition, 6);
      else codes.set(partition, fate === 'one-refused' && index === 0 ? 19 : take(partition, batch));
    }
    if (fate === 'answer-lost') throw new kafkajs.KafkaJSError('no answer in time');
    return codes;
  };
  const connection = (node: number): KafkaConnection => {
    let written: Buffer[] = [];
    const socket = {
      cork: () => undefined,
      uncork: () => undefined,
      write: (piece: Buffer) => written.push(piece) > 0,
    };
    let [isAuthenticated, correlation] = [false, 0];
    return {
      clientId: 'spec',
      socket: socket as KafkaConnection['socket'],
      requestQueue: {
        push({ entry, sendRequest }) {
          written = [];
          sendRequest();
          const given = Buffer.concat(written);
          expect([given.readInt32BE(0), given.readInt32BE(8)]).toEqual([given.length - 4, entry.correlationId]);
          expect(given.toString('utf8', 14, 18)).toBe('spec');
          // The broker reads what is in the pieces when they are sent, which is later.
          const pieces = written;
          const read = () => Buffer.concat(pieces).subarray(18);
          answer(node, read).then((codes) => entry.resolve({ payload: answerOf(codes) }), entry.reject);
        },
        maybeThrottle: () => undefined,
      },
      isAuthenticated: () => isAuthenticated,
      authenticate: async () => void (isAuthenticated = true),
      failIfNotConnected: () => undefined,
      nextCorrelationId: () => (correlation += 1),
    };
  };
  const broker = (node: number): KafkaBroker => {
    const one = connection(node);
    return {
      fetch: async () => ({ responses: [] }),
      initProducerId: async () => ({ producerId: '1000', producerEpoch: 0 }),
      connectionPool: { getConnectionByRequest: async () => one },
    };
  };
  const nodes = [broker(0), broker(1)];
  let known = leader;
  const cluster: KafkaCluster = {
    connect: async () => undefined,
    disconnect: async () => undefined,
    isConnected: () => true,
    addTargetTopic: async () => undefined,
    refreshMetadata: async () => void (known = leader),
    refreshMetadataIfNecessary: async () => undefined,
    removeBroker: () => undefined,
    findControllerBroker: async () => nodes[0]!,
    findBroker: async ({ nodeId }) => nodes[Number(nodeId)]!,
    findLeaderForPartitions: (_, wanted) => {
      const found: Record<string, number[]> = {};
      for (const partition of wanted) (found[(partition + known) % 2] ??= []).push(partition);
      return found;
    },
  };
  return { cluster, logs, most: () => most };
}

function* batchesOf(body: Buffer) {
  let at = 12 + 2 + body.readInt16BE(12);
  const count = body.readInt32BE(at);
  at += 4;
  for (let index = 0; index < count; index += 1) {
    const [partition, size] = [body.readInt32BE(at), body.readInt32BE(at + 4)];
    yield { partition, batch: body.subarray(at + 8, at + 8 + size) };
    at += 8 + size;
  }
}

/** Produce response, version 7. */
function answerOf(codes: ReadonlyMap<number, number>): Buffer {
  const bytes = Buffer.alloc(4 + 2 + 1 + 4 + 30 * codes.size + 4);
  bytes.writeInt32BE(1, 0);
  bytes.writeInt16BE(1, 4);
  bytes.write('t', 6);
  let at = bytes.writeInt32BE(codes.size, 7);
  for (const [partition, code] of codes) {
    bytes.writeInt32BE(partition, at);
    bytes.writeInt16BE(code, at + 4);
    at += 30;
  }
  return bytes;
}

const records = (counts: readonly number[]): OutgoingRecord[] =>
  counts.flatMap((count, partition) =>
    Array.from({ length: count }, () => ({ partition, key: 'k', value: Buffer.from('v'), headers: {} })),
  );

test('whatever becomes of the requests, every record is there once and in order, one request in flight each', async () => {
  const fate = fc.constantFrom<Fate>('answered', 'answer-lost', 'never-arrived', 'one-refused', 'leaders-moved');
  const publish = fc.array(fc.nat({ max: 4 }), { minLength: partitions, maxLength: partitions });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fate, { maxLength: 30 }),
      fc.array(publish, { maxLength: 8 }),
      async (fates, publishes) => {
        const { cluster, logs, most } = brokers([...fates]);
        const producer = await createProducer(cluster, retry, () => undefined);
        await Promise.all(publishes.map((counts) => producer.publish('events', records(counts))));
        for (const [partition, log] of logs.entries()) {
          const wanted = publishes.reduce((sum, counts) => sum + counts[partition]!, 0);
          expect(log).toEqual(Array.from({ length: wanted }, (_, sequence) => sequence));
        }
        // One for each of the two leaders.
        expect(most()).toBeLessThanOrEqual(2);
      },
    ),
    { numRuns: 200 },
  );
});

test('after a failure nothing more is sent', async () => {
  const { cluster, logs } = brokers(Array.from({ length: 10 }, (): Fate => 'never-arrived'));
  const said: string[] = [];
  const producer = await createProducer(cluster, { ...retry, retries: 2 }, (message) => said.push(message));
  const all = await Promise.allSettled([1, 2, 3].map(() => producer.publish('events', records([1, 0, 0]))));
  expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  await expect(producer.publish('events', records([1, 0, 0]))).rejects.toThrow('closed');
  expect(logs).toEqual([[], [], []]);
  expect(said).toEqual(Array(3).fill('publishing to events: closed'));
});

test('a batch that the broker refuses for good is told with partition and error', async () => {
  const { cluster } = brokers([]);
  const producer = await createProducer(cluster, retry, () => undefined);
  await producer.publish('events', records([1, 1, 1]));
  const other = await createProducer(cluster, retry, () => undefined);
  await expect(other.publish('events', records([2, 0, 0]))).rejects.toThrow(
    'events partition 0: the broker refused the batch (error 45)',
  );
});
