import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import type { Admin, Consumer, EachBatchPayload, ITopicConfig, KafkaConfig, SASLOptions } from 'kafkajs';
import { createCluster } from './kafka-cluster.js';
import type { KafkaCluster } from './kafka-cluster.js';
import { decodeFetches } from './fetch-decoding.js';
import { fetchRecords, incoming } from './kafka-fetch.js';
import { BrokerUnavailable, TopicMismatch } from './port.js';
import type { BatchHandler, Messaging, Subscription } from './port.js';
import { createProducer } from './producer.js';
import { insist } from './retry.js';

const { Kafka, KafkaJSError, logLevel } = kafkajs;

export interface KafkaOptions {
  /** `host:port`, at least one. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
  /** Called with what the client reports; it never writes to the console by itself. */
  readonly onLog?: (level: 'warn' | 'error', message: string) => void;
}

/**
 * Milliseconds; kafkajs adds jitter (factor 0.2) and stops after `retries`, about 3 s: those who call retry for as long
 * as it takes, and tell meanwhile what they wait for.
 */
const retry = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5 };
const sessionTimeout = 10_000;
const longestHeartbeatMs = 1_000;
const closeWithinMs = 5_000;
/** Milliseconds, at most, between two tries to consume again. */
const longestPauseMs = 5_000;

/** kafkajs 2.2.4 behind the port, with a producer of our own on its connections; offsets are kept by the caller. */
export function createKafka(options: KafkaOptions): Messaging {
  const kafka = new Kafka(configuration(options));
  decodeFetches(kafka);
  const admin = kafka.admin({ retry });
  const open = new Set<{ disconnect(): Promise<void> }>([admin]);
  let reading: KafkaCluster | undefined;
  const adminReady = lazily(() => translated(() => admin.connect()));

  return {
    async ensureTopic({ topic, partitions, replicationFactor, configuration }) {
      await adminReady();
      const existing = await translated(() => partitionCount(admin, topic));
      if (existing === undefined) {
        const configEntries = Object.entries(configuration).map(([name, value]) => ({ name, value }));
        const topics = [{ topic, numPartitions: partitions, replicationFactor, configEntries }];
        const isNew = await translated(() => created(kafka, topics));
        // Right after that a broker may say that it does not know the topic, or does not lead it.
        await translated(() => insist(retry, () => settled(admin, topic)));
        return isNew ? 'created' : 'existing';
      }
      if (existing !== partitions) {
        throw new TopicMismatch(`topic ${topic}: ${existing} partitions, configured are ${partitions}`);
      }
      return 'existing';
    },

    async partitions(topic) {
      await adminReady();
      return translated(() => partitionCount(admin, topic));
    },

    async publisher() {
      const cluster = createCluster(kafka);
      const client = { disconnect: () => cluster.disconnect() };
      open.add(client);
      const closing = () => {
        open.delete(client);
        return client.disconnect();
      };
      try {
        const warn = (message: string) => options.onLog?.('warn', message);
        const { publish } = await translated(() => createProducer(cluster, retry, warn));
        return { publish: (topic, records) => translated(() => publish(topic, records)), close: closing };
      } catch (error) {
        await closing().catch(() => undefined);
        throw error;
      }
    },

    async subscribe(topic, group, handler, wanted = {}) {
      const session = wanted.sessionTimeout ?? sessionTimeout;
      const ended = new AbortController();
      const consumer = kafka.consumer({
        groupId: group,
        sessionTimeout: session,
        // A member hears with its heartbeat that another one joins; until then that one waits.
        heartbeatInterval: Math.min(longestHeartbeatMs, Math.floor(session / 4)),
        // A member that hangs while the group is shared out anew holds the others up for so long.
        rebalanceTimeout: session,
        allowAutoTopicCreation: false,
        maxWaitTimeInMs: 50,
        maxBytesPerPartition: 8 << 20,
        retry: { ...retry, restartOnFailure: async () => !ended.signal.aborted },
      });
      const client = {
        disconnect() {
          ended.abort();
          return consumer.disconnect();
        },
      };
      open.add(client);
      const closing = () => {
        open.delete(client);
        return client.disconnect();
      };
      try {
        return await translated(() => run(consumer, topic, handler, ended.signal, closing));
      } catch (error) {
        await closing().catch(() => undefined);
        throw error;
      }
    },

    async endOffsets(topic) {
      await adminReady();
      const offsets = await translated(() => insist(retry, () => admin.fetchTopicOffsets(topic)));
      return new Map(offsets.map(({ partition, high }) => [partition, BigInt(high)]));
    },

    async startOffsets(topic) {
      await adminReady();
      const offsets = await translated(() => insist(retry, () => admin.fetchTopicOffsets(topic)));
      return new Map(offsets.map(({ partition, low }) => [partition, BigInt(low)]));
    },

    async fetch(topic, offsets) {
      if (reading === undefined) open.add((reading = createCluster(kafka)));
      const cluster = reading;
      return translated(() => fetchRecords(cluster, retry, topic, offsets));
    },

    async offsetsAt(topic, time) {
      await adminReady();
      const offsets = await translated(() => admin.fetchTopicOffsetsByTimestamp(topic, time));
      return new Map(offsets.map(({ partition, offset }) => [partition, BigInt(offset)]));
    },

    async ping() {
      await adminReady();
      await translated(() => admin.describeCluster());
    },

    async close() {
      // A client in the middle of a retry would hold the process back for as long as it retries.
      const given = new Promise<void>((resolve) => setTimeout(resolve, closeWithinMs).unref());
      const closing = [...open].map((client) => client.disconnect().catch(() => undefined));
      await Promise.race([given, Promise.all(closing)]);
    },
  };
}

function configuration({ brokers, clientId, tls, sasl, onLog }: KafkaOptions): KafkaConfig {
  return {
    brokers: [...brokers],
    clientId,
    retry,
    connectionTimeout: 5_000,
    requestTimeout: 30_000,
    ...(tls && { ssl: { ...(tls.ca && { ca: [tls.ca] }), cert: tls.cert, key: tls.key } }),
    ...(sasl && { sasl: sasl as SASLOptions }),
    logLevel: logLevel.WARN,
    logCreator:
      () =>
      ({ level, log }) =>
        // The first is told once by every producer, and our records name their partitions themselves.
        log.message.includes('switched default partitioner')
          ? undefined
          : onLog?.(level === logLevel.ERROR ? 'error' : 'warn', said(log)),
  };
}

/** kafkajs names the request in the message and the error beside it. */
function said({ message, error }: { readonly message: string; readonly error?: unknown }): string {
  return error === undefined ? message : `${message}: ${String(error)}`;
}

async function partitionCount(admin: Admin, topic: string): Promise<number | undefined> {
  if (!(await admin.listTopics()).includes(topic)) return undefined;
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  return topics[0]?.partitions.length;
}

/**
 * By a client of its own: one that has asked for the topic's offsets asks for the topic whenever it asks for brokers, and
 * is refused once the topic has been deleted.
 */
async function created(kafka: InstanceType<typeof Kafka>, topics: ITopicConfig[]): Promise<boolean> {
  const admin = kafka.admin({ retry });
  try {
    await admin.connect();
    return await admin.createTopics({ topics, waitForLeaders: false });
  } finally {
    await admin.disconnect();
  }
}

async function settled(admin: Admin, topic: string): Promise<void> {
  if ((await partitionCount(admin, topic)) === undefined) throw new KafkaJSError(`topic ${topic} is not known yet`);
}

async function run(
  consumer: Consumer,
  topic: string,
  handler: BatchHandler,
  ended: AbortSignal,
  close: () => Promise<void>,
): Promise<Subscription> {
  /** Partitions whose own offset has been looked up since they were assigned. */
  let positioned = new Set<number>();
  let crashes = 0;
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    positioned = new Set();
    handler.assigned?.(payload.memberAssignment[topic] ?? []);
  });
  const consume = () =>
    consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 4,
      eachBatch: async (payload) => {
        const joined = positioned;
        await deliver(consumer, topic, handler, joined, payload, () => joined === positioned);
        crashes = 0;
      },
    });
  const again = async (): Promise<void> => {
    const pause = Math.min(100 * 2 ** crashes, longestPauseMs) * (0.5 + Math.random() / 2);
    crashes += 1;
    await sleep(pause, undefined, { signal: ended }).catch(() => undefined);
    if (!ended.aborted) await consume().catch(again);
  };
  // kafkajs stops for good at what it does not call retriable: a group that has no coordinator yet, as on a broker that
  // is new and slow, a lock that was waited for too long, a fault of the handler. All of these pass.
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (ended.aborted) return;
    handler.failed?.(payload.error);
    if (!payload.restart) void again();
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consume();
  return {
    async commit(offsets) {
      const entries = [...offsets].map(([partition, offset]) => ({ topic, partition, offset: offset.toString() }));
      if (entries.length > 0) await translated(() => consumer.commitOffsets(entries));
    },
    // kafkajs takes the oldest offset that there is when the wanted one is gone.
    seek: (partition, offset) => consumer.seek({ topic, partition, offset: offset.toString() }),
    close,
  };
}

async function deliver(
  consumer: Consumer,
  topic: string,
  handler: BatchHandler,
  positioned: Set<number>,
  { batch, heartbeat, resolveOffset, isRunning, isStale }: EachBatchPayload,
  isAssigned: () => boolean,
): Promise<void> {
  const { partition } = batch;
  if (!positioned.has(partition)) {
    const start = await handler.startOffset(partition);
    positioned.add(partition);
    if (start !== undefined && start !== BigInt(batch.firstOffset() ?? '-1')) {
      consumer.seek({ topic, partition, offset: start.toString() });
      return;
    }
  }
  if (!isRunning() || isStale()) return;
  const records = batch.messages.map((message) => incoming(partition, message));
  const unread = BigInt(batch.highWatermark) - 1n - BigInt(batch.lastOffset());
  const answer = await handler.handle(partition, records, heartbeat, unread < 0n ? 0n : unread);
  // The partition may have gone to somebody else meanwhile, and have come back.
  if (!isAssigned() || isStale()) return;
  if (answer === undefined) resolveOffset(batch.lastOffset());
  else consumer.seek({ topic, partition, offset: answer.toString() });
}

async function translated<Result>(action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof KafkaJSError) throw new BrokerUnavailable(error.message, { cause: error });
    throw error;
  }
}

function lazily(action: () => Promise<void>): () => Promise<void> {
  let started: Promise<void> | undefined;
  return () =>
    (started ??= action().catch((error: unknown) => {
      started = undefined;
      throw error;
    }));
}
