// An inference server as a process of its own: `npm run start:inference`.
//   EVENTSTORE_URL, DATABASE_URL   for the seal of its prediction segments
//   ASSAY_LEASE_URL, ASSAY_LEASE_TOKEN   where the process manager leases
//   ASSAY_PERMIT_KEYS   public keys of the permit issuer, base64, separated by commas
//   ASSAY_WORKSPACE, ASSAY_ENVIRONMENT, ASSAY_SERVER   whom it serves, and its own name
//   ASSAY_CONTENT, ASSAY_SEGMENTS   folders of the content store and of the open segments
//   PORT, HOST         where it serves
//   ASSAY_INTERNAL_TOKEN   optional: who has it may ask what the gate knows (/gate) and have open segments sealed
//   HEALTH_PORT, HEALTH_HOST   /health/live, /health/ready, /metrics
import { hostname } from 'node:os';
import { Registry } from 'prom-client';
import { connectApplication } from '#libs/application';
import { openContentFolder } from '#libs/content';
import {
  createLog,
  createRegistry,
  probeAddress,
  readConfiguration,
  runService,
  serveProbes,
  systemClock,
} from '#libs/runtime';
import { verifyingKey } from '#libs/signing';
import { sealThrough } from './seal.js';
import { createInferenceServer } from './server.js';

const log = createLog('inference');

await runService('inference', log, async () => {
  const read = readConfiguration();
  const workspace = read.required('ASSAY_WORKSPACE', 'the workspace that is served');
  const trusted = read.required('ASSAY_PERMIT_KEYS', 'public keys of the permit issuer').split(',').map(verifyingKey);
  const url = read.required('ASSAY_LEASE_URL', 'where the process manager leases');
  const token = read.required('ASSAY_LEASE_TOKEN', 'shared with the process manager');
  const environment = read.required('ASSAY_ENVIRONMENT', 'the environment that is served, e.g. production');
  const folder = read.required('ASSAY_SEGMENTS', 'a folder of its own for open prediction segments');
  const content = await openContentFolder(read.required('ASSAY_CONTENT', 'folder of the content store'));
  const internalToken = read.optional('ASSAY_INTERNAL_TOKEN');
  const port = read.integer('PORT', 8080, 0, 65_535);
  const host = read.optional('HOST') ?? '127.0.0.1';
  const address = probeAddress(read);
  const { application, checks, close } = await connectApplication({
    eventStoreUrl: read.required('EVENTSTORE_URL', 'connection string of the event store'),
    databaseUrl: read.required('DATABASE_URL', 'PostgreSQL of the product'),
    onFault: (what, error) => log.error({ error: String(error) }, what),
  });
  const server = createInferenceServer({
    clock: systemClock,
    workspace,
    environment,
    server: read.optional('ASSAY_SERVER') ?? hostname(),
    trusted,
    issuer: { url, token },
    content,
    seal: sealThrough(application, workspace, systemClock),
    folder,
    ...(internalToken === undefined ? {} : { internalToken }),
    onFault: (fault, detail) => log.warn({ detail }, fault),
  });
  const listening = await server.listen(port, host);
  const probes = await serveProbes({
    ...address,
    registry: Registry.merge([createRegistry(), server.registry]),
    checks: [
      ...checks,
      {
        name: 'lease',
        check: async () => (server.lease.lease() ? undefined : 'no lease lives: the gate is closed for every version'),
      },
    ],
  });
  return {
    line: `assay inference serves ${environment} of ${workspace} at http://${host}:${listening}/v2; health at ${probes.url}`,
    async close() {
      await probes.close();
      await server.close();
      await close();
    },
  };
});
