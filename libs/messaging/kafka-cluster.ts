import type { Socket } from 'node:net';
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
    getConnectionByRequest(call: { readonly request: { readonly apiKey: number } }): Promise<KafkaConnection>;
  };
}

export interface KafkaConnection {
  readonly clientId: string;
  readonly socket: Pick<Socket, 'cork' | 'uncork' | 'write'>;
  readonly requestQueue: {
    /** Sends it when no other request is under way; the entry hears of the answer, or of the connection's end. */
    push(request: {
      readonly entry: {
        readonly apiKey: number;
        readonly apiVersion: number;
        readonly apiName: string;
        readonly correlationId: number;
        resolve(answer: { readonly payload: Buffer }): void;
        reject(error: Error): void;
      };
      readonly expectResponse: true;
      readonly requestTimeout: null;
      sendRequest(): void;
    }): void;
    maybeThrottle(milliseconds: number): void;
  };
  isAuthenticated(): boolean;
  authenticate(): Promise<void>;
  failIfNotConnected(): void;
  nextCorrelationId(): number;
}

export interface KafkaRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  /** What follows the request's header, one behind the other; unchanged until the answer has come. */
  readonly pieces: readonly Buffer[];
}

/** The answer to a request, read. Its pieces are written as they are: kafkajs's own way copies the whole three times. */
export async function ask<Answer extends { readonly throttleMilliseconds: number }>(
  broker: KafkaBroker,
  { apiKey, apiVersion, apiName, pieces }: KafkaRequest,
  decode: (bytes: Buffer) => Answer,
): Promise<Answer> {
  const connection = await broker.connectionPool.getConnectionByRequest({ request: { apiKey } });
  if (!connection.isAuthenticated()) await connection.authenticate();
  connection.failIfNotConnected();
  const correlationId = connection.nextCorrelationId();
  const { payload } = await new Promise<{ readonly payload: Buffer }>((resolve, reject) => {
    connection.requestQueue.push({
      entry: { apiKey, apiVersion, apiName, correlationId, resolve, reject },
      expectResponse: true,
      requestTimeout: null,
      sendRequest() {
        const { socket } = connection;
        socket.cork();
        socket.write(header(apiKey, apiVersion, correlationId, connection.clientId, pieces));
        for (const piece of pieces) socket.write(piece);
        socket.uncork();
      },
    });
  });
  const answer = decode(payload);
  connection.requestQueue.maybeThrottle(answer.throttleMilliseconds);
  return answer;
}

/** Length of everything behind it, and request header version 1 (Kafka protocol guide, "Protocol Requests"). */
function header(
  apiKey: number,
  apiVersion: number,
  correlationId: number,
  clientId: string,
  pieces: readonly Buffer[],
): Buffer {
  const name = Buffer.from(clientId, 'utf8');
  const bytes = Buffer.alloc(4 + 2 + 2 + 4 + 2 + name.length);
  const behind = pieces.reduce((sum, { length }) => sum + length, 0);
  let at = bytes.writeInt32BE(bytes.length - 4 + behind, 0);
  at = bytes.writeInt16BE(apiKey, at);
  at = bytes.writeInt16BE(apiVersion, at);
  at = bytes.writeInt32BE(correlationId, at);
  at = bytes.writeInt16BE(name.length, at);
  name.copy(bytes, at);
  return bytes;
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
