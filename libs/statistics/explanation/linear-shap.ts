import type { Attributions } from './tree-shap.js';

/** A score that is linear in its columns. */
export interface LinearScore {
  /** Row-major `columns × outputs`. */
  readonly coefficients: Float64Array;
  readonly intercepts: Float64Array;
  readonly outputs: number;
}

/**
 * Shapley values of a linear score with independent columns: coefficient × (value − mean over the background) (shap 0.51.0
 * `LinearExplainer` with an `Independent` masker of all background rows); exact.
 */
export function linearAttribution(
  { coefficients, intercepts, outputs }: LinearScore,
  values: Float64Array,
  rows: number,
  background: Float64Array,
): Attributions {
  const columns = coefficients.length / outputs;
  const count = background.length / columns;
  const means = new Float64Array(columns);
  for (let i = 0; i < background.length; i += 1) means[i % columns]! += background[i]! / count;
  const base = intercepts.map((intercept, k) => {
    let sum = intercept;
    for (let j = 0; j < columns; j += 1) sum += means[j]! * coefficients[j * outputs + k]!;
    return sum;
  });
  const result = new Float64Array(rows * outputs * columns);
  for (let row = 0; row < rows; row += 1)
    for (let k = 0; k < outputs; k += 1)
      for (let j = 0; j < columns; j += 1)
        result[(row * outputs + k) * columns + j] =
          coefficients[j * outputs + k]! * (values[row * columns + j]! - means[j]!);
  return { base, values: result };
}
