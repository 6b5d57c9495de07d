import { Generator } from '#libs/statistics';
import type { TrainingSet } from '../algorithm.js';

export interface Clusters {
  /** Row-major `clusters × width`. */
  readonly centres: Float64Array;
  /** Σ weight × squared distance to the nearest centre. */
  readonly inertia: number;
  readonly iterations: number;
  readonly converged: boolean;
}

type Points = Pick<TrainingSet, 'rows' | 'width' | 'values' | 'weights'>;

/**
 * k-means++ (Arthur and Vassilvitskii 2007): the first centre by weight, each further one by weight × squared distance to
 * the nearest so far.
 * @param clusters at most as many as there are distinct rows with weight; where fewer differ, centres repeat
 */
export function seedCentres(
  { rows, width, values, weights }: Points,
  clusters: number,
  random: Generator,
): Float64Array {
  const centres = new Float64Array(clusters * width);
  const distances = new Float64Array(rows).fill(Infinity);
  const chances = Float64Array.from({ length: rows }, (_, row) => weights?.[row] ?? 1);
  for (let cluster = 0; cluster < clusters; cluster += 1) {
    const row = drawRow(chances, random);
    const centre = values.subarray(row * width, (row + 1) * width);
    centres.set(centre, cluster * width);
    for (let other = 0; other < rows; other += 1) {
      distances[other] = Math.min(distances[other]!, squaredDistance(values, other * width, centre, 0, width));
      chances[other] = (weights?.[other] ?? 1) * distances[other]!;
    }
  }
  return centres;
}

function drawRow(chances: Float64Array, random: Generator): number {
  const total = chances.reduce((sum, chance) => sum + chance, 0);
  let left = random.uniform() * total;
  let last = 0;
  for (let row = 0; row < chances.length; row += 1) {
    if (!(chances[row]! > 0)) continue;
    last = row;
    if ((left -= chances[row]!) < 0) return row;
  }
  return last;
}

/**
 * Lloyd's iterations (1982) from given centres until no row changes its cluster. A cluster that loses all its rows takes
 * the row farthest from its own centre. Of equally near centres the first is taken.
 */
export function lloyd(
  { rows, width, values, weights }: Points,
  initial: Float64Array,
  iterations: number,
  checkpoint: () => void,
): Clusters {
  const centres = Float64Array.from(initial);
  const clusters = centres.length / width;
  const labels = new Int32Array(rows).fill(-1);
  const distances = new Float64Array(rows);
  const masses = new Float64Array(clusters);
  for (let iteration = 1; ; iteration += 1) {
    checkpoint();
    let changed = false;
    let inertia = 0;
    for (let row = 0; row < rows; row += 1) {
      let best = 0;
      let least = Infinity;
      for (let k = 0; k < clusters; k += 1) {
        const distance = squaredDistance(values, row * width, centres, k * width, width);
        if (distance < least) {
          least = distance;
          best = k;
        }
      }
      if (labels[row] !== best) changed = true;
      labels[row] = best;
      distances[row] = least;
      inertia += (weights?.[row] ?? 1) * least;
    }
    if (!changed || iteration > iterations) return { centres, inertia, iterations: iteration - 1, converged: !changed };
    masses.fill(0);
    for (let row = 0; row < rows; row += 1) masses[labels[row]!]! += weights?.[row] ?? 1;
    for (let k = 0; k < clusters; k += 1) {
      if (masses[k]! > 0) continue;
      let farthest = -1;
      for (let row = 0; row < rows; row += 1) {
        const weight = weights?.[row] ?? 1;
        // A cluster's only row cannot leave it: it lies on its centre.
        if (weight > 0 && masses[labels[row]!]! > weight && (farthest < 0 || distances[row]! > distances[farthest]!))
          farthest = row;
      }
      if (farthest < 0) continue;
      const weight = weights?.[farthest] ?? 1;
      masses[labels[farthest]!]! -= weight;
      labels[farthest] = k;
      masses[k] = weight;
      distances[farthest] = 0;
    }
    const sums = new Float64Array(centres.length);
    for (let row = 0; row < rows; row += 1) {
      const weight = weights?.[row] ?? 1;
      const k = labels[row]! * width;
      for (let j = 0; j < width; j += 1) sums[k + j]! += weight * values[row * width + j]!;
    }
    for (let k = 0; k < clusters; k += 1)
      if (masses[k]! > 0) for (let j = 0; j < width; j += 1) centres[k * width + j] = sums[k * width + j]! / masses[k]!;
  }
}

/** Σ (a − b)² over `width` columns from the two places. */
export function squaredDistance(a: Float64Array, i: number, b: Float64Array, k: number, width: number): number {
  let sum = 0;
  for (let j = 0; j < width; j += 1) {
    const difference = a[i + j]! - b[k + j]!;
    sum += difference * difference;
  }
  return sum;
}
