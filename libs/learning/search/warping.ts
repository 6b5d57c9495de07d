/**
 * Losses made more nearly normal before a Gaussian process sees them: the Yeo-Johnson transform (I. Yeo and R. Johnson
 * 2000) of the standardised losses with the λ of largest likelihood in [−3, 3], standardised again. It keeps their order.
 */
export function normaliseLosses(losses: Float64Array): Float64Array {
  const scaled = standardised(losses);
  // Too few, or all the same: there is no shape to mend.
  if (losses.length < 4 || scaled.every((value) => value === 0)) return scaled;
  let [low, high] = [-3, 3];
  const ratio = (Math.sqrt(5) - 1) / 2;
  const likelihood = (lambda: number): number => logLikelihood(scaled, lambda);
  let [a, b] = [high - ratio * (high - low), low + ratio * (high - low)];
  let [fa, fb] = [likelihood(a), likelihood(b)];
  for (let step = 0; step < 30; step += 1)
    if (fa > fb) {
      high = b;
      [b, fb] = [a, fa];
      a = high - ratio * (high - low);
      fa = likelihood(a);
    } else {
      low = a;
      [a, fa] = [b, fb];
      b = low + ratio * (high - low);
      fb = likelihood(b);
    }
  const lambda = (low + high) / 2;
  return standardised(scaled.map((value) => yeoJohnson(value, lambda)));
}

export function yeoJohnson(value: number, lambda: number): number {
  if (value >= 0) return lambda === 0 ? Math.log1p(value) : Math.expm1(lambda * Math.log1p(value)) / lambda;
  const other = 2 - lambda;
  return other === 0 ? -Math.log1p(-value) : -Math.expm1(other * Math.log1p(-value)) / other;
}

function logLikelihood(values: Float64Array, lambda: number): number {
  const moved = values.map((value) => yeoJohnson(value, lambda));
  const mean = moved.reduce((sum, value) => sum + value, 0) / moved.length;
  const variance = moved.reduce((sum, value) => sum + (value - mean) ** 2, 0) / moved.length;
  const jacobian = values.reduce((sum, value) => sum + Math.sign(value) * Math.log1p(Math.abs(value)), 0);
  return variance > 0 ? (-moved.length / 2) * Math.log(variance) + (lambda - 1) * jacobian : -Infinity;
}

function standardised(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  return values.map((value) => (deviation > 0 ? (value - mean) / deviation : 0));
}
