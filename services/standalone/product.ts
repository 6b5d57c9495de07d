import { join } from 'node:path';
import {
  createApplication,
  Directory,
  followDirectory,
  openMutableTables,
  openWorkspace,
  serviceIdentity,
} from '#libs/application';
import type { ApplicationPorts, OpenedWorkspace, OpenWorkspace, RunningApplication } from '#libs/application';
import { openContentFolder } from '#libs/content';
import type { ContentStore } from '#libs/content';
import { createPostgresVault } from '#libs/disclosure';
import { createFanOut } from '#libs/event-store';
import type { EventStore, FanOut } from '#libs/event-store';
import { createIdentityStore } from '#libs/identity';
import { createPool } from '#libs/postgres';
import { alarmOf, allViews, readSkipped } from '#libs/projections';
import { assertSameStore } from '#libs/projections/timeline';
import { createLog, systemClock } from '#libs/runtime';
import type { Log } from '#libs/runtime';
import { loadOrCreateSigningKey, signPermit } from '#libs/signing';
import type { SigningKey } from '#libs/signing';
import { createProjector, observeViews, startLagMeter } from '#services/projector';
import { advisoryLeadership } from '#services/process-manager';
import type { Leadership } from '#services/process-manager';
import type { LagMeter, Views } from '#services/projector';
import { startApi } from './api.js';
import type { RunningApi } from './api.js';
import { Closers } from './closers.js';
import { readSecrets } from './secrets.js';
import type { Secrets } from './secrets.js';
import { openStores } from './stores.js';
import type { Stores } from './stores.js';
import { startWorkers } from './workers.js';
import type { Workers } from './workers.js';

export interface ProductOptions {
  readonly dataDirectory: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly host?: string;
  readonly databaseUrl?: string;
  readonly eventStoreUrl?: string;
  readonly log?: Log;
  /** `elsewhere`: projectors of their own fill the views, over Kafka (services/projector/main.ts). Default `here`. */
  readonly projection?: 'here' | 'elsewhere';
  /** As in StoreOptions. */
  readonly onLost?: (what: string) => void;
  /** Stores that are being opened already; default: those of the other options. Closed with the product. */
  readonly stores?: Promise<Stores>;
}

/** What the rooms of one product share. */
export interface Product {
  readonly dataDirectory: string;
  readonly log: Log;
  readonly secrets: Secrets;
  readonly databaseUrl: string;
  readonly eventStoreUrl: string;
  readonly pool: ReturnType<typeof createPool>;
  readonly ports: ApplicationPorts;
  readonly application: RunningApplication;
  readonly directory: Directory;
  readonly content: ContentStore;
  readonly fanOut: FanOut;
  /** The views, filled by this process or by projectors of their own. */
  readonly projector: Views;
  readonly lag: LagMeter;
  readonly signingKey: SigningKey;
  readonly leadership: Leadership;
}

export interface RunningProduct extends Product {
  readonly api: RunningApi;
  /** The workers of the open workspace; undefined before `assay init`. */
  readonly workers: () => Workers | undefined;
  openWorkspace(wanted: OpenWorkspace): Promise<OpenedWorkspace>;
  /** Resolves when a workspace is open and its workers run. */
  readonly opened: Promise<Workers>;
  close(): Promise<void>;
}

/**
 * All of Assay in one process tree over one data folder: stores, api, projector, process manager, trainer, inference
 * and exporter. The same parts as the separate services, wired in memory where those use the network.
 */
export async function startProduct(options: ProductOptions): Promise<RunningProduct> {
  const { dataDirectory } = options;
  const log = options.log ?? createLog('assay', { level: 'warn' });
  const closers = new Closers(log);
  try {
    const stores = await (options.stores ?? openStores(options));
    closers.add('stores', () => stores.close());
    const secrets = readSecrets(dataDirectory);
    const source = await openMutableTables(stores.databaseUrl);
    closers.add('tables', () => source.destroy());
    const pool = createPool(stores.databaseUrl, { max: 10, name: 'assay-standalone' });
    closers.add('pool', () => pool.end());

    const signingKey = loadOrCreateSigningKey(join(dataDirectory, 'permit-key.pem'));
    const directory = new Directory();
    // Of all that issue permits over this database, beside this product too, one does.
    const leadership = advisoryLeadership(stores.databaseUrl, {
      onFault: (error) => log.warn({ service: 'process-manager', error: String(error) }, 'nobody says who leads'),
    });
    closers.add('leadership', () => leadership.close());
    const ports: ApplicationPorts = {
      store: stores.store,
      vault: createPostgresVault(source),
      identities: createIdentityStore(source),
      clock: systemClock,
      directory,
      signPermit: (permit) => signPermit(permit, signingKey),
      isPermitIssuer: () => leadership.confirm(),
      onFault: (what, error) => log.error({ error: String(error) }, what),
    };
    const application = createApplication(ports);
    closers.add('application', () => application.close());
    const content = await openContentFolder(join(dataDirectory, 'content'));
    const fanOut = createFanOut(stores.store);
    closers.add('subscription', () => fanOut.close());
    const projector = await openViews(options.projection ?? 'here', pool, stores.store, fanOut, log);
    closers.add('views', () => projector.stop());
    const lag = startLagMeter(
      (wanted) => fanOut.subscribe(wanted),
      () => projector.positions(),
    );
    closers.add('lag', () => lag.close());
    const product: Product = {
      dataDirectory,
      log,
      secrets,
      databaseUrl: stores.databaseUrl,
      eventStoreUrl: stores.eventStoreUrl,
      pool,
      ports,
      application,
      directory,
      content,
      fanOut,
      projector,
      lag,
      signingKey,
      leadership,
    };
    const { opened, workers } = whenOpened(product, closers);
    const api = await startApi(product, options, () => workers());
    closers.add('api', () => api.close());
    return {
      ...product,
      api,
      workers,
      opened,
      openWorkspace: (wanted) => openWorkspace(ports, wanted),
      close: () => closers.close(),
    };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

/** The views of this installation, filled here from the process's subscription or looked at while others fill them. */
async function openViews(
  projection: 'here' | 'elsewhere',
  pool: ReturnType<typeof createPool>,
  store: EventStore,
  fanOut: FanOut,
  log: Log,
): Promise<Views> {
  await assertSameStore(pool, store);
  if (projection === 'elsewhere') return observeViews(pool);
  const projector = createProjector({
    pool,
    fanOut,
    // The projector shares its thread with the api: under load fewer, larger transactions leave more of it.
    lingerMs: 250,
    isReleased: await readSkipped(
      store,
      allViews.map(({ name }) => name),
    ),
    onAlarm: (stop) => log.error(alarmOf(stop), 'a partition of a view has stopped and waits for assay views release'),
    onTrouble: ({ where, error, attempt }) => log.warn({ where, attempt, error: String(error) }, 'projector waits'),
  });
  await projector.start();
  return projector;
}

/** Follows the directory, and starts the workers when the workspace is open: now, or when `assay init` opens it. */
function whenOpened(product: Product, closers: Closers) {
  const { directory, fanOut, log } = product;
  const ended = new AbortController();
  let running: Workers | undefined;
  let starting = false;
  let settle: (workers: Workers) => void = () => undefined;
  const opened = new Promise<Workers>((resolve) => (settle = resolve));
  const look = () => {
    if (starting) return;
    const workspace = directory.access.workspace?.workspace;
    // The workers act under identities that are registered after the workspace's own event.
    const complete = workspace && directory.access.identity(serviceIdentity(workspace, 'process-manager-service'));
    if (!workspace || !complete || ended.signal.aborted) return;
    starting = true;
    startWorkers(product, workspace).then(
      (workers) => {
        running = workers;
        closers.add('workers', () => workers.close());
        settle(workers);
      },
      (error: unknown) => log.error({ error: String(error) }, 'the workers did not start'),
    );
  };
  const following = followDirectory(watched(fanOut, look), directory, ended.signal, look).catch((error: unknown) => {
    if (!ended.signal.aborted) log.error({ error: String(error) }, 'the directory cannot be followed');
  });
  closers.add('directory', async () => {
    ended.abort();
    await following;
  });
  return { opened, workers: () => running };
}

/** The same subscription; `look` is called after each event was handed on. */
function watched(source: FanOut, look: () => void): Pick<EventStore, 'subscribeAll'> {
  return {
    async *subscribeAll(options) {
      for await (const item of source.subscribe(options)) {
        yield item;
        look();
      }
    },
  };
}
