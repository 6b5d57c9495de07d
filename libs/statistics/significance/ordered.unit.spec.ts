import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Generator } from '../random/generator.js';
import { distinctUpTo, mergeOrdered, ordered, orderIfKept, sorted } from './ordered.js';

test.each([
  ['normal', (r: Generator) => r.normal()],
  [
    'over many orders of magnitude, both signs',
    (r: Generator) => (r.uniform() - 0.5) * 10 ** (r.uniform() * 600 - 300),
  ],
  ['tied', (r: Generator) => r.integer(7) - 3],
  ['alike in their upper bits', (r: Generator) => 1e9 + r.uniform() * 1e-5],
  ['with infinities and zeros of both signs', (r: Generator) => [Infinity, -Infinity, 0, -0, 1][r.integer(5)]!],
  ['with nothing in some places', (r: Generator) => (r.uniform() < 0.1 ? Number.NaN : r.normal())],
])('%s: the order is the one of the language', (_, draw) => {
  const random = new Generator(3);
  const values = Float64Array.from({ length: 20_000 }, () => draw(random));
  const order = sorted(values);
  const expected = values.slice().sort();
  expect(order.every((value, i) => Object.is(value, expected[i]))).toBe(true);
});

test('two windows merge into the order of all', () =>
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true })), fc.array(fc.double({ noNaN: true })), (a, b) => {
      const merged = mergeOrdered(sorted(a), sorted(b));
      expect([...merged].map((v) => v + 0)).toEqual([...sorted([...a, ...b])].map((v) => v + 0));
    }),
  ));

test('an order is kept as long as its sample, and distinct values are counted no further than asked', () => {
  const values = Float64Array.of(3, 1, 2);
  expect(orderIfKept(values)).toBeUndefined();
  expect(ordered(values)).toBe(ordered(values));
  expect(values[0]).toBe(3);
  expect(distinctUpTo(2, values)).toBe(2);
  expect(distinctUpTo(9, values, values)).toBe(3);
});
