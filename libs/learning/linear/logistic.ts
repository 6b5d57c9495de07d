import { InputError } from '#libs/statistics';
import { factorise, solveFactorised } from './cholesky.js';
import { evaluateLogistic, hessianOf } from './logistic-passes.js';
import type { LogisticData, LogisticState } from './logistic-passes.js';

export interface LogisticOptions {
  /** Strength λ of λ/2 ‖β‖² beside the summed loss: scikit-learn's 1 / C. The intercept is free. */
  readonly l2: number;
  /** Stops when no partial derivative of the objective, over the sum of weights, exceeds this; default 1e-10. */
  readonly tolerance?: number;
  /** Newton steps at most; default 100. */
  readonly maximumIterations?: number;
  readonly onIteration?: (iteration: number, objective: number, gradient: number) => void;
}

export interface LogisticModel {
  readonly coefficients: Float64Array;
  readonly intercept: number;
  readonly iterations: number;
  /** Largest absolute partial derivative over the sum of weights, where it stopped. */
  readonly gradient: number;
  readonly converged: boolean;
  /** Σ wᵢ lossᵢ + λ/2 ‖β‖² where it stopped. */
  readonly objective: number;
}

/**
 * L2-regularised logistic regression by iteratively reweighted least squares (Newton's method) with step halving
 * (McCullagh and Nelder 1989; scikit-learn 1.9.1 `LogisticRegression(C=1/l2, solver='newton-cholesky')`).
 * The objective is convex: the solution does not depend on the way to it.
 *
 * @param rows row-major, standardised; `labels.length` × width
 * @param labels 0 or 1
 * @param weights ≥ 0, finite; default 1 each
 * @throws InputError `OneClass`, `Hyperparameter`, `NoRows`, `Singular` (l2 = 0 and separable or collinear columns)
 */
export function fitLogistic(
  rows: Float64Array,
  width: number,
  labels: Uint8Array,
  weights: Float64Array | undefined,
  options: LogisticOptions,
): LogisticModel {
  const n = labels.length;
  check(labels, weights, options);
  const size = width + 1;
  let total = 0;
  for (let row = 0; row < n; row += 1) total += weights?.[row] ?? 1;
  const tolerance = options.tolerance ?? 1e-10;
  const maximum = options.maximumIterations ?? 100;
  const data: LogisticData = { rows, width, labels, weights, l2: options.l2 };
  // On many rows the way to the minimum's neighbourhood takes its curvature from a sample, and near it one Hessian
  // serves several steps: the minimum is the same.
  const many = n * size * size > 2e7;
  const stride = many ? Math.max(1, Math.floor(n / Math.max(8000, 400 * size))) : 1;
  // The last entry is the intercept.
  let beta = new Float64Array(size);
  let spare = new Float64Array(n);
  let state = evaluateLogistic(data, beta, new Float64Array(n));
  let iterations = 0;
  let factor: Float64Array | undefined;
  let reduction = 1;
  while (iterations < maximum && !(state.largest / total <= tolerance)) {
    options.onIteration?.(iterations, state.objective, state.largest / total);
    const far = stride > 1 && state.largest / total > 1e-3;
    const reused = many && !far && factor !== undefined && reduction < 0.1;
    if (!reused) factor = factorOf(data, state.curvatures, far ? stride : 1);
    const step = solveFactorised(factor!, state.gradient);
    let scale = 1;
    let next: Float64Array<ArrayBuffer>;
    let candidate: LogisticState;
    for (;;) {
      next = beta.map((value, index) => value - scale * step[index]!);
      candidate = evaluateLogistic(data, next, spare);
      if (candidate.objective < state.objective || isLevel(candidate, state) || scale < 1e-10) break;
      scale /= 2;
    }
    iterations += 1;
    // Near the minimum the objective has no digits left to tell: the gradient has.
    const better = isLevel(candidate, state)
      ? candidate.largest < state.largest
      : candidate.objective < state.objective;
    if (!better) {
      // No step of this Hessian lowers anything any more: with its own it is the minimum to working precision.
      if (!reused) break;
      reduction = 1;
      continue;
    }
    reduction = far ? 1 : candidate.largest / state.largest;
    spare = state.curvatures as Float64Array<ArrayBuffer>;
    beta = next;
    state = candidate;
  }
  const gradient = state.largest / total;
  return {
    coefficients: beta.slice(0, width),
    intercept: beta[width]!,
    iterations,
    gradient,
    // Rounding leaves a gradient of about n·ε; what no step can lower is converged.
    converged: gradient <= Math.max(tolerance, 1e-12) || iterations < maximum,
    objective: state.objective,
  };
}

function isLevel(a: LogisticState, b: LogisticState): boolean {
  return Math.abs(a.objective - b.objective) <= 1e-13 * Math.abs(b.objective);
}

/** @throws InputError `Singular` */
function factorOf(data: LogisticData, curvatures: Float64Array, stride: number): Float64Array {
  const hessian = hessianOf(data, curvatures, stride);
  if (factorise(hessian, data.width + 1)) return hessian;
  // A sample may hold a rare column as a constant.
  if (stride > 1) return factorOf(data, curvatures, 1);
  throw new InputError('Singular', 'the columns are collinear or separate the classes, and l2 does not hold them', {
    field: 'algorithm.l2',
    rule: 'l2 > 0, or independent columns that do not separate the classes',
  });
}

/** σ(z) without overflow. */
export function sigmoid(z: number): number {
  if (z >= 0) return 1 / (1 + Math.exp(-z));
  const e = Math.exp(z);
  return e / (1 + e);
}

/** Probabilities of label 1 for rows as they were fitted. */
export function predictLogistic(
  rows: Float64Array,
  width: number,
  model: Pick<LogisticModel, 'coefficients' | 'intercept'>,
): Float64Array {
  const n = rows.length / Math.max(1, width);
  const probabilities = new Float64Array(n);
  for (let row = 0; row < n; row += 1) {
    let z = model.intercept;
    for (let j = 0; j < width; j += 1) z += model.coefficients[j]! * rows[row * width + j]!;
    probabilities[row] = sigmoid(z);
  }
  return probabilities;
}

function check(labels: Uint8Array, weights: Float64Array | undefined, { l2 }: LogisticOptions): void {
  if (!(l2 >= 0 && Number.isFinite(l2)))
    throw new InputError('Hyperparameter', `l2 = ${l2}`, { field: 'algorithm.l2', rule: 'finite and ≥ 0' });
  if (labels.length === 0) throw new InputError('NoRows', 'there are no rows to fit on', { rule: 'at least one row' });
  const seen = [false, false];
  for (let row = 0; row < labels.length; row += 1) {
    const weight = weights?.[row] ?? 1;
    if (!(weight >= 0 && weight < Infinity))
      throw new InputError('Weight', `row ${row} weighs ${weight}`, { field: 'weight', row, rule: 'finite and ≥ 0' });
    if (weight > 0) seen[labels[row]!] = true;
  }
  if (!seen[0] || !seen[1])
    throw new InputError('OneClass', 'the target has one class only', {
      field: 'target',
      rule: 'two classes with weight',
    });
}
