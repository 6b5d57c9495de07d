import { describe, expect, test } from '@jest/globals';
import { Generator } from '../random/generator.js';
import { sortNumbers, sortedOrder } from './radix.js';

const random = new Generator(11);
const n = 5000;
const samples: Record<string, () => number> = {
  normal: () => random.normal(),
  'many orders of magnitude': () => random.normal() * 10 ** (random.integer(600) - 300),
  integers: () => random.integer(50) - 25,
  'close together, far from 0': () => 1e9 + random.uniform(),
  'subnormal, zero, infinite': () => [5e-324, -5e-324, 0, -0, Infinity, -Infinity, 1e-310][random.integer(7)]!,
  'one value': () => 7,
  'few long runs of equal upper bits': () => [1, 1.5, -2][random.integer(3)]! + random.uniform() * 1e-12,
};

describe.each(Object.entries(samples))('%s', (_name, draw) => {
  const values = Float64Array.from({ length: n }, draw);

  test('sorts as the native sort does, and leaves its input alone', () => {
    const before = values.slice();
    const sorted = sortNumbers(values);
    const expected = values.slice().sort();
    expect(sorted.every((value, i) => Object.is(value, expected[i]))).toBe(true);
    expect(values).toEqual(before);
  });

  test('orders rows stably', () => {
    const order = sortedOrder(values);
    const expected = Array.from(values.keys()).sort((a, b) =>
      values[a]! < values[b]! ? -1 : values[a]! > values[b]! ? 1 : a - b,
    );
    expect([...order]).toEqual(expected);
  });
});

test('what 512 evenly spaced values do not show is sorted all the same', () => {
  // Runs of equal upper bits stand everywhere but where the sample looks.
  const size = 512 * 40;
  const values = Float64Array.from({ length: size }, (_, i) => (i % 40 === 0 ? i : 3 + random.uniform() * 1e-9));
  expect(sortNumbers(values)).toEqual(values.slice().sort());
});
