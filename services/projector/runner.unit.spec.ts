import { expect, test } from '@jest/globals';
import type { Delivery, ViewConsumer } from '#libs/projections';
import { ViewRunner } from './runner.js';

/** Nothing of it is asked for once the runner has ended. */
const consumer = {} as ViewConsumer;
const delivery = (position: bigint) => ({ event: { position } }) as Delivery;

test('who brings more after the end waits for no room', async () => {
  const runner = new ViewRunner(consumer, {
    batchSize: 1,
    lingerMs: 0,
    sleep: async () => undefined,
    onAdvance: () => undefined,
    onTrouble: () => undefined,
  });
  const end = new AbortController();
  const running = runner.run(end.signal);
  end.abort();
  await running;
  for (let position = 1n; position <= 5n; position += 1n) {
    await runner.room();
    runner.push(delivery(position));
  }
  expect(await runner.room()).toBeUndefined();
});
