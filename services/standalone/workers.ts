import { join } from 'node:path';
import { detailText, systemClock } from '#libs/runtime';
import { createExporter, followExports } from '#services/exporter';
import { createInferenceServer, sealThrough } from '#services/inference';
import type { InferenceServer } from '#services/inference';
import { startProcessManager } from '#services/process-manager';
import type { ProcessManager } from '#services/process-manager';
import { startTrainer } from '#services/trainer';
import type { Trainer } from '#services/trainer';
import { Closers } from './closers.js';
import type { Product } from './product.js';

/** What runs for an open workspace. */
export interface Workers {
  readonly workspace: string;
  readonly manager: ProcessManager;
  readonly trainer: Trainer;
  readonly inference: InferenceServer;
  /** Where models are served (Open Inference Protocol). */
  readonly inferenceUrl: string;
  close(): Promise<void>;
}

/** Standalone serves one environment; a cluster runs one inference server or more for each. */
export const environment = 'production';

export async function startWorkers(product: Product, workspace: string): Promise<Workers> {
  const { application, content, dataDirectory, fanOut, log, ports, secrets, signingKey } = product;
  const closers = new Closers(log);
  const fault = (service: string) => (what: unknown, detail?: unknown) =>
    log.warn({ service, detail: detail === undefined ? undefined : detailText(detail) }, String(what));
  try {
    const manager = startProcessManager({
      subscribe: (options) => fanOut.subscribe(options),
      store: ports.store,
      application,
      clock: systemClock,
      key: signingKey,
      leadership: product.leadership,
      leaseToken: secrets.leaseToken,
      onFault: fault('process-manager'),
    });
    closers.add('process manager', () => manager.close());
    const leasePort = await manager.listen();

    const trainer = startTrainer({
      subscribe: (options) => fanOut.subscribe(options),
      application,
      content,
      clock: systemClock,
      folder: join(dataDirectory, 'trainer'),
      onFault: fault('trainer'),
    });
    closers.add('trainer', () => trainer.close());

    const inference = createInferenceServer({
      clock: systemClock,
      workspace,
      environment,
      server: 'standalone',
      trusted: [signingKey],
      issuer: { url: `http://127.0.0.1:${leasePort}`, token: secrets.leaseToken },
      content,
      seal: sealThrough(application, workspace, systemClock),
      folder: join(dataDirectory, 'predictions'),
      internalToken: secrets.inferenceToken,
      onFault: fault('inference'),
    });
    closers.add('inference', () => inference.close());
    const port = await inference.listen();
    const exporter = createExporter({
      store: ports.store,
      application,
      vault: ports.vault,
      content,
      clock: systemClock,
      key: signingKey,
      onFailed: (exportId, { code, message }) => fault('exporter')('ExportFailed', { exportId, code, message }),
    });
    const exports = followExports(exporter, {
      subscribe: (options) => fanOut.subscribe(options),
      onFault: fault('exporter'),
    });
    closers.add('exporter', () => exports.close());
    await manager.ready;
    return {
      workspace,
      manager,
      trainer,
      inference,
      inferenceUrl: `http://127.0.0.1:${port}`,
      close: () => closers.close(),
    };
  } catch (error) {
    await closers.close();
    throw error;
  }
}
