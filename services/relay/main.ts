// The relay as a process of its own: `npm run start:relay`. Any number may be started; one relays, the others stand by.
//   EVENTSTORE_URL     connection string of the event store (TLS: tls=true&tlsCAFile=PATH)
//   DATABASE_URL       the product's PostgreSQL, where the relay's lease is (TLS: sslmode=verify-full&sslrootcert=PATH)
//   KAFKA_BROKERS      and the other KAFKA_… of libs/messaging/configuration.ts
//   RELAY_BATCH        most events in one publish: 2,000
//   HEALTH_PORT, HEALTH_HOST   /health/live, /health/ready, /metrics
import { Gauge } from 'prom-client';
import { createEventStore } from '#libs/event-store';
import { createKafka, eventsTopic, kafkaOptions } from '#libs/messaging';
import { createPool } from '#libs/postgres';
import { partitionOf } from '#libs/projections';
import { createLog, createRegistry, probeAddress, readConfiguration, runService, serveProbes } from '#libs/runtime';
import { startRelay } from './relay.js';
import type { RelayState } from './relay.js';

const log = createLog('relay');

await runService('relay', log, async () => {
  const read = readConfiguration();
  const connectionString = read.required('EVENTSTORE_URL', 'connection string of the event store');
  const databaseUrl = read.required('DATABASE_URL', 'PostgreSQL of the product');
  const kafka = kafkaOptions(read, 'assay-relay');
  const topic = eventsTopic(read);
  const address = probeAddress(read);
  const batchSize = read.integer('RELAY_BATCH', 2_000, 1, 10_000);

  const store = createEventStore({ connectionString });
  const messaging = createKafka({ ...kafka, onLog: (level, message) => log[level]({ client: 'kafka' }, message) });
  // A Postgres that hangs must be told from one that answers well before the lease ends.
  const pool = createPool(databaseUrl, { max: 3, name: 'assay-relay', queryTimeoutMilliseconds: 4_000 });
  let said = '';
  const onState = ({ status, epoch, position, error }: RelayState) => {
    // Who stands by is told each time for how many seconds more.
    const now = `${status}: ${error?.replace(/ for \d+ s more$/, '') ?? ''}`;
    if (now === said) return;
    said = now;
    const level = error === undefined || status === 'standing-by' ? 'info' : 'warn';
    log[level]({ epoch: epoch?.toString(), position: position?.toString(), error }, status);
  };
  const relay = startRelay({ store, messaging, pool, topic, partitionOf, batchSize, onState });

  let pinging: Promise<void> | undefined;
  const registry = createRegistry();
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name: `assay_relay_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
  gauge('leading', '1 while this process is the one that relays', () => (relay.state.status === 'leading' ? 1 : 0));
  gauge('epoch', 'Term of the lease that this process has or had', () => Number(relay.state.epoch ?? 0n));
  gauge('position', 'Last position that Kafka has acknowledged', () => Number(relay.state.position ?? -1n));
  gauge('events', 'Events that Kafka has acknowledged since the process began to lead', () => relay.state.events);
  gauge('caught_up', '1 while everything that the store has is in Kafka', () => (relay.state.caughtUp ? 1 : 0));
  const probes = await serveProbes({
    ...address,
    registry,
    checks: [
      {
        name: 'event-store',
        check: async () => {
          await store.ping();
          return undefined;
        },
      },
      {
        name: 'broker',
        check: async () => {
          // One question at a time: a broker that hangs must not collect them.
          pinging ??= messaging.ping().finally(() => (pinging = undefined));
          await pinging;
          return undefined;
        },
      },
      {
        name: 'relay',
        check: async () => {
          const { status, error } = relay.state;
          if (status === 'leading') return undefined;
          return error === undefined ? status : `${status}: ${error}`;
        },
      },
    ],
  });
  return {
    line: `assay relay writes to ${topic.topic}; health at ${probes.url}`,
    async close() {
      await probes.close();
      await relay.close();
      await messaging.close();
      await store.close();
      await pool.end();
    },
  };
});
