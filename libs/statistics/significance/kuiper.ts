import { logGamma } from '../special/distributions.js';

/**
 * Tail of Kuiper's statistic V over N values: the exact formulas of M. A. Stephens (Biometrika 52, 1965) below 3/N and, for
 * integer N, above about ½; between them N. H. Kuiper's expansion (1960) to the order 1/√N. S. Paltani (A&A 420, 2004) gathers them.
 * @param N may be a fraction, as n·m / (n + m) of two samples is
 * @returns undefined below 1/N, which V cannot reach
 */
export function kuiperSf(v: number, N: number): number | undefined {
  if (v * N < 1) return undefined;
  if (v < 2 / N) return 1 - Math.exp(logGamma(N + 1) + logPower(Math.max(0, v - 1 / N), N - 1));
  if (v < 3 / N) return belowThree(v, N);
  if ((N % 2 === 0 && v > 0.5) || (N % 2 === 1 && v > (N - 1) / (2 * N))) return upperTail(v, N);
  return expansion(v, N);
}

function belowThree(v: number, N: number): number {
  const half = (N * v - 1) / 2;
  const root = Math.sqrt(half * half - (N * v - 2) ** 2 / 2);
  const [a, b] = [half + root, half - root];
  const logScale = logGamma(N) - (N - 2) * Math.log(N);
  const part = (own: number, other: number): number => (1 - other) * Math.exp(logScale + logPower(own, N - 1));
  return 1 - (part(b, a) - part(a, b)) / (b - a);
}

/** Logarithm of base^exponent, 0^0 being 1: factorials and powers of thousands are beyond a double. */
function logPower(base: number, exponent: number): number {
  return exponent === 0 ? 0 : exponent * Math.log(base);
}

function upperTail(v: number, N: number): number {
  let sum = 0;
  // In logarithms: binomial coefficients of over 1,000 are beyond a double.
  let logWays = 0;
  for (let t = 0; t <= Math.floor(N * (1 - v)); t += 1) {
    const y = v + t / N;
    const term =
      y ** 3 * N - y * y * t * (3 - 2 / N) + (y * t * (t - 1) * (3 - 2 / N)) / N - (t * (t - 1) * (t - 2)) / (N * N);
    sum += term * Math.exp(logWays + (N - t - 1) * Math.log1p(-y) + (t - 3) * Math.log(y));
    logWays += Math.log((N - t) / (t + 1));
  }
  return sum;
}

function expansion(v: number, N: number): number {
  const squared = v * v * N;
  let sum = 0;
  for (let m = 1; m < 1000; m += 1) {
    const z = m * m * squared;
    const tail = Math.exp(-2 * z);
    sum += tail * (2 * (4 * z - 1) - ((8 * v) / 3) * m * m * (4 * z - 3));
    if (z > 1 && tail * z * m * m < 1e-17 * Math.abs(sum)) break;
  }
  return sum;
}
