import { expect, test } from '@jest/globals';
import { maximumDraws, permutedTotalVariation } from './permuted.js';

test('more draws than half a minute holds are refused, by the smaller side', () => {
  const half = (rows: number): Float64Array => Float64Array.of(rows / 2, rows / 2);
  const rows = maximumDraws / 1000;
  expect(() => permutedTotalVariation(half(rows), half(2 * rows), 1000, 0)).toThrow(
    expect.objectContaining({ code: 'TooManyRows', place: expect.objectContaining({ field: 'n_permutations' }) }),
  );
  expect(permutedTotalVariation(half(10 * rows), half(100), 100, 0)).toBe(1);
});
