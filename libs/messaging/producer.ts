import kafkajs from 'kafkajs';
import { ask } from './kafka-cluster.js';
import type { KafkaCluster } from './kafka-cluster.js';
import type { Outgoing, Publisher } from './port.js';
import { batchLeadBytes, produceOutcome, produceRequest } from './produce-request.js';
import type { EncodedBatch } from './produce-request.js';
import { recordCount, writeRecordBatch } from './record-batch.js';
import { RecordBytes } from './record-bytes.js';
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
/** Bytes; one buffer is sent while the next one is written. */
const smallestBuffer = 64 << 10;
const largestSpare = 8 << 20;
const mostSpare = 2;

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

  // What was acknowledged at the first try is on no connection any more, and its bytes may be written over.
  const spare: Buffer[] = [];

  const encode = (topic: string, records: readonly Outgoing[]): Encoded => {
    const time = Date.now();
    const target = new RecordBytes(spare.pop() ?? Buffer.allocUnsafeSlow(smallestBuffer));
    const places: { readonly partition: number; readonly from: number; readonly to: number }[] = [];
    for (const [partition, part] of byPartition(records)) {
      const place = `${topic} ${partition}`;
      const firstSequence = next.get(place) ?? 0;
      next.set(place, (firstSequence + recordCount(part)) % sequences);
      const from = target.skip(batchLeadBytes);
      writeRecordBatch(target, part, { id, epoch: producerEpoch, firstSequence }, time);
      target.buffer.writeInt32BE(partition, from);
      target.buffer.writeInt32BE(target.at - from - batchLeadBytes, from + 4);
      places.push({ partition, from, to: target.at });
    }
    const { buffer } = target;
    return {
      buffer,
      batches: places.map(({ partition, from, to }) => ({ partition, bytes: buffer.subarray(from, to) })),
    };
  };

  const publish = async (topic: string, { buffer, batches }: Encoded): Promise<void> => {
    const tries = await send(cluster, topic, batches, retry, warn);
    if (tries === 1 && spare.length < mostSpare && buffer.length <= largestSpare) spare.push(buffer);
  };

  let before: Promise<void> = Promise.resolve();
  return {
    publish(topic, records) {
      if (records.length === 0) return before;
      const encoded = encode(topic, records);
      // What follows a failure has sequences that follow one that is not there: it fails too, unsent.
      before = before.then(() => publish(topic, encoded));
      before.catch(() => undefined);
      return before;
    },
    close: () => cluster.disconnect(),
  };
}

interface Encoded {
  readonly buffer: Buffer;
  /** Parts of the buffer. */
  readonly batches: readonly EncodedBatch[];
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

/** Each partition's leader gets its batches in one request; what is acknowledged is not sent again. Answers the tries. */
async function send(
  cluster: KafkaCluster,
  topic: string,
  batches: readonly EncodedBatch[],
  retry: RetryLimits,
  warn: (message: string) => void,
): Promise<number> {
  let tries = 0;
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
      const { codes } = await ask(broker, request, produceOutcome);
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
    tries += 1;
    try {
      await attempt();
    } catch (error) {
      if (!isRetriable(error)) throw error;
      warn(`publishing to ${topic}: ${(error as Error).message}`);
      await renew(cluster, error);
      throw error;
    }
  });
  return tries;
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
