import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { countInBins, countSortedInBins, equalEdges, nextUp } from './bins.js';
import { countAtOrAbove, countOneByOne } from './count-kernel.js';

const anything = fc.oneof(
  fc.double(),
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(Infinity, -Infinity, Number.NaN, -0),
);

test('the kernel counts as one by one does, whatever the values, their number and the thresholds', () =>
  fc.assert(
    fc.property(
      fc.array(anything, { maxLength: 300 }),
      fc.integer({ min: 1, max: 20 }),
      fc.array(anything, { maxLength: 40 }),
      (some, repeats, thresholds) => {
        const values = Float64Array.from(Array.from({ length: repeats }, () => some).flat());
        expect(countAtOrAbove(values, thresholds)).toEqual(countOneByOne(values, thresholds));
      },
    ),
  ));

test('bins are [a, b), the last closed, by comparison, by search and from the sorted sample', () =>
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.integer({ min: -5, max: 25 }), fc.double({ noNaN: true, min: -6, max: 26 })), {
        minLength: 1,
      }),
      fc.integer({ min: 1, max: 30 }),
      (some, bins) => {
        const edges = equalEdges(0, 20, bins);
        const many = Float64Array.from(Array.from({ length: Math.ceil(300 / some.length) }, () => some).flat());
        const counts = countInBins(many, edges);
        expect(countInBins([...many], edges)).toEqual(counts);
        expect(countSortedInBins(many.slice().sort(), edges)).toEqual(counts);
      },
    ),
  ));

test('the next double', () => {
  expect([nextUp(1), nextUp(-1), nextUp(0), nextUp(-0), nextUp(Number.MAX_VALUE), nextUp(Infinity)]).toEqual([
    1 + Number.EPSILON,
    -1 + Number.EPSILON / 2,
    Number.MIN_VALUE,
    Number.MIN_VALUE,
    Infinity,
    Infinity,
  ]);
});
