import type { KafkaMessage } from 'kafkajs';
import { FetchedRecord } from './fetched-record.js';
import type { KafkaCluster } from './kafka-cluster.js';
import type { IncomingRecord } from './port.js';
import { insist, isRetriable } from './retry.js';
import type { RetryLimits } from './retry.js';

const partitionBytes = 2 << 20;
const answerBytes = 8 << 20;
const waitMs = 250;

/** Records of partitions from an offset on, asked of their leaders without a group. */
export async function fetchRecords(
  cluster: KafkaCluster,
  retry: RetryLimits,
  topic: string,
  offsets: ReadonlyMap<number, bigint>,
): Promise<ReadonlyMap<number, readonly IncomingRecord[]>> {
  const found = new Map<number, readonly IncomingRecord[]>();
  const attempt = async (): Promise<void> => {
    if (!cluster.isConnected()) await cluster.connect();
    await cluster.addTargetTopic(topic);
    await cluster.refreshMetadataIfNecessary();
    const leaders = Object.entries(cluster.findLeaderForPartitions(topic, [...offsets.keys()]));
    const requests = leaders.map(async ([nodeId, partitions]) => {
      const broker = await cluster.findBroker({ nodeId });
      const wanted = partitions.map((partition) => ({
        partition,
        fetchOffset: offsets.get(partition)!.toString(),
        maxBytes: partitionBytes,
      }));
      const { responses } = await broker.fetch({
        isolationLevel: 1,
        maxWaitTime: waitMs,
        minBytes: 1,
        maxBytes: answerBytes,
        topics: [{ topic, partitions: wanted }],
      });
      for (const { partition, messages } of responses.flatMap((response) => response.partitions))
        found.set(partition, recordsFrom(partition, offsets.get(partition)!, messages));
    });
    await Promise.all(requests);
  };
  await insist(retry, async () => {
    try {
      await attempt();
    } catch (error) {
      if (isRetriable(error)) await cluster.refreshMetadata().catch(() => undefined);
      throw error;
    }
  });
  return found;
}

/** A batch is answered whole, even where it begins before what was asked for. */
function recordsFrom(partition: number, offset: bigint, messages: readonly KafkaMessage[]): readonly IncomingRecord[] {
  return messages.map((message) => incoming(partition, message)).filter((record) => record.offset >= offset);
}

export function incoming(partition: number, message: KafkaMessage | FetchedRecord): IncomingRecord {
  if (message instanceof FetchedRecord) return message;
  return {
    partition,
    offset: BigInt(message.offset),
    timestamp: Number(message.timestamp),
    key: message.key?.toString('utf8'),
    value: message.value ?? undefined,
    headers: headersOf(message.headers ?? {}),
  };
}

/** kafkajs makes them for nobody else, and nearly always as they are wanted: only what is not is replaced. */
function headersOf(headers: NonNullable<KafkaMessage['headers']>): Record<string, Uint8Array> {
  for (const name in headers) if (!Buffer.isBuffer(headers[name])) headers[name] = bytes(headers[name]);
  return headers as Record<string, Buffer>;
}

/** A header given twice is kept as its last value. */
function bytes(header: Buffer | string | (Buffer | string)[] | undefined): Buffer {
  const last = Array.isArray(header) ? header.at(-1) : header;
  return typeof last === 'string' ? Buffer.from(last, 'utf8') : (last ?? Buffer.alloc(0));
}
