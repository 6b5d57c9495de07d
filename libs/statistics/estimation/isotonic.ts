import { upperBound } from '../drift/bins.js';
import { sortedRows } from './order.js';

/** A rising step-and-slope function: linear between knots, constant outside. */
export interface Isotonic {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/**
 * The rising function nearest to the points in squares (pool adjacent violators; M. Ayer et al. 1955; scikit-learn
 * 1.9.1 `IsotonicRegression(out_of_bounds='clip')`): equal x are averaged first.
 */
export function fitIsotonic(x: ArrayLike<number>, y: ArrayLike<number>): Isotonic {
  const order = sortedRows(x);
  const [places, means, weights]: [number[], number[], number[]] = [[], [], []];
  for (let i = 0; i < order.length;) {
    const value = x[order[i]!]!;
    let [sum, count] = [0, 0];
    for (; i < order.length && x[order[i]!] === value; i += 1, count += 1) sum += y[order[i]!]!;
    places.push(value);
    means.push(sum / count);
    weights.push(count);
  }
  // Blocks of places with one value: [first place, value, weight].
  const blocks: { from: number; value: number; weight: number }[] = [];
  means.forEach((mean, place) => {
    let block = { from: place, value: mean, weight: weights[place]! };
    for (let last = blocks.at(-1); last && last.value >= block.value; last = blocks.at(-1)) {
      blocks.pop();
      const weight = last.weight + block.weight;
      block = { from: last.from, value: (last.value * last.weight + block.value * block.weight) / weight, weight };
    }
    blocks.push(block);
  });
  const knots: [number, number][] = blocks.flatMap(({ from, value }, i) => {
    const to = (blocks[i + 1]?.from ?? places.length) - 1;
    const start: [number, number] = [places[from]!, value];
    return to === from ? [start] : [start, [places[to]!, value]];
  });
  return { x: Float64Array.from(knots, ([place]) => place), y: Float64Array.from(knots, ([, value]) => value) };
}

/** The function at each x. */
export function applyIsotonic({ x: knots, y }: Isotonic, x: ArrayLike<number>): Float64Array {
  const last = knots.length - 1;
  return Float64Array.from(x, (value) => {
    if (value <= knots[0]!) return y[0]!;
    if (value >= knots[last]!) return y[last]!;
    const above = upperBound(knots, value);
    const [a, b] = [knots[above - 1]!, knots[above]!];
    return y[above - 1]! + ((y[above]! - y[above - 1]!) * (value - a)) / (b - a);
  });
}
