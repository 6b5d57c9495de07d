/** Weighted mean of a term per row, Neumaier-compensated. @returns undefined where nothing has weight */
export function meanOf(
  n: number,
  weights: ArrayLike<number> | undefined,
  value: (row: number) => number,
): number | undefined {
  let sum = 0;
  let lost = 0;
  let total = 0;
  for (let row = 0; row < n; row += 1) {
    const weight = weights?.[row] ?? 1;
    const term = weight * value(row);
    const next = sum + term;
    lost += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum;
    sum = next;
    total += weight;
  }
  return total > 0 ? (sum + lost) / total : undefined;
}

/**
 * Coefficient of determination (scikit-learn 1.9.1 `r2_score`: 1 where a constant target is hit exactly, else 0).
 * @returns undefined with fewer than two rows
 */
export function rSquared(
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  weights?: ArrayLike<number>,
): number | undefined {
  const n = labels.length;
  if (n < 2) return undefined;
  const about = meanOf(n, weights, (row) => labels[row]!);
  if (about === undefined) return undefined;
  // What rounding left of the mean is taken out of it; a constant has no spread, whatever its mean is rounded to.
  const centre = about + meanOf(n, weights, (row) => labels[row]! - about)!;
  const residual = meanOf(n, weights, (row) => (labels[row]! - predictions[row]!) ** 2)!;
  const total = meanOf(n, weights, (row) => (labels[row]! - centre) ** 2)!;
  if (total === 0 || isConstant(labels, weights)) return residual === 0 ? 1 : 0;
  return 1 - residual / total;
}

/** Whether the rows that have weight are all one value. */
function isConstant(values: ArrayLike<number>, weights: ArrayLike<number> | undefined): boolean {
  let first: number | undefined;
  for (let row = 0; row < values.length; row += 1) {
    if (weights && weights[row] === 0) continue;
    if (first === undefined) first = values[row];
    else if (values[row] !== first) return false;
  }
  return true;
}
