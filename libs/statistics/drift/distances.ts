import { ordered } from '../significance/ordered.js';
import { areaBetween } from '../significance/spans.js';

/** Σ (p − q) ln(p / q); no share may be 0. */
export function psi(p: Float64Array, q: Float64Array): number {
  return p.reduce((sum, value, i) => sum + (value - q[i]!) * Math.log(value / q[i]!), 0);
}

/** PSI without fill: 0/0 adds nothing, an empty bin on one side only is infinite. */
export function strictPsi(p: Float64Array, q: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < p.length; i += 1) if (p[i] !== q[i]) sum += (p[i]! - q[i]!) * Math.log(p[i]! / q[i]!);
  return sum;
}

function normalised(p: Float64Array): Float64Array {
  const total = p.reduce((sum, value) => sum + value, 0);
  return p.map((value) => value / total);
}

/** Kullback-Leibler divergence of p from q in nats, both normalised first (scipy `entropy(p, q)`). */
export function klDivergence(p: Float64Array, q: Float64Array): number {
  const [a, b] = [normalised(p), normalised(q)];
  return a.reduce((sum, value, i) => sum + (value === 0 ? 0 : value * Math.log(value / b[i]!)), 0);
}

/** Square root of the Jensen-Shannon divergence, both normalised first (scipy `jensenshannon`); base e unless told. */
export function jensenShannon(p: Float64Array, q: Float64Array, base = Math.E): number {
  const [a, b] = [normalised(p), normalised(q)];
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) {
    const m = (a[i]! + b[i]!) / 2;
    if (a[i]! > 0) sum += a[i]! * Math.log(a[i]! / m);
    if (b[i]! > 0) sum += b[i]! * Math.log(b[i]! / m);
  }
  return Math.sqrt(Math.max(0, sum) / Math.log(base) / 2);
}

/** ‖√p − √q‖ / √2. */
export function hellinger(p: Float64Array, q: Float64Array): number {
  return Math.sqrt(p.reduce((sum, value, i) => sum + (Math.sqrt(value) - Math.sqrt(q[i]!)) ** 2, 0) / 2);
}

/** Σ |p − q|. */
export function absoluteDifference(p: Float64Array, q: Float64Array): number {
  return p.reduce((sum, value, i) => sum + Math.abs(value - q[i]!), 0);
}

/** max |p − q|. */
export function largestDifference(p: Float64Array, q: Float64Array): number {
  return p.reduce((largest, value, i) => Math.max(largest, Math.abs(value - q[i]!)), 0);
}

/**
 * ∫ |F − G|^power between two samples (power 1: Wasserstein-1, Kantorovich; power 2: half the squared energy distance).
 * Equal to scipy 1.17.1 `_cdf_distance`; summed with Neumaier's compensation.
 */
export function cdfDistance(a: ArrayLike<number>, b: ArrayLike<number>, power: 1 | 2): number {
  const [x, y] = [ordered(a), ordered(b)];
  return power === 1 ? areaBetween(x, y) : squaredAreaBetween(x, y);
}

function squaredAreaBetween(x: Float64Array, y: Float64Array): number {
  const [n1, n2] = [x.length, y.length];
  let [i, j, sum, lost, gap] = [0, 0, 0, 0, 0];
  let previous = Math.min(x[0]!, y[0]!);
  while (i < n1 || j < n2) {
    const value = j >= n2 || (i < n1 && x[i]! <= y[j]!) ? x[i]! : y[j]!;
    const term = gap * gap * (value - previous);
    const next = sum + term;
    lost += sum >= term ? sum - next + term : term - next + sum;
    sum = next;
    while (i < n1 && x[i] === value) i += 1;
    while (j < n2 && y[j] === value) j += 1;
    previous = value;
    gap = Math.abs(i / n1 - j / n2);
  }
  return sum + lost;
}

/** √2 (∫ (F − G)²)^½ (Székely 2002; scipy `energy_distance`). */
export function energyDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.SQRT2 * Math.sqrt(cdfDistance(a, b, 2));
}
