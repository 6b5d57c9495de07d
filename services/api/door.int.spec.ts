import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { serverAudits } from 'graphql-http';
import { getIntrospectionQuery } from 'graphql';
import { openContentFolder } from '#libs/content';
import { abilityFor } from '#libs/authorization';
import { AccessIndex, createIdentification } from '#libs/identity';
import type { IdentityStore } from '#libs/identity';
import { createLog, createMetrics, systemClock } from '#libs/runtime';
import { createApi } from './index.js';
import type { Api, ApiPorts, CountedDenial } from './index.js';

/** The door of an installation that nobody opened yet: no workspace, so nobody can be signed in. */
describe('without sign-in', () => {
  let folder: string;
  let api: Api;
  const denials: CountedDenial[] = [];
  const notReached = new Proxy({}, { get: () => () => Promise.reject(new Error('reached')) });
  let reason: string | undefined = 'the store is starting';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-door-'));
    const ports: ApiPorts = {
      application: notReached as ApiPorts['application'],
      identification: createIdentification({
        index: new AccessIndex(),
        store: notReached as IdentityStore,
        clock: systemClock,
      }),
      abilityOf: ({ actor, grants }) => abilityFor(actor, grants),
      content: await openContentFolder(folder),
      evidenceOf: () => Promise.reject(new Error('reached')),
      readModels: notReached as ApiPorts['readModels'],
      vault: notReached as ApiPorts['vault'],
      measure: () => Promise.reject(new Error('no trainer in this test')),
      inspectModel: async () => undefined,
      clock: systemClock,
      log: createLog('door', { level: 'silent' }),
      metrics: createMetrics(),
      health: [{ name: 'store', check: async () => reason }],
      countDenial: (denial) => denials.push(denial),
      limits: { anonymousRateBurst: 300, anonymousRatePerSecond: 1, bodyBytes: 50_000 },
    };
    api = await createApi(ports);
    await api.listen(0);
  });
  afterAll(async () => {
    await api.close();
    await rm(folder, { recursive: true, force: true });
  });

  const post = async (body: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${api.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: JSON.parse(text) };
  };
  const codeOf = ({ body }: { body: { errors?: { extensions: { code: string } }[] } }) =>
    body.errors?.[0]?.extensions.code;

  test('the audits of GraphQL over HTTP find no error', async () => {
    const fetchFn: typeof fetch = (input, init) =>
      fetch(input, { ...init, headers: { 'apollo-require-preflight': 'true', ...init?.headers } });
    const found: unknown[] = [];
    for (const audit of serverAudits({ url: `${api.url}/graphql`, fetchFn })) {
      const result = await audit.fn();
      if (result.status === 'error' || result.status === 'notice') found.push([audit.id, audit.name, result.reason]);
    }
    expect(found).toEqual([]);
  });

  test('__typename and an empty __type are answered, everything else is refused', async () => {
    expect((await post({ query: '{ __typename }' })).body).toEqual({ data: { __typename: 'Query' } });
    expect((await post({ query: '{ t: __type(name: "Query") { name } }' })).body).toEqual({ data: { t: null } });
    const withVariable = { query: 'query ($n: String!) { __type(name: $n) { name } }', variables: { n: 'Query' } };
    expect((await post(withVariable)).body).toEqual({ data: { __type: null } });
    denials.length = 0;
    for (const query of [
      '{ viewer { id } }',
      '{ __typename viewer { id } }',
      '{ ...F } fragment F on Query { ... { viewer { id } } }',
      '{ __schema { queryType { name } } }',
      getIntrospectionQuery(),
      'mutation { registerPerson(input: { commandId: "a", issuer: "b", subject: "c" }) { __typename } }',
    ]) {
      const answer = await post({ query });
      expect([answer.status, codeOf(answer), answer.body.data]).toEqual([401, 'UNAUTHENTICATED', undefined]);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
    expect(denials).toHaveLength(6);
    expect(new Set(denials.map(({ actor, rule }) => `${actor.id} ${rule}`))).toEqual(
      new Set(['anonymous NotSignedIn']),
    );
  });

  test('credentials that are not accepted answer 401 whatever is asked, and are counted by rule', async () => {
    denials.length = 0;
    for (const authorization of ['Bearer x.y.z', 'Basic YTpi', `Bearer assay_sk_${'0'.repeat(32)}_${'a'.repeat(43)}`]) {
      const answer = await post({ query: '{ __typename }' }, { authorization });
      expect([answer.status, codeOf(answer)]).toEqual([401, 'UNAUTHENTICATED']);
    }
    expect(denials.map(({ rule }) => rule)).toEqual(['NotInitialised', 'NotInitialised', 'NotInitialised']);
  });

  test('a document is still parsed and validated, and the errors give no schema away', async () => {
    expect(codeOf(await post({ query: '{' }))).toBe('GRAPHQL_PARSE_FAILED');
    const { body } = await post({ query: '{ viewe { id } }' });
    expect(body.errors[0].message).toBe('Cannot query field "viewe" on type "Query".');
  });

  test.each([
    ['tokens', `{ ${'__typename '.repeat(3_000)} }`],
    ['depth', `{ viewer ${'{ viewer '.repeat(40)} ${'}'.repeat(40)} }`],
    ['aliases', `{ ${Array.from({ length: 31 }, (_, index) => `a${index}: __typename`).join(' ')} }`],
    ['rootFields', `{ ${'__typename '.repeat(21)} }`],
    [
      'aliases',
      `{ ...F0 } ${Array.from({ length: 30 }, (_, n) => `fragment F${n} on Query { a: __typename ...F${n + 1} ...F${n + 1} }`).join(' ')} fragment F30 on Query { __typename }`,
    ],
  ])('a bomb is stopped by the limit of %s', async (limit, query) => {
    const started = performance.now();
    const answer = await post({ query });
    expect(performance.now() - started).toBeLessThan(30_000);
    expect(answer.status).toBe(400);
    const named = answer.body.errors.map((error: { extensions: object }) => error.extensions);
    expect(named).toContainEqual(expect.objectContaining({ code: 'LIMIT_EXCEEDED', limit }));
  });

  test('bodies that are too large, nested, repeated, compressed or not UTF-8 are refused by name', async () => {
    const large = await post({ query: `{ __typename # ${'x'.repeat(60_000)}\n}` });
    expect([large.status, large.body.errors[0].extensions]).toEqual([
      413,
      { code: 'LIMIT_EXCEEDED', limit: 'bodyBytes', maximum: 50_000 },
    ]);
    const deep = await post(`{"query":"{__typename}","variables":{"a":${'['.repeat(40)}${']'.repeat(40)}}}`);
    expect(deep.body.errors[0].extensions).toMatchObject({ limit: 'jsonDepth' });
    const twice = await post('{"query":"{__typename}","query":"{viewer{id}}"}');
    expect([twice.status, twice.body.errors[0].extensions]).toEqual([
      400,
      { code: 'BAD_REQUEST', rule: 'no member twice', field: 'query' },
    ]);
    expect((await post(new Uint8Array([0x7b, 0xff, 0x7d]))).body.errors[0].extensions).toMatchObject({ rule: 'utf-8' });
    expect((await post('{}', { 'content-encoding': 'gzip' })).status).toBe(415);
  });

  test('no batches, no queries across sites, no explorer', async () => {
    expect((await post([{ query: '{ __typename }' }, { query: '{ __typename }' }])).status).toBe(400);
    const get = await fetch(`${api.url}/graphql?query={__typename}`);
    expect(get.status).toBe(400);
    expect(await get.text()).toContain('CSRF');
    const page = await fetch(`${api.url}/graphql`, { headers: { accept: 'text/html' } });
    expect(page.status).toBe(400);
    expect(await page.text()).not.toContain('<html');
  });

  test('content takes a right: nothing is stored, nothing is told', async () => {
    const digest = 'a'.repeat(64);
    const put = await fetch(`${api.url}/content/${digest}`, { method: 'PUT', body: 'anything' });
    expect([put.status, ((await put.json()) as { code: string }).code]).toEqual([401, 'UNAUTHENTICATED']);
    const get = await fetch(`${api.url}/content/${digest}`);
    expect(get.status).toBe(401);
    expect((await readdir(folder, { recursive: true })).sort()).toEqual(['incoming']);
  });

  test('alive at once, ready when the checks hold, with the reasons until then', async () => {
    expect((await fetch(`${api.url}/health/live`)).status).toBe(200);
    const waiting = await fetch(`${api.url}/health/ready`);
    expect([waiting.status, await waiting.json()]).toEqual([
      503,
      { status: 'not-ready', reasons: { store: 'the store is starting' }, states: {}, alarms: {} },
    ]);
    reason = undefined;
    expect((await fetch(`${api.url}/health/ready`)).status).toBe(200);
  });

  test('a request keeps its id when it is one, and gets one otherwise', async () => {
    const id = '0b0e1d4c-8f5e-4b53-9b84-8e1f6b0c2a11';
    expect((await post({ query: '{ __typename }' }, { 'x-request-id': id })).headers.get('x-request-id')).toBe(id);
    for (const query of ['{ __typename }', '{ viewer { __typename } }', '{'])
      expect((await post({ query })).headers.get('cache-control')).toBe('no-store');
    const other = (await post({ query: '{ __typename }' }, { 'x-request-id': 'x\u00ff' })).headers.get('x-request-id');
    expect(other).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('one address cannot ask without end, and is told when to come back', async () => {
    let last = await post({ query: '{ __typename }' });
    for (let count = 0; count < 400 && last.status === 200; count += 1) last = await post({ query: '{ __typename }' });
    expect([last.status, codeOf(last)]).toEqual([429, 'RATE_LIMITED']);
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('a body whose length is not said is counted as it comes', async () => {
    const { port } = new URL(api.url);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { 'content-type': 'application/json' };
      const sent = request({ port, method: 'POST', path: '/graphql', headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
        sent.destroy();
      });
      sent.on('error', reject);
      sent.write('{"query":"{ __typename } #');
      const more = setInterval(() => sent.write('x'.repeat(10_000)), 10);
      sent.on('close', () => clearInterval(more));
    });
    expect(status).toBe(413);
    expect((await fetch(`${api.url}/health/live`)).status).toBe(200);
  });

  test('a client that says it sends more than it does leaves no request behind', async () => {
    const { port } = new URL(api.url);
    await new Promise<void>((resolve) => {
      const cut = request({
        port,
        method: 'POST',
        path: '/graphql',
        headers: { 'content-type': 'application/json', 'content-length': 1_000 },
      });
      cut.on('error', () => resolve());
      cut.on('close', () => resolve());
      cut.write('{"query":');
      setTimeout(() => cut.destroy(), 50);
    });
    expect((await fetch(`${api.url}/health/live`)).status).toBe(200);
  });
});
