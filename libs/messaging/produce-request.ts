import type { KafkaRequest } from './kafka-cluster.js';

/** One partition's records: partition and length, as a request wants them, and the batch as the broker stores it. */
export interface EncodedBatch {
  readonly partition: number;
  readonly bytes: Buffer;
}

/** Bytes before a batch: partition and length. */
export const batchLeadBytes = 8;

export interface ProduceOutcome {
  /** By partition; 0 is no error (Kafka protocol guide, "Error Codes"). */
  readonly codes: ReadonlyMap<number, number>;
  /** Milliseconds that the broker's quota asks this client to wait. */
  readonly throttleMilliseconds: number;
}

const timeoutMs = 30_000;

/** Produce, version 7 (brokers from 2.1 on), `acks: -1`. */
export function produceRequest(topic: string, batches: readonly EncodedBatch[]): KafkaRequest {
  const name = Buffer.from(topic, 'utf8');
  const head = Buffer.alloc(2 + 2 + 4 + 4 + 2 + name.length + 4);
  let at = head.writeInt16BE(-1, 0);
  at = head.writeInt16BE(-1, at);
  at = head.writeInt32BE(timeoutMs, at);
  at = head.writeInt32BE(1, at);
  at = head.writeInt16BE(name.length, at);
  at += name.copy(head, at);
  head.writeInt32BE(batches.length, at);
  return { apiKey: 0, apiVersion: 7, apiName: 'Produce', pieces: [head, ...batches.map(({ bytes }) => bytes)] };
}

export function produceOutcome(bytes: Buffer): ProduceOutcome {
  const codes = new Map<number, number>();
  let at = 0;
  const topics = bytes.readInt32BE(at);
  at += 4;
  for (let topic = 0; topic < topics; topic += 1) {
    at += 2 + bytes.readInt16BE(at);
    const partitions = bytes.readInt32BE(at);
    at += 4;
    for (let index = 0; index < partitions; index += 1) {
      codes.set(bytes.readInt32BE(at), bytes.readInt16BE(at + 4));
      // Partition, error, base offset, append time, log start offset.
      at += 4 + 2 + 8 + 8 + 8;
    }
  }
  return { codes, throttleMilliseconds: bytes.readInt32BE(at) };
}
