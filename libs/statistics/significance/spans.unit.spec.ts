import { describe, expect, test } from '@jest/globals';
import { Generator } from '../random/generator.js';
import { areaBetween, largestGap } from './spans.js';

const random = new Generator(3);
const draws: Record<string, (shift: number) => number> = {
  'spread out': (shift) => random.normal() + shift,
  'ties longer than a piece': (shift) => random.integer(4) + Math.round(shift),
  'many orders of magnitude': (shift) => Math.exp(20 * random.normal() + shift),
  'heavy tails': (shift) => random.normal() / random.normal() + shift,
  'one value': () => 5,
  'beyond the range of a difference': () => (random.uniform() - 0.5) * 1.7e308 * 2,
};
const sizes = [
  [4000, 4000],
  [5000, 30],
  [7, 3000],
  [1, 1],
] as const;

/** Gaps at every pooled value, and the area between the steps, by counting. */
function byCounting(x: Float64Array, y: Float64Array): { up: number; down: number; area: number } {
  const pooled = Float64Array.from(new Set([...x, ...y])).sort();
  let [i, j, up, down, area] = [0, 0, 0, 0, 0];
  pooled.forEach((value, at) => {
    while (i < x.length && x[i]! <= value) i += 1;
    while (j < y.length && y[j]! <= value) j += 1;
    const gap = i * y.length - j * x.length;
    up = Math.max(up, gap);
    down = Math.max(down, -gap);
    if (gap !== 0) area += Math.abs(i / x.length - j / y.length) * (pooled[at + 1]! - value);
  });
  return { up, down, area };
}

describe.each(Object.entries(draws))('%s', (_name, draw) => {
  test.each(sizes)('%d against %d values: gap and area are those of counting', (n1, n2) => {
    for (const shift of [0, 0.02, 3, -40]) {
      const x = Float64Array.from({ length: n1 }, () => draw(0)).sort();
      const y = Float64Array.from({ length: n2 }, () => draw(shift)).sort();
      const { up, down, area } = byCounting(x, y);
      expect(largestGap(x, y, 'greater')).toBe(up);
      expect(largestGap(x, y, 'less')).toBe(down);
      expect(largestGap(x, y, 'two-sided')).toBe(Math.max(up, down));
      // A single step beyond the largest double has no area that a number could hold.
      if (!Number.isFinite(area)) continue;
      for (const found of [areaBetween(x, y), areaBetween(y, x)])
        if (area === 0) expect(found).toBe(0);
        else expect(Math.abs(found / area - 1)).toBeLessThan(1e-12);
    }
  });
});

test('a sample against itself: no gap, no area', () => {
  const x = Float64Array.from({ length: 2000 }, () => random.normal()).sort();
  expect(largestGap(x, x.slice(), 'two-sided')).toBe(0);
  expect(areaBetween(x, x.slice())).toBe(0);
});
