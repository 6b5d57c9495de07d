import { describe, expect, test } from '@jest/globals';
import { Generator } from '../random/generator.js';
import { contextCounts, contextModel } from './context.js';
import { crossProducts } from './cross.js';
import { medianDeviation } from './numbers.js';

const random = new Generator(5);
const relative = (value: number, expected: number): number =>
  Math.abs(value - expected) / Math.max(1, Math.abs(expected));

describe.each([
  { k: 2, rows: 3, holes: [] },
  { k: 5, rows: 1300, holes: [1, 4] },
  { k: 7, rows: 700, holes: [0, 1, 2, 3, 4, 5, 6] },
])('$k columns, $rows rows, holes in $holes', ({ k, rows, holes }) => {
  const columns = Array.from({ length: k }, (_, i) => ({
    values: Float64Array.from({ length: rows }, () =>
      holes.includes(i) && random.uniform() < 0.2 ? [Number.NaN, Infinity][random.integer(2)]! : random.normal() + i,
    ),
    centre: i,
    scale: i + 1,
    holes: holes.includes(i),
  }));
  const z = (i: number, row: number): number => (columns[i]!.values[row]! - i) / (i + 1);
  const cross = crossProducts(columns, 0, rows);

  test('sums over pairs and over complete rows are those of a plain loop', () => {
    for (let i = 0; i < k; i += 1)
      for (let j = 0; j < k; j += 1) {
        const expected = { n: 0, sums: 0, squares: 0, products: 0, complete: 0 };
        for (let row = 0; row < rows; row += 1) {
          const [a, b] = [z(i, row), z(j, row)];
          if (!Number.isFinite(a) || !Number.isFinite(b)) continue;
          expected.n += 1;
          expected.sums += a;
          expected.squares += a * a;
          expected.products += a * b;
          if (columns.every((_, other) => Number.isFinite(z(other, row)))) expected.complete += a * b;
        }
        expect(cross.n[i * k + j]).toBe(expected.n);
        for (const name of ['sums', 'squares', 'products', 'complete'] as const)
          expect(relative(cross[name][i * k + j]!, expected[name])).toBeLessThan(1e-12);
      }
  });

  test('distances of complete rows are those of a plain loop', () => {
    const model = contextModel(cross, k);
    if (!model) return expect(rows).toBeLessThan(k + 2);
    expect(model.used).toHaveLength(k);
    const all = contextCounts(columns, { ...model, threshold: -1 }, 0, rows);
    expect(all.rows).toBe(cross.completeRows);
    for (const { row, distance } of all.farthest) {
      const own = model.mean.map((centre, i) => z(i, row) - centre);
      const expected = own.reduce(
        (sum, a, i) => sum + a * own.reduce((form, b, j) => form + model.precision[i * k + j]! * b, 0),
        0,
      );
      expect(relative(distance, expected)).toBeLessThan(1e-10);
    }
  });
});

test('the median deviation is the median of the deviations, for any number of values and ties', () => {
  for (let n = 1; n < 40; n += 1) {
    const sorted = Float64Array.from({ length: n }, () => random.integer(12) ** 2).sort();
    const middle = (sorted[(n - 1) >> 1]! + sorted[n >> 1]!) / 2;
    const deviations = sorted.map((value) => Math.abs(value - middle)).sort();
    expect(medianDeviation(sorted, middle)).toBe((deviations[(n - 1) >> 1]! + deviations[n >> 1]!) / 2);
  }
});
