import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT, generateKeyPair } from 'jose';
import { abilityFor } from '#libs/authorization';
import { openContentFolder } from '#libs/content';
import type { RecordedEvent } from '#libs/event-store';
import { AccessIndex, createIdentification } from '#libs/identity';
import type { IdentityStore } from '#libs/identity';
import type { Pool } from '#libs/postgres';
import type { NodeReference } from '#libs/projections/lineage';
import { createLog, createMetrics, newId, systemClock } from '#libs/runtime';
import { createApi } from '#services/api';
import type { ApiPorts } from '#services/api';
import { globalId } from '../../services/api/graphql/global-id.js';

export interface LineageApi {
  /** Asks the lineage question over HTTP and returns how many nodes the answer has. */
  walk(start: NodeReference, asOf: bigint, first: number): Promise<number>;
  close(): Promise<void>;
}

const query = `query ($of: ID!, $first: Int!, $asOf: AsOfInput) {
  lineage(of: $of, direction: UPSTREAM, first: $first, asOf: $asOf) {
    isPartial endCursor nodes { ref depth } edges { from to kind }
  }
}`;

/** The API over a database that holds nothing but a graph: sign-in, rights and limits as they always are. */
export async function lineageApi(pool: Pool, workspace: string, position: bigint): Promise<LineageApi> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-api-'));
  const person = newId();
  const index = accessOf(workspace, person);
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const metrics = createMetrics();
  const notAsked = () => Promise.reject(new Error('the lineage bench asks for lineage only'));
  const ports: ApiPorts = {
    application: { execute: notAsked },
    evidenceOf: notAsked,
    identification: createIdentification({
      index,
      store: { subjects: { find: async () => person } } as unknown as IdentityStore,
      clock: systemClock,
      issuerKeys: () => ({ key: async () => publicKey }),
    }),
    abilityOf: ({ actor, grants }) => abilityFor(actor, grants),
    content: await openContentFolder(folder),
    readModels: {
      position: async () => position,
      positionAt: async () => position,
      waitFor: async () => true,
      query: (text, values) => pool.query(text, [...values]),
      onAdvance: () => () => undefined,
    },
    vault: {} as ApiPorts['vault'],
    inspectModel: notAsked,
    measure: notAsked,
    clock: systemClock,
    log: createLog('bench', { level: 'error' }),
    metrics,
    health: [],
    countDenial: () => undefined,
  };
  const api = await createApi(ports);
  await api.listen(0);
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT' })
    .setIssuer('https://issuer.example')
    .setAudience('assay')
    .setSubject('reader')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey);
  return {
    async walk({ key }, asOf, first) {
      const response = await fetch(`${api.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({
          query,
          variables: { of: globalId('DatasetVersion', key), first, asOf: { position: String(asOf) } },
        }),
      });
      const { data, errors } = (await response.json()) as {
        data?: { lineage: { nodes: unknown[] } };
        errors?: unknown;
      };
      if (!data || errors) throw new Error(JSON.stringify(errors));
      return data.lineage.nodes.length;
    },
    async close() {
      await api.close();
      metrics.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A workspace with one person who may read all of it, as the events say it. */
function accessOf(workspace: string, person: string): AccessIndex {
  const index = new AccessIndex();
  const grantId = newId();
  const events = [
    {
      stream: 'workspace',
      type: 'WorkspaceOpened',
      data: {
        workspace,
        issuer: 'https://issuer.example',
        audience: 'assay',
        administrator: person,
        grantId: newId(),
        serviceKeyId: newId(),
      },
    },
    { stream: 'identity', type: 'PersonRegistered', data: { identityId: person, subject: '0'.repeat(64) } },
    {
      stream: 'grant',
      type: 'AccessGranted',
      data: { grantId, subjectId: person, role: 'compliance-officer', validFrom: '2020-01-01T00:00:00Z' },
    },
  ];
  events.forEach((event, place) =>
    index.apply({ ...event, revision: 0n, position: BigInt(place) } as unknown as RecordedEvent),
  );
  return index;
}
