import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { allViews } from '#libs/projections';
import { testApi } from '../testing.js';
import type { TestApi } from '../testing.js';

let api: TestApi;
beforeAll(async () => {
  api = await testApi();
});
afterAll(() => api.close());

const question = '{ viewLags { view position events seconds } }';

test('tells how far each view is behind the store, to whoever is signed in', async () => {
  const token = await api.token(api.administrator);
  for (const deadline = Date.now() + 60_000; ;) {
    const answer = await api.ask(token, question);
    expect(answer.errors).toBeUndefined();
    const lags = answer.data!['viewLags'] as { view: string; position: string; events: number; seconds: number }[];
    expect(lags.map(({ view }) => view).sort()).toEqual(allViews.map(({ name }) => name).sort());
    const isThere = lags.every(({ events, seconds, position }) => events === 0 && seconds === 0 && position !== null);
    if (isThere || Date.now() > deadline) {
      expect(lags.map(({ events }) => events)).toEqual(allViews.map(() => 0));
      break;
    }
  }
  expect((await api.ask(undefined, question)).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
});
