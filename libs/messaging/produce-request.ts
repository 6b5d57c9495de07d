import type { KafkaRequest } from './kafka-cluster.js';

/** One partition's records as the broker stores them. */
export interface EncodedBatch {
  readonly partition: number;
  readonly bytes: Buffer;
}

export interface ProduceOutcome {
  /** By partition; 0 is no error (Kafka protocol guide, "Error Codes"). */
  readonly codes: ReadonlyMap<number, number>;
  /** Milliseconds that the broker's quota asks this client to wait; kafkajs does. */
  readonly clientSideThrottleTime: number;
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
  const parts: Uint8Array[] = [head];
  for (const { partition, bytes } of batches) {
    const lead = Buffer.alloc(8);
    lead.writeInt32BE(partition, 0);
    lead.writeInt32BE(bytes.length, 4);
    parts.push(lead, bytes);
  }
  const body = Buffer.concat(parts);
  return { apiKey: 0, apiVersion: 7, apiName: 'Produce', encode: async () => ({ buf: body, buffer: body }) };
}

export const produceResponse = {
  async decode(bytes: Buffer): Promise<ProduceOutcome> {
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
    return { codes, clientSideThrottleTime: bytes.readInt32BE(at) };
  },
  parse: async (outcome: ProduceOutcome): Promise<ProduceOutcome> => outcome,
};
