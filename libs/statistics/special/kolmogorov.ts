/**
 * Distribution of the two-sided Kolmogorov-Smirnov statistic, after R. Simard and P. L'Ecuyer, "Computing the two-sided
 * Kolmogorov-Smirnov distribution", J. Stat. Software 39(11), 2011; the reference is scipy 1.17.1 `kstwo`.
 */

/** P(D_n ≥ d) of one sample of n. Relative error about 1e-12, where the expansion of Pelz and Good is used 1e-10. */
export function kstwoSf(d: number, n: number): number {
  if (d >= 1) return 0;
  const t = n * d;
  if (t <= 0.5) return 1;
  if (t <= 1) {
    let logarithm = n * Math.log(2 * t - 1);
    for (let i = 1; i <= n; i += 1) logarithm += Math.log(i / n);
    return 1 - Math.exp(logarithm);
  }
  if (t >= n - 1) return 2 * (1 - d) ** n;
  if (d >= 0.5) return 2 * smirnovSf(d, n);
  const squared = t * d;
  if (n <= 140) return squared <= 4 ? 1 - durbinCdf(d, n) : 2 * smirnovSf(d, n);
  if (squared >= 370) return 0;
  if (squared >= 2.2) return Math.min(1, 2 * smirnovSf(d, n));
  const cdf = n <= 100_000 && n * d ** 1.5 <= 1.4 ? durbinCdf(d, n) : pelzGoodCdf(d, n);
  return Math.min(1, Math.max(0, 1 - cdf));
}

/**
 * P(D ≥ d) of two samples, exactly, by lattice paths: the share of paths to (i, j) that have left the band
 * |i n2 − j n1| < `gap`, gap = d n1 n2, from the shares of its two neighbours. Only sums of positive numbers: small
 * probabilities keep their digits. O(n1 n2).
 */
export function kstwoExactSf(n1: number, n2: number, gap: number, oneSided = false): number {
  if (gap <= 0) return 1;
  const share = new Float64Array(n2 + 1);
  for (let i = 0; i <= n1; i += 1) {
    for (let j = 0; j <= n2; j += 1) {
      const distance = i * n2 - j * n1;
      if ((oneSided ? distance : Math.abs(distance)) >= gap) share[j] = 1;
      else if (i === 0 && j === 0) share[j] = 0;
      else if (i === 0) share[j] = share[j - 1]!;
      else if (j > 0) share[j] = (i * share[j]! + j * share[j - 1]!) / (i + j);
    }
  }
  return share[n2]!;
}

/** P(D⁺ ≥ d), one-sided (Smirnov 1944), each term a binomial probability by Loader's saddle point. */
export function smirnovSf(d: number, n: number): number {
  let sum = 0;
  const last = Math.floor(n * (1 - d));
  for (let j = 0; j <= last; j += 1) {
    const p = d + j / n;
    if (p >= 1) break;
    sum += (binomial(j, n, p) * d) / p;
  }
  return Math.min(1, sum);
}

/** Binomial probability (C. Loader, "Fast and accurate computation of binomial probabilities", 2000). */
export function binomial(k: number, n: number, p: number): number {
  if (k === 0) return Math.exp(n * Math.log1p(-p));
  if (k === n) return Math.exp(n * Math.log(p));
  const exponent =
    stirlingError(n) - stirlingError(k) - stirlingError(n - k) - deviance(k, n * p) - deviance(n - k, n * (1 - p));
  return Math.exp(exponent) * Math.sqrt(n / (2 * Math.PI * k * (n - k)));
}

/** ln n! − ln(√(2πn) (n/e)^n). */
function stirlingError(n: number): number {
  if (n < 16) return smallStirling[n]!;
  const s = n * n;
  return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / s) / s) / s) / s) / n;
}

const smallStirling = [
  0, 0.08106146679532726, 0.0413406959554093, 0.02767792568499834, 0.020790672103765093, 0.016644691189821193,
  0.013876128823070748, 0.01189670994589177, 0.010411265261972096, 0.009255462182712733, 0.00833056343336287,
  0.007573675487951841, 0.00694284010720953, 0.006408994188004207, 0.0059513701127588475, 0.005554733551962801,
];

/** x ln(x/m) + m − x, without cancellation. */
function deviance(x: number, m: number): number {
  if (Math.abs(x - m) < 0.1 * (x + m)) {
    const v = (x - m) / (x + m);
    let s = (x - m) * v;
    let term = 2 * x * v;
    for (let j = 1; j < 1000; j += 1) {
      term *= v * v;
      const next = s + term / (2 * j + 1);
      if (next === s) return next;
      s = next;
    }
  }
  return x * Math.log(x / m) + m - x;
}

/** P(D_n < d) by the matrix of Durbin (1973) and Marsaglia, Tsang and Wang (2003). */
function durbinCdf(d: number, n: number): number {
  const k = Math.ceil(n * d);
  const m = 2 * k - 1;
  const h = k - n * d;
  const matrix = new Float64Array(m * m);
  for (let i = 0; i < m; i += 1) for (let j = 0; j < m; j += 1) matrix[i * m + j] = i - j + 1 < 0 ? 0 : 1;
  for (let i = 0; i < m; i += 1) {
    matrix[i * m]! -= h ** (i + 1);
    matrix[(m - 1) * m + i]! -= h ** (m - i);
  }
  matrix[(m - 1) * m]! += 2 * h - 1 > 0 ? (2 * h - 1) ** m : 0;
  for (let i = 0; i < m; i += 1)
    for (let j = 0; j < m; j += 1) if (i - j + 1 > 0) for (let g = 1; g <= i - j + 1; g += 1) matrix[i * m + j]! /= g;
  let { result, exponent } = power(matrix, m, n);
  let value = result[(k - 1) * m + k - 1]!;
  for (let i = 1; i <= n; i += 1) {
    value = (value * i) / n;
    if (value < 1e-140) {
      value *= 1e140;
      exponent -= 140;
    }
  }
  return value * 10 ** exponent;
}

function power(matrix: Float64Array, m: number, n: number): { result: Float64Array; exponent: number } {
  if (n === 1) return { result: matrix, exponent: 0 };
  const half = power(matrix, m, Math.floor(n / 2));
  let result = multiply(half.result, half.result, m);
  let exponent = half.exponent * 2;
  if (n % 2 === 1) result = multiply(result, matrix, m);
  if (result[Math.floor(m / 2) * m + Math.floor(m / 2)]! > 1e140) {
    result = result.map((value) => value * 1e-140);
    exponent += 140;
  }
  return { result, exponent };
}

function multiply(a: Float64Array, b: Float64Array, m: number): Float64Array {
  const c = new Float64Array(m * m);
  for (let i = 0; i < m; i += 1)
    for (let k = 0; k < m; k += 1) {
      const value = a[i * m + k]!;
      if (value !== 0) for (let j = 0; j < m; j += 1) c[i * m + j]! += value * b[k * m + j]!;
    }
  return c;
}

/** P(√n D_n ≤ z) to order n^{−3/2} (W. Pelz and I. J. Good, J. R. Stat. Soc. B 38, 1976). */
function pelzGoodCdf(d: number, n: number): number {
  const z = Math.sqrt(n) * d;
  const [z2, z3, z4, z6, z7, z8, z10] = [2, 3, 4, 6, 7, 8, 10].map((e) => z ** e) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  let [k0, k1, k2, k3, k2whole, k3whole] = [0, 0, 0, 0, 0, 0];
  const p2 = Math.PI ** 2;
  for (let k = 0; k < 200; k += 1) {
    const odd = (k + 0.5) ** 2 * p2;
    const e = Math.exp(-odd / (2 * z2));
    k0 += e;
    k1 += (odd - z2) * e;
    k2 += (6 * z6 + 2 * z4 + (2 * z4 - 5 * z2) * odd + (1 - 2 * z2) * odd * odd) * e;
    k3 +=
      (odd ** 3 * (5 - 30 * z2) +
        odd * odd * (-60 * z2 + 212 * z4) +
        odd * (135 * z4 - 96 * z6) -
        (30 * z6 + 90 * z8)) *
      e;
    const whole = k * k * p2;
    const w = Math.exp(-whole / (2 * z2));
    k2whole += whole * w;
    k3whole += (-whole * whole + 3 * whole * z2) * w;
    if (e === 0 && w === 0) break;
  }
  // The sums over all integers are twice those over k ≥ 0 (whole numbers: k = 0 adds nothing).
  const root = Math.sqrt(Math.PI / 2);
  const first = (2 * root * k0) / z;
  const second = (root * 2 * k1) / (6 * z4);
  const third = (root * 2 * k2) / (72 * z7) - (root * 2 * k2whole) / (36 * z3);
  const fourth = (root * 2 * k3) / (6480 * z10) + (root * 2 * k3whole) / (216 * z6);
  return first + second / Math.sqrt(n) + third / n + fourth / (n * Math.sqrt(n));
}
