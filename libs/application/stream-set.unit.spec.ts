import { expect, test } from '@jest/globals';
import { StreamSet } from './stream-set.js';

const name = (index: number): string => `incident-acme.${index.toString(16).padStart(32, '0')}`;

test('what was added is never called absent; of what was not, next to nothing is held for present', () => {
  const streams = new StreamSet();
  for (let index = 0; index < 20_000; index += 1) streams.add(name(index));
  streams.add(name(7));
  const present = (from: number): number =>
    Array.from({ length: 20_000 }, (_, index) => streams.mayHave(name(from + index))).filter(Boolean).length;
  expect(present(0)).toBe(20_000);
  expect(present(20_000)).toBeLessThan(3);
});

test('an empty set has nothing', () => {
  expect(new StreamSet().mayHave('policy-acme.mortgage')).toBe(false);
});
