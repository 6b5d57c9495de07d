import kafkajs from 'kafkajs';
import type { KafkaCluster } from './kafka-cluster.js';
import type { Outgoing, Publisher } from './port.js';
import { produceRequest, produceResponse } from './produce-request.js';
import type { EncodedBatch } from './produce-request.js';
import { encodeRecordBatch } from './record-batch.js';
import { insist, isRetriable } from './retry.js';
import type { RetryLimits } from './retry.js';

const { KafkaJSError } = kafkajs;

/** Errors of a partition that pass by themselves, and what the broker says when a batch was there already. */
const passing: ReadonlyMap<number, string> = new Map([
  [3, 'the broker does not know the partition'],
  [5, 'the partition has no leader'],
  [6, 'the broker is not the leader of the partition'],
  [7, 'the replicas did not answer in time'],
  [13, 'the broker lost a connection'],
  [19, 'too few replicas are in sync'],
  [20, 'too few replicas were in sync after the append'],
  [56, 'the disk of the broker failed'],
]);
const duplicateSequence = 46;
/** Sequences are signed 32-bit numbers that begin again at 0. */
const sequences = 2 ** 31;

/**
 * An idempotent producer over kafkajs's connections: its own record encoding, one request in flight to each broker, the
 * next one encoded meanwhile. A request that fails is sent again with the same sequences, so that the broker takes it
 * once and in order.
 */
export async function createProducer(
  cluster: KafkaCluster,
  retry: RetryLimits,
  warn: (message: string) => void,
): Promise<Publisher> {
  await cluster.connect();
  const { producerId, producerEpoch } = await insist(retry, async () => {
    await cluster.refreshMetadataIfNecessary();
    const broker = await cluster.findControllerBroker();
    return broker.initProducerId({ transactionTimeout: 60_000 });
  });
  const id = BigInt(producerId);
  const next = new Map<string, number>();

  const encode = (topic: string, records: readonly Outgoing[]): EncodedBatch[] => {
    const time = Date.now();
    return [...byPartition(records)].map(([partition, part]) => {
      const place = `${topic} ${partition}`;
      const firstSequence = next.get(place) ?? 0;
      next.set(place, (firstSequence + part.length) % sequences);
      return { partition, bytes: encodeRecordBatch(part, { id, epoch: producerEpoch, firstSequence }, time) };
    });
  };

  let before: Promise<void> = Promise.resolve();
  return {
    publish(topic, records) {
      if (records.length === 0) return before;
      const batches = encode(topic, records);
      // What follows a failure has sequences that follow one that is not there: it fails too, unsent.
      before = before.then(() => send(cluster, topic, batches, retry, warn));
      before.catch(() => undefined);
      return before;
    },
    close: () => cluster.disconnect(),
  };
}

function byPartition(records: readonly Outgoing[]): ReadonlyMap<number, Outgoing[]> {
  const parts = new Map<number, Outgoing[]>();
  for (const record of records) {
    const part = parts.get(record.partition);
    if (part) part.push(record);
    else parts.set(record.partition, [record]);
  }
  return parts;
}

/** Each partition's leader gets its batches in one request; what is acknowledged is not sent again. */
async function send(
  cluster: KafkaCluster,
  topic: string,
  batches: readonly EncodedBatch[],
  retry: RetryLimits,
  warn: (message: string) => void,
): Promise<void> {
  const left = new Map(batches.map((batch) => [batch.partition, batch]));
  const attempt = async (): Promise<void> => {
    await cluster.addTargetTopic(topic);
    await cluster.refreshMetadataIfNecessary();
    const leaders = Object.entries(cluster.findLeaderForPartitions(topic, [...left.keys()]));
    const led = new Set(leaders.flatMap(([, partitions]) => partitions));
    const unknown = [...left.keys()].find((partition) => !led.has(partition));
    if (unknown !== undefined) throw protocolError(topic, unknown, 3);
    const requests = leaders.map(async ([nodeId, partitions]) => {
      const broker = await cluster.findBroker({ nodeId });
      const request = produceRequest(
        topic,
        partitions.map((partition) => left.get(partition)!),
      );
      const { codes } = await broker.connectionPool.send({ request, response: produceResponse });
      let problem: Error | undefined;
      for (const partition of partitions) {
        const code = codes.get(partition);
        if (code === 0 || code === duplicateSequence) left.delete(partition);
        else problem ??= protocolError(topic, partition, code ?? -1);
      }
      if (problem) throw problem;
    });
    const failure = (await Promise.allSettled(requests)).find(({ status }) => status === 'rejected');
    if (failure) throw (failure as PromiseRejectedResult).reason;
  };
  await insist(retry, async () => {
    try {
      await attempt();
    } catch (error) {
      if (!isRetriable(error)) throw error;
      warn(`publishing to ${topic}: ${(error as Error).message}`);
      await renew(cluster, error);
      throw error;
    }
  });
}

/** Before a retry: a connection that broke is forgotten, and who leads is asked anew. */
async function renew(cluster: KafkaCluster, error: unknown): Promise<void> {
  const { name, host, port } = error as { name: string; host?: string; port?: number };
  if (name === 'KafkaJSConnectionClosedError' && host !== undefined && port !== undefined)
    cluster.removeBroker({ host, port });
  if (!cluster.isConnected()) await cluster.connect();
  await cluster.refreshMetadata();
}

function protocolError(topic: string, partition: number, code: number): Error {
  const problem = passing.get(code) ?? 'the broker refused the batch';
  return new KafkaJSError(`${topic} partition ${partition}: ${problem} (error ${code})`, {
    retriable: passing.has(code),
  });
}
