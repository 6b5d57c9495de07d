import { InputError } from '../errors.js';
import type { Ensemble, Tree } from './ensemble.js';

/** Additive shares of a score: Σ over columns + base = score. */
export interface Attributions {
  /** One an output: the score of nobody in particular. */
  readonly base: Float64Array;
  /** `rows × outputs × columns`. */
  readonly values: Float64Array;
}

/**
 * Exact Shapley values of the trees' score in polynomial time, conditional on the path (S. Lundberg, G. Erion, S. Lee,
 * "Consistent individualized feature attribution for tree ensembles", 2018, algorithm 2; shap 0.51.0
 * `TreeExplainer(feature_perturbation='tree_path_dependent')`): a column that is not known sends a row down both ways, by
 * the weights of the training rows that went there.
 * @param values row-major `rows × columns`, as the trees see them
 * @throws InputError `UnsupportedOnnx` where the file does not say how many rows came to each node
 */
export function treeShap({ trees, outputs, base }: Ensemble, values: Float64Array, rows: number): Attributions {
  const columns = rows > 0 ? values.length / rows : 0;
  const result = new Float64Array(rows * outputs * columns);
  const expected = Float64Array.from(base);
  for (const tree of trees) {
    if (!tree.cover.every((cover) => cover > 0))
      throw new InputError('UnsupportedOnnx', 'the file does not say how many rows came to each node', {
        field: 'nodes_hitrates',
        rule: 'positive hit rates, or interventional attributions, which need none',
      });
    meanLeaf(tree).forEach((mean, k) => (expected[tree.first + k]! += mean));
    const walk = new PathWalk(tree);
    for (let row = 0; row < rows; row += 1)
      walk.run(values, row * columns, result, (row * outputs + tree.first) * columns, columns);
  }
  return { base: expected, values: result };
}

function meanLeaf({ feature, cover, value, width }: Tree): Float64Array {
  const mean = new Float64Array(width);
  feature.forEach((column, node) => {
    if (column >= 0) return;
    for (let k = 0; k < width; k += 1) mean[k]! += (cover[node]! / cover[0]!) * value[node * width + k]!;
  });
  return mean;
}

/** One tree's recursion; the paths of all depths lie in one triangle of memory. */
class PathWalk {
  private readonly columns: Int32Array;
  private readonly zeros: Float64Array;
  private readonly ones: Float64Array;
  private readonly weights: Float64Array;

  constructor(private readonly tree: Tree) {
    const depth = depthOf(tree) + 2;
    const size = (depth * (depth + 1)) / 2;
    this.columns = new Int32Array(size);
    this.zeros = new Float64Array(size);
    this.ones = new Float64Array(size);
    this.weights = new Float64Array(size);
  }

  run(values: Float64Array, start: number, result: Float64Array, at: number, stride: number): void {
    const { tree } = this;
    const step = (node: number, length: number, parent: number, zero: number, one: number, column: number): void => {
      const own = parent + length;
      this.copy(parent, own, length);
      this.extend(own, length, zero, one, column);
      const split = tree.feature[node]!;
      if (split < 0) {
        for (let i = 1; i <= length; i += 1) {
          const weight = this.unwoundSum(own, length, i) * (this.ones[own + i]! - this.zeros[own + i]!);
          const place = at + this.columns[own + i]!;
          for (let k = 0; k < tree.width; k += 1)
            result[place + k * stride]! += weight * tree.value[node * tree.width + k]!;
        }
        return;
      }
      const goesLeft = values[start + split]! <= tree.threshold[node]!;
      const hot = goesLeft ? tree.left[node]! : tree.right[node]!;
      const cold = goesLeft ? tree.right[node]! : tree.left[node]!;
      let last = length;
      let ownZero = 1;
      let ownOne = 1;
      for (let i = 1; i <= length; i += 1)
        if (this.columns[own + i] === split) {
          ownZero = this.zeros[own + i]!;
          ownOne = this.ones[own + i]!;
          this.unwind(own, length, i);
          last -= 1;
          break;
        }
      const share = (child: number): number => (ownZero * tree.cover[child]!) / tree.cover[node]!;
      step(hot, last + 1, own, share(hot), ownOne, split);
      step(cold, last + 1, own, share(cold), 0, split);
    };
    step(0, 0, 0, 1, 1, -1);
  }

  /** The parent's path of `length` elements to its child's place. */
  private copy(from: number, to: number, length: number): void {
    this.columns.copyWithin(to, from, from + length);
    this.zeros.copyWithin(to, from, from + length);
    this.ones.copyWithin(to, from, from + length);
    this.weights.copyWithin(to, from, from + length);
  }

  /** EXTEND of the paper: one more column, of a subset of every size. */
  private extend(at: number, length: number, zero: number, one: number, column: number): void {
    const { weights } = this;
    this.columns[at + length] = column;
    this.zeros[at + length] = zero;
    this.ones[at + length] = one;
    weights[at + length] = length === 0 ? 1 : 0;
    for (let i = length - 1; i >= 0; i -= 1) {
      weights[at + i + 1]! += (one * weights[at + i]! * (i + 1)) / (length + 1);
      weights[at + i] = (zero * weights[at + i]! * (length - i)) / (length + 1);
    }
  }

  /** UNWIND of the paper: takes the column at `index` out again. */
  private unwind(at: number, length: number, index: number): void {
    const { weights, zeros, ones, columns } = this;
    const one = ones[at + index]!;
    const zero = zeros[at + index]!;
    let next = weights[at + length]!;
    for (let i = length - 1; i >= 0; i -= 1) {
      if (one !== 0) {
        const held = weights[at + i]!;
        weights[at + i] = (next * (length + 1)) / ((i + 1) * one);
        next = held - (weights[at + i]! * zero * (length - i)) / (length + 1);
      } else weights[at + i] = (weights[at + i]! * (length + 1)) / (zero * (length - i));
    }
    for (let i = index; i < length; i += 1) {
      columns[at + i] = columns[at + i + 1]!;
      zeros[at + i] = zeros[at + i + 1]!;
      ones[at + i] = ones[at + i + 1]!;
    }
  }

  /** Sum of the weights that UNWIND would leave. */
  private unwoundSum(at: number, length: number, index: number): number {
    const one = this.ones[at + index]!;
    const zero = this.zeros[at + index]!;
    let next = this.weights[at + length]!;
    let total = 0;
    for (let i = length - 1; i >= 0; i -= 1) {
      if (one !== 0) {
        const own = (next * (length + 1)) / ((i + 1) * one);
        total += own;
        next = this.weights[at + i]! - (own * zero * (length - i)) / (length + 1);
      } else total += (this.weights[at + i]! * (length + 1)) / (zero * (length - i));
    }
    return total;
  }
}

function depthOf({ left, right }: Tree): number {
  const depths = new Int32Array(left.length);
  let deepest = 0;
  // Files of others may put a child before its parent: by a stack, not in order.
  const stack = [0];
  while (stack.length > 0) {
    const node = stack.pop()!;
    deepest = Math.max(deepest, depths[node]!);
    for (const child of [left[node]!, right[node]!])
      if (child >= 0) {
        depths[child] = depths[node]! + 1;
        stack.push(child);
      }
  }
  return deepest;
}

/**
 * Exact Shapley values against a background (S. Lundberg et al., "From local explanations to global understanding with
 * explainable AI for trees", 2020; shap 0.51.0 `TreeExplainer(data, feature_perturbation='interventional')`): a column
 * that is not known takes its value from a background row; the mean over the background's rows.
 * @param background row-major `count × columns`
 */
export function interventionalTreeShap(
  { trees, outputs, base }: Ensemble,
  values: Float64Array,
  rows: number,
  background: Float64Array,
  count: number,
): Attributions {
  const columns = background.length / count;
  const result = new Float64Array(rows * outputs * columns);
  const expected = Float64Array.from(base);
  const state = new Uint8Array(columns);
  const mine: number[] = [];
  const theirs: number[] = [];
  for (const tree of trees) {
    const { feature, threshold, left, right, value, width, first } = tree;
    for (let other = 0; other < count; other += 1) {
      let node = 0;
      while (feature[node]! >= 0)
        node = background[other * columns + feature[node]!]! <= threshold[node]! ? left[node]! : right[node]!;
      for (let k = 0; k < width; k += 1) expected[first + k]! += value[node * width + k]! / count;
    }
    for (let row = 0; row < rows; row += 1)
      for (let other = 0; other < count; other += 1) {
        const at = (row * outputs + first) * columns;
        const step = (node: number): void => {
          const column = feature[node]!;
          if (column < 0) {
            const forMine = mine.length > 0 ? shapleyWeight(mine.length - 1, theirs.length) / count : 0;
            const forTheirs = theirs.length > 0 ? shapleyWeight(mine.length, theirs.length - 1) / count : 0;
            for (let k = 0; k < width; k += 1) {
              const leaf = value[node * width + k]!;
              for (const own of mine) result[at + k * columns + own]! += forMine * leaf;
              for (const own of theirs) result[at + k * columns + own]! -= forTheirs * leaf;
            }
            return;
          }
          const x = values[row * columns + column]! <= threshold[node]! ? left[node]! : right[node]!;
          const b = background[other * columns + column]! <= threshold[node]! ? left[node]! : right[node]!;
          if (x === b) step(x);
          else if (state[column] === 1) step(x);
          else if (state[column] === 2) step(b);
          else {
            state[column] = 1;
            mine.push(column);
            step(x);
            mine.pop();
            state[column] = 2;
            theirs.push(column);
            step(b);
            theirs.pop();
            state[column] = 0;
          }
        };
        step(0);
      }
  }
  return { base: expected, values: result };
}

/** a! b! / (a + b + 1)!. */
function shapleyWeight(a: number, b: number): number {
  let weight = 1 / (a + b + 1);
  for (let i = 1; i <= b; i += 1) weight *= i / (a + i);
  return weight;
}
