import type { TestResult } from './contingency.js';
import { ordered, walk } from './ordered.js';

/**
 * Anderson-Darling test of k = 2 samples, midranks, normalised statistic (F. W. Scholz and M. A. Stephens, JASA 82,
 * 1987, equation 7; scipy 1.17.1 `anderson_ksamp`). p is interpolated from seven tabled levels and held in
 * [0.001, 0.25].
 * @returns undefined where all values are equal
 */
export function andersonTwoSamples(a: ArrayLike<number>, b: ArrayLike<number>): TestResult | undefined {
  const x = ordered(a);
  const y = ordered(b);
  const n = [x.length, y.length] as const;
  const total = n[0] + n[1];
  let before = 0;
  let seen: [number, number] = [0, 0];
  const inner = [0, 0];
  let distinct = 0;
  walk(x, y, (_, i, j, ties) => {
    distinct += 1;
    const rank = before + ties / 2;
    const denominator = rank * (total - rank) - (total * ties) / 4;
    [i, j].forEach((own, sample) => {
      const midrank = seen[sample]! + (own - seen[sample]!) / 2;
      if (denominator > 0)
        inner[sample]! += ((ties / total) * (total * midrank - rank * n[sample]!) ** 2) / denominator;
    });
    seen = [i, j];
    before += ties;
  });
  if (distinct < 2 || total < 4) return undefined;
  const raw = ((inner[0]! / n[0] + inner[1]! / n[1]) * (total - 1)) / total;
  const statistic = (raw - 1) / Math.sqrt(variance(n, total));
  return { statistic, pvalue: tabledP(statistic) };
}

function variance(n: readonly [number, number], total: number): number {
  const k = 2;
  const H = 1 / n[0] + 1 / n[1];
  let h = 0;
  for (let i = 1; i < total; i += 1) h += 1 / i;
  let g = 0;
  let tail = 0;
  // Σ_{i=1}^{N−2} 1/(N−i) Σ_{j=i+1}^{N−1} 1/j, the inner sum grown from behind.
  for (let i = total - 2; i >= 1; i -= 1) {
    tail += 1 / (i + 1);
    g += tail / (total - i);
  }
  const a = (4 * g - 6) * (k - 1) + (10 - 6 * g) * H;
  const b = (2 * g - 4) * k ** 2 + 8 * h * k + (2 * g - 14 * h - 4) * H - 8 * h + 4 * g - 6;
  const c = (6 * h + 2 * g - 2) * k ** 2 + (4 * h - 4 * g + 6) * k + (2 * h - 6) * H + 4 * h;
  const d = (2 * h + 6) * k ** 2 - 4 * h * k;
  return (a * total ** 3 + b * total ** 2 + c * total + d) / ((total - 1) * (total - 2) * (total - 3));
}

const levels = [0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001];
const critical = [
  0.675 - 0.245 - 0.105,
  1.281 + 0.25 - 0.305,
  1.645 + 0.678 - 0.362,
  1.96 + 1.149 - 0.391,
  2.326 + 1.822 - 0.396,
  2.573 + 2.364 - 0.345,
  3.085 + 3.615 - 0.154,
];

function tabledP(statistic: number): number {
  if (statistic < critical[0]!) return 0.25;
  if (statistic > critical.at(-1)!) return 0.001;
  // Least squares parabola through (critical, ln level), by its normal equations about the mean.
  const centre = critical.reduce((sum, value) => sum + value, 0) / critical.length;
  const sums = [0, 0, 0, 0, 0];
  const right = [0, 0, 0];
  critical.forEach((value, i) => {
    for (let power = 0; power <= 4; power += 1) sums[power]! += (value - centre) ** power;
    for (let power = 0; power <= 2; power += 1) right[power]! += (value - centre) ** power * Math.log(levels[i]!);
  });
  const [c0, c1, c2] = solve3([
    [sums[0]!, sums[1]!, sums[2]!, right[0]!],
    [sums[1]!, sums[2]!, sums[3]!, right[1]!],
    [sums[2]!, sums[3]!, sums[4]!, right[2]!],
  ]);
  const z = statistic - centre;
  return Math.exp(c0 + c1 * z + c2 * z * z);
}

function solve3(m: number[][]): [number, number, number] {
  for (let i = 0; i < 3; i += 1)
    for (let row = i + 1; row < 3; row += 1) {
      const factor = m[row]![i]! / m[i]![i]!;
      for (let j = i; j < 4; j += 1) m[row]![j]! -= factor * m[i]![j]!;
    }
  const z = m[2]![3]! / m[2]![2]!;
  const y = (m[1]![3]! - m[1]![2]! * z) / m[1]![1]!;
  return [(m[0]![3]! - m[0]![1]! * y - m[0]![2]! * z) / m[0]![0]!, y, z];
}
