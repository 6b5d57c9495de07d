import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  Generator,
  catalogue,
  driftReport,
  histogramDrift,
  InputError,
  measure,
  mergeHistograms,
  referenceHistogram,
  tableOf,
  windowHistogram,
} from '../index.js';
import type { Cell } from '../index.js';

const sample = fc.array(fc.oneof(fc.integer({ min: -8, max: 8 }), fc.double({ noNaN: true, min: -1e6, max: 1e6 })), {
  minLength: 21,
  maxLength: 50,
});
const drifts = [...catalogue.values()].filter(({ family }) => family === 'drift' || family === 'data-quality-drift');
const several = [...catalogue.values()].filter(({ family }) => family === 'multivariate-drift');
const idOf = ({ name, profile }: { name: string; profile: string }): string => `${name}@${profile}`;
/** A value, or why there is none: never NaN, never another error than a typed one. */
function outcome(id: string, tables: ReturnType<typeof tableOf>[], args: Record<string, unknown>): number | string {
  try {
    const { value, undefined: reason } = measure(id, tables, args);
    if (value === null) {
      expect(reason).toMatch(/^[a-z][a-z-]+$/);
      return reason!;
    }
    expect(Number.isFinite(value)).toBe(true);
    return value;
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).code;
  }
}
const invariant = [
  'ks_2samp@scipy',
  'wasserstein_distance@scipy',
  'energy_distance@scipy',
  'mannwhitneyu@scipy',
  'cramervonmises_2samp@scipy',
  'anderson_ksamp@scipy',
  'psi@evidently',
  'drift_magnitude@assay',
  'hellinger@evidently',
];

describe('univariate drift', () => {
  test('does not know the order of the rows', () =>
    fc.assert(
      fc.property(sample, sample, (a, b) => {
        for (const id of invariant) {
          const own = outcome(id, [], { reference: a, current: b });
          const other = outcome(id, [], { reference: a.toReversed(), current: b.toSorted() });
          if (typeof own === 'number') expect(other).toBeCloseTo(own, 9);
          else expect(other).toBe(own);
        }
      }),
      { numRuns: 30 },
    ));

  test('shift and scale leave rank tests as they are and stretch distances', () =>
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 21, maxLength: 40 }),
        fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 21, maxLength: 40 }),
        (a, b) => {
          const moved = (values: number[]): number[] => values.map((value) => value * 4 + 1024);
          for (const id of ['ks_2samp@scipy', 'mannwhitneyu@scipy', 'cramervonmises_2samp@scipy'])
            expect(outcome(id, [], { reference: moved(a), current: moved(b) })).toEqual(
              outcome(id, [], { reference: a, current: b }),
            );
          const distance = outcome('wasserstein_distance@scipy', [], { reference: a, current: b }) as number;
          const stretched = outcome('wasserstein_distance@scipy', [], {
            reference: moved(a),
            current: moved(b),
          }) as number;
          expect(stretched).toBeCloseTo(distance * 4, 9);
        },
      ),
      { numRuns: 30 },
    ));

  test('rows that are there twice weigh twice: shares and distances stay', () =>
    fc.assert(
      fc.property(sample, sample, (a, b) => {
        for (const id of ['wasserstein_distance@scipy', 'energy_distance@scipy', 'jensenshannon@scipy']) {
          const own = outcome(id, [], { reference: a, current: b });
          const twice = outcome(id, [], { reference: [...a, ...a], current: [...b, ...b, ...b] });
          if (typeof own === 'number') expect(twice).toBeCloseTo(own, 6);
        }
      }),
      { numRuns: 30 },
    ));

  test('windows merge: counted in pieces, a window has the drift of the whole', () =>
    fc.assert(
      fc.property(sample, sample, fc.nat(), (a, b, cut) => {
        const reference = referenceHistogram(Float64Array.from(a));
        const at = cut % (b.length + 1);
        const piece = (values: number[]) => windowHistogram(reference.edges, Float64Array.from(values));
        const merged = mergeHistograms(piece(b.slice(at)), piece(b.slice(0, at)));
        expect(histogramDrift(reference, merged)).toEqual(histogramDrift(reference, piece(b)));
        expect(histogramDrift(reference, merged)!.driftMagnitude).toBeCloseTo(
          outcome('drift_magnitude@assay', [], { reference: a, current: b }) as number,
          12,
        );
      }),
    ));
});

const many = (n: number, cell: (i: number) => Cell): Cell[] => Array.from({ length: n }, (_, i) => cell(i));
const random = new Generator(9);
const hostile: Record<string, [Cell[], Cell[]]> = {
  'one row against one': [[1], [2]],
  'empty reference': [
    [null, null],
    [1, 2, 3],
  ],
  'empty window': [
    [1, 2, 3],
    [null, null],
  ],
  'constant and equal': [many(30, () => 3.5), many(40, () => 3.5)],
  'constant and other': [many(30, () => 3.5), many(40, () => -7)],
  'ties only': [many(40, (i) => i % 3), many(60, (i) => (i * 7) % 4)],
  'missing in places': [many(60, (i) => (i % 5 === 0 ? null : i)), many(60, (i) => (i % 2 === 0 ? null : i))],
  'skewed over 600 orders': [many(50, (i) => 10 ** (i * 12 - 300)), many(50, (i) => -(10 ** (i * 12 - 300)))],
  'the largest doubles': [
    [-Number.MAX_VALUE, 0, Number.MAX_VALUE, 1, 2],
    [Number.MAX_VALUE, 1, 2, -3, 4],
  ],
  'the smallest doubles': [
    [0, Number.MIN_VALUE, 2e-323, 1e-320, 3e-310],
    [0, 0, Number.MIN_VALUE, 1, 2],
  ],
  infinities: [
    [1, 2, Infinity, 4, 5, 6],
    [1, -Infinity, 3, 4, 5, 6],
  ],
  '10,000 categories': [many(10_000, (i) => `c${i}`), many(10_000, (i) => `c${i + 5000}`)],
  texts: [many(30, (i) => 'abc'[i % 3]!), many(30, (i) => 'abd'[i % 3]!)],
  'texts against numbers': [many(10, () => 'a'), many(10, (i) => i)],
};

/** The readers keep infinities too: `tableOf` does not. */
function hostileTable(cells: readonly Cell[]): ReturnType<typeof tableOf> {
  const table = tableOf({
    x: cells.map((cell) => (typeof cell === 'number' && !Number.isFinite(cell) ? 0 : cell)),
    ...(cells.length <= 100 ? { z: cells.map(() => random.normal()) } : {}),
  });
  for (const column of table.columns)
    if (column.name === 'x' && column.kind === 'numeric')
      cells.forEach((cell, row) => {
        if (typeof cell === 'number') column.values[row] = cell;
      });
  return table;
}

describe.each(Object.keys(hostile))('%s', (name) => {
  const [a, b] = hostile[name]!;
  const tables = [a, b].map(hostileTable);

  test('every measure of drift gives a value or a reason, or refuses by name', () => {
    for (const id of drifts.map(idOf)) outcome(id, tables, { column: 'x' });
    if (a.length <= 100) for (const id of several.map(idOf)) outcome(id, tables, { columns: ['x', 'z'] });
  });

  test('so does the report', () => {
    try {
      const report = driftReport(tables[0]!, tables[1]!);
      expect(JSON.stringify(report)).not.toMatch(/NaN|Infinity/);
    } catch (error) {
      expect(error).toBeInstanceOf(InputError);
    }
  });
});

test('a column whose range no bins can hold does not hide the others; asked for, it is refused by its name', () => {
  const numbers = Array.from({ length: 30 }, (_, i) => i);
  const table = tableOf({ x: numbers, wide: [-1.7e308, ...numbers.slice(2), 1.7e308] });
  const report = driftReport(table, table);
  const psi = report.columns.map(({ measures }) => measures.find(({ definition }) => definition === 'psi@evidently'));
  expect(psi).toMatchObject([{ value: 0 }, { value: null, undefined: 'range-too-wide', n: 60 }]);
  expect(() => driftReport(table, table, ['wide'], ['psi@frouros'])).toThrow(
    expect.objectContaining({ code: 'RangeTooWide', place: expect.objectContaining({ field: 'wide' }) }),
  );
});
