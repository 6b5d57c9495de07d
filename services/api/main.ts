// The api as a process of its own: `npm run start:api`. The views are filled by projectors (over Kafka), the other
// services run beside it.
//   EVENTSTORE_URL, DATABASE_URL   the ledger, and the PostgreSQL of the product
//   ASSAY_CONTENT, ASSAY_WORK      folders of the content store (shared with trainer and exporter) and of evaluations
//   PORT, HOST                     GraphQL, content, /health/live, /health/ready; /metrics for whoever may read
import {
  createApplication,
  Directory,
  followDirectory,
  awaitMutableTables,
  type ApplicationPorts,
} from '#libs/application';
import { openContentFolder } from '#libs/content';
import { createPostgresVault } from '#libs/disclosure';
import { createEventStore, createFanOut } from '#libs/event-store';
import type { EventStore } from '#libs/event-store';
import { createIdentityStore } from '#libs/identity';
import { createPool } from '#libs/postgres';
import type { Pool } from '#libs/postgres';
import { assertSameStore, OtherStore } from '#libs/projections/timeline';
import { createLog, detailText, readConfiguration, runService, systemClock } from '#libs/runtime';
import { observeViews, startLagMeter } from '#services/projector';
import { startTrainer } from '#services/trainer';
import { startApi } from '../standalone/api.js';
import { Closers } from '../standalone/closers.js';

const log = createLog('api');

await runService('api', log, async () => {
  const read = readConfiguration();
  const databaseUrl = read.required('DATABASE_URL', 'PostgreSQL of the product');
  const connectionString = read.required('EVENTSTORE_URL', 'connection string of the event store');
  const folder = read.required('ASSAY_WORK', 'folder of the evaluations that are computed');
  const contentFolder = read.required('ASSAY_CONTENT', 'folder of the content store');
  const port = read.integer('PORT', 4000, 0, 65_535);
  const host = read.optional('HOST') ?? '127.0.0.1';
  const closers = new Closers(log);
  try {
    const content = await openContentFolder(contentFolder);
    const source = await awaitMutableTables(databaseUrl, (error, attempt) =>
      log.warn({ attempt, error: String(error) }, 'the database is away, waiting'),
    );
    closers.add('tables', () => source.destroy());
    const pool = createPool(databaseUrl, { max: 10, name: 'assay-api' });
    closers.add('pool', () => pool.end());
    const store = createEventStore({ connectionString });
    closers.add('event store', () => store.close());
    const directory = new Directory();
    const ports: ApplicationPorts = {
      store,
      vault: createPostgresVault(source),
      identities: createIdentityStore(source),
      clock: systemClock,
      directory,
      onFault: (what, error) => log.error({ error: String(error) }, what),
    };
    const application = createApplication(ports);
    closers.add('application', () => application.close());
    const fanOut = createFanOut(store);
    closers.add('subscription', () => fanOut.close());
    const projector = await observeViews(pool);
    closers.add('views', () => projector.stop());
    const ended = new AbortController();
    void refuseOtherStore(pool, store, ended.signal);
    const lag = startLagMeter(
      (wanted) => fanOut.subscribe(wanted),
      () => projector.positions(),
    );
    closers.add('lag', () => lag.close());
    const trainer = startTrainer({
      subscribe: (options) => fanOut.subscribe(options),
      application,
      content,
      clock: systemClock,
      folder,
      takesRuns: false,
      onFault: (what, detail) => log.warn({ detail: detailText(detail) }, what),
    });
    closers.add('evaluations', () => trainer.close());
    const following = followDirectory(
      { subscribeAll: (options) => fanOut.subscribe(options) },
      directory,
      ended.signal,
    );
    following.catch((error: unknown) => {
      if (ended.signal.aborted) return;
      // Rights are decided on what it knows: an api that cannot follow them any more must not go on.
      process.stderr.write(`assay api ends: ${String(error)}\n`);
      process.exit(1);
    });
    closers.add('directory', async () => {
      ended.abort();
      await following.catch(() => undefined);
    });
    const parts = { application, content, directory, fanOut, lag, log, pool, ports, projector };
    const api = await startApi(parts, { port, host }, () => ({ trainer }));
    closers.add('api', () => api.close());
    return { line: `assay api ready on ${api.url} (GraphQL at ${api.url}/graphql)`, close: () => closers.close() };
  } catch (error) {
    await closers.close();
    throw error;
  }
});

/** What the views say of another store's events would be wrong, and what is written now would never be seen in them. */
async function refuseOtherStore(pool: Pool, store: Pick<EventStore, 'readAll'>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      return await assertSameStore(pool, store);
    } catch (error) {
      if (error instanceof OtherStore) {
        process.stderr.write(`assay api ends: ${error.message}\n`);
        process.exit(1);
      }
      // One of the two is away, as /health/ready says.
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }
}
