import { describe, expect, test } from '@jest/globals';
import { Generator } from '#libs/statistics';
import { fitLogistic, predictLogistic } from './logistic.js';

/** Rows with a rare flag that a sample of them misses. */
function rowsOf(n: number, width: number) {
  const random = new Generator(5);
  const rows = Float64Array.from({ length: n * width }, () => random.normal());
  for (let row = 0; row < n; row += 1)
    rows[row * width] = row % 4 === 1 && row % 997 < 40 && (row >> 2) % 2 === 1 ? 1 : 0;
  const labels = Uint8Array.from({ length: n }, (_, row) =>
    random.uniform() < 1 / (1 + Math.exp(1 - rows[row * width]! - rows[row * width + 1]!)) ? 1 : 0,
  );
  return { rows, labels };
}

describe('logistic regression of many rows', () => {
  const [n, width] = [20_000, 32];
  const { rows, labels } = rowsOf(n, width);

  test('reaches the minimum by sampled curvature: no partial derivative is left', () => {
    const model = fitLogistic(rows, width, labels, undefined, { l2: 0 });
    expect(model.converged).toBe(true);
    const p = predictLogistic(rows, width, model);
    for (let j = 0; j < width; j += 1) {
      let partial = 0;
      p.forEach((own, row) => (partial += (own - labels[row]!) * rows[row * width + j]!));
      expect(Math.abs(partial / n)).toBeLessThan(1e-10);
    }
    expect(model.iterations).toBeLessThan(12);
  });

  test('is the same for the rows twice and for weights of two', () => {
    const few = 9;
    const twice = fitLogistic(
      Float64Array.from([...rows.subarray(0, few * 200 * width), ...rows.subarray(0, few * 200 * width)]),
      width,
      Uint8Array.from([...labels.subarray(0, few * 200), ...labels.subarray(0, few * 200)]),
      undefined,
      { l2: 3 },
    );
    const weighted = fitLogistic(
      rows.subarray(0, few * 200 * width),
      width,
      labels.subarray(0, few * 200),
      new Float64Array(few * 200).fill(2),
      { l2: 3 },
    );
    twice.coefficients.forEach((value, j) => expect(value).toBeCloseTo(weighted.coefficients[j]!, 10));
  });
});
