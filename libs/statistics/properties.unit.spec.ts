import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  Generator,
  LatticeHash,
  bootstrapCells,
  countCells,
  excessKurtosis,
  fairnessReport,
  hashRows,
  judge,
  littleTest,
  measure,
  momentsOf,
  selectRows,
  skewness,
  tableOf,
  wilson,
} from './index.js';

const rows = fc.array(
  fc.record({
    g: fc.constantFrom('a', 'b', 'c'),
    y: fc.constantFrom(0, 1),
    p: fc.constantFrom(0, 1),
    w: fc.integer({ min: 1, max: 4 }),
  }),
  { minLength: 1, maxLength: 60 },
);
const asTable = (list: { g: string; y: number; p: number; w: number }[]) =>
  tableOf({
    g: list.map(({ g }) => g),
    y: list.map(({ y }) => y),
    p: list.map(({ p }) => p),
    w: list.map(({ w }) => w),
  });
const names = [
  'demographic_parity_ratio@fairlearn',
  'equalized_odds_difference@fairlearn',
  'accuracy_score_difference@fairlearn',
  'equal_opportunity_difference@assay',
];
const roles = { label: 'y', prediction: 'p', protected: 'g' };
const values = (list: Parameters<typeof asTable>[0], more = {}) =>
  names.map((name) => measure(name, [asTable(list)], { ...roles, ...more }).value);
const close = (a: (number | null)[], b: (number | null)[]): void =>
  a.forEach((value, i) => (value === null ? expect(b[i]).toBeNull() : expect(b[i]).toBeCloseTo(value, 12)));

describe('fairness', () => {
  test('does not know the order of the rows nor the names of the groups', () =>
    fc.assert(
      fc.property(rows, fc.integer(), (list, seed) => {
        const shuffled = [...list].sort((a, b) => Math.sin(seed + a.w * 7 + a.y) - Math.sin(seed + b.w * 7 + b.y));
        const renamed = list.map((row) => ({ ...row, g: { a: 'z', b: 'y', c: 'x' }[row.g]! }));
        close(values(list), values(shuffled));
        close(values(list), values(renamed));
      }),
    ));

  test('weights are repeated rows', () =>
    fc.assert(
      fc.property(rows, (list) => {
        close(values(list, { weight: 'w' }), values(list.flatMap((row) => Array.from({ length: row.w }, () => row))));
      }),
    ));

  test('never gives NaN: a value or a reason', () =>
    fc.assert(
      fc.property(rows, (list) => {
        for (const name of names) {
          const result = measure(name, [asTable(list)], roles);
          expect(result.value === null ? result.undefined : Number.isFinite(result.value)).toBeTruthy();
        }
      }),
    ));
});

describe('the row digest', () => {
  test('merges, and one more row changes it', () =>
    fc.assert(
      fc.property(rows, fc.nat(), (list, cut) => {
        const table = asTable(list);
        const at = cut % (list.length + 1);
        const all = Array.from(list.keys());
        const merged = LatticeHash.empty();
        merged.merge(hashRows(selectRows(table, all.slice(at))));
        merged.merge(hashRows(selectRows(table, all.slice(0, at))));
        expect(merged.digest()).toBe(hashRows(table).digest());
        expect(hashRows(selectRows(table, [...all, 0])).digest()).not.toBe(hashRows(table).digest());
      }),
      { numRuns: 30 },
    ));
});

describe('moments', () => {
  test('shift and scale as they must', () =>
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 4, maxLength: 50 }),
        fc.integer({ min: -1_000_000, max: 1_000_000 }),
        (list, shift) => {
          const own = momentsOf(Float64Array.from(list));
          const moved = momentsOf(Float64Array.from(list, (value) => value * 4 + shift));
          if (own.m2 === 0) return expect(moved.m2).toBe(0);
          expect(moved.m2 / own.m2).toBeCloseTo(16, 9);
          expect(skewness(moved)).toBeCloseTo(skewness(own)!, 9);
          expect(excessKurtosis(moved)).toBeCloseTo(excessKurtosis(own)!, 9);
        },
      ),
    ));
});

describe('drift', () => {
  test('of a sample against itself is nothing, and no window order matters', () =>
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 6, maxLength: 60 }),
        fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 6, maxLength: 60 }),
        (a, b) => {
          for (const name of [
            'drift_magnitude@assay',
            'jensenshannon@evidently',
            'wasserstein_distance@scipy',
            'ks_2samp@scipy',
            'energy_distance@scipy',
          ]) {
            expect(measure(name, [], { reference: a, current: a }).value).toBeCloseTo(0, 7);
            const reversed = measure(name, [], { reference: [...a].reverse(), current: [...b].reverse() });
            expect(reversed.value).toBeCloseTo(measure(name, [], { reference: a, current: b }).value!, 12);
          }
        },
      ),
    ));
});

describe('the bootstrap on cells', () => {
  test('is seeded, and covers as Wilson does', () => {
    const n = 2000;
    const random = new Generator(1);
    const p = Uint8Array.from({ length: n }, () => (random.uniform() < 0.3 ? 1 : 0));
    const column = {
      kind: 'category' as const,
      name: 'g',
      type: 'string' as const,
      nulls: 0,
      categories: ['a'],
      codes: new Int32Array(n),
    };
    const cells = countCells([column], p, p);
    const statistic = (own: typeof cells) =>
      (own.groups[0]!.truePositives + own.groups[0]!.falsePositives) / own.groups[0]!.rows;
    const [drawn] = bootstrapCells(cells, [statistic], 4000, 7);
    expect(bootstrapCells(cells, [statistic], 4000, 7)[0]).toEqual(drawn);
    const interval = wilson({ count: p.reduce((sum, v) => sum + v, 0), n })!;
    expect(drawn![100]).toBeCloseTo(interval.low!, 2);
    expect(drawn![3900]).toBeCloseTo(interval.high!, 2);
  });

  test('draws binomials with the right mean and variance, small and large', () => {
    for (const [n, p] of [
      [10, 0.2],
      [1000, 0.4],
      [1_000_000, 0.0001],
      [5000, 0.97],
    ] as const) {
      const random = new Generator(42);
      const draws = Float64Array.from({ length: 20_000 }, () => random.binomial(n, p));
      const { mean, m2 } = momentsOf(draws);
      const sd = Math.sqrt(n * p * (1 - p));
      expect(Math.abs(mean - n * p)).toBeLessThan((5 * sd) / Math.sqrt(20_000));
      expect(m2 / 20_000 / (sd * sd)).toBeGreaterThan(0.95);
      expect(m2 / 20_000 / (sd * sd)).toBeLessThan(1.05);
    }
  });
});

describe('verdicts', () => {
  const gate = {
    id: 'four-fifths',
    measure: 'demographic_parity_ratio@fairlearn',
    attribute: 'g',
    operator: '>=',
    threshold: 0.8,
    reads: 'point',
  } as const;
  const measurement = (value: number | null, low = 0.7, high = 0.95) => ({
    definition: gate.measure,
    value,
    ...(value === null ? { undefined: 'highest-rate-is-zero' } : {}),
    n: 100,
    interval: { method: 'koopman@assay', level: 0.95, low, high },
  });

  test('pass, fail, insufficient and undefined, each with its reason', () => {
    expect(judge(gate, measurement(0.85), 50, 30).verdict).toBe('pass');
    expect(judge(gate, measurement(0.75), 50, 30).verdict).toBe('fail');
    expect(judge({ ...gate, reads: 'bound' }, measurement(0.85), 50, 30).verdict).toBe('fail');
    expect(judge(gate, measurement(0.85), 10, 30)).toMatchObject({
      verdict: 'insufficient',
      reasons: ['a group has 10 rows, the minimum is 30'],
    });
    expect(judge(gate, measurement(0.9, 0.6, 1.3), 50, 30).verdict).toBe('insufficient');
    expect(judge(gate, measurement(null), 50, 30)).toMatchObject({
      verdict: 'undefined',
      reasons: ['highest-rate-is-zero'],
    });
    expect(judge(gate, undefined, 50, 30).verdict).toBe('undefined');
  });

  test('the report compares every group with a declared reference and corrects the tests', () => {
    const g = {
      kind: 'category' as const,
      name: 'g',
      type: 'string' as const,
      nulls: 0,
      categories: ['a', 'b', 'c'],
      codes: Int32Array.from({ length: 300 }, (_, i) => i % 3),
    };
    const p = Uint8Array.from({ length: 300 }, (_, i) => (i % 3 === 0 ? 1 : i % 2));
    const report = fairnessReport(countCells([g], p, p), { reference: { g: 'b' }, replicates: 200 });
    expect(report.comparisons.map(({ group, against }) => [group, against])).toEqual([
      [{ g: 'a' }, { g: 'b' }],
      [{ g: 'c' }, { g: 'b' }],
    ]);
    const [first, second] = report.comparisons;
    expect(first!.difference.value).toBe(0.5);
    expect(first!.test!.corrected).toBeCloseTo(2 * first!.test!.pvalue, 15);
    expect(second!.test!.corrected).toBe(1);
    expect(report.bootstrap!.map(({ definition }) => definition)).toContain('demographic_parity_ratio@fairlearn');
  });
});

describe("Little's test", () => {
  test('tells values missing at random from values missing because they are large', () => {
    const random = new Generator(5);
    const x = Array.from({ length: 400 }, () => random.normal());
    const y = x.map((value) => 0.6 * value + random.normal());
    const completely = tableOf({ x, y: y.map((value) => (random.uniform() < 0.3 ? null : value)) });
    const selectively = tableOf({ x, y: y.map((value, i) => (x[i]! > 0.7 ? null : value)) });
    const p = (table: typeof completely): number => (littleTest(table) as { pvalue: number }).pvalue;
    expect(p(completely)).toBeGreaterThan(0.01);
    expect(p(selectively)).toBeLessThan(1e-6);
    expect(littleTest(tableOf({ x, y }))).toBeUndefined();
  });
});
