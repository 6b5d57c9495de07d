// The projector over Kafka as a process of its own: `npm run start:projector`. Any number may be started; they share
// the topic's partitions.
//   DATABASE_URL       the product's PostgreSQL (TLS: sslmode=verify-full&sslrootcert=PATH)
//   KAFKA_BROKERS      and the other KAFKA_… of libs/messaging/configuration.ts
//   EVENTSTORE_URL     optional: where a rebuild reads the recorded decisions to pass over poison events
//   KAFKA_GROUP, KAFKA_SESSION_MS   another group than the database's own; when a projector that hangs loses its share
//   HEALTH_PORT, HEALTH_HOST   /health/live, /health/ready, /metrics
import { createEventStore } from '#libs/event-store';
import { createKafka, eventsTopic, kafkaOptions } from '#libs/messaging';
import { createPool } from '#libs/postgres';
import { alarmOf, allViews, readSkipped } from '#libs/projections';
import { createLog, createRegistry, probeAddress, readConfiguration, runService, serveProbes } from '#libs/runtime';
import { startKafkaProjector } from './kafka.js';
import { registerMetrics } from './metrics.js';
import { reasonsOf } from './reasons.js';

const log = createLog('projector');

await runService('projector', log, async () => {
  const read = readConfiguration();
  const databaseUrl = read.required('DATABASE_URL', 'PostgreSQL of the product');
  const kafka = kafkaOptions(read, 'assay-projector');
  const topic = eventsTopic(read);
  const eventStoreUrl = read.optional('EVENTSTORE_URL');
  const group = read.optional('KAFKA_GROUP');
  const sessionTimeout = read.integer('KAFKA_SESSION_MS', 10_000, 6_000, 300_000);
  const batchSize = read.integer('PROJECTOR_BATCH', 4_000, 1, 100_000);
  const address = probeAddress(read);

  const messaging = createKafka({ ...kafka, onLog: (level, message) => log[level]({ client: 'kafka' }, message) });
  const pool = createPool(databaseUrl, { max: 10, name: 'assay-projector' });
  const releases = eventStoreUrl === undefined ? undefined : () => decisions(eventStoreUrl);
  let refusals = 0;
  const projector = startKafkaProjector({
    pool,
    messaging,
    topic,
    batchSize,
    sessionTimeout,
    ...(releases && { releases }),
    ...(group !== undefined && { group }),
    onTrouble: ({ where, error, attempt }) => log.warn({ where, attempt, error: String(error) }, 'the projector waits'),
    onAlarm: (stop) => log.error(alarmOf(stop), 'a partition of a view has stopped and waits for assay views release'),
    onRefused: ({ partition, offset, error }) => {
      refusals += 1;
      // A flood of them must not become a flood of lines.
      if (refusals > 100 && refusals % 1_000 !== 0) return;
      log.error(
        { partition, offset: offset.toString(), error: error.message, refusals },
        'a foreign record is refused',
      );
    },
  });
  const registry = createRegistry();
  registerMetrics(registry, projector);
  const probes = await serveProbes({ ...address, registry, checks: reasonsOf(projector, pool, messaging) });
  const close = async () => {
    await probes.close();
    await projector.stop();
    await messaging.close();
    await pool.end();
  };
  projector.failed.catch((error: unknown) => {
    process.stderr.write(`assay projector ends: ${(error as Error).message}\n`);
    // What is being written is finished first.
    void close().finally(() => process.exit(1));
    setTimeout(() => process.exit(1), 5_000).unref();
  });
  return { line: `assay projector reads ${topic.topic}; health at ${probes.url}`, close };
});

async function decisions(connectionString: string) {
  const store = createEventStore({ connectionString });
  try {
    return await readSkipped(
      store,
      allViews.map(({ name }) => name),
    );
  } finally {
    await store.close();
  }
}
