import { expect, test } from '@jest/globals';
import { measure } from '../catalogue/index.js';
import { smoothedShares } from './automatic-bins.js';

test('shares over the whole range add up to 1, whatever the number of bins', () => {
  const spread = Float64Array.from({ length: 500 }, (_, i) => Math.tan(3.1 * (i / 499 - 0.5)));
  const far = Float64Array.from([...spread, 1e12]);
  for (const sample of [spread, far, Float64Array.of(1, 2)]) {
    const [low, high] = [Math.min(...sample), Math.max(...sample)];
    const shares = smoothedShares(sample, Float64Array.of(low - 1, low, (low + high) / 2, high, high + 1));
    expect(shares[0]).toBe(0);
    expect(shares[3]).toBe(0);
    expect(shares[1]! + shares[2]!).toBeCloseTo(1, 12);
  }
  expect([...smoothedShares(far, Float64Array.of(0, 5e11, 1e12))].at(-1)).toBeCloseTo(1 / 501, 9);
});

test('what doubles cannot hold is refused or undefined, never a number', () => {
  const wide = { reference: [1e308, -1e308, ...Array.from({ length: 21 }, (_, i) => i)], current: [1, 2, 3] };
  for (const id of ['js@frouros', 'kl@frouros', 'psi@frouros', 'psi@evidently', 'jensen_shannon@nannyml'])
    expect(() => measure(id, [], wide)).toThrow('too far apart for equal bins');
  const overflowing = { reference: [1, 1e308, -1e308], current: [1, 2, 3] };
  expect(measure('empirical_mmd@evidently', [], overflowing)).toMatchObject({ value: null, undefined: 'not-finite' });
});
