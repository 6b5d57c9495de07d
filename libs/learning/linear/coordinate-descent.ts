import type { TrainingSet } from '../algorithm.js';
import { weightedMeans } from './least-squares.js';

export interface SparseFit {
  readonly coefficients: Float64Array;
  readonly intercept: number;
  readonly iterations: number;
  /** Duality gap of the objective, where it stopped: the objective is at most this above its minimum. */
  readonly gap: number;
  readonly converged: boolean;
}

export interface SparseOptions {
  /** α of α ρ ‖β‖₁ + α (1 − ρ) / 2 ‖β‖². */
  readonly alpha: number;
  /** ρ in (0, 1]. */
  readonly ratio: number;
  /** Stops where the gap is at most `tolerance` × the mean square of the centred target. */
  readonly tolerance: number;
  /** Sweeps over the columns at most. */
  readonly maximumIterations: number;
}

/**
 * Elastic net: minimises Σ w (y − Xβ − b)² / (2 Σ w) + α ρ ‖β‖₁ + α (1 − ρ) / 2 ‖β‖² by cyclic coordinate descent on
 * the Gram matrix (J. Friedman, T. Hastie and R. Tibshirani, J. Stat. Software 33(1), 2010), until the duality gap
 * (S.-J. Kim et al. 2007) is small. scikit-learn 1.9.1 `ElasticNet(alpha, l1_ratio)`; `Lasso` is ρ = 1.
 */
export function fitSparse(
  set: TrainingSet,
  totalWeight: number,
  { alpha, ratio, tolerance, maximumIterations }: SparseOptions,
  checkpoint: () => void,
): SparseFit {
  const { width } = set;
  const { means, targetMean } = weightedMeans(set, totalWeight);
  const { gram, product, square } = gramOf(set, means, targetMean, totalWeight, checkpoint);
  const l1 = alpha * ratio;
  const l2 = alpha * (1 - ratio);
  const beta = new Float64Array(width);
  // gradient = Xᵀ(y − Xβ) / Σ w
  const gradient = Float64Array.from(product);
  let iterations = 0;
  let gap = gapOf(beta, gradient, product, square, l1, l2);
  while (iterations < maximumIterations && gap.value > tolerance * square) {
    checkpoint();
    let largestStep = 0;
    let largest = 0;
    for (let j = 0; j < width; j += 1) {
      const own = gram[j * width + j]!;
      if (own === 0) continue;
      const before = beta[j]!;
      const pull = gradient[j]! + own * before;
      const after = (Math.sign(pull) * Math.max(Math.abs(pull) - l1, 0)) / (own + l2);
      largest = Math.max(largest, Math.abs(after) * Math.sqrt(own));
      if (after === before) continue;
      beta[j] = after;
      const step = after - before;
      largestStep = Math.max(largestStep, Math.abs(step) * Math.sqrt(own));
      for (let k = 0; k < width; k += 1) gradient[k]! -= step * gram[j * width + k]!;
    }
    iterations += 1;
    // Sums of small differences drift: once in a while the gradient is made anew.
    if (iterations % 100 === 0) renew(gradient, product, gram, beta);
    if (largestStep <= 1e-3 * largest || largestStep === 0) gap = gapOf(beta, gradient, product, square, l1, l2);
    // No step moves a coefficient any more: the minimum to working precision, whatever is left of the gap is rounding.
    if (largestStep <= 1e-16 * largest) break;
  }
  let intercept = targetMean;
  for (let j = 0; j < width; j += 1) intercept -= means[j]! * beta[j]!;
  const final = gapOf(beta, gradient, product, square, l1, l2);
  return {
    coefficients: beta,
    intercept,
    iterations,
    gap: Math.max(0, final.value),
    converged: final.value <= Math.max(tolerance * square, final.rounding),
  };
}

function renew(gradient: Float64Array, product: Float64Array, gram: Float64Array, beta: Float64Array): void {
  const width = beta.length;
  for (let k = 0; k < width; k += 1) {
    let sum = product[k]!;
    for (let j = 0; j < width; j += 1) sum -= gram[k * width + j]! * beta[j]!;
    gradient[k] = sum;
  }
}

/** Primal minus the dual at the residual, scaled into the dual's box; and what rounding of its sums may leave of it. */
function gapOf(
  beta: Float64Array,
  gradient: Float64Array,
  product: Float64Array,
  square: number,
  l1: number,
  l2: number,
): { readonly value: number; readonly rounding: number } {
  let [dualNorm, absolute, squared, fitted, withGradient, size, pull] = [0, 0, 0, 0, 0, square, 0];
  for (let j = 0; j < beta.length; j += 1) {
    dualNorm = Math.max(dualNorm, Math.abs(gradient[j]! - l2 * beta[j]!));
    absolute += Math.abs(beta[j]!);
    squared += beta[j]! * beta[j]!;
    fitted += beta[j]! * product[j]!;
    withGradient += beta[j]! * gradient[j]!;
    pull = Math.max(pull, Math.abs(product[j]!));
    size += Math.abs(beta[j]!) * (Math.abs(product[j]!) + Math.abs(gradient[j]!));
  }
  // ‖r‖² = ‖y‖² − βᵀXᵀy − βᵀXᵀr and rᵀy = ‖y‖² − βᵀXᵀy, all over Σ w.
  const residual = square - fitted - withGradient + l2 * squared;
  const scale = dualNorm > l1 ? l1 / dualNorm : 1;
  const value = (residual * (1 + scale * scale)) / 2 + l1 * absolute - scale * (square - fitted);
  // A gradient of large terms misses the dual's box by its rounding, and the dual pays the share of the target's square.
  return { value, rounding: 4 * Number.EPSILON * (size + (pull / l1) * square) };
}

function gramOf(
  { rows, width, values, target, weights }: TrainingSet,
  means: Float64Array,
  targetMean: number,
  totalWeight: number,
  checkpoint: () => void,
): { gram: Float64Array; product: Float64Array; square: number } {
  const gram = new Float64Array(width * width);
  const product = new Float64Array(width);
  const centred = new Float64Array(width);
  let square = 0;
  for (let row = 0; row < rows; row += 1) {
    if (row % 512 === 0) checkpoint();
    const weight = (weights?.[row] ?? 1) / totalWeight;
    const y = target[row]! - targetMean;
    for (let j = 0; j < width; j += 1) centred[j] = values[row * width + j]! - means[j]!;
    for (let i = 0; i < width; i += 1) {
      const scaled = weight * centred[i]!;
      product[i]! += scaled * y;
      for (let j = 0; j <= i; j += 1) gram[i * width + j]! += scaled * centred[j]!;
    }
    square += weight * y * y;
  }
  for (let i = 0; i < width; i += 1) for (let j = 0; j < i; j += 1) gram[j * width + i] = gram[i * width + j]!;
  return { gram, product, square };
}
