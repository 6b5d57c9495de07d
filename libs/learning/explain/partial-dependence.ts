import type { FeatureBlock } from './tensor.js';

export interface DependencePoint {
  /** As the tensor holds it. */
  readonly value: number;
  /** Mean answer over all rows, had they this value; one an output. */
  readonly means: readonly number[];
}

/**
 * Partial dependence (Friedman 2001; scikit-learn 1.9.1 `partial_dependence(method='brute')`): the mean answer over rows
 * whose one feature is set to each value in turn. Rows may become ones that never occur.
 */
export async function partialDependence(
  tensor: Float32Array,
  width: number,
  column: number,
  grid: readonly number[],
  outputs: number,
  score: (tensor: Float32Array) => Promise<Float64Array>,
): Promise<DependencePoint[]> {
  const rows = tensor.length / width;
  const points: DependencePoint[] = [];
  for (const value of grid) {
    const set = tensor.slice();
    for (let row = 0; row < rows; row += 1) set[row * width + column] = value;
    const answers = await score(set);
    const means = Array.from({ length: outputs }, (_, k) => {
      let sum = 0;
      for (let row = 0; row < rows; row += 1) sum += answers[row * outputs + k]!;
      return sum / rows;
    });
    points.push({ value, means });
  }
  return points;
}

/**
 * Values to ask for: all that occur where they are at most `most`, else those at equally spaced ranks from the `low` to the
 * `high` quantile (inverted distribution function: only values that occur). Missing values are left out.
 */
export function observedGrid(
  tensor: Float32Array,
  width: number,
  { first }: FeatureBlock,
  most: number,
  low = 0.05,
  high = 0.95,
): number[] {
  const seen = observed(tensor, width, first);
  const distinct = [...new Set(seen)];
  if (distinct.length <= most) return distinct;
  const at = (share: number): number =>
    seen[Math.min(seen.length - 1, Math.max(0, Math.ceil(share * seen.length) - 1))]!;
  return [...new Set(Array.from({ length: most }, (_, i) => at(low + ((high - low) * i) / (most - 1))))];
}

/** Ascending. */
export function observed(tensor: Float32Array, width: number, column: number): Float32Array {
  const values = new Float32Array(tensor.length / width);
  for (let row = 0; row < values.length; row += 1) values[row] = tensor[row * width + column]!;
  return values.filter((value) => !Number.isNaN(value)).sort();
}
