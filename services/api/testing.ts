import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { SignJWT, generateKeyPair } from 'jose';
import { abilityFor } from '#libs/authorization';
import { openContentFolder } from '#libs/content';
import type { ContentStore } from '#libs/content';
import { createFanOut } from '#libs/event-store';
import { createIdentification } from '#libs/identity';
import type { Actor } from '#libs/lifecycle';
import { createPool } from '#libs/postgres';
import { createLog, createMetrics } from '#libs/runtime';
import { createProjector, startLagMeter } from '#services/projector';
import { testApplication } from '../../libs/application/testing.js';
import type { TestApplication } from '../../libs/application/testing.js';
import { testDatabase } from '../../libs/postgres/testing.js';
import { readModelsOf } from '../standalone/read-models.js';
import { createApi, modelInspector } from './index.js';
import type { Api, ApiPorts, CountedDenial, Limits } from './index.js';

const issuer = 'https://issuer.example';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions: Readonly<Record<string, unknown>> }[];
}

export interface TestApi extends TestApplication {
  readonly api: Api;
  readonly content: ContentStore;
  readonly denials: CountedDenial[];
  /** What the api has logged, errors only, a JSON text a line. */
  readonly logged: string[];
  /** Of the database that the views stand in. */
  readonly viewsUrl: string;
  /** A token of the issuer for somebody; claims as wanted. */
  token(person: Actor, claims?: Readonly<Record<string, unknown>>): Promise<string>;
  /** A token that nobody's key signed. */
  forged(person: Actor): Promise<string>;
  ask(token: string | undefined, query: string, variables?: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** One mutation as somebody; the answer of its field, all fields of the union selected that are named. */
  mutate(
    token: string,
    name: string,
    input: Readonly<Record<string, unknown>>,
    selection?: string,
  ): Promise<Readonly<Record<string, unknown>>>;
}

/** The API as it runs, on a real ledger server, Postgres, application and projector. For specs and benches. */
export async function testApi(limits: Partial<Limits> = {}): Promise<TestApi> {
  const [base, database] = await Promise.all([testApplication(), testDatabase()]);
  const folder = await mkdtemp(join(tmpdir(), 'assay-api-'));
  const content = await openContentFolder(folder);
  const pool = createPool(database.url, { max: 8, name: 'test-api' });
  const fanOut = createFanOut(base.ledger.store);
  const projector = createProjector({ pool, fanOut });
  await projector.start();
  const lag = startLagMeter(
    (wanted) => fanOut.subscribe(wanted),
    () => projector.positions(),
  );
  const metrics = createMetrics();
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const other = await generateKeyPair('ES256');
  const { application, directory, ports, clock } = base;
  const denials: CountedDenial[] = [];
  const logged: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      logged.push(String(chunk));
      done();
    },
  });
  const apiPorts: ApiPorts = {
    application,
    evidenceOf: (workspace, modelVersionId) => application.evidenceOf(workspace, modelVersionId),
    identification: createIdentification({
      index: directory.access,
      store: ports.identities,
      clock,
      issuerKeys: () => ({ key: async () => publicKey }),
      refresh: () => application.catchUp(),
    }),
    abilityOf: ({ actor, grants }) =>
      abilityFor(actor, grants, [...(directory.access.identity(actor.id)?.linked ?? [])]),
    content,
    readModels: readModelsOf(pool, projector),
    lags: () => lag.lags(),
    vault: base.vault,
    measure: () => Promise.reject(new Error('no trainer in this test')),
    inspectModel: modelInspector(content),
    clock,
    log: createLog('test-api', { level: 'error', destination }),
    metrics,
    health: [],
    countDenial: (denial) => denials.push(denial),
    limits: { rateBurst: 1e9, ratePerSecond: 1e9, ...limits },
  };
  const api = await createApi(apiPorts);
  await api.listen(0);

  const sign = (person: Actor, claims: Readonly<Record<string, unknown>>, key: typeof privateKey) => {
    const now = Math.floor(clock.now().getTime() / 1000);
    const subject = person.id === base.opened.administratorId ? 'root' : `person-${person.id}`;
    return new SignJWT({ auth_time: now, acr: 'urn:assay:acr:password', ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'JWT' })
      .setIssuer(issuer)
      .setAudience('assay')
      .setSubject(subject)
      .setIssuedAt(now)
      .setExpirationTime((claims['exp'] as number | undefined) ?? now + 3_600)
      .setJti((claims['jti'] as string | undefined) ?? randomUUID())
      .sign(key);
  };
  const ask: TestApi['ask'] = async (token, query, variables) => {
    const response = await fetch(`${api.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ query, variables }),
    });
    const body = (await response.json()) as Pick<Answer, 'data' | 'errors'>;
    return { status: response.status, headers: response.headers, ...body };
  };

  return {
    ...base,
    api,
    content,
    denials,
    logged,
    viewsUrl: database.url,
    token: (person, claims = {}) => sign(person, claims, privateKey),
    forged: (person) => sign(person, {}, other.privateKey),
    ask,
    async mutate(token, name, input, selection = '') {
      const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
      const answer = await ask(
        token,
        `mutation ($input: ${type}!) { result: ${name}(input: $input) { __typename ` +
          `... on Accepted { id position repeated } ... on Error { code message } ` +
          `... on ValidationFailed { issues { field rule } } ${selection} } }`,
        { input: { commandId: randomUUID(), ...input } },
      );
      if (answer.errors) throw new Error(JSON.stringify(answer.errors));
      return answer.data!['result'] as Readonly<Record<string, unknown>>;
    },
    async close() {
      await api.close();
      await projector.stop();
      await lag.close();
      await fanOut.close();
      await pool.end();
      metrics.stop();
      await base.close();
      await database.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
