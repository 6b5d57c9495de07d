import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createEventStore } from '#libs/event-store';
import { createPool } from '#libs/postgres';
import { repositoryRoot } from '#libs/runtime';
import { sha256 } from '#libs/signing';
import { createProjector } from '#services/projector';
import { kafkaMissing } from '../../libs/messaging/testing.js';
import { testDatabase } from '../../libs/postgres/testing.js';
import { readLog, viewsMustEqual } from '../crash/invariants.js';
import { ask, send } from '../crash/load.js';
import { administrator, startPeople } from '../crash/people.js';
import type { People } from '../crash/people.js';
import { openWorkspaceOf } from '../crash/product-process.js';
import { startBroker, startLedger } from '../outage/neighbours.js';
import { Service } from '../outage/service.js';

if (kafkaMissing) process.stderr.write(`test/services: relay and projector are left out: ${kafkaMissing}\n`);
const { scripts } = JSON.parse(readFileSync(join(repositoryRoot(), 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};
const lines = Object.keys(scripts).filter((line) => line.startsWith('start:'));

const folder = mkdtempSync(join(tmpdir(), 'assay-processes-'));
const open: (() => Promise<unknown>)[] = [];
const running = new Map<string, Service>();
let people: People;
let apiUrl: string;
let databaseUrl: string;
let eventStoreUrl: string;

/** What `npm run start:NAME` runs, as docs/operations.md starts it. */
async function start(name: string, environment: Readonly<Record<string, string>>, ready: RegExp): Promise<Service> {
  expect(scripts[`start:${name}`]).toBe(`node scripts/run.mjs start:${name}`);
  const service = new Service(name, 'scripts/run.mjs', [`start:${name}`], environment, ready);
  open.push(() => service.stop());
  running.set(name, service);
  await service.start();
  return service;
}

beforeAll(async () => {
  chmodSync(folder, 0o711);
  people = await startPeople();
  open.push(() => people.close());
  const [database, ledger, broker] = await Promise.all([
    testDatabase(),
    startLedger(join(folder, 'ledger')),
    kafkaMissing ? undefined : startBroker(join(folder, 'kafka')),
  ]);
  open.push(
    () => database.close(),
    () => ledger.stop(),
  );
  if (broker) open.push(() => broker.stop());
  databaseUrl = database.url;
  eventStoreUrl = ledger.connectionString;
  expect(eventStoreUrl).toContain('tls=true');
  const stores = { EVENTSTORE_URL: eventStoreUrl, DATABASE_URL: databaseUrl };
  const folders = { ASSAY_CONTENT: join(folder, 'content'), ASSAY_WORK: join(folder, 'work') };
  const [health, token] = [/health at (\S+)/, 'lease-token-of-the-test'];
  const opening = { issuer: people.issuer, admin: administrator };
  const { workspace } = await openWorkspaceOf(join(folder, 'init'), opening, stores);

  if (broker) {
    const kafka = { ...stores, KAFKA_BROKERS: broker.address };
    await Promise.all([start('relay', kafka, health), start('projector', kafka, health)]);
  } else {
    const [pool, store] = [createPool(databaseUrl), createEventStore({ connectionString: eventStoreUrl })];
    const projector = createProjector({ pool, store });
    await projector.start();
    open.push(
      () => pool.end(),
      () => store.close(),
      () => projector.stop(),
    );
  }
  const [api, manager] = await Promise.all([
    start('api', { ...stores, ...folders, PORT: '0' }, /ready on (\S+)/),
    start(
      'process-manager',
      { ...stores, ASSAY_PERMIT_KEY: join(folder, 'permit-key.pem'), ASSAY_LEASE_TOKEN: token, PORT: '0' },
      /leases at (\S+),/,
    ),
    start('exporter', { ...stores, ...folders, ASSAY_DOSSIER_KEY: join(folder, 'dossier-key.pem') }, health),
    start('trainer', { ...stores, ...folders }, health),
  ]);
  await start(
    'inference',
    {
      ...stores,
      ...folders,
      ASSAY_LEASE_URL: manager.url,
      ASSAY_LEASE_TOKEN: token,
      ASSAY_PERMIT_KEYS: /permit key (\S+);/.exec(manager.line)![1]!,
      ASSAY_WORKSPACE: workspace,
      ASSAY_ENVIRONMENT: 'production',
      ASSAY_SEGMENTS: join(folder, 'segments'),
      PORT: '0',
    },
    /at (http:\S+)\/v2/,
  );
  apiUrl = api.url;
}, 300_000);

afterAll(async () => {
  for (const close of open.reverse()) await close();
  rmSync(folder, { recursive: true, force: true });
}, 120_000);

test('every start line but the ledger’s runs over stores with TLS, and says that it is ready', async () => {
  const left = kafkaMissing ? ['relay', 'projector'] : [];
  // The ledger is started by its program, as everywhere in these tests.
  const wanted = lines.map((line) => line.slice('start:'.length)).filter((name) => !['ledger', ...left].includes(name));
  expect([...running.keys()].sort()).toEqual(wanted.sort());
  for (const service of running.values())
    await until(
      () => `${service.name} is ready: ${service.line}${service.said}`,
      async () => {
        return (await service.health()).status === 200;
      },
    );
}, 240_000);

test('a version is registered, shown and put into a dossier by the processes together', async () => {
  const url = apiUrl;
  const prepared = await people.prepare(url);
  const modelVersionId = randomUUID();
  const registered = await send(url, await people.token('trainer'), {
    mutation: 'registerModelVersion',
    input: {
      commandId: randomUUID(),
      modelVersionId,
      modelId: prepared.modelId,
      datasetVersionIds: [prepared.datasetVersionId],
      artifact: { digest: prepared.artifact, mediaType: 'application/onnx' },
      features: ['features'],
    },
  });
  expect(registered).toMatchObject({ __typename: 'CommandAccepted' });
  const position = registered.positions.at(-1)!;

  const token = await people.token('compliance');
  const asked =
    'query ($id: ID!, $asOf: AsOfInput) { node(id: $id, asOf: $asOf) { ... on Model { versions(first: 5) { nodes { number } } } } }';
  const variables = { id: globalId('Model', prepared.modelId), asOf: { atLeast: position } };
  let versions: unknown;
  let fault = '';
  const states = (): string => [...running.values()].map(({ name, said }) => `${name}: ${said}`).join('\n');
  await until(
    () => `the view shows the version: ${fault}\n${states()}`,
    async () => {
      versions = await ask(url, token, asked, variables).catch((error: unknown) => void (fault = String(error)));
      return versions !== undefined;
    },
  );
  expect(versions).toEqual({ node: { versions: { nodes: [{ number: 1 }] } } });

  const exportId = randomUUID();
  const input = {
    commandId: randomUUID(),
    exportId,
    kind: 'DOSSIER',
    modelVersionId,
    asOf: position,
  };
  expect(await send(url, token, { mutation: 'requestExport', input })).toMatchObject({ __typename: 'CommandAccepted' });
  const query = 'query ($id: ID!) { node(id: $id) { ... on Export { status failure files { digest bytes } } } }';
  const id = globalId('Export', exportId);
  let files: readonly { digest: string; bytes: number }[] = [];
  await until('the dossier', async () => {
    const { node } = await ask<{ node: { failure: string | null; files: typeof files | null } }>(url, token, query, {
      id,
    }).catch(() => ({ node: { failure: null, files: null } }));
    expect(node.failure).toBeNull();
    files = node.files ?? [];
    return files.length === 2;
  });
  for (const { digest, bytes } of files) {
    const response = await fetch(`${url}/content/${digest}`, { headers: { authorization: `Bearer ${token}` } });
    const content = Buffer.from(await response.arrayBuffer());
    expect([response.status, content.length, sha256(content)]).toEqual([200, bytes, digest]);
  }

  await until('the views are the fold of the log', async () => {
    const log = await readLog(eventStoreUrl);
    return viewsMustEqual(databaseUrl, log).then(
      () => true,
      (error: unknown) => {
        lastDifference = error;
        return false;
      },
    );
  });
}, 300_000);

let lastDifference: unknown;

const globalId = (type: string, id: string): string => Buffer.from(`${type}:${id}`).toString('base64url');

async function until(what: string | (() => string), holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 180_000; !(await holds());) {
    if (Date.now() > deadline)
      throw new Error(`this did not come about: ${typeof what === 'string' ? what : what()}`, {
        cause: lastDifference,
      });
    await sleep(100);
  }
}
