import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadOrCreateSigningKey } from '#libs/signing';
import { freePort } from '#libs/runtime';
import { openWorkspaceOf } from '../crash/product-process.js';
import { startBroker, startLedger, startPostgres } from './neighbours.js';
import type { BrokerNeighbour, LedgerNeighbour, PostgresNeighbour } from './neighbours.js';
import { Service } from './service.js';

export interface Installation {
  readonly folder: string;
  readonly postgres: PostgresNeighbour;
  readonly ledger: LedgerNeighbour;
  /** Undefined on a machine without Java and Maven. */
  readonly broker: BrokerNeighbour | undefined;
  /** Everything but the stores in one process: api, projector, process manager, trainer, inference, exporter. */
  readonly product: Service;
  /** A second process manager and an inference server that leases from it. */
  readonly manager: Service;
  readonly inference: Service;
  /** Undefined without a broker. They fill `viewsUrl`. */
  readonly relay: Service | undefined;
  readonly projectors: readonly Service[];
  readonly databaseUrl: string;
  /** The database of what comes over Kafka. */
  readonly viewsUrl: string;
  readonly workspace: string;
  readonly serviceKey: string;
  close(): Promise<void>;
}

const leaseToken = 'lease-token-of-the-test';

/** Each part a process of its own, over stores of their own, as an installation with a cluster has it. */
export async function startInstallation(options: {
  readonly issuer: string;
  readonly admin: string;
  readonly kafka: boolean;
  readonly projectors: number;
}): Promise<Installation> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-outage-'));
  chmodSync(folder, 0o711);
  const open: { stop(): Promise<void> }[] = [];
  const close = async () => {
    for (const one of open.splice(0).reverse()) await one.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const started = async <One extends { stop(): Promise<void> }>(one: Promise<One>): Promise<One> => {
    const running = await one;
    open.push(running);
    return running;
  };
  try {
    const [postgres, ledger, broker] = await Promise.all([
      started(startPostgres(join(folder, 'postgres'))),
      started(startLedger(join(folder, 'ledger'))),
      options.kafka ? started(startBroker(join(folder, 'kafka'))) : undefined,
    ]);
    const databaseUrl = await postgres.database('assay');
    const viewsUrl = await postgres.database('views');
    const run = async (service: Service): Promise<Service> => {
      open.push(service);
      await service.start();
      return service;
    };
    const stores = { EVENTSTORE_URL: ledger.connectionString, DATABASE_URL: databaseUrl };
    const data = join(folder, 'data');
    mkdirSync(data, { mode: 0o711 });
    const product = await run(
      new Service(
        'product',
        'dist/services/standalone/main.js',
        ['--port', '0', '--data', data],
        stores,
        /ready on (\S+)/,
      ),
    );
    const opened = await openWorkspaceOf(data, { issuer: options.issuer, admin: options.admin }, stores);
    const keyFile = join(data, 'permit-key.pem');
    const manager = new Service(
      'process-manager',
      'dist/services/process-manager/main.js',
      [],
      { ...stores, ASSAY_PERMIT_KEY: keyFile, ASSAY_LEASE_TOKEN: leaseToken, PORT: String(await freePort()) },
      /leases at (\S+),/,
    );
    await run(manager);
    const inference = await run(
      new Service(
        'inference',
        'dist/services/inference/main.js',
        [],
        {
          ...stores,
          ASSAY_LEASE_URL: manager.url,
          ASSAY_LEASE_TOKEN: leaseToken,
          ASSAY_PERMIT_KEYS: loadOrCreateSigningKey(keyFile).publicKeyBase64,
          ASSAY_WORKSPACE: opened.workspace,
          ASSAY_ENVIRONMENT: 'production',
          ASSAY_CONTENT: join(data, 'content'),
          ASSAY_SEGMENTS: join(folder, 'segments'),
          PORT: '0',
        },
        /at (http:\S+)\/v2/,
      ),
    );
    const kafka = { KAFKA_BROKERS: broker?.address ?? '', KAFKA_SESSION_MS: '6000', DATABASE_URL: viewsUrl };
    const relay =
      broker &&
      (await run(
        new Service(
          'relay',
          'dist/services/relay/main.js',
          [],
          { ...kafka, EVENTSTORE_URL: ledger.connectionString },
          /health at (\S+)/,
        ),
      ));
    const projectors: Service[] = [];
    for (let number = 1; number <= (broker ? options.projectors : 0); number += 1)
      projectors.push(
        await run(new Service(`projector ${number}`, 'dist/services/projector/main.js', [], kafka, /health at (\S+)/)),
      );
    const { workspace, serviceKey } = opened;
    const all = { folder, postgres, ledger, broker, product, manager, inference, relay, projectors };
    return { ...all, databaseUrl, viewsUrl, workspace, serviceKey, close };
  } catch (error) {
    await close();
    throw error;
  }
}
