import { expect, test } from '@jest/globals';
import { KnownNames } from './known-names.js';

const name = (n: number): string => `modelVersion-main.${n.toString(16).padStart(8, '0')}-0000-4000-8000-${n % 7}`;

test('a name that was added is known, and nearly no other', () => {
  const names = new KnownNames();
  const count = 100_000;
  for (let n = 0; n < count; n += 1) names.add(name(n));
  let [missed, wrong] = [0, 0];
  for (let n = 0; n < count; n += 1) {
    if (!names.mayHave(name(n))) missed += 1;
    if (names.mayHave(`$$${name(n)}`)) wrong += 1;
  }
  expect(missed).toBe(0);
  expect(wrong).toBeLessThan(count / 1_000);
});
