import type { Kafka } from 'kafkajs';
import { decodeFetch, fetchVersion } from './fetch-response.js';
import { openForeignBatches } from './foreign-batch.js';

/** What kafkajs 2.2.4 has below its consumer and does not declare (docs/adr/0022); kafka.int.spec.ts notices. */
interface Cluster {
  findBroker(one: object): Promise<{ readonly connectionPool: ConnectionPool }>;
}

interface ConnectionPool {
  send(call: {
    readonly request: { readonly apiName: string; readonly apiVersion: number };
    readonly response: { decode(bytes: Buffer): Promise<unknown>; parse(answer: unknown): Promise<unknown> };
  }): Promise<unknown>;
}

const factory = 'private:Kafka:createCluster';
const decoding = new WeakSet<ConnectionPool>();

/**
 * From now on this client's answers to fetches are decoded by {@link decodeFetch}, and what that leaves by kafkajs, to
 * which batches that it cannot read are shown as foreign records ({@link openForeignBatches}).
 * Where kafkajs is made in another way, it decodes all of them, and nothing but time is lost.
 */
export function decodeFetches(kafka: Kafka): void {
  const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) => description === factory);
  const client = kafka as unknown as Record<symbol, (settings: object) => Cluster>;
  const create = symbol && client[symbol];
  if (typeof create !== 'function') return;
  client[symbol!] = (settings) => {
    const cluster = create(settings);
    const find = cluster.findBroker.bind(cluster);
    cluster.findBroker = async (one) => {
      const broker = await find(one);
      decodeAnswers(broker.connectionPool);
      return broker;
    };
    return cluster;
  };
}

function decodeAnswers(pool: ConnectionPool): void {
  if (decoding.has(pool)) return;
  decoding.add(pool);
  const send = pool.send.bind(pool);
  pool.send = (call) => {
    const { request, response } = call;
    if (request.apiName !== 'Fetch' || request.apiVersion !== fetchVersion) return send(call);
    const decode = async (bytes: Buffer) => decodeFetch(bytes) ?? response.decode(openForeignBatches(bytes));
    return send({ ...call, response: { decode, parse: response.parse } });
  };
}
