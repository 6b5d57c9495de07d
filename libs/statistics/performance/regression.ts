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
  const centre = meanOf(n, weights, (row) => labels[row]!);
  if (centre === undefined) return undefined;
  const residual = meanOf(n, weights, (row) => (labels[row]! - predictions[row]!) ** 2)!;
  const total = meanOf(n, weights, (row) => (labels[row]! - centre) ** 2)!;
  if (total === 0) return residual === 0 ? 1 : 0;
  return 1 - residual / total;
}
