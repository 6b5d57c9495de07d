import { expect, test } from '@jest/globals';
import type { SubscriptionItem } from '#libs/event-store';
import { startLagMeter } from './lag.js';

const item = (number: number): SubscriptionItem => ({
  kind: 'event',
  event: {
    id: '',
    type: 'Tested',
    stream: 's',
    revision: BigInt(number),
    position: BigInt(number * 100),
    recordedAt: new Date(number * 1_000).toISOString(),
    data: new Uint8Array(),
    metadata: new Uint8Array(),
  },
});

test('counts the events beyond each view, whatever the positions are, and tells the age of the oldest', async () => {
  const positions = new Map([
    ['a', -1n],
    ['b', 250n],
    ['c', 500n],
  ]);
  let began: bigint | undefined = 0n;
  async function* subscribe({ after }: { after?: bigint; signal: AbortSignal }): AsyncGenerator<SubscriptionItem> {
    began = after;
    for (let number = 1; number <= 5; number += 1) yield item(number);
  }
  const meter = startLagMeter(
    subscribe,
    () => positions,
    () => 10_000,
  );
  await new Promise(setImmediate);
  expect(began).toBeUndefined();
  expect(meter.lags()).toEqual([
    { view: 'a', position: -1n, events: 5, seconds: 9 },
    { view: 'b', position: 250n, events: 3, seconds: 7 },
    { view: 'c', position: 500n, events: 0, seconds: 0 },
  ]);
  positions.set('a', 400n);
  positions.set('b', 500n);
  expect(meter.lags().map(({ events, seconds }) => [events, seconds])).toEqual([
    [1, 5],
    [0, 0],
    [0, 0],
  ]);
  await meter.close();
});
