import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient } from 'graphql-ws';
import type { Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { Actor } from '#libs/lifecycle';
import { testApi } from './testing.js';
import type { TestApi } from './testing.js';

let api: TestApi;
let viewer: Actor;
let token: string;

beforeAll(async () => {
  api = await testApi({ rateBurst: 100, ratePerSecond: 1, cost: 200, connections: 2, subscriptions: 3 });
  viewer = await api.person(['viewer']);
  token = await api.token(viewer);
});
afterAll(() => api.close());

const lastDenial = () => api.denials.at(-1);

describe('what one caller may ask for', () => {
  test('an operation beyond the cost is refused before it runs, and counted', async () => {
    const answer = await api.ask(token, '{ models(first: 100) { nodes { versions(first: 100) { nodes { id } } } } }');
    expect(answer.errors![0]!.extensions).toMatchObject({ code: 'LIMIT_EXCEEDED', limit: 'cost', maximum: 200 });
    expect(lastDenial()).toMatchObject({
      actor: { id: viewer.id },
      rule: 'LimitExceeded',
      action: 'graphql',
      details: { limit: 'cost', maximum: 200 },
    });
  });

  test('reading without a grant is refused, and counted once for the field', async () => {
    const stranger = await api.person();
    const before = api.denials.length;
    const answer = await api.ask(await api.token(stranger), '{ models(first: 1) { nodes { id } } }');
    expect(answer.errors!.map(({ extensions }) => extensions['code'])).toEqual(['FORBIDDEN']);
    expect(api.denials.slice(before)).toMatchObject([
      { actor: { id: stranger.id }, rule: 'NotPermitted', action: 'read', details: { field: 'models' } },
    ]);
  });

  test('a person who asks without end is told when to come back, others are not', async () => {
    const busy = await api.token(await api.person(['viewer']));
    let answer = await api.ask(busy, '{ __typename }');
    for (let count = 0; count < 300 && answer.status === 200; count += 1)
      answer = await api.ask(busy, '{ __typename }');
    expect([answer.status, answer.errors![0]!.extensions['code']]).toEqual([429, 'RATE_LIMITED']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(lastDenial()).toMatchObject({ rule: 'RateLimited', action: 'graphql' });
    expect((await api.ask(token, '{ __typename }')).status).toBe(200);
  });
});

describe('over WebSocket', () => {
  const clients: Client[] = [];
  afterAll(() => clients.forEach((client) => void client.dispose()));

  const connect = (): Client => {
    const client = createClient({
      url: `${api.api.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${token}` },
      retryAttempts: 0,
      lazy: false,
      onNonLazyError: () => undefined,
    });
    clients.push(client);
    return client;
  };
  const opened = (client: Client) =>
    new Promise<'opened' | number>((resolve) => {
      client.on('connected', () => resolve('opened'));
      client.on('closed', (event) => resolve((event as { readonly code: number }).code));
    });

  test('one actor has so many connections and no more, and each so many subscriptions', async () => {
    const [first] = [connect(), connect()];
    expect(await Promise.all(clients.map(opened))).toEqual(['opened', 'opened']);
    expect(await opened(connect())).toBe(4403);
    expect(lastDenial()).toMatchObject({ rule: 'LimitExceeded', details: { limit: 'connections', maximum: 2 } });

    const refused: unknown[] = [];
    const subscribe = () =>
      first!.subscribe(
        { query: 'subscription { timelineAdded { position } }' },
        { next: () => undefined, error: (errors) => refused.push(errors), complete: () => undefined },
      );
    const ends = Array.from({ length: 4 }, subscribe);
    for (let waited = 0; refused.length === 0 && waited < 60_000; waited += 50)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(refused).toMatchObject([[{ extensions: { code: 'LIMIT_EXCEEDED', limit: 'subscriptions', maximum: 3 } }]]);
    ends.forEach((end) => end());
  });
});
