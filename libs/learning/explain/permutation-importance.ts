import { Generator } from '#libs/statistics';
import type { FeatureBlock } from './tensor.js';

export interface Importance {
  readonly feature: string;
  /** Mean fall of the score over the shufflings. */
  readonly mean: number;
  /** Population standard deviation over the shufflings. */
  readonly sd: number;
}

/**
 * How much a score falls when one feature's values are dealt to other rows (Breiman 2001; scikit-learn 1.9.1
 * `permutation_importance`: baseline − score, mean and population sd over the repeats). Features that say the same hide
 * each other.
 * @param score of a tensor; higher is better; undefined where it has none
 * @returns undefined where the score has no value
 */
export async function permutationImportance(
  tensor: Float32Array,
  width: number,
  blocks: readonly FeatureBlock[],
  score: (tensor: Float32Array) => Promise<number | undefined>,
  repeats: number,
  seed: number,
  onProgress?: (done: number, total: number) => void,
): Promise<{ readonly baseline: number; readonly features: readonly Importance[] } | undefined> {
  const baseline = await score(tensor);
  if (baseline === undefined) return undefined;
  const rows = tensor.length / width;
  const random = new Generator(seed);
  const features: Importance[] = [];
  for (const [index, { feature, first, width: own }] of blocks.entries()) {
    const falls: number[] = [];
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      const order = shuffled(rows, random);
      const dealt = tensor.slice();
      for (let row = 0; row < rows; row += 1)
        for (let j = first; j < first + own; j += 1) dealt[row * width + j] = tensor[order[row]! * width + j]!;
      falls.push(baseline - ((await score(dealt)) ?? Number.NaN));
    }
    const mean = falls.reduce((sum, fall) => sum + fall, 0) / repeats;
    const sd = Math.sqrt(falls.reduce((sum, fall) => sum + (fall - mean) ** 2, 0) / repeats);
    features.push({ feature, mean, sd });
    onProgress?.(index + 1, blocks.length);
  }
  return { baseline, features };
}

/** A permutation of 0 … n − 1 (Fisher and Yates). */
export function shuffled(n: number, random: Generator): Int32Array {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i -= 1) {
    const other = random.integer(i + 1);
    const held = order[i]!;
    order[i] = order[other]!;
    order[other] = held;
  }
  return order;
}
