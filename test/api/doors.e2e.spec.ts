import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CloseCode, createClient } from 'graphql-ws';
import { Client } from 'pg';
import { WebSocket } from 'ws';
import { testApi } from '../../services/api/testing.js';
import type { TestApi } from '../../services/api/testing.js';
import type { Actor } from '#libs/lifecycle';

let stage: TestApi;
let steward: Actor;
let stewardToken: string;
let adminToken: string;
beforeAll(async () => {
  stage = await testApi({ contentBytes: 100_000, subscriptions: 3 });
  steward = await stage.person(['data-steward', 'model-developer']);
  stewardToken = await stage.token(steward);
  adminToken = await stage.token(stage.administrator);
});
afterAll(() => stage?.close());

const dataset = (name: string) => ({ name, purpose: 'underwriting', legalBasis: 'contract' });
const seconds = (offset: number) => Math.floor(stage.clock.now().getTime() / 1000) + offset;

describe('a token', () => {
  test.each([
    ['forged', 'BadSignature', () => stage.forged(steward)],
    ['expired', 'TokenExpired', () => stage.token(steward, { exp: seconds(-120) })],
    ['of a stranger', 'UnknownSubject', () => stage.token({ ...steward, id: randomUUID() })],
    ['cut short', 'BadSignature', async () => (await stage.token(steward)).slice(0, -4)],
    ['without algorithm', 'UnsupportedAlgorithm', async () => unsigned(await stage.token(steward))],
  ] as const)('%s is refused by rule %s, counted, and writes nothing', async (_, rule, made) => {
    stage.denials.length = 0;
    const answer = await stage.ask(await made(), '{ viewer { id } }');
    expect([answer.status, answer.errors?.[0]?.extensions['code'], answer.data]).toEqual([
      401,
      'UNAUTHENTICATED',
      undefined,
    ]);
    // A signature that was cut can be read as malformed too: which of the two is the library's.
    expect([rule, 'MalformedToken']).toContain(stage.denials[0]?.rule);
    expect(stage.denials).toHaveLength(1);
  });

  test('of somebody without any role may ask who they are and nothing else', async () => {
    const token = await stage.token(await stage.person());
    expect((await stage.ask(token, '{ viewer { roles } }')).data).toEqual({ viewer: { roles: [] } });
    for (const query of ['{ models(first: 1) { nodes { id } } }', '{ denials(first: 1) { nodes { rule } } }'])
      expect((await stage.ask(token, query)).errors?.[0]?.extensions['code']).toBe('FORBIDDEN');
    expect((await stage.ask(token, '{ __schema { queryType { name } } }')).status).toBe(403);
    expect((await stage.ask(token, '{ __type(name: "Query") { name } }')).data).toEqual({ __type: null });
  });

  test('of somebody with a role may introspect', async () => {
    const answer = await stage.ask(stewardToken, '{ __type(name: "Model") { name } }');
    expect(answer.data).toEqual({ __type: { name: 'Model' } });
  });
});

describe('an operation', () => {
  test('that could answer too much is refused before it runs', async () => {
    const query =
      '{ models(first: 100) { nodes { versions(first: 100) { nodes { evaluations { measurements { definition } } } } } } }';
    const answer = await stage.ask(stewardToken, query);
    expect(answer.errors?.[0]?.extensions).toMatchObject({ code: 'LIMIT_EXCEEDED', limit: 'cost', maximum: 50_000 });
  });

  test.each([
    ['first', '{ datasets(first: 0) { nodes { id } } }'],
    ['first', '{ datasets(first: 101) { nodes { id } } }'],
    ['after', '{ datasets(first: 1, after: "nonsense") { nodes { id } } }'],
    ['of', '{ timeline(of: "nonsense", first: 1) { nodes { type } } }'],
  ])('with a bad %s is refused by name', async (field, query) => {
    const answer = await stage.ask(stewardToken, query);
    expect(answer.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field });
  });

  test('beyond the log waits, then answers NOT_YET with where the views are', async () => {
    const answer = await stage.ask(
      stewardToken,
      '{ datasets(first: 1, asOf: { position: "9000000000000" }) { nodes { id } } }',
    );
    expect(answer.errors?.[0]?.extensions).toMatchObject({ code: 'NOT_YET', position: '9000000000000' });
  });

  test('pages on at the position of its first page', async () => {
    for (const name of ['page-a', 'page-b', 'page-c'])
      await stage.mutate(stewardToken, 'registerDataset', dataset(name));
    const first = await page('first: 2');
    await stage.mutate(stewardToken, 'registerDataset', dataset('page-d'));
    const second = await page(`first: 2, after: "${first.pageInfo.endCursor}"`);
    expect(second.position).toBe(first.position);
    expect(first.nodes.length).toBe(2);
    const ids = [...first.nodes, ...second.nodes].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  interface Page {
    readonly position: string;
    readonly nodes: readonly { readonly id: string }[];
    readonly pageInfo: { readonly endCursor: string };
  }
  const page = async (args: string): Promise<Page> => {
    const { position } = await stage.mutate(stewardToken, 'registerDataset', dataset(`page-${randomUUID()}`));
    const asOf = args.includes('after') ? '' : `, asOf: { atLeast: "${String(position)}" }`;
    const answer = await stage.ask(
      stewardToken,
      `{ datasets(${args}${asOf}) { position nodes { id } pageInfo { endCursor hasNextPage } } }`,
    );
    return answer.data!['datasets'] as Page;
  };
});

describe('an upload', () => {
  const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  const put = async (digest: string, body: Uint8Array, token: string | undefined = stewardToken) => {
    const response = await fetch(`${stage.api.url}/content/${digest}`, {
      method: 'PUT',
      headers: { ...(token && { authorization: `Bearer ${token}` }) },
      body,
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  test('is stored under its digest and comes back as it was', async () => {
    const bytes = randomBytes(50_000);
    expect(await put(digestOf(bytes), bytes)).toEqual({
      status: 201,
      body: { digest: digestOf(bytes), bytes: 50_000 },
    });
    const back = await fetch(`${stage.api.url}/content/${digestOf(bytes)}`, {
      headers: { authorization: `Bearer ${stewardToken}` },
    });
    expect(Buffer.from(await back.arrayBuffer()).equals(bytes)).toBe(true);
    expect(back.headers.get('content-disposition')).toContain('attachment');
  });

  test('with another digest, too large, of a name that is none, or without the right leaves nothing', async () => {
    const bytes = randomBytes(1_000);
    expect(await put('a'.repeat(64), bytes)).toMatchObject({
      status: 422,
      body: { code: 'WRONG_DIGEST', field: 'digest', actual: digestOf(bytes) },
    });
    const large = randomBytes(100_001);
    expect(await put(digestOf(large), large)).toMatchObject({
      status: 413,
      body: { code: 'LIMIT_EXCEEDED', limit: 'contentBytes', maximum: 100_000 },
    });
    expect(await put('..%2f..%2fetc', bytes)).toMatchObject({ status: 400, body: { rule: 'sha-256' } });
    const viewer = await stage.token(await stage.person(['viewer']));
    expect(await put(digestOf(bytes), bytes, viewer)).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    for (const digest of [digestOf(bytes), digestOf(large)]) expect(await stage.content.find(digest)).toBeUndefined();
  });

  test('that breaks off leaves nothing', async () => {
    const bytes = randomBytes(10_000);
    await new Promise<void>((resolve) => {
      const sent = request(`${stage.api.url}/content/${digestOf(bytes)}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${stewardToken}`, 'content-length': bytes.length },
      });
      sent.on('error', () => resolve());
      sent.on('close', () => resolve());
      sent.write(bytes.subarray(0, 5_000));
      setTimeout(() => sent.destroy(), 100);
    });
    expect((await stage.ask(stewardToken, '{ viewer { id } }')).status).toBe(200);
    expect(await stage.content.find(digestOf(bytes))).toBeUndefined();
  });
});

describe('a subscription', () => {
  const connect = (authorization: string | undefined) =>
    createClient({
      url: `${stage.api.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      connectionParams: authorization === undefined ? {} : { authorization: `Bearer ${authorization}` },
    });

  test('delivers what is recorded after a position, in order, nothing twice', async () => {
    const client = connect(stewardToken);
    const { position } = await stage.mutate(stewardToken, 'registerDataset', dataset('before the subscription'));
    const events = client.iterate<{ timelineAdded: { type: string; position: string } }>({
      query: `subscription { timelineAdded(after: "${String(position)}") { type position stream } }`,
    });
    await stage.mutate(stewardToken, 'registerDataset', dataset('during-a'));
    await stage.mutate(stewardToken, 'registerDataset', dataset('during-b'));
    const got: string[] = [];
    for await (const { data } of events) {
      got.push(data!.timelineAdded.type);
      if (got.filter((type) => type === 'DatasetRegistered').length === 2) break;
    }
    expect(got.filter((type) => type === 'DatasetRegistered')).toHaveLength(2);
    await client.dispose();
  });

  test('without sign-in, with a forged token or as a query is refused', async () => {
    for (const token of [undefined, await stage.forged(steward)]) {
      const client = connect(token);
      const failed = await first(client, 'subscription { timelineAdded { type } }').catch((error: unknown) => error);
      expect((failed as { code?: number }).code).toBe(CloseCode.Forbidden);
      await client.dispose();
    }
    const client = connect(stewardToken);
    const refused = await first(client, '{ viewer { id } }').catch((error: unknown) => error);
    expect(JSON.stringify(refused)).toContain('Queries and mutations go over HTTP');
    const bomb = `subscription { timelineAdded { ${Array.from({ length: 40 }, (_, n) => `a${n}: type`).join(' ')} } }`;
    expect(JSON.stringify(await first(client, bomb).catch((error: unknown) => error))).toContain('LIMIT_EXCEEDED');
    await client.dispose();
  });

  test('ends when the rights of its token end', async () => {
    const person = await stage.person(['viewer']);
    const client = connect(await stage.token(person, { exp: seconds(1_000) }));
    const events = client.iterate({ query: 'subscription { inboxChanged { position approvals { id } } }' });
    expect((await events.next()).value).toMatchObject({ data: { inboxChanged: { approvals: [] } } });
    const next = events.next();
    stage.clock.advance(2_000_000);
    stewardToken = await stage.token(steward);
    adminToken = await stage.token(stage.administrator);
    await stage.mutate(stewardToken, 'registerDataset', dataset('after the end'));
    expect(await next).toMatchObject({ done: true });
    await client.dispose();
  });

  async function first(client: ReturnType<typeof connect>, query: string): Promise<unknown> {
    for await (const result of client.iterate({ query })) {
      if (result.errors) throw result.errors;
      return result;
    }
    return undefined;
  }
});

describe('a fault of ours', () => {
  test('says its correlation id and nothing else; the log has the rest under that id', async () => {
    const database = new Client({ connectionString: stage.viewsUrl });
    await database.connect();
    const query = '{ models(first: 1) { nodes { id } } }';
    try {
      await database.query('ALTER SCHEMA read RENAME TO elsewhere');
      stage.logged.length = 0;
      const answer = await stage.ask(adminToken, query);
      const correlationId = answer.headers.get('x-request-id');
      expect([answer.data, answer.errors]).toEqual([
        null,
        [
          {
            message: 'Internal error.',
            path: ['models'],
            extensions: { code: 'INTERNAL_SERVER_ERROR', correlationId },
          },
        ],
      ]);
      expect(stage.logged.map((line) => JSON.parse(line))).toContainEqual(
        expect.objectContaining({
          requestId: correlationId,
          path: ['models'],
          err: expect.objectContaining({ message: 'schema "read" does not exist' }),
        }),
      );
    } finally {
      await database.query('ALTER SCHEMA elsewhere RENAME TO read');
      await database.end();
    }
    expect((await stage.ask(adminToken, query)).errors).toBeUndefined();
  });
});

describe('metrics', () => {
  test('are for whoever may read the workspace', async () => {
    expect((await fetch(`${stage.api.url}/metrics`)).status).toBe(401);
    const answer = await fetch(`${stage.api.url}/metrics`, { headers: { authorization: `Bearer ${adminToken}` } });
    expect(await answer.text()).toMatch(/^assay_command_seconds_count\{command="RegisterDataset"/m);
  });
});

function unsigned(token: string): string {
  const header = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url');
  return `${header}.${token.split('.')[1]}.`;
}
