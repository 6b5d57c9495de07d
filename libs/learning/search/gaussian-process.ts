import { factorise, solveFactorised } from '../linear/cholesky.js';

/**
 * Gaussian process with the Matérn 5/2 kernel, a length scale per coordinate (C. Rasmussen and C. Williams, Gaussian
 * Processes for Machine Learning, 2006, ch. 2, 4 and 5), over standardised values.
 */
export interface GaussianProcess {
  /** One a coordinate. */
  readonly lengthScales: Float64Array;
  readonly signalVariance: number;
  readonly noiseVariance: number;
  /** Log marginal likelihood with the priors of the hyperparameters. */
  readonly logPosterior: number;
  /** Mean and standard deviation of the function (without noise) at a point, in the units of the values given. */
  predict(point: ArrayLike<number>): { readonly mean: number; readonly deviation: number };
}

interface Problem {
  readonly points: readonly Float64Array[];
  readonly values: Float64Array;
  readonly width: number;
}

/** θ: log length scales, log signal variance, log noise variance. */
interface Evaluation {
  readonly theta: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
}

const { exp, sqrt } = Math;
const root5 = sqrt(5);

/**
 * Fits length scales, signal and noise variance by the marginal likelihood, times weak priors that hold what few points
 * cannot tell: log ℓ ~ N(½ ln width + ln ½, 1), log σ² ~ N(0, 1), log noise ~ N(−8, 2²). Quasi-Newton from two starts.
 * @param points in the unit cube, `values.length` of them, at least one
 */
export function fitGaussianProcess(points: readonly Float64Array[], values: Float64Array): GaussianProcess {
  const width = points[0]!.length;
  const { standardised, mean, scale } = standardise(values);
  const problem: Problem = { points, values: standardised, width };
  const start = (lengthScale: number): Float64Array => {
    const theta = new Float64Array(width + 2).fill(Math.log(lengthScale));
    theta[width] = 0;
    theta[width + 1] = -6;
    return theta;
  };
  let best: Evaluation | undefined;
  for (const lengthScale of [priorLength(width), 0.25]) {
    const found = climb(problem, start(lengthScale));
    if (found && (!best || found.value > best.value)) best = found;
  }
  return conditioned(problem, best?.theta ?? start(priorLength(width)), best?.value ?? -Infinity, mean, scale);
}

function priorLength(width: number): number {
  return sqrt(width) / 2;
}

function standardise(values: Float64Array): { standardised: Float64Array; mean: number; scale: number } {
  let mean = 0;
  for (const value of values) mean += value / values.length;
  let variance = 0;
  for (const value of values) variance += (value - mean) ** 2 / values.length;
  const scale = sqrt(variance) || 1;
  return { standardised: values.map((value) => (value - mean) / scale), mean, scale };
}

function conditioned(
  { points, values, width }: Problem,
  theta: Float64Array,
  logPosterior: number,
  mean: number,
  scale: number,
): GaussianProcess {
  const n = points.length;
  const inverse = theta.slice(0, width).map((own) => exp(-2 * own));
  const signalVariance = exp(theta[width]!);
  let noiseVariance = exp(theta[width + 1]!);
  let factor = covariance(points, inverse, signalVariance, noiseVariance);
  // Points on top of each other with hardly any noise: a little more of it until the matrix holds.
  while (!factorise(factor, n)) {
    noiseVariance = Math.max(noiseVariance * 10, 1e-10);
    factor = covariance(points, inverse, signalVariance, noiseVariance);
  }
  const alpha = solveFactorised(factor, values);
  const k = new Float64Array(n);
  return {
    lengthScales: theta.slice(0, width).map((own) => exp(own)),
    signalVariance,
    noiseVariance,
    logPosterior,
    predict(point) {
      let own = 0;
      for (let i = 0; i < n; i += 1) {
        k[i] = signalVariance * matern(distance(points[i]!, point, inverse));
        own += k[i]! * alpha[i]!;
      }
      let variance = signalVariance;
      for (let i = 0; i < n; i += 1) {
        let sum = k[i]!;
        const at = i * n;
        for (let j = 0; j < i; j += 1) sum -= factor[at + j]! * k[j]!;
        k[i] = sum / factor[at + i]!;
        variance -= k[i]! * k[i]!;
      }
      return { mean: mean + scale * own, deviation: scale * sqrt(Math.max(variance, 1e-12)) };
    },
  };
}

function distance(a: Float64Array, b: ArrayLike<number>, inverse: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j += 1) {
    const difference = a[j]! - b[j]!;
    sum += difference * difference * inverse[j]!;
  }
  return sqrt(sum);
}

function matern(r: number): number {
  return (1 + root5 * r + (5 / 3) * r * r) * exp(-root5 * r);
}

/** Lower triangle, row-major. */
function covariance(
  points: readonly Float64Array[],
  inverse: Float64Array,
  signalVariance: number,
  noiseVariance: number,
): Float64Array {
  const n = points.length;
  const result = new Float64Array(n * n);
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j < i; j += 1)
      result[i * n + j] = signalVariance * matern(distance(points[i]!, points[j]!, inverse));
    result[i * n + i] = signalVariance + noiseVariance;
  }
  return result;
}

/** BFGS upwards with backtracking. @returns undefined where the start has no likelihood */
function climb(problem: Problem, start: Float64Array): Evaluation | undefined {
  let current = evaluate(problem, start);
  if (!current) return undefined;
  const size = start.length;
  let metric = identity(size);
  for (let iteration = 0; iteration < 60; iteration += 1) {
    let direction = times(metric, current.gradient);
    let slope = dot(direction, current.gradient);
    if (!(slope > 0)) {
      metric = identity(size);
      direction = current.gradient.slice();
      slope = dot(direction, direction);
    }
    // A step of more than two in a logarithm leaves what the gradient can tell.
    const length = Math.max(...direction.map(Math.abs));
    let scale = length > 2 ? 2 / length : 1;
    let next: Evaluation | undefined;
    for (let halving = 0; halving < 15; halving += 1, scale /= 2) {
      const candidate = evaluate(
        problem,
        current.theta.map((value, i) => value + scale * direction[i]!),
      );
      if (candidate && candidate.value >= current.value + 1e-4 * scale * slope) {
        next = candidate;
        break;
      }
    }
    if (!next) break;
    const gain = next.value - current.value;
    update(metric, current, next);
    current = next;
    if (gain < 1e-5) break;
  }
  return current;
}

function evaluate({ points, values, width }: Problem, theta: Float64Array): Evaluation | undefined {
  const n = points.length;
  for (const own of theta) if (!(Math.abs(own) < 25)) return undefined;
  const inverse = theta.slice(0, width).map((own) => exp(-2 * own));
  const signal = exp(theta[width]!);
  const noise = exp(theta[width + 1]!);
  const factor = covariance(points, inverse, signal, noise);
  if (!factorise(factor, n)) return undefined;
  const alpha = solveFactorised(factor, values);
  let value = 0;
  for (let i = 0; i < n; i += 1) value -= (values[i]! * alpha[i]!) / 2 + Math.log(factor[i * n + i]!);
  const gradient = new Float64Array(width + 2);
  const inverted = invert(factor, n);
  for (let i = 0; i < n; i += 1) {
    const own = alpha[i]! * alpha[i]! - inverted[i * n + i]!;
    gradient[width]! += (own * signal) / 2;
    gradient[width + 1]! += (own * noise) / 2;
    for (let j = 0; j < i; j += 1) {
      // Both triangles: ½ · 2.
      const weight = alpha[i]! * alpha[j]! - inverted[i * n + j]!;
      const r = distance(points[i]!, points[j]!, inverse);
      const decay = exp(-root5 * r);
      gradient[width]! += weight * signal * (1 + root5 * r + (5 / 3) * r * r) * decay;
      const common = weight * signal * (5 / 3) * (1 + root5 * r) * decay;
      for (let k = 0; k < width; k += 1) {
        const difference = points[i]![k]! - points[j]![k]!;
        gradient[k]! += common * difference * difference * inverse[k]!;
      }
    }
  }
  const prior = (k: number, centre: number, deviation: number): void => {
    const z = (theta[k]! - centre) / deviation;
    value -= (z * z) / 2;
    gradient[k]! -= z / deviation;
  };
  for (let k = 0; k < width; k += 1) prior(k, Math.log(priorLength(width)), 1);
  prior(width, 0, 1);
  prior(width + 1, -8, 2);
  return Number.isFinite(value) ? { theta, value, gradient } : undefined;
}

/** Lower triangle of (L Lᵀ)⁻¹. */
function invert(factor: Float64Array, n: number): Float64Array {
  const lower = new Float64Array(n * n);
  for (let j = 0; j < n; j += 1) {
    lower[j * n + j] = 1 / factor[j * n + j]!;
    for (let i = j + 1; i < n; i += 1) {
      let sum = 0;
      for (let k = j; k < i; k += 1) sum -= factor[i * n + k]! * lower[k * n + j]!;
      lower[i * n + j] = sum / factor[i * n + i]!;
    }
  }
  const result = new Float64Array(n * n);
  for (let k = 0; k < n; k += 1)
    for (let i = 0; i <= k; i += 1) {
      const own = lower[k * n + i]!;
      for (let j = 0; j <= i; j += 1) result[i * n + j]! += own * lower[k * n + j]!;
    }
  return result;
}

/** BFGS update of the inverse Hessian of −value. */
function update(metric: Float64Array, before: Evaluation, after: Evaluation): void {
  const size = before.theta.length;
  const s = after.theta.map((value, i) => value - before.theta[i]!);
  const y = after.gradient.map((value, i) => before.gradient[i]! - value);
  const curvature = dot(s, y);
  if (!(curvature > 1e-10)) return;
  const my = times(metric, y);
  const factor = (1 + dot(y, my) / curvature) / curvature;
  for (let i = 0; i < size; i += 1)
    for (let j = 0; j < size; j += 1)
      metric[i * size + j]! += factor * s[i]! * s[j]! - (my[i]! * s[j]! + s[i]! * my[j]!) / curvature;
}

function identity(size: number): Float64Array {
  return Float64Array.from({ length: size * size }, (_, k) => (k % (size + 1) === 0 ? 1 : 0));
}

function times(matrix: Float64Array, vector: Float64Array): Float64Array {
  const size = vector.length;
  return vector.map((_, i) => {
    let sum = 0;
    for (let j = 0; j < size; j += 1) sum += matrix[i * size + j]! * vector[j]!;
    return sum;
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += a[i]! * b[i]!;
  return sum;
}
