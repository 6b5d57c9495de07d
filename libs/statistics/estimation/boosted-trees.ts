import { lowerBound } from '../drift/bins.js';
import { ordered } from '../significance/ordered.js';

/**
 * Gradient boosted trees over histograms, grown leaf by leaf (J. Friedman 2001; G. Ke et al. 2017, whose defaults these are), for what
 * statistics itself must learn: whether two windows can be told apart, and what a model's loss depends on. Without randomness. Models
 * that are served come from libs/learning.
 */
export interface BoostingOptions {
  readonly loss: 'squared' | 'logistic';
  readonly trees?: number;
  readonly leaves?: number;
  readonly learningRate?: number;
  /** Rows that a leaf must hold. */
  readonly minimumRows?: number;
}

export const boostingDefaults = { trees: 100, leaves: 31, learningRate: 0.1, minimumRows: 20 } as const;

/** Thresholds of a column: a value belongs to code 1 + (thresholds at or below it); missing is code 0. */
type Thresholds = Float64Array;
const codes = 256;

interface Split {
  readonly feature: number;
  readonly code: number;
  readonly gain: number;
}

interface Node {
  feature: number;
  /** Codes up to this go left. */
  code: number;
  left: number;
  right: number;
  value: number;
}

export interface BoostedTrees {
  readonly thresholds: readonly Thresholds[];
  readonly start: number;
  readonly trees: readonly (readonly Node[])[];
}

/**
 * @param columns NaN is missing; of equal length
 * @param target for `logistic` 0 or 1
 * @param rows the rows to learn from
 */
export function fitBoostedTrees(
  columns: readonly Float64Array[],
  target: Float64Array,
  rows: Int32Array,
  options: BoostingOptions,
): BoostedTrees {
  const { trees, leaves, learningRate, minimumRows } = { ...boostingDefaults, ...options };
  const thresholds = columns.map((column) => thresholdsOf(column, rows));
  const coded = columns.map((column, j) => encode(column, thresholds[j]!));
  let mean = 0;
  for (const row of rows) mean += target[row]! / rows.length;
  const start = options.loss === 'squared' ? mean : Math.log(mean / (1 - mean));
  const scores = new Float64Array(target.length).fill(start);
  const gradients = new Float64Array(target.length);
  const curvatures = new Float64Array(target.length).fill(1);
  const grown: Node[][] = [];
  if (!Number.isFinite(start)) return { thresholds, start: mean > 0.5 ? 40 : -40, trees: [] };
  for (let tree = 0; tree < trees; tree += 1) {
    for (const row of rows) {
      if (options.loss === 'squared') gradients[row] = scores[row]! - target[row]!;
      else {
        const p = 1 / (1 + Math.exp(-scores[row]!));
        gradients[row] = p - target[row]!;
        curvatures[row] = p * (1 - p);
      }
    }
    const nodes = grow(coded, gradients, curvatures, rows.slice(), { leaves, learningRate, minimumRows }, scores);
    if (nodes.length === 1) break;
    grown.push(nodes);
  }
  return { thresholds, start, trees: grown };
}

/** Scores of the rows: the value (`squared`) or the log odds (`logistic`). */
export function scoreBoostedTrees(
  { thresholds, start, trees }: BoostedTrees,
  columns: readonly Float64Array[],
  rows: Int32Array,
): Float64Array {
  const coded = columns.map((column, j) => encode(column, thresholds[j]!));
  return Float64Array.from(rows, (row) => {
    let score = start;
    for (const nodes of trees) {
      let node = nodes[0]!;
      while (node.left > 0) node = nodes[coded[node.feature]![row]! <= node.code ? node.left : node.right]!;
      score += node.value;
    }
    return score;
  });
}

/** Middles between neighbouring values, or between quantiles where there are more than 254. */
function thresholdsOf(column: Float64Array, rows: Int32Array): Thresholds {
  const order = ordered(Float64Array.from(rows, (row) => column[row]!).filter((value) => !Number.isNaN(value)));
  const distinct = order.filter((value, i) => i === 0 || value !== order[i - 1]);
  const most = codes - 2;
  if (distinct.length <= most + 1)
    return Float64Array.from({ length: Math.max(0, distinct.length - 1) }, (_, i) =>
      upperOf(distinct[i]!, distinct[i + 1]!),
    );
  return Float64Array.from(
    new Set(Array.from({ length: most }, (_, i) => order[Math.floor(((i + 1) * order.length) / (most + 1))]!)),
  );
}

function upperOf(a: number, b: number): number {
  const middle = a / 2 + b / 2;
  return middle > a && Number.isFinite(middle) ? middle : b;
}

function encode(column: Float64Array, thresholds: Thresholds): Uint8Array {
  return Uint8Array.from(column, (value) => (Number.isNaN(value) ? 0 : 1 + countAtOrBelow(thresholds, value)));
}

function countAtOrBelow(thresholds: Thresholds, value: number): number {
  const below = lowerBound(thresholds, value);
  return thresholds[below] === value ? below + 1 : below;
}

interface Leaf {
  readonly node: number;
  /** Its rows are order[from … to − 1]. */
  readonly from: number;
  readonly to: number;
  /** Per feature and code: Σ gradient, Σ curvature, rows. */
  readonly histogram: Float64Array;
  readonly best: Split | undefined;
}

function grow(
  coded: readonly Uint8Array[],
  gradients: Float64Array,
  curvatures: Float64Array,
  order: Int32Array,
  limits: { readonly leaves: number; readonly learningRate: number; readonly minimumRows: number },
  scores: Float64Array,
): Node[] {
  const nodes: Node[] = [{ feature: 0, code: 0, left: 0, right: 0, value: 0 }];
  const leafOf = (node: number, from: number, to: number, known?: Float64Array): Leaf => {
    const histogram = known ?? histogramOf(coded, gradients, curvatures, order, from, to);
    return { node, from, to, histogram, best: bestSplit(histogram, coded.length, limits.minimumRows) };
  };
  const leaves = [leafOf(0, 0, order.length)];
  while (leaves.length < limits.leaves) {
    let at = -1;
    leaves.forEach(({ best }, i) => {
      if (best && (at < 0 || best.gain > leaves[at]!.best!.gain)) at = i;
    });
    if (at < 0) break;
    const [leaf] = leaves.splice(at, 1) as [Leaf];
    const { feature, code } = leaf.best!;
    const middle = partition(order, leaf.from, leaf.to, coded[feature]!, code);
    const left = nodes.push({ feature: 0, code: 0, left: 0, right: 0, value: 0 }) - 1;
    const right = nodes.push({ feature: 0, code: 0, left: 0, right: 0, value: 0 }) - 1;
    Object.assign(nodes[leaf.node]!, { feature, code, left, right });
    // Only the smaller side is counted; the other is what is left.
    const smallerIsLeft = middle - leaf.from <= leaf.to - middle;
    const smaller = smallerIsLeft ? leafOf(left, leaf.from, middle) : leafOf(right, middle, leaf.to);
    const rest = leaf.histogram.map((value, i) => value - smaller.histogram[i]!);
    leaves.push(smaller, smallerIsLeft ? leafOf(right, middle, leaf.to, rest) : leafOf(left, leaf.from, middle, rest));
  }
  for (const { node, from, to } of leaves) {
    let [g, h] = [0, 0];
    for (let i = from; i < to; i += 1) {
      g += gradients[order[i]!]!;
      h += curvatures[order[i]!]!;
    }
    const value = h > 0 ? (-limits.learningRate * g) / h : 0;
    nodes[node]!.value = value;
    if (nodes.length > 1) for (let i = from; i < to; i += 1) scores[order[i]!]! += value;
  }
  return nodes;
}

function histogramOf(
  coded: readonly Uint8Array[],
  gradients: Float64Array,
  curvatures: Float64Array,
  order: Int32Array,
  from: number,
  to: number,
): Float64Array {
  const histogram = new Float64Array(coded.length * codes * 3);
  coded.forEach((column, j) => {
    const base = j * codes * 3;
    for (let i = from; i < to; i += 1) {
      const row = order[i]!;
      const at = base + column[row]! * 3;
      histogram[at]! += gradients[row]!;
      histogram[at + 1]! += curvatures[row]!;
      histogram[at + 2]! += 1;
    }
  });
  return histogram;
}

function bestSplit(histogram: Float64Array, features: number, minimumRows: number): Split | undefined {
  let best: Split | undefined;
  for (let feature = 0; feature < features; feature += 1) {
    const base = feature * codes * 3;
    let [g, h, n] = [0, 0, 0];
    for (let code = 0; code < codes; code += 1) {
      g += histogram[base + code * 3]!;
      h += histogram[base + code * 3 + 1]!;
      n += histogram[base + code * 3 + 2]!;
    }
    let [gl, hl, nl] = [0, 0, 0];
    for (let code = 0; code < codes - 1; code += 1) {
      const own = histogram[base + code * 3 + 2]!;
      gl += histogram[base + code * 3]!;
      hl += histogram[base + code * 3 + 1]!;
      nl += own;
      if (own === 0 || nl < minimumRows || hl < 1e-3) continue;
      if (n - nl < minimumRows || h - hl < 1e-3) break;
      const gain = gl ** 2 / hl + (g - gl) ** 2 / (h - hl) - g ** 2 / h;
      if (gain > 1e-10 && (!best || gain > best.gain)) best = { feature, code, gain };
    }
  }
  return best;
}

function partition(order: Int32Array, from: number, to: number, column: Uint8Array, code: number): number {
  const right: number[] = [];
  let middle = from;
  for (let i = from; i < to; i += 1) {
    const row = order[i]!;
    if (column[row]! <= code) order[middle++] = row;
    else right.push(row);
  }
  right.forEach((row, i) => (order[middle + i] = row));
  return middle;
}
