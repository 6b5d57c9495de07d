export interface Standardisation {
  readonly means: Float64Array;
  /** Population standard deviations; 1 for a constant column, which then becomes 0 throughout. */
  readonly scales: Float64Array;
}

/**
 * Mean and population standard deviation per column over the given rows, in two passes (scikit-learn 1.9.1
 * `StandardScaler`; a constant column has scale 1).
 * @param matrix row-major, float32 values
 */
export function fitStandardisation(matrix: Float32Array, width: number, rows: Int32Array): Standardisation {
  const means = new Float64Array(width);
  const scales = new Float64Array(width).fill(1);
  for (const row of rows) for (let j = 0; j < width; j += 1) means[j]! += matrix[row * width + j]!;
  for (let j = 0; j < width; j += 1) means[j]! /= rows.length;
  const squares = new Float64Array(width);
  const residuals = new Float64Array(width);
  for (const row of rows)
    for (let j = 0; j < width; j += 1) {
      const deviation = matrix[row * width + j]! - means[j]!;
      squares[j]! += deviation * deviation;
      residuals[j]! += deviation;
    }
  for (let j = 0; j < width; j += 1) {
    const variance = (squares[j]! - (residuals[j]! * residuals[j]!) / rows.length) / rows.length;
    // Below what rounding of the mean alone makes, a column is constant.
    const floor = (10 * Number.EPSILON * means[j]!) ** 2;
    if (variance > floor) scales[j] = Math.sqrt(variance);
  }
  return { means, scales };
}

/** (x − mean) / scale of the given rows, row-major float64. */
export function standardise(
  matrix: Float32Array,
  width: number,
  rows: Int32Array,
  { means, scales }: Standardisation,
): Float64Array {
  const result = new Float64Array(rows.length * width);
  rows.forEach((row, index) => {
    for (let j = 0; j < width; j += 1) result[index * width + j] = (matrix[row * width + j]! - means[j]!) / scales[j]!;
  });
  return result;
}
