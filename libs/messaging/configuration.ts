import type { Configuration } from '#libs/runtime';
import type { KafkaOptions } from './kafka.js';
import type { TopicSettings } from './port.js';

/** A batch of the relay with the largest events that there can be fits. */
const largestBatchBytes = 8 << 20;

const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;

/**
 * Where the brokers are and how they are spoken to:
 *   KAFKA_BROKERS          `host:port`, separated by commas
 *   KAFKA_TLS              `true`; implied by a CA or a certificate
 *   KAFKA_TLS_CA, KAFKA_TLS_CERT, KAFKA_TLS_KEY   PEM; usually as files (`KAFKA_TLS_CA_FILE` …)
 *   KAFKA_SASL_MECHANISM   plain, scram-sha-256 or scram-sha-512
 *   KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD
 * @throws InvalidConfiguration
 */
export function kafkaOptions(read: Configuration, clientId: string): Omit<KafkaOptions, 'onLog'> {
  const brokers = read
    .required('KAFKA_BROKERS', 'host:port of the Kafka brokers, separated by commas')
    .split(',')
    .map((broker) => broker.trim());
  const wrong = brokers.find((broker) => !/^(\[[0-9a-fA-F:]+\]|[^\s:,]+):[0-9]{1,5}$/.test(broker));
  if (wrong !== undefined) throw read.invalid('KAFKA_BROKERS', 'host:port, separated by commas');
  const [ca, cert, key] = ['KAFKA_TLS_CA', 'KAFKA_TLS_CERT', 'KAFKA_TLS_KEY'].map((name) => read.optional(name));
  if ((cert === undefined) !== (key === undefined)) throw read.invalid('KAFKA_TLS_CERT', 'together with KAFKA_TLS_KEY');
  const wanted = read.choice('KAFKA_TLS', ['true', 'false'] as const);
  if (wanted === 'false' && (ca !== undefined || cert !== undefined))
    throw read.invalid('KAFKA_TLS', 'not false beside a CA or a certificate');
  const tls = wanted === 'true' || ca !== undefined || cert !== undefined;
  const mechanism = read.choice('KAFKA_SASL_MECHANISM', mechanisms);
  return {
    brokers,
    clientId,
    ...(tls && { tls: { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) } }),
    ...(mechanism && {
      sasl: {
        mechanism,
        username: read.required('KAFKA_SASL_USERNAME', `for ${mechanism}`),
        password: read.required('KAFKA_SASL_PASSWORD', `for ${mechanism}`),
      },
    }),
  };
}

/**
 * The topic of the events and its settings: it is kept for ever, and acknowledged means on all replicas in sync.
 *   KAFKA_TOPIC (assay-events), KAFKA_PARTITIONS (8; the same for relay and projectors), KAFKA_REPLICATION (1)
 * @throws InvalidConfiguration
 */
export function eventsTopic(read: Configuration): TopicSettings {
  const topic = read.optional('KAFKA_TOPIC') ?? 'assay-events';
  if (!/^[A-Za-z0-9._-]{1,249}$/.test(topic)) throw read.invalid('KAFKA_TOPIC', 'a name of a topic');
  const replicationFactor = read.integer('KAFKA_REPLICATION', 1, 1, 32);
  return {
    topic,
    partitions: read.integer('KAFKA_PARTITIONS', 8, 1, 1_024),
    replicationFactor,
    configuration: {
      'cleanup.policy': 'delete',
      'retention.ms': '-1',
      'retention.bytes': '-1',
      'min.insync.replicas': String(Math.max(1, replicationFactor - 1)),
      'max.message.bytes': String(largestBatchBytes),
      'unclean.leader.election.enable': 'false',
    },
  };
}
