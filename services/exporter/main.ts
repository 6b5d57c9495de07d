// The exporter as a process of its own: `npm run start:exporter`.
//   EVENTSTORE_URL, DATABASE_URL   the ledger, and the PostgreSQL of the product (the vault)
//   ASSAY_CONTENT      folder of the content store
//   ASSAY_DOSSIER_KEY  file of the Ed25519 key that signs dossiers; made when it is not there
//   HEALTH_PORT, HEALTH_HOST   /health/live, /health/ready, /metrics
import { awaitMutableTables, connectApplication } from '#libs/application';
import { openContentFolder } from '#libs/content';
import { createPostgresVault } from '#libs/disclosure';
import {
  createLog,
  createRegistry,
  detailText,
  probeAddress,
  readConfiguration,
  runService,
  serveProbes,
  systemClock,
} from '#libs/runtime';
import { loadOrCreateSigningKey } from '#libs/signing';
import { createExporter } from './exporter.js';
import { followExports } from './follow.js';

const log = createLog('exporter');

await runService('exporter', log, async () => {
  const read = readConfiguration();
  const databaseUrl = read.required('DATABASE_URL', 'PostgreSQL of the product');
  const eventStoreUrl = read.required('EVENTSTORE_URL', 'connection string of the event store');
  const key = loadOrCreateSigningKey(read.required('ASSAY_DOSSIER_KEY', 'file of the key that signs dossiers'));
  const address = probeAddress(read);
  const content = await openContentFolder(read.required('ASSAY_CONTENT', 'folder of the content store'));
  const { application, store, fanOut, checks, close } = await connectApplication({
    eventStoreUrl,
    databaseUrl,
    onFault: (what, error) => log.error({ error: String(error) }, what),
  });
  const source = await awaitMutableTables(databaseUrl, (error, attempt) =>
    log.warn({ attempt, error: String(error) }, 'the database is away, waiting'),
  );
  const vault = createPostgresVault(source);
  let stopped: unknown;
  const exporter = createExporter({
    store,
    application,
    vault,
    content,
    clock: systemClock,
    key,
    onFailed: (exportId, { code, message }) => log.warn({ exportId, code, detail: message }, 'ExportFailed'),
  });
  const exports = followExports(exporter, {
    subscribe: (options) => fanOut.subscribe(options),
    onFault: (what, detail) => {
      if (what === 'Stopped') stopped = detail;
      log.warn({ detail: detailText(detail) }, what);
    },
  });
  const probes = await serveProbes({
    ...address,
    registry: createRegistry(),
    checks: [
      ...checks,
      {
        name: 'exports',
        check: async () => (stopped === undefined ? undefined : `the store refuses to be followed: ${String(stopped)}`),
      },
    ],
  });
  return {
    line: `assay exporter answers requested exports; health at ${probes.url}`,
    async close() {
      await probes.close();
      await exports.close();
      await close();
      await source.destroy();
    },
  };
});
