import { symmetricEigen } from '../significance/epps-singleton.js';
import type { Standardised } from './numbers.js';

/**
 * Mean distance of the current rows from the plane of the reference's first principal components, as many as explain more than
 * `share` of its variance (NannyML 0.13.1 `DataReconstructionDriftCalculator`).
 */
export function reconstructionError({ reference, current, width }: Standardised, share: number): number {
  const components = principalComponents(reference, width, share);
  const rows = current.length / width;
  let sum = 0;
  for (let row = 0; row < rows; row += 1) {
    const x = current.subarray(row * width, (row + 1) * width);
    let squares = 0;
    for (const value of x) squares += value * value;
    const rest = Float64Array.from(x);
    for (const component of components) {
      let projection = 0;
      for (let j = 0; j < width; j += 1) projection += x[j]! * component[j]!;
      for (let j = 0; j < width; j += 1) rest[j]! -= projection * component[j]!;
    }
    let distance = 0;
    for (const value of rest) distance += value * value;
    sum += Math.sqrt(Math.min(distance, squares));
  }
  return sum / rows;
}

function principalComponents(rows: Float64Array, width: number, share: number): Float64Array[] {
  const covariance = Array.from({ length: width }, () => Array.from({ length: width }, () => 0));
  for (let start = 0; start < rows.length; start += width)
    for (let i = 0; i < width; i += 1) {
      const value = rows[start + i]!;
      for (let j = 0; j <= i; j += 1) covariance[i]![j]! += value * rows[start + j]!;
    }
  for (let i = 0; i < width; i += 1) for (let j = 0; j < i; j += 1) covariance[j]![i] = covariance[i]![j]!;
  const { values, vectors } = symmetricEigen(covariance);
  const total = values.reduce((sum, value) => sum + Math.max(0, value), 0);
  const order = values.map((_, i) => i).sort((a, b) => values[b]! - values[a]!);
  const components: Float64Array[] = [];
  let explained = 0;
  for (const index of order) {
    if (explained > share * total) break;
    explained += Math.max(0, values[index]!);
    components.push(Float64Array.from({ length: width }, (_, i) => vectors[i]![index]!));
  }
  return components;
}
