// The projector over Kafka as a process of its own: `npm run start:projector`. Any number may be started; they share
// the topic's partitions.
//   DATABASE_URL       the product's PostgreSQL (TLS: sslmode=verify-full&sslrootcert=PATH)
//   KAFKA_BROKERS      and the other KAFKA_… of libs/messaging/configuration.ts
//   EVENTSTORE_URL     optional: where a rebuild reads the recorded decisions to pass over poison events
//   KAFKA_GROUP, KAFKA_SESSION_MS   another group than the database's own; when a projector that hangs loses its share
//   PROJECTOR_BATCH    most events in one transaction
//   PROJECTOR_THREADS  members of the group that it may be while it is far behind: one less than there are processors, at most 4
//   PROJECTOR_FAR_BEHIND   events from which on it is: 30,000
//   HEALTH_PORT, HEALTH_HOST   /health/live, /health/ready, /metrics
import { availableParallelism } from 'node:os';
import { alarmOf } from '#libs/projections';
import { createLog, createRegistry, probeAddress, readConfiguration, runService, serveProbes } from '#libs/runtime';
import { startHelper } from './helper.js';
import { farBehind, Helpers } from './helpers.js';
import { startMember, type Told } from './member.js';
import { registerMetrics } from './metrics.js';
import { reasonsOf } from './reasons.js';

const log = createLog('projector');
let refusals = 0;

await runService('projector', log, async () => {
  const read = readConfiguration();
  const address = probeAddress(read);
  const threads = read.integer('PROJECTOR_THREADS', Math.max(1, Math.min(4, availableParallelism() - 1)), 1, 64);
  const member = startMember(read, tell);
  const { projector, pool, messaging } = member;
  const helpers = new Helpers({
    projector,
    most: threads - 1,
    farBehind: read.integer('PROJECTOR_FAR_BEHIND', farBehind, 1, 1_000_000_000),
    start: () => startHelper(tell),
    onFault: (error) => log.error({ error }, 'a helper has ended, the projector goes on without it'),
  });
  const registry = createRegistry();
  registerMetrics(registry, helpers);
  const probes = await serveProbes({ ...address, registry, checks: reasonsOf(helpers, pool, messaging) });
  const close = async () => {
    await probes.close();
    await helpers.close();
    await member.close();
  };
  projector.failed.catch((error: unknown) => {
    process.stderr.write(`assay projector ends: ${(error as Error).message}\n`);
    // What is being written is finished first.
    void close().finally(() => process.exit(1));
    setTimeout(() => process.exit(1), 5_000).unref();
  });
  return { line: `assay projector reads ${member.topic}; health at ${probes.url}`, close };
});

function tell(told: Told): void {
  if (told.kind === 'client') log[told.level]({ client: 'kafka' }, told.message);
  else if (told.kind === 'trouble') {
    const { where, attempt, error } = told;
    log.warn({ where, attempt, error }, 'the projector waits');
  } else if (told.kind === 'alarm') {
    log.error(alarmOf(told.stop), 'a partition of a view has stopped and waits for assay views release');
  } else {
    refusals += 1;
    // A flood of them must not become a flood of lines.
    if (refusals > 100 && refusals % 1_000 !== 0) return;
    const { partition, offset, error } = told;
    log.error({ partition, offset, error, refusals }, 'a foreign record is refused');
  }
}
