import { Generator } from '#libs/statistics';
import { shuffled } from './permutation-importance.js';
import type { FeatureBlock } from './tensor.js';

/** Orders that are drawn for one row. */
export const sampledOrders = 100;

export interface SampledAttributions {
  /** Mean answer of the background rows that were drawn, one an output. */
  readonly base: readonly number[];
  /** `outputs × features`. */
  readonly values: Float64Array;
  /** Standard error of each, from the spread over the orders. */
  readonly errors: Float64Array;
}

/**
 * Shapley values of any model by sampled orders (Štrumbelj and Kononenko 2014; each order is walked forwards and backwards:
 * Mitchell et al. 2022): in each, the row's features replace those of a drawn background row one by one, and each gets
 * what the answer moves by. Their sum is the row's answer less the base, exactly; each of them has a standard error.
 * @param row one row of the tensor
 * @param orders drawn orders; twice as many are walked
 */
export async function sampledShapley(
  row: Float32Array,
  background: Float32Array,
  blocks: readonly FeatureBlock[],
  outputs: number,
  score: (tensor: Float32Array) => Promise<Float64Array>,
  orders: number,
  seed: number,
): Promise<SampledAttributions> {
  const width = row.length;
  const count = background.length / width;
  const random = new Generator(seed);
  const features = blocks.length;
  const sums = new Float64Array(outputs * features);
  const squares = new Float64Array(outputs * features);
  const base = new Float64Array(outputs);
  const walk = features + 1;
  for (let draw = 0; draw < orders; draw += 1) {
    const start = random.integer(count) * width;
    const order = shuffled(features, random);
    const steps = new Float32Array(2 * walk * width);
    [order, order.slice().reverse()].forEach((own, direction) => {
      const current = background.slice(start, start + width);
      steps.set(current, direction * walk * width);
      own.forEach((feature, i) => {
        const { first, width: columns } = blocks[feature]!;
        current.set(row.subarray(first, first + columns), first);
        steps.set(current, (direction * walk + i + 1) * width);
      });
    });
    const answers = await score(steps);
    for (let k = 0; k < outputs; k += 1) {
      base[k]! += answers[k]! / orders;
      const moved = new Float64Array(features);
      for (let i = 0; i < features; i += 1) {
        moved[order[i]!]! += (answers[(i + 1) * outputs + k]! - answers[i * outputs + k]!) / 2;
        const back = walk + i;
        moved[order[features - 1 - i]!]! += (answers[(back + 1) * outputs + k]! - answers[back * outputs + k]!) / 2;
      }
      for (let feature = 0; feature < features; feature += 1) {
        sums[k * features + feature]! += moved[feature]!;
        squares[k * features + feature]! += moved[feature]! ** 2;
      }
    }
  }
  const values = sums.map((sum) => sum / orders);
  const errors = squares.map((square, i) =>
    orders > 1 ? Math.sqrt(Math.max(0, square / orders - values[i]! ** 2) / (orders - 1)) : Number.NaN,
  );
  return { base: [...base], values, errors };
}
