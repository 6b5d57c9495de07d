/**
 * One binary tree as flat arrays, node 0 its root, children behind their parent. A row goes left where its value, as
 * float32, is ≤ `threshold`.
 */
export interface Tree {
  /** Column that a node compares; −1 in a leaf. */
  readonly feature: Int32Array;
  /** A float32 number that lies at or above the greatest training value to its left and below the least to its right. */
  readonly threshold: Float64Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** Sum of the weights of the training rows that came to the node. */
  readonly cover: Float64Array;
  /** What a leaf adds, `nodes × width`; 0 in inner nodes. */
  readonly value: Float64Array;
  /** Numbers in each leaf. */
  readonly width: number;
  /** Output that the first of them is added to. */
  readonly first: number;
}

/** A sum of trees: output = base + Σ leaves. */
export interface Ensemble {
  readonly trees: readonly Tree[];
  readonly outputs: number;
  readonly base: Float64Array;
}

/** Leaf that a row of a row-major matrix comes to. */
export function leafOf(tree: Tree, values: Float64Array, start: number): number {
  const { feature, threshold, left, right } = tree;
  let node = 0;
  for (let column = feature[0]!; column >= 0; column = feature[node]!)
    node = values[start + column]! <= threshold[node]! ? left[node]! : right[node]!;
  return node;
}

/** Base plus leaves, row-major `rows × outputs`. */
export function scoreEnsemble({ trees, outputs, base }: Ensemble, values: Float64Array, rows: number): Float64Array {
  const columns = rows > 0 ? values.length / rows : 0;
  const scores = new Float64Array(rows * outputs);
  for (const tree of trees) addTree(tree, values, rows, columns, outputs, scores);
  for (let row = 0; row < rows; row += 1) for (let k = 0; k < outputs; k += 1) scores[row * outputs + k]! += base[k]!;
  return scores;
}

/** Adds one tree's leaves to row-major scores. */
export function addTree(
  tree: Tree,
  values: Float64Array,
  rows: number,
  columns: number,
  outputs: number,
  scores: Float64Array,
): void {
  const { width, first, value } = tree;
  for (let row = 0; row < rows; row += 1) {
    const leaf = leafOf(tree, values, row * columns) * width;
    const start = row * outputs + first;
    for (let k = 0; k < width; k += 1) scores[start + k]! += value[leaf + k]!;
  }
}
