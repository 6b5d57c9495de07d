import { sortedOrder } from '../sorting/radix.js';

/** Moments of the finite values of a column. */
export interface Moments {
  readonly n: number;
  readonly mean: number;
  /** Central sums Σ((x − mean) / scale)^k. */
  readonly m2: number;
  readonly m3: number;
  readonly m4: number;
  /** 1, or a power of two where deviations are so large or small that their fourth powers would be no numbers. */
  readonly scale: number;
}

/**
 * Mean and central sums in two passes, shifted by the mean, every sum compensated (Knuth's two-sum), with the rest of the
 * mean taken out afterwards: correct to about 1e-15 relative of the exact values also for a mean of 1e9 and sd of 1,
 * where power sums lose every digit. NaN is left out.
 */
export function momentsOf(values: Float64Array): Moments {
  const { n, sum, largest } = sumOf(values, 1);
  if (n === 0) return { n, mean: Number.NaN, m2: Number.NaN, m3: Number.NaN, m4: Number.NaN, scale: 1 };
  const centre = Number.isFinite(sum) ? sum / n : (sumOf(values, 2 ** -64).sum / n) * 2 ** 64;
  const scale = scaleFor(values, centre, largest);
  const factor = 1 / scale;
  const shift = centre * factor;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let s4 = 0;
  let r1 = 0;
  let r2 = 0;
  let r3 = 0;
  let r4 = 0;
  for (let i = 0; i < values.length; i += 1) {
    let d = values[i]! * factor - shift;
    // A missing value adds 0, which changes no bit; a jump past it would make the loop four times as slow.
    if (d !== d) d = 0;
    const d2 = d * d;
    const d3 = d2 * d;
    const d4 = d2 * d2;
    // The rounding error of each addition (Knuth's two-sum, without a branch).
    let next = s1 + d;
    let back = next - s1;
    r1 += s1 - (next - back) + (d - back);
    s1 = next;
    next = s2 + d2;
    back = next - s2;
    r2 += s2 - (next - back) + (d2 - back);
    s2 = next;
    next = s3 + d3;
    back = next - s3;
    r3 += s3 - (next - back) + (d3 - back);
    s3 = next;
    next = s4 + d4;
    back = next - s4;
    r4 += s4 - (next - back) + (d4 - back);
    s4 = next;
  }
  s1 += r1;
  s2 += r2;
  s3 += r3;
  s4 += r4;
  // The true mean is centre + e × scale.
  const e = s1 / n;
  return {
    n,
    mean: centre + e * scale,
    m2: s2 - n * e * e,
    m3: s3 - 3 * e * s2 + 2 * n * e ** 3,
    m4: s4 - 4 * e * s3 + 6 * e * e * s2 - 3 * n * e ** 4,
    scale,
  };
}

function sumOf(values: Float64Array, factor: number): { n: number; sum: number; largest: number } {
  let n = 0;
  let sum = 0;
  let lost = 0;
  let largest = 0;
  for (let i = 0; i < values.length; i += 1) {
    const x = values[i]! * factor;
    if (x !== x) continue;
    n += 1;
    if (x > largest) largest = x;
    else if (-x > largest) largest = -x;
    const next = sum + x;
    const back = next - sum;
    lost += sum - (next - back) + (x - back);
    sum = next;
  }
  return { n, sum: sum + lost, largest };
}

/** Fourth powers overflow from 1e77 on and underflow below 1e-77. */
function scaleFor(values: Float64Array, centre: number, largest: number): number {
  if (largest < 1e70 && largest > 1e-50) return 1;
  let spread = 0;
  for (let i = 0; i < values.length; i += 1) {
    const d = Math.abs(values[i]! / 4 - centre / 4);
    if (d > spread) spread = d;
  }
  return (spread < 1e70 && spread > 1e-50) || spread === 0
    ? 1
    : 2 ** Math.max(-1000, Math.floor(Math.log2(spread)) + 2);
}

/** Σ(x − mean)² in the unit of the values; infinite where it is too large for a number. */
export function squaresOf({ m2, scale }: Moments): number {
  return m2 * scale * scale;
}

/** Population standard deviation √(Σ(x − mean)² / n). */
export function populationDeviation({ n, m2, scale }: Moments): number {
  return Math.sqrt(m2 / n) * scale;
}

/** Sample variance, Σ(x − mean)² / (n − 1). @returns undefined with fewer than two values */
export function sampleVariance(moments: Moments): number | undefined {
  return moments.n > 1 ? squaresOf(moments) / (moments.n - 1) : undefined;
}

/** Biased skewness g1 = (m3/n) / (m2/n)^1.5 (scipy 1.17.1 `skew`). @returns undefined for a constant */
export function skewness({ n, m2, m3 }: Moments): number | undefined {
  return m2 > 0 ? m3 / n / (m2 / n) ** 1.5 : undefined;
}

/** Biased excess kurtosis g2 = (m4/n) / (m2/n)² − 3 (scipy 1.17.1 `kurtosis`). @returns undefined for a constant */
export function excessKurtosis({ n, m2, m4 }: Moments): number | undefined {
  return m2 > 0 ? m4 / n / (m2 / n) ** 2 - 3 : undefined;
}

/** True where rounding of the values alone explains their variance (scipy calls such a sample constant). */
export function isConstant({ n, mean, m2, scale }: Moments): boolean {
  return m2 / n <= ((Number.EPSILON * mean) / scale) ** 2;
}

/** Pearson's correlation over rows where both are present. @returns undefined where one is constant or under two rows */
export function pearson(x: Float64Array, y: Float64Array): number | undefined {
  let n = 0;
  let sx = 0;
  let sy = 0;
  for (let i = 0; i < x.length; i += 1) {
    if (Number.isNaN(x[i]) || Number.isNaN(y[i])) continue;
    n += 1;
    sx += x[i]!;
    sy += y[i]!;
  }
  if (n < 2) return undefined;
  const [mx, my] = [sx / n, sy / n];
  let xx = 0;
  let yy = 0;
  let xy = 0;
  let rx = 0;
  let ry = 0;
  for (let i = 0; i < x.length; i += 1) {
    if (Number.isNaN(x[i]) || Number.isNaN(y[i])) continue;
    const a = x[i]! - mx;
    const b = y[i]! - my;
    rx += a;
    ry += b;
    xx += a * a;
    yy += b * b;
    xy += a * b;
  }
  xx -= (rx * rx) / n;
  yy -= (ry * ry) / n;
  xy -= (rx * ry) / n;
  const floor = (Number.EPSILON * n) ** 2;
  if (!(xx > floor * mx * mx) || !(yy > floor * my * my)) return undefined;
  return Math.max(-1, Math.min(1, xy / Math.sqrt(xx) / Math.sqrt(yy)));
}

/** Ranks with ties averaged; NaN keeps NaN. */
export function ranks(values: Float64Array): Float64Array {
  const rows = new Uint32Array(values.length);
  let present = 0;
  for (let i = 0; i < values.length; i += 1) if (values[i] === values[i]) rows[present++] = i;
  const held = Float64Array.from(rows.subarray(0, present), (row) => values[row]!);
  const order = sortedOrder(held).map((index) => rows[index]!);
  const result = new Float64Array(values.length).fill(Number.NaN);
  for (let i = 0; i < order.length;) {
    let j = i;
    while (j < order.length && values[order[j]!] === values[order[i]!]) j += 1;
    for (let k = i; k < j; k += 1) result[order[k]!] = (i + j + 1) / 2;
    i = j;
  }
  return result;
}
