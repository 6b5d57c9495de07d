import { InputError } from '#libs/statistics';
import { solvePositiveDefinite } from './cholesky.js';

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
  // The last entry is the intercept.
  let beta = new Float64Array(size);
  let state = evaluate(rows, width, labels, weights, beta, options.l2);
  let iterations = 0;
  for (; iterations < maximum && !(state.largest / total <= tolerance); iterations += 1) {
    options.onIteration?.(iterations, state.objective, state.largest / total);
    const step = solvePositiveDefinite(hessian(rows, width, weights, state.probabilities, options.l2), state.gradient);
    if (!step)
      throw new InputError('Singular', 'the columns are collinear or separate the classes, and l2 does not hold them', {
        field: 'algorithm.l2',
        rule: 'l2 > 0, or independent columns that do not separate the classes',
      });
    let scale = 1;
    let next: Float64Array<ArrayBuffer>;
    let candidate: State;
    for (;;) {
      next = beta.map((value, index) => value - scale * step[index]!);
      candidate = evaluate(rows, width, labels, weights, next, options.l2);
      if (candidate.objective <= state.objective || scale < 1e-10) break;
      scale /= 2;
    }
    // No step lowers the objective any more: this is the minimum to working precision.
    if (!(candidate.objective <= state.objective)) break;
    const stuck = candidate.objective === state.objective && candidate.largest >= state.largest;
    if (stuck) break;
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

interface State {
  readonly objective: number;
  readonly gradient: Float64Array;
  readonly largest: number;
  readonly probabilities: Float64Array;
}

function evaluate(
  rows: Float64Array,
  width: number,
  labels: Uint8Array,
  weights: Float64Array | undefined,
  beta: Float64Array,
  l2: number,
): State {
  const gradient = new Float64Array(width + 1);
  const probabilities = new Float64Array(labels.length);
  let objective = 0;
  for (let row = 0; row < labels.length; row += 1) {
    const start = row * width;
    let z = beta[width]!;
    for (let j = 0; j < width; j += 1) z += beta[j]! * rows[start + j]!;
    const weight = weights?.[row] ?? 1;
    const p = sigmoid(z);
    probabilities[row] = p;
    // ln(1 + e^z) − y z, without overflow.
    objective += weight * (Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - labels[row]! * z);
    const residual = weight * (p - labels[row]!);
    for (let j = 0; j < width; j += 1) gradient[j]! += residual * rows[start + j]!;
    gradient[width]! += residual;
  }
  let penalty = 0;
  for (let j = 0; j < width; j += 1) {
    penalty += beta[j]! * beta[j]!;
    gradient[j]! += l2 * beta[j]!;
  }
  let largest = 0;
  for (const partial of gradient) largest = Math.max(largest, Math.abs(partial));
  return { objective: objective + (l2 / 2) * penalty, gradient, largest, probabilities };
}

/** Lower triangle of the Hessian, row-major. */
function hessian(
  rows: Float64Array,
  width: number,
  weights: Float64Array | undefined,
  probabilities: Float64Array,
  l2: number,
): Float64Array {
  const size = width + 1;
  const result = new Float64Array(size * size);
  for (let row = 0; row < probabilities.length; row += 1) {
    const p = probabilities[row]!;
    const curvature = (weights?.[row] ?? 1) * p * (1 - p);
    const start = row * width;
    for (let i = 0; i < width; i += 1) {
      const scaled = curvature * rows[start + i]!;
      for (let j = 0; j <= i; j += 1) result[i * size + j]! += scaled * rows[start + j]!;
      result[width * size + i]! += scaled;
    }
    result[width * size + width]! += curvature;
  }
  for (let i = 0; i < width; i += 1) result[i * size + i]! += l2;
  return result;
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
