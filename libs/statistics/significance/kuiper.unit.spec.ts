import { expect, test } from '@jest/globals';
import { measure } from '../catalogue/index.js';
import { kuiperSf } from './kuiper.js';

test('5 % and 1 % lie at Stephens’s critical values of (√N + 0.155 + 0.24 / √N) V', () => {
  for (const [critical, level] of [
    [1.747, 0.05],
    [2.001, 0.01],
  ] as const) {
    const N = 400;
    const v = critical / (Math.sqrt(N) + 0.155 + 0.24 / Math.sqrt(N));
    expect(kuiperSf(v, N)! / level).toBeCloseTo(1, 1);
  }
});

test('the exact formulas and the expansion meet where they change over; the tail is 1 at 1/N and only falls', () => {
  for (const N of [7, 12.5, 40, 2500]) {
    expect(kuiperSf(0.999 / N, N)).toBeUndefined();
    expect(kuiperSf((1 + 1e-12) / N, N)).toBeCloseTo(1, 9);
    let before = 1;
    for (let v = 1 / N + 1e-9; v <= 1; v += 0.01) {
      const p = kuiperSf(v, N)!;
      expect(p).toBeLessThanOrEqual(before + 2e-3);
      // The expansion overshoots 0 by that much far out.
      expect(p).toBeGreaterThan(-1e-6);
      before = p;
    }
  }
});

test('V does not change where the circle is cut, the larger of the two one-sided distances does', () => {
  const [reference, current] = [
    [0.05, 0.2, 0.35, 0.6, 0.9],
    [0.1, 0.15, 0.5, 0.55, 0.7, 0.8],
  ];
  const shifted = (values: readonly number[], by: number): number[] => values.map((value) => (value + by) % 1);
  const at = (name: string, by: number): number =>
    measure(name, [], { reference: shifted(reference, by), current: shifted(current, by) }).value!;
  const cuts = [0, 0.12, 0.3, 0.58, 0.83];
  for (const by of cuts) expect(at('kuiper_test@assay', by)).toBeCloseTo(at('kuiper_test@assay', 0), 12);
  expect(new Set(cuts.map((by) => at('kuiper_test@frouros', by).toFixed(9))).size).toBeGreaterThan(1);
});
