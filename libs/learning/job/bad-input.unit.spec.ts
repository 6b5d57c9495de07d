import { describe, expect, test } from '@jest/globals';
import { Generator, tableOf } from '#libs/statistics';
import type { Cell, Table } from '#libs/statistics';
import { parseJob, prepare, runJob } from '../index.js';
import { derive } from '../features/history.js';

const random = new Generator(3);
const columns: Record<string, Cell[]> = {
  a: Array.from({ length: 40 }, () => Math.round(random.normal() * 100) / 100),
  b: Array.from({ length: 40 }, (_, row) => (row % 3 ? 'x' : 'y')),
  y: Array.from({ length: 40 }, () => (random.uniform() < 0.5 ? 'no' : 'yes')),
  z: Array.from({ length: 40 }, () => Math.round(random.normal() * 1000) / 1000),
};
const base = {
  version: 1,
  target: { column: 'y', positive: 'yes' },
  features: ['a', 'b'],
  algorithm: { name: 'logistic_regression', l2: 1 },
  validation: { scheme: 'stratified_k_fold', k: 2 },
  seed: 1,
};
const linear = { algorithm: { name: 'linear_regression' }, validation: { scheme: 'k_fold', k: 2 } };
const withColumns = (change: Record<string, Cell[]>): Table => tableOf({ ...columns, ...change });

/** A number that no file holds, but a caller may. */
const poked = (name: string, row: number, value: number): Table => {
  const { columns: own, rows } = tableOf(columns);
  return {
    rows,
    columns: own.map((column) =>
      column.name === name && column.kind === 'numeric'
        ? { ...column, values: column.values.with(row, value) }
        : column,
    ),
  };
};

async function refusal(change: object, table: Table): Promise<string> {
  try {
    // As it comes from a file: what is undefined is absent.
    await runJob(parseJob(JSON.parse(JSON.stringify({ ...base, ...change }))), table);
  } catch (error) {
    const { code, place } = error as { code: string; place?: { field?: string; rule?: string } };
    expect(place?.rule).toBeTruthy();
    return `${code} ${place?.field}`;
  }
  return 'nothing was refused';
}

describe('a job names the field and the rule that its data breaks', () => {
  const everywhere = (value: Cell): Cell[] => columns['y']!.map(() => value);
  test.each<[string, object, Table]>([
    ['NoRows data', {}, tableOf({ a: [], b: [], y: [] })],
    ['OneClass y', {}, withColumns({ y: everywhere('yes') })],
    ['UnknownLabel target.positive', {}, withColumns({ y: everywhere('no') })],
    ['MissingValue y', {}, withColumns({ y: everywhere(null) })],
    ['ClassTooSmall target', {}, withColumns({ y: columns['y']!.map((_, row) => (row === 5 ? 'yes' : 'no')) })],
    ['MissingValue a', {}, withColumns({ a: everywhere(null) })],
    ['AllMissing a', { pipeline: [{ step: 'impute', strategy: 'median' }] }, withColumns({ a: everywhere(null) })],
    ['NotFinite a', {}, poked('a', 9, Infinity)],
    ['NotFinite a', {}, poked('a', 9, 1e300)],
    [
      'LeakingTarget copy',
      { features: ['a', 'copy'] },
      withColumns({ copy: columns['y']!.map((y) => (y === 'yes' ? 7 : 9)) }),
    ],
    [
      'LeakingTarget copy',
      { ...linear, target: { column: 'z' }, features: ['copy'] },
      withColumns({ copy: columns['z']! }),
    ],
    ['WrongType y', { ...linear, target: { column: 'y' }, task: 'regression' }, tableOf(columns)],
    ['NotFinite z', { ...linear, target: { column: 'z' } }, poked('z', 2, -Infinity)],
    ['NeedsTarget target', { target: undefined }, tableOf(columns)],
    ['UnsupportedTask task', { task: 'clustering' }, tableOf(columns)],
    [
      'UnsupportedTask reweighing',
      { ...linear, target: { column: 'z' }, reweighing: { protected: 'b' } },
      tableOf(columns),
    ],
    [
      'TooManyClasses id',
      { target: { column: 'id' } },
      tableOf({
        a: Array.from({ length: 1001 }, (_, i) => i / 7),
        b: Array.from({ length: 1001 }, () => 'x'),
        id: Array.from({ length: 1001 }, (_, i) => `r${i}`),
      }),
    ],
    ['InvalidJob deadline', { deadline: '2020-02-30T00:00:00Z' }, tableOf(columns)],
    ['DeadlinePassed deadline', { deadline: '2020-02-20T00:00:00+01:00' }, tableOf(columns)],
    ['TimeLimit limits.seconds', { limits: { seconds: 1e-9 } }, tableOf(columns)],
  ])('%s', async (expected, change, table) => {
    expect(await refusal(change, table)).toBe(expected);
  });

  test('two columns of one name', () => {
    const { columns: own, rows } = tableOf(columns);
    expect(() => prepare(parseJob(base), { rows, columns: [...own, own[0]!] })).toThrow(
      expect.objectContaining({ code: 'DuplicateColumn' }),
    );
  });

  test('one row in a protected group is scored, what is undefined is null', async () => {
    const group = columns['y']!.map((_, row) => (row === 0 ? 'alone' : 'rest'));
    const { record } = await runJob(parseJob({ ...base, protected: ['g'] }), withColumns({ g: group }));
    const [alone] = record.evaluation.groups!;
    expect(alone).toMatchObject({ value: 'alone', rows: 1, scores: { 'roc_auc_score@sklearn': null } });
    expect(JSON.stringify(record)).not.toContain('NaN');
  });
});

test('history looks back only, within its group, in the order of its column', () => {
  const table = tableOf({ t: [3, 1, 2, 5, 4], g: ['p', 'p', 'p', 'q', 'q'], x: [30, 10, null, 50, 40] });
  const of = (more: object): number[] => Array.from(derive(table, { column: 'x', order: 't', ...more }));
  expect(of({ lag: 1 })).toEqual([Number.NaN, Number.NaN, 10, 40, 30]);
  expect(of({ lag: 1, by: 'g' })).toEqual([Number.NaN, Number.NaN, 10, 40, Number.NaN]);
  expect(of({ window: 2, statistic: 'mean', minimumRows: 1 })).toEqual([10, Number.NaN, 10, 35, 30]);
  expect(of({ window: 3, statistic: 'sum', minimumRows: 2 })).toEqual([Number.NaN, Number.NaN, Number.NaN, 70, 40]);
  expect(of({ window: 3, statistic: 'sd', minimumRows: 2 })[3]).toBeCloseTo(Math.sqrt(50), 12);
});
