import { expect, test } from '@jest/globals';
import { eppsSingleton } from './epps-singleton.js';
import { measure } from '../index.js';

const of = (name: string, reference: readonly number[], current: readonly number[], more: object = {}) =>
  measure(`${name}@scipy`, [], { reference, current, ...more });
const span = (n: number, from = 0): number[] => Array.from({ length: n }, (_, i) => i + from);

// Values of scipy 1.17.1.
test.each([
  // n1 n2 / (n1 + n2) = 2.5 is rounded to 2, as numpy does.
  ['ks_2samp', [1, 2, 3, 4, 5], [3.5, 4.5, 6, 7, 8], { result: 'pvalue', method: 'asymp' }, 0.31999999999999984],
  // Paths overflow a double, but of equal sizes there is a closed form.
  ['ks_2samp', span(1100), span(1100, 95.5), { result: 'pvalue', alternative: 'greater' }, 0.00022825934015894997],
  ['ttest_ind', [1], [2, 3, 5], { result: 'pvalue' }, 0.3168699489360267],
  ['ttest_ind', [1], [2, 2], { result: 'pvalue' }, 0],
  // Ties of all values put the statistic where the series is long.
  ['cramervonmises_2samp', span(1100).fill(0), span(9).fill(1), { result: 'pvalue' }, 1.0183813955455534e-6],
] as const)('%s of %j…', (name, reference, current, more, expected) => {
  const { value } = of(name, reference, current, more);
  expect(Math.abs(value! - expected)).toBeLessThanOrEqual(1e-9 * expected);
});

test.each([
  ['ttest_ind', [1], [2, 2], {}, 'infinite'],
  ['ttest_ind', [2, 2], [2, 2], { result: 'pvalue' }, 'constant'],
  ['ttest_ind', [1], [2], { result: 'pvalue' }, 'constant'],
  ['cramervonmises_2samp', [1], [2, 3, 4], {}, 'too-small'],
  ['chisquare', [1, 1], [1, 1, 1], { result: 'pvalue' }, 'one-value'],
] as const)('%s of %j and %j is undefined', (name, reference, current, more, reason) => {
  expect(of(name, reference, current, more)).toMatchObject({ value: null, undefined: reason });
});

test('Epps-Singleton rounds its quartiles as scipy does: beside values of 10^15 the last bit of the unit is everything', () => {
  const a = [3e15 + 1, -2.1, -4.68, -1.24, 4e13, 0.36, 2.5, 0.12, -0.9];
  const b = [0.41, -7e14, 28.13, -0.06, -0.35, -1.24, -0.23, 2.95, -0.76, -0.39, 2.89];
  const { statistic, pvalue } = eppsSingleton(a, b)!;
  // scipy 1.17.1 epps_singleton_2samp
  expect(statistic).toBeCloseTo(2.03407505116982, 9);
  expect(pvalue).toBeCloseTo(0.7294914276129252, 9);
});

test('t of samples far from 0 is that of exact arithmetic, where scipy has six digits', () => {
  const [a, b] = [
    [0.125, 1.5, -0.75, 0.5, 2.25, -1.125, 0.625],
    [0.375, 1.25, 1.5, 2.75, -0.5],
  ];
  const far = (values: readonly number[]): number[] => values.map((value) => value + 1e9);
  for (const result of ['statistic', 'pvalue']) {
    const near = of('ttest_ind', a!, b!, { result }).value!;
    expect(Math.abs(of('ttest_ind', far(a!), far(b!), { result }).value! / near - 1)).toBeLessThan(1e-13);
  }
});
