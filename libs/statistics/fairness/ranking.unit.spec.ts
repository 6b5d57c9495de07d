import { describe, expect, test } from '@jest/globals';
import { Generator, InputError, crossAuc, groupAuc, rankGroups, scoresByGroup } from '../index.js';
import type { CategoryColumn } from '../index.js';

const random = new Generator(9);
const column = (name: string, codes: ArrayLike<number>, categories: string[]): CategoryColumn => ({
  kind: 'category',
  name,
  type: 'string',
  nulls: Array.from(codes).filter((code) => code < 0).length,
  categories,
  codes: Int32Array.from(codes),
});

const draws: Record<string, () => number> = {
  'spread out': () => random.uniform(),
  'many ties': () => random.integer(10) / 10,
  'many orders of magnitude': () => Math.exp(40 * random.normal()),
  'one value': () => 0.5,
  'a crowd and one far away': () => (random.integer(3000) === 0 ? 1e300 : random.normal() * 1e-9),
  'beyond the range of a difference': () => (random.uniform() - 0.5) * 1.7e308 * 2,
};

describe.each(Object.entries(draws))('scores: %s', (_name, draw) => {
  test.each([30, 9000])('%d rows: AUC and xAUC are those of the groups alone', (n) => {
    const codes = Int32Array.from({ length: n }, () => random.integer(5) - 1);
    const labels = Uint8Array.from({ length: n }, () => random.integer(2));
    const scores = Float64Array.from({ length: n }, draw);
    const g = column('g', codes, ['a', 'b', 'c', 'd']);
    const { groups, xauc } = rankGroups([g], labels, scores);
    const alone = scoresByGroup(g, labels, scores);
    expect(groups.map(({ group, rows }) => [group['g'], rows])).toEqual(
      alone.map(({ group, scores: own }) => [group, own.length]),
    );
    alone.forEach((a, i) => {
      expect(groups[i]!.auc).toBe(groupAuc(a));
      alone.forEach((b, j) => expect(xauc(i, j)).toBe(crossAuc(a, b)));
    });
  });
});

test('crossed groups, a group of one class, no rows, and what is refused', () => {
  const a = column('a', [0, 0, 1, 1, 1, -1], ['x', 'y']);
  const b = column('b', [0, 0, 1, 1, 1, 0], ['u', 'v']);
  const labels = Uint8Array.of(1, 0, 1, 1, 1, 0);
  const { groups, xauc } = rankGroups([a, b], labels, Float64Array.of(0.9, 0.1, 0.5, 0.6, 0.05, 0.3));
  expect(groups).toEqual([
    { group: { a: 'x', b: 'u' }, rows: 2, positives: 1, auc: 1 },
    { group: { a: 'y', b: 'v' }, rows: 3, positives: 3, auc: undefined },
  ]);
  expect(xauc(1, 0)).toBeCloseTo(2 / 3, 15);
  expect(xauc(0, 1)).toBeUndefined();
  expect(rankGroups([column('a', [], ['x'])], new Uint8Array(0), new Float64Array(0)).groups).toEqual([]);
});

test('a score that is no number is refused by row', () => {
  const g = column('g', [0, 0], ['x']);
  expect(() => rankGroups([g], Uint8Array.of(0, 1), Float64Array.of(0.5, Infinity))).toThrow(InputError);
  expect(() => rankGroups([g], Uint8Array.of(0, 1, 1), Float64Array.of(0.5, 0.1))).toThrow(/rows/);
});

test('three attributes crossed rank as one column of their crossed values', () => {
  const n = 4000;
  const draw = (name: string, k: number): CategoryColumn =>
    column(
      name,
      Int32Array.from({ length: n }, () => random.integer(k + 1) - 1),
      Array.from({ length: k }, (_, i) => `${name}${i}`),
    );
  const [a, b, c] = [draw('a', 3), draw('b', 2), draw('c', 4)];
  const one = Int32Array.from(a.codes, (code, row) =>
    code < 0 || b.codes[row]! < 0 || c.codes[row]! < 0 ? -1 : (code * 2 + b.codes[row]!) * 4 + c.codes[row]!,
  );
  const labels = Uint8Array.from({ length: n }, () => random.integer(2));
  const scores = Float64Array.from({ length: n }, () => random.normal());
  const numbersOf = (own: readonly CategoryColumn[]) =>
    rankGroups(own, labels, scores).groups.map(({ rows, positives, auc }) => [rows, positives, auc]);
  const whole = column('x', one, [...Array(24).keys()].map(String));
  expect(numbersOf([a, b, c])).toEqual(numbersOf([whole]));
});
