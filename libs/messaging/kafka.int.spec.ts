import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import { BrokerUnavailable, createKafka, TopicMismatch } from '#libs/messaging';
import type { BatchHandler, IncomingRecord, Messaging, OutgoingRecord, Publisher } from '#libs/messaging';
import { FetchedRecord } from './fetched-record.js';
import { kafkaMissing, startTestBroker } from './testing.js';
import type { TestBroker } from './testing.js';

const suite = kafkaMissing ? describe.skip : describe;
if (kafkaMissing) process.stderr.write(`libs/messaging: Kafka suites skipped: ${kafkaMissing}\n`);

suite('Kafka behind the port', () => {
  let broker: TestBroker;
  let messaging: Messaging;
  const opened: Messaging[] = [];

  const connect = () => {
    const client = createKafka({ brokers: [broker.address], clientId: 'test' });
    opened.push(client);
    return client;
  };
  const reconnected = async (): Promise<Publisher> => {
    for (;;) {
      try {
        return await connect().publisher();
      } catch (error) {
        expect(error).toBeInstanceOf(BrokerUnavailable);
      }
    }
  };
  const topicOf = async (topic: string, partitions = 2) => {
    await messaging.ensureTopic({ topic, partitions, replicationFactor: 1, configuration: { 'retention.ms': '-1' } });
    return topic;
  };

  beforeAll(async () => {
    broker = await startTestBroker();
    messaging = connect();
  }, 240_000);

  afterAll(async () => {
    for (const client of opened) await client.close();
    await broker.stop();
  });

  test('a topic is created once, and refused when it has another number of partitions', async () => {
    await topicOf('created');
    await topicOf('created');
    await expect(topicOf('created', 3)).rejects.toThrow(TopicMismatch);
    expect(await messaging.endOffsets('created')).toEqual(
      new Map([
        [0, 0n],
        [1, 0n],
      ]),
    );
  });

  test('a topic that was deleted is made again, also by a client that has asked for its offsets', async () => {
    const settings = { topic: await topicOf('deleted'), partitions: 2, replicationFactor: 1, configuration: {} };
    await messaging.endOffsets('deleted');
    const admin = new kafkajs.Kafka({ brokers: [broker.address], logLevel: kafkajs.logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.deleteTopics({ topics: ['deleted'] });
    for (const deadline = Date.now() + 120_000; (await admin.listTopics()).includes('deleted');)
      if (Date.now() > deadline) throw new Error('the topic is not deleted');
    await admin.disconnect();
    expect(await messaging.ensureTopic(settings)).toBe('created');
    expect((await messaging.endOffsets('deleted')).size).toBe(2);
  });

  test('records come back as they went out, in order within their partition, from an offset of the reader', async () => {
    const topic = await topicOf('order');
    const publisher = await messaging.publisher();
    for (let batch = 0; batch < 5; batch += 1) {
      await publisher.publish(
        topic,
        Array.from({ length: 20 }, (_, index) => record(index % 2, batch * 20 + index)),
      );
    }
    const seen = await collect(connect(), topic, 'order', 80, async (partition) => (partition === 0 ? 20n : 0n));
    expect(seen.filter(({ partition }) => partition === 1).map(numberOf)).toEqual(
      Array.from({ length: 50 }, (_, index) => index * 2 + 1),
    );
    expect(seen.find(({ partition }) => partition === 0)?.offset).toBe(20n);
    expect(seen[0]?.headers['bytes']).toEqual(Buffer.from([0, 255, 128]));
    // Else kafkajs has decoded them: it is another one than that whose parts we know (docs/adr/0022).
    expect(seen[0]).toBeInstanceOf(FetchedRecord);
  });

  test('a batch that somebody else has compressed with LZ4 is one record without headers, and ends nobody', async () => {
    const topic = await topicOf('compressed', 1);
    const publisher = await messaging.publisher();
    await publisher.publish(topic, [record(0, 1)]);
    const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = kafkajs;
    CompressionCodecs[CompressionTypes.LZ4] = () => ({
      compress: async ({ buffer }: { readonly buffer: Buffer }) => lz4Stored(buffer),
      decompress: async () => {
        throw new Error('kafkajs was asked to read it');
      },
    });
    const foreign = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }).producer();
    await foreign.connect();
    const messages = Array.from({ length: 9 }, (_, index) => ({
      key: 'k',
      value: String(index),
      headers: { kind: 'event' },
    }));
    await foreign.send({ topic, messages, compression: CompressionTypes.LZ4 });
    await foreign.disconnect();
    await publisher.publish(topic, [record(0, 2)]);
    const seen = await collect(connect(), topic, 'compressed', 3);
    expect(seen.map(({ offset, headers }) => [offset, Object.keys(headers).length])).toEqual([
      [0n, 2],
      [9n, 0],
      [10n, 2],
    ]);
  });

  test('a batch whose handler fails comes again, whole', async () => {
    const topic = await topicOf('again', 1);
    await (await messaging.publisher()).publish(topic, [record(0, 1), record(0, 2)]);
    let attempts = 0;
    const seen: number[] = [];
    let complete: () => void = () => undefined;
    const all = new Promise<void>((resolve) => (complete = resolve));
    const subscription = await connect().subscribe(topic, 'again', {
      startOffset: async () => undefined,
      handle: async (_, records) => {
        attempts += 1;
        if (attempts === 1) throw new Error('the database is away');
        seen.push(...records.map(numberOf));
        complete();
        return undefined;
      },
    });
    await all;
    await subscription.close();
    expect(seen).toEqual([1, 2]);
  });

  test('what the client takes for its end, a group without a coordinator among it, is not: it joins again', async () => {
    const topic = await topicOf('crashed', 1);
    await (await messaging.publisher()).publish(topic, [record(0, 1), record(0, 2)]);
    const said: string[] = [];
    const seen: number[] = [];
    let complete: () => void = () => undefined;
    const all = new Promise<void>((resolve) => (complete = resolve));
    const subscription = await connect().subscribe(topic, 'crashed', {
      startOffset: async () => undefined,
      assigned: () => void said.push('assigned'),
      failed: ({ message }) => void said.push(message),
      handle: async (_, records) => {
        // kafkajs gives up at once at a TypeError, as it does when it has asked for the coordinator six times.
        if (said.length === 1) throw new TypeError('gives up');
        seen.push(...records.map(numberOf));
        complete();
        return undefined;
      },
    });
    await all;
    await subscription.close();
    expect([said, seen]).toEqual([
      ['assigned', 'gives up', 'assigned'],
      [1, 2],
    ]);
  });

  test('a broker that dies in the middle loses nothing acknowledged', async () => {
    const topic = await topicOf('crash', 1);
    let publisher = await messaging.publisher();
    let crash: Promise<void> | undefined;
    let unknown = 0;
    for (let number = 0; number < 60;) {
      try {
        await publisher.publish(topic, [record(0, number)]);
        number += 1;
      } catch (error) {
        // Durability is unknown: the same record again, by a new producer, as the relay does.
        expect(error).toBeInstanceOf(BrokerUnavailable);
        unknown += 1;
        publisher = await reconnected();
      }
      if (number === 20) crash ??= broker.kill().then(() => broker.restart());
      if (crash) await Promise.race([crash, new Promise((wait) => setTimeout(wait, 5))]);
    }
    await crash;
    expect(unknown).toBeGreaterThan(0);
    const seen = await collect(connect(), topic, 'crash', 60);
    expect([...new Set(seen.map(numberOf))]).toEqual(Array.from({ length: 60 }, (_, index) => index));
  }, 240_000);
});

function record(partition: number, number: number): OutgoingRecord {
  return {
    partition,
    key: `key-${partition}`,
    value: Buffer.from(String(number)),
    headers: { number: String(number), bytes: Buffer.from([0, 255, 128]) },
  };
}

/** An LZ4 frame of one block that is not compressed, its header's checksum among it. */
function lz4Stored(bytes: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(bytes.length + 2 ** 31);
  return Buffer.concat([Buffer.from('04224d18607073', 'hex'), size, bytes, Buffer.alloc(4)]);
}

function numberOf({ value }: IncomingRecord): number {
  return Number(Buffer.from(value ?? []).toString());
}

async function collect(
  client: Messaging,
  topic: string,
  group: string,
  count: number,
  startOffset: BatchHandler['startOffset'] = async () => undefined,
): Promise<IncomingRecord[]> {
  const seen: IncomingRecord[] = [];
  let complete: () => void = () => undefined;
  const all = new Promise<void>((resolve) => (complete = resolve));
  const subscription = await client.subscribe(topic, group, {
    startOffset,
    handle: async (_, records) => {
      seen.push(...records);
      if (seen.length >= count) complete();
      return undefined;
    },
  });
  await all;
  await subscription.close();
  return seen;
}
