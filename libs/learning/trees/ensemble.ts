import type { Tree } from '#libs/statistics';

export { addTree, leafOf, scoreEnsemble } from '#libs/statistics';
export type { Ensemble, Tree } from '#libs/statistics';

/** Collects the nodes of one tree. */
export class TreeBuilder {
  private readonly features: number[] = [];
  private readonly thresholds: number[] = [];
  private readonly lefts: number[] = [];
  private readonly rights: number[] = [];
  private readonly covers: number[] = [];
  private readonly values: number[] = [];

  constructor(
    private readonly width: number,
    private readonly first = 0,
  ) {}

  get nodes(): number {
    return this.features.length;
  }

  /** Adds a leaf, whose values are 0 until `setValue`, and gives its index. */
  leaf(cover: number): number {
    this.features.push(-1);
    this.thresholds.push(0);
    this.lefts.push(-1);
    this.rights.push(-1);
    this.covers.push(cover);
    for (let k = 0; k < this.width; k += 1) this.values.push(0);
    return this.features.length - 1;
  }

  setValue(node: number, output: number, value: number): void {
    this.values[node * this.width + output] = value;
  }

  /** Turns a leaf into an inner node. */
  split(node: number, feature: number, threshold: number, left: number, right: number): void {
    this.features[node] = feature;
    this.thresholds[node] = threshold;
    this.lefts[node] = left;
    this.rights[node] = right;
    for (let k = 0; k < this.width; k += 1) this.values[node * this.width + k] = 0;
  }

  finish(): Tree {
    return {
      feature: Int32Array.from(this.features),
      threshold: Float64Array.from(this.thresholds),
      left: Int32Array.from(this.lefts),
      right: Int32Array.from(this.rights),
      cover: Float64Array.from(this.covers),
      value: Float64Array.from(this.values),
      width: this.width,
      first: this.first,
    };
  }
}

/**
 * The float32 number that parts two float32 numbers a < b: x ≤ t holds for a and not for b. Their midpoint where one
 * lies between them, else a.
 */
export function thresholdBetween(a: number, b: number): number {
  const middle = Math.fround(a + (b - a) / 2);
  return middle >= b || middle < a ? a : middle;
}

/**
 * Rows with a value that would go the other way at some split if it were the next float32 above or below: there the
 * runtime's arithmetic of the pipeline may decide otherwise than ours.
 */
export function rowsOnBoundaries(trees: readonly Tree[], values: Float64Array, rows: number): Int32Array {
  const columns = rows > 0 ? values.length / rows : 0;
  const thresholds: number[][] = Array.from({ length: columns }, () => []);
  for (const { feature, threshold } of trees)
    feature.forEach((column, node) => {
      if (column >= 0) thresholds[column]!.push(threshold[node]!);
    });
  const found: number[] = [];
  const sorted = thresholds.map((list) => Float64Array.from(new Set(list)).sort());
  for (let row = 0; row < rows; row += 1)
    if (sorted.some((list, column) => list.length > 0 && onBoundary(list, values[row * columns + column]!)))
      found.push(row);
  return Int32Array.from(found);
}

/** Is there a threshold t with below(x) ≤ t < above(x)? */
function onBoundary(thresholds: Float64Array, x: number): boolean {
  const gap = Math.abs(x) * 2 ** -23 + 2 ** -149;
  let low = 0;
  let high = thresholds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (thresholds[middle]! < x - gap) low = middle + 1;
    else high = middle;
  }
  return low < thresholds.length && thresholds[low]! < x + gap;
}
