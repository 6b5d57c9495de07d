import { expect, test } from '@jest/globals';
import { abilityFor } from '#libs/authorization';
import { NotYet, Reading } from './reader.js';
import type { ReadModels } from './reader.js';

/** Views that stand at a position and have 100 by 2026. */
function standingAt(position: bigint): ReadModels {
  return {
    position: async () => position,
    positionAt: async () => 100n,
    waitFor: async (wanted) => wanted <= position,
    query: async () => ({ rows: [] }),
    onAdvance: () => () => undefined,
  };
}
const readingAt = (position: bigint) =>
  new Reading(standingAt(position), 'main', abilityFor({ id: 'a', kind: 'person' }, []), 1);

test('one operation reads at one position, whoever of it asks first', async () => {
  let position = 200n;
  const moving: ReadModels = { ...standingAt(0n), position: async () => (position += 1n) };
  const reading = new Reading(moving, 'main', abilityFor({ id: 'a', kind: 'person' }, []), 1);
  const [first, second] = await Promise.all([reading.at(undefined), reading.at(null)]);
  expect(first).toBe(second);
  expect(await reading.at({})).toBe(first);
});

test('the same position is the same reader, however it was asked for', async () => {
  const reading = readingAt(200n);
  const [position, time, now] = await Promise.all([
    reading.at({ position: 100n }),
    reading.at({ time: '2026-01-01T00:00:00Z' }),
    reading.at({ atLeast: 150n }),
  ]);
  expect(position).toBe(time);
  expect(position.asOf).toBe(100n);
  expect(now.asOf).toBe(200n);
});

test('a position that the views have not reached is NotYet, with where they are', async () => {
  await expect(readingAt(200n).at({ position: 300n })).rejects.toThrow(NotYet);
  await expect(readingAt(200n).at({ atLeast: 300n })).rejects.toMatchObject({ position: 300n, reached: 200n });
});
