import type { Kafka, KafkaMessage } from 'kafkajs';

/**
 * What kafkajs 2.2.4 has below its producer: the cluster with its metadata, and connections that are authenticated,
 * time out and hold at most one request in flight. Not declared by it; the version is pinned and the last there is
 * (docs/adr/0017).
 */
export interface KafkaCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  isConnected(): boolean;
  addTargetTopic(topic: string): Promise<void>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  removeBroker(at: { readonly host: string; readonly port: number }): void;
  findControllerBroker(): Promise<KafkaBroker>;
  findBroker(one: { readonly nodeId: string }): Promise<KafkaBroker>;
  /** Partitions by the id of their leader; those without metadata are left out. */
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Readonly<Record<string, readonly number[]>>;
}

export interface KafkaBroker {
  initProducerId(request: { readonly transactionTimeout: number }): Promise<{
    readonly producerId: string;
    readonly producerEpoch: number;
  }>;
  fetch(request: {
    readonly isolationLevel: number;
    readonly maxWaitTime: number;
    readonly minBytes: number;
    readonly maxBytes: number;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly {
        readonly partition: number;
        readonly fetchOffset: string;
        readonly maxBytes: number;
      }[];
    }[];
  }): Promise<{
    readonly responses: readonly {
      readonly partitions: readonly { readonly partition: number; readonly messages: readonly KafkaMessage[] }[];
    }[];
  }>;
  readonly connectionPool: {
    send<Response>(call: {
      readonly request: KafkaRequest;
      readonly response: {
        decode(bytes: Buffer): Promise<Response>;
        parse(response: Response): Promise<Response>;
      };
    }): Promise<Response>;
  };
}

export interface KafkaRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  /** Two names of the same bytes, as kafkajs asks for them. */
  encode(): Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>;
}

interface ClusterSettings {
  readonly metadataMaxAge: number;
  readonly allowAutoTopicCreation: boolean;
  readonly maxInFlightRequests: number;
}

const factory = 'private:Kafka:createCluster';

/** A cluster of its own with one request in flight for each broker. @throws when this is another kafkajs */
export function createCluster(kafka: Kafka): KafkaCluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) => description === factory);
  const create = symbol && (kafka as unknown as Record<symbol, unknown>)[symbol];
  if (typeof create !== 'function') throw new Error(`kafkajs has no ${factory}: another version than 2.2.4`);
  const settings: ClusterSettings = { metadataMaxAge: 300_000, allowAutoTopicCreation: false, maxInFlightRequests: 1 };
  return (create as (settings: ClusterSettings) => KafkaCluster)(settings);
}
