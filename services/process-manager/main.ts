// The process manager as a process of its own: `npm run start:process-manager`.
//   EVENTSTORE_URL, DATABASE_URL   the ledger, and the PostgreSQL whose advisory lock says who leads
//   ASSAY_PERMIT_KEY   file of the Ed25519 key that signs permits and leases; made when it is not there
//   ASSAY_LEASE_TOKEN  shared with the inference servers
//   PORT, HOST         where it leases
//   HEALTH_PORT, HEALTH_HOST   /health/live, /health/ready, /metrics
import { connectApplication } from '#libs/application';
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
import { loadOrCreateSigningKey, signPermit } from '#libs/signing';
import { advisoryLeadership } from './leadership.js';
import { startProcessManager } from './manager.js';
import { healthOf, registerMetrics } from './probes.js';

const log = createLog('process-manager');

await runService('process-manager', log, async () => {
  const read = readConfiguration();
  const databaseUrl = read.required('DATABASE_URL', 'PostgreSQL of the product');
  const eventStoreUrl = read.required('EVENTSTORE_URL', 'connection string of the event store');
  const leaseToken = read.required('ASSAY_LEASE_TOKEN', 'shared with the inference servers');
  const key = loadOrCreateSigningKey(read.required('ASSAY_PERMIT_KEY', 'file of the key that signs permits'));
  const port = read.integer('PORT', 8090, 0, 65_535);
  const host = read.optional('HOST') ?? '127.0.0.1';
  const address = probeAddress(read);
  const leadership = advisoryLeadership(databaseUrl, {
    onFault: (error) => log.warn({ error: String(error) }, 'the lock of the leader cannot be asked for'),
    onStandby: () => log.info('another process manager issues the permits: this one stands by, and leases'),
  });
  const { application, store, fanOut, checks, close } = await connectApplication({
    eventStoreUrl,
    databaseUrl,
    signPermit: (permit) => signPermit(permit, key),
    isPermitIssuer: () => leadership.confirm(),
    onFault: (what, error) => log.error({ error: String(error) }, what),
  });
  const manager = startProcessManager({
    subscribe: (options) => fanOut.subscribe(options),
    store,
    application,
    clock: systemClock,
    key,
    leadership,
    leaseToken,
    onFault: (fault, detail) => log.warn({ detail: detailText(detail) }, fault),
  });
  await manager.listen(port, host);
  const registry = createRegistry();
  registerMetrics(registry, manager);
  const probes = await serveProbes({ ...address, registry, checks: [...checks, ...healthOf(manager)] });
  return {
    line: `assay process-manager leases at ${manager.url}, permit key ${key.publicKeyBase64}; health at ${probes.url}`,
    async close() {
      await probes.close();
      await manager.close();
      await leadership.close();
      await close();
    },
  };
});
