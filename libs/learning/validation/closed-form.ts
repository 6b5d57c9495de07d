import type { StepDocument } from '../features/step.js';
import { factorise, solveFactorised } from '../linear/cholesky.js';
import type { AlgorithmDocument } from '../job/candidate.js';

/** Steps that make of a row the same whatever rows they were fitted on (with these properties). */
const fixed = new Set(['log_scale', 'exponential_scale', 'polynomial']);
/** Steps that a least-squares fit with an intercept does not feel: each column's own shift and factor. */
const affine = new Set(['standard_scale', 'min_max_scale', 'robust_scale']);

/**
 * Whether leaving a row out has a closed form: linear regression behind shifts and factors, linear or ridge regression
 * behind steps that are the same without the row. Anything else is refitted n times.
 */
export function hasClosedForm({ name }: AlgorithmDocument, pipeline: readonly StepDocument[]): boolean {
  if (name !== 'linear_regression' && name !== 'ridge') return false;
  return pipeline.every(({ step }) => fixed.has(step) || (name === 'linear_regression' && affine.has(step)));
}

/**
 * Predictions of each row by the fit on all others: y − (y − ŷ) / (1 − h), h the leverage, the diagonal of
 * X (XᵀX + Λ)⁻¹ Xᵀ with an intercept that is not penalised (Allen's PRESS, Technometrics 16, 1974).
 * @param values row-major, the columns behind the pipeline; of a collinear set the smallest ridge that holds it is added
 */
export function leaveOneOut(
  values: Float64Array,
  width: number,
  target: Float64Array,
  l2: number,
  fitted: Float64Array,
): Float64Array {
  const n = target.length;
  const size = width + 1;
  const means = new Float64Array(width);
  for (let row = 0; row < n; row += 1) for (let j = 0; j < width; j += 1) means[j]! += values[row * width + j]! / n;
  const gram = new Float64Array(size * size);
  const x = new Float64Array(size).fill(1);
  const load = (row: number): void => {
    for (let j = 0; j < width; j += 1) x[j] = values[row * width + j]! - means[j]!;
  };
  for (let row = 0; row < n; row += 1) {
    load(row);
    for (let i = 0; i < size; i += 1) for (let j = 0; j <= i; j += 1) gram[i * size + j]! += x[i]! * x[j]!;
  }
  let trace = 0;
  for (let j = 0; j < width; j += 1) trace += gram[j * size + j]!;
  let factor: Float64Array;
  for (let held = 0; ; held = held === 0 ? 1e-14 : held * 100) {
    factor = gram.slice();
    for (let j = 0; j < width; j += 1) factor[j * size + j]! += l2 + held * (trace || 1);
    if (factorise(factor, size)) break;
  }
  return target.map((y, row) => {
    load(row);
    const solved = solveFactorised(factor, x);
    const leverage = x.reduce((sum, value, j) => sum + value * solved[j]!, 0);
    return y - (y - fitted[row]!) / (1 - leverage);
  });
}
