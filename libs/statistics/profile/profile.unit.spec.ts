import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Generator, compareVersions, pearson, profileInParallel, profileTable, selectRows, tableOf } from '../index.js';
import type { Cell, Table } from '../index.js';
import { invert } from './matrix.js';

const random = new Generator(3);
const n = 1200;
const x = Array.from({ length: n }, () => random.normal());
const y = x.map((value) => value + 0.3 * random.normal());
const z = x.map((value, i) => (i % 7 === 0 ? null : value * 0.2 + random.normal()));
// In no column alone is row 5 far from the rest; together it is.
x[5] = 2;
y[5] = -2;
const g = x.map((value) => (value > 0.5 ? 'a' : 'b'));
const table = tableOf({ x, y, z, sum: x.map((value, i) => value + y[i]!), g, constant: x.map(() => 4) });
const numbers = (own: Table, name: string): Float64Array => {
  const column = own.columns.find((candidate) => candidate.name === name)!;
  return column.kind === 'numeric' ? column.values : new Float64Array();
};

describe('correlations', () => {
  test('are pairwise complete, the same as from the two columns alone', () => {
    const { correlations } = profileTable(table, { spearman: true });
    expect(correlations.length).toBe(6);
    for (const { columns, pearson: r } of correlations)
      expect(r).toBeCloseTo(pearson(numbers(table, columns[0]), numbers(table, columns[1]))!, 12);
  });

  test('of columns with holes, of odd and even number, any length', () =>
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 9 }), fc.integer({ min: 3, max: 1100 }), fc.nat(), (k, rows, seed) => {
        const own = new Generator(seed);
        const columns = Object.fromEntries(
          Array.from({ length: k }, (_, i): [string, Cell[]] => [
            `c${i}`,
            Array.from({ length: rows }, (__, row) =>
              i % 3 === 1 && own.uniform() < 0.2 ? null : row + 9 * own.normal(),
            ),
          ]),
        );
        const data = tableOf(columns);
        for (const { columns: pair, pearson: r } of profileTable(data).correlations)
          expect(r).toBeCloseTo(pearson(numbers(data, pair[0]), numbers(data, pair[1]))!, 10);
      }),
      { numRuns: 15 },
    ));
});

describe('outliers in the context of other columns', () => {
  test('are those of Mahalanobis’ distance, by hand', () => {
    const { context } = profileTable(table);
    if ('undefined' in context) throw new Error(context.undefined);
    // `sum` is determined by x and y; the constant varies with nothing.
    expect(context.columns).toEqual(['x', 'y', 'z']);
    const rows = Array.from(table.columns[0]!.kind === 'numeric' ? x.keys() : []).filter((i) => z[i] !== null);
    expect(context.rows).toBe(rows.length);
    const data = rows.map((i) => [x[i]!, y[i]!, z[i]!]);
    const mean = [0, 1, 2].map((j) => data.reduce((total, row) => total + row[j]!, 0) / data.length);
    const covariance = [0, 1, 2].map((a) =>
      [0, 1, 2].map(
        (b) => data.reduce((t, row) => t + (row[a]! - mean[a]!) * (row[b]! - mean[b]!), 0) / (data.length - 1),
      ),
    );
    const inverse = invert(covariance)!;
    const distances = data.map((row) => {
      const d = row.map((value, j) => value - mean[j]!);
      return d.reduce((t, a, i) => t + a * d.reduce((s, b, j) => s + inverse[i]![j]! * b, 0), 0);
    });
    // scipy 1.17.1: chi2.ppf(0.999, 3)
    expect(context.threshold).toBeCloseTo(16.26623619623813, 9);
    expect(context.outliers).toBe(distances.filter((value) => value > context.threshold).length);
    expect(context.farthest[0]!.row).toBe(5);
    expect(context.farthest[0]!.distance).toBeCloseTo(Math.max(...distances), 8);
    expect(context.byColumn['y']).toBeGreaterThanOrEqual(1);
    expect(profileTable(tableOf({ x, g })).context).toEqual({ undefined: 'fewer-than-two-columns' });
  });

  test('do not change with scale, shift or order of the rows', () => {
    const moved = tableOf({ x: x.map((v) => 1e6 * v - 3), y: y.map((v) => 5 - v / 1e5), z });
    const turned = selectRows(tableOf({ x, y, z }), Array.from(x.keys()).reverse());
    const counts = [tableOf({ x, y, z }), moved, turned].map((own) => {
      const { context } = profileTable(own);
      return 'undefined' in context ? -1 : context.outliers;
    });
    expect(counts[0]).toBeGreaterThan(0);
    expect(new Set(counts).size).toBe(1);
  });
});

test('workers find the same, to the bit', async () => {
  expect(await profileInParallel(table, { threads: 2, target: 'g' })).toEqual(profileTable(table, { target: 'g' }));
}, 120_000);

describe('hostile numbers', () => {
  test('never make a NaN: extreme, subnormal, infinite, one row, none', () => {
    const edges = [[1e300, -1e300, 3], [5e-324, 1e-310, 0], [1.7e308, -1.7e308, 1], [7], []];
    for (const values of edges) {
      const profile = profileTable(tableOf({ a: values, b: values.map((_, i) => i) }));
      expect(JSON.stringify(profile, (_, value: unknown) => (Number.isNaN(value) ? 'NaN' : value))).not.toContain(
        'NaN',
      );
    }
  });
});

describe('two versions', () => {
  const earlier = tableOf({ id: [1, 2, 3, 4], v: [10, 20, 30, 30], t: ['a', 'b', 'c', 'c'], old: [1, 1, 1, 1] });

  test('the same rows in another order are the same', () => {
    const { rows, distributions } = compareVersions(earlier, selectRows(earlier, [3, 1, 0, 2]));
    expect(rows).toMatchObject({ same: 4, removed: 0, added: 0, sameDigest: true });
    expect(distributions.every(({ changed }) => changed !== true)).toBe(true);
  });

  test('rows, columns and types that changed are told apart', () => {
    const later = tableOf({
      t: ['a', 'b', 'x', 'c', 'c'],
      id: [1, 2, 3, 5, 4],
      v: [10.5, 20, 30, 9, 30],
      extra: [1, 2, 3, 4, 5],
    });
    const { rows, byKey, columns } = compareVersions(earlier, later, ['id']);
    expect(rows).toMatchObject({ before: 4, after: 5, same: 2, removed: 2, added: 3, sameDigest: false });
    expect(rows.removedRows).toEqual([0, 2]);
    expect(rows.addedRows).toEqual([0, 2, 3]);
    expect(byKey).toEqual({ key: ['id'], same: 2, changed: 2, removed: 0, added: 1, cells: { v: 1, t: 1 } });
    expect(columns).toEqual({
      removed: ['old'],
      added: ['extra'],
      types: [{ column: 'v', before: 'integer', after: 'number' }],
      moved: true,
    });
  });

  test('a row counted twice is seen, a shifted column is seen, a key that names two rows is refused', () => {
    expect(compareVersions(earlier, selectRows(earlier, [0, 1, 2, 3, 3])).rows).toMatchObject({
      added: 1,
      addedRows: [4],
    });
    const shifted = tableOf({ x: x.map((value) => value + 0.5), y });
    const changes = compareVersions(tableOf({ x, y }), shifted).distributions;
    expect(changes.map(({ changed }) => changed)).toEqual([true, false]);
    expect(() => compareVersions(earlier, earlier, ['t'])).toThrow(/rows 2 and 3 have the key c/);
  });
});
