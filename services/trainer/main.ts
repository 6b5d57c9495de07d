// The trainer as a process of its own: `npm run start:trainer`.
//   EVENTSTORE_URL, DATABASE_URL   the ledger, and the PostgreSQL of the product
//   ASSAY_CONTENT, ASSAY_WORK      folders of the content store and of the running jobs
//   ASSAY_JOB_SECONDS, ASSAY_JOB_MEGABYTES   what one job gets at most
//   HEALTH_PORT, HEALTH_HOST   /health/live, /health/ready, /metrics
import { connectApplication } from '#libs/application';
import { openContentFolder } from '#libs/content';
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
import { startTrainer, trainerLimits } from './trainer.js';

const log = createLog('trainer');

await runService('trainer', log, async () => {
  const read = readConfiguration();
  const folder = read.required('ASSAY_WORK', 'folder of the running jobs');
  const limits = {
    seconds: read.integer('ASSAY_JOB_SECONDS', trainerLimits.seconds, 1, 30 * 86_400),
    memoryMegabytes: read.integer('ASSAY_JOB_MEGABYTES', trainerLimits.memoryMegabytes, 64, 1 << 20),
  };
  const address = probeAddress(read);
  const content = await openContentFolder(read.required('ASSAY_CONTENT', 'folder of the content store'));
  const { application, fanOut, checks, close } = await connectApplication({
    eventStoreUrl: read.required('EVENTSTORE_URL', 'connection string of the event store'),
    databaseUrl: read.required('DATABASE_URL', 'PostgreSQL of the product'),
    onFault: (what, error) => log.error({ error: String(error) }, what),
  });
  const trainer = startTrainer({
    subscribe: (options) => fanOut.subscribe(options),
    application,
    content,
    clock: systemClock,
    folder,
    limits,
    onFault: (fault, detail) => log.warn({ detail: detailText(detail) }, fault),
  });
  const probes = await serveProbes({ ...address, registry: createRegistry(), checks });
  return {
    line: `assay trainer takes up runs of the engine assay; health at ${probes.url}`,
    async close() {
      await probes.close();
      await trainer.close();
      await close();
    },
  };
});
