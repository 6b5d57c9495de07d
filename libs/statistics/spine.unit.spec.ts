import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '#libs/runtime';
import type { Interval } from '#libs/lifecycle';
import {
  InputError,
  asCategories,
  countCells,
  newcombe,
  parityMeasurements,
  ratioInterval,
  scoreStatistic,
  stratifiedKFold,
  toGroupCounts,
  wilson,
} from './index.js';

interface Golden {
  intervals: {
    first: [number, number];
    second: [number, number];
    wilson: [number, number];
    newcombe: [number, number];
    koopman?: [number, number];
    miettinen_nurminen?: [number, number];
  }[];
  folds: { labels: number[]; k: number; seed: number | null; test: number[][] }[];
}

const golden: Golden = JSON.parse(readFileSync(join(repositoryRoot(), 'test/peers/goldens/spine.json'), 'utf8'));
const ends = (interval: Interval | undefined): (number | null)[] => [interval!.low, interval!.high];
const expectClose = (actual: (number | null)[], expected: readonly number[], relative: number): void =>
  actual.forEach((value, index) =>
    expect(Math.abs(value! - expected[index]!)).toBeLessThanOrEqual(
      relative * Math.max(1e-300, Math.abs(expected[index]!)) + 1e-15,
    ),
  );

describe('intervals agree with statsmodels 0.15.0', () => {
  test.each(golden.intervals)('$first against $second', (row) => {
    const first = { count: row.first[0], n: row.first[1] };
    const second = { count: row.second[0], n: row.second[1] };
    expectClose(ends(wilson(first)), row.wilson, 1e-9);
    expectClose(ends(newcombe(first, second)), row.newcombe, 1e-9);
    if (row.koopman) expectClose(ends(ratioInterval(first, second)), row.koopman, 1e-9);
    if (row.miettinen_nurminen)
      expectClose(ends(ratioInterval(first, second, 0.95, 'miettinen-nurminen')), row.miettinen_nurminen, 1e-9);
  });

  test('at the edges the ratio interval is the inverted test', () => {
    expect(ends(ratioInterval({ count: 0, n: 10 }, { count: 0, n: 10 }))).toEqual([0, null]);
    expect(ratioInterval({ count: 0, n: 10 }, { count: 3, n: 12 })!.low).toBe(0);
    expect(ratioInterval({ count: 3, n: 10 }, { count: 0, n: 12 })!.high).toBeNull();
    expect(ratioInterval({ count: 0, n: 0 }, { count: 3, n: 12 })).toBeUndefined();
    for (const [x1, n1, x2, n2] of [
      [10, 10, 3, 12],
      [10, 10, 12, 12],
      [4, 9, 12, 12],
      [5, 9, 0, 7],
      [0, 9, 5, 7],
    ] as const)
      for (const method of ['koopman', 'miettinen-nurminen'] as const) {
        const interval = ratioInterval({ count: x1, n: n1 }, { count: x2, n: n2 }, 0.95, method)!;
        for (const end of [interval.low, interval.high])
          if (end !== null && end > 0)
            expect(scoreStatistic({ count: x1, n: n1 }, { count: x2, n: n2 }, end, method)).toBeCloseTo(
              3.841458820694124,
              9,
            );
      }
  });
});

describe('stratified folds', () => {
  test.each(golden.folds)('are scikit-learn’s, k = $k, seed $seed', ({ labels, k, seed, test: expected }) => {
    const folds = stratifiedKFold(labels, k, seed ?? undefined);
    expect(folds.map((fold) => [...fold.test])).toEqual(expected);
    for (const { training, test: own } of folds)
      expect([...training, ...own].sort((a, b) => a - b)).toEqual(labels.map((_, i) => i));
  });

  test('too few rows of a class and senseless k are refused by name', () => {
    expect(() => stratifiedKFold([0, 0, 0, 1], 2)).toThrow(InputError);
    expect(() => stratifiedKFold([0, 1], 1)).toThrow(InputError);
  });
});

describe('parity', () => {
  const column = (name: string, cells: (string | undefined)[]) => {
    const categories = [...new Set(cells.filter((cell) => cell !== undefined))].sort();
    return {
      kind: 'category' as const,
      name,
      type: 'string' as const,
      nulls: cells.filter((cell) => cell === undefined).length,
      categories,
      codes: Int32Array.from(cells, (cell) => (cell === undefined ? -1 : categories.indexOf(cell))),
    };
  };

  test('counts per group, unknown groups apart', () => {
    const cells = countCells(
      [column('g', ['a', 'a', 'b', 'b', undefined])],
      Uint8Array.of(1, 0, 1, 0, 1),
      Uint8Array.of(1, 1, 0, 1, 1),
    );
    expect(cells.unknown).toBe(1);
    expect(toGroupCounts(cells)).toEqual([
      { group: { g: 'a' }, n: 2, truePositives: 1, falsePositives: 1, trueNegatives: 0, falseNegatives: 0 },
      { group: { g: 'b' }, n: 2, truePositives: 0, falsePositives: 1, trueNegatives: 0, falseNegatives: 1 },
    ]);
  });

  test('integer weights are repeated rows, in values; effective n is Kish’s', () => {
    const weighted = parityMeasurements(
      countCells(
        [column('g', ['a', 'a', 'b'])],
        Uint8Array.of(1, 0, 1),
        Uint8Array.of(1, 0, 1),
        Float64Array.of(3, 1, 2),
      ),
    );
    const repeated = parityMeasurements(
      countCells([column('g', ['a', 'a', 'a', 'a', 'b', 'b'])], new Uint8Array(6), Uint8Array.of(1, 1, 1, 0, 1, 1)),
    );
    expect(weighted.map(({ value }) => value)).toEqual(repeated.map(({ value }) => value));
    expect(weighted[0]!.denominator).toBe(1.6);
  });

  test('all-zero selection and a single group are undefined, never a number', () => {
    const zero = parityMeasurements(countCells([column('g', ['a', 'b'])], Uint8Array.of(1, 1), Uint8Array.of(0, 0)));
    expect(zero.find(({ definition }) => definition === 'demographic_parity_ratio@fairlearn')).toMatchObject({
      value: null,
      undefined: 'highest-rate-is-zero',
      group: { g: '*' },
    });
    const single = parityMeasurements(countCells([column('g', ['a', 'a'])], Uint8Array.of(1, 1), Uint8Array.of(0, 1)));
    expect(single.at(-1)).toMatchObject({ value: null, undefined: 'fewer-than-two-groups' });
  });

  test('crossed attributes, negative weights and unequal lengths', () => {
    const crossed = countCells(
      [
        column('g', ['a', 'a', 'b']),
        asCategories({ kind: 'numeric', name: 'x', type: 'number', nulls: 0, values: Float64Array.of(10, 9, 9) }),
      ],
      new Uint8Array(3),
      new Uint8Array(3),
    );
    expect(crossed.groups.map(({ group }) => group)).toEqual([
      { g: 'a', x: '9' },
      { g: 'a', x: '10' },
      { g: 'b', x: '9' },
    ]);
    const g = column('g', ['a']);
    expect(() => countCells([g], new Uint8Array(1), new Uint8Array(1), Float64Array.of(-1))).toThrow(/weighs -1/);
    expect(() => countCells([g], new Uint8Array(2), new Uint8Array(2))).toThrow(/1 rows/);
  });
});
