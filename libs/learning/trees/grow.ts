import { InputError } from '#libs/statistics';
import type { BinnedColumns } from './bins.js';
import { TreeBuilder } from './ensemble.js';
import type { Tree } from './ensemble.js';
import { countBins, partition } from './histogram.js';
import { createKernel, kernelBytes } from './kernel.js';
import type { Kernel } from './kernel.js';

export interface GrowOptions {
  readonly maximumLeaves: number;
  /** Edges from the root to a leaf at most; Infinity: no limit. */
  readonly maximumDepth: number;
  /** Rows in a leaf at least. */
  readonly minimumRows: number;
  readonly l2: number;
  /** Factor of each leaf. */
  readonly learningRate: number;
}

/** Sum of hessians that each side of a split has at least. */
const minimumHessian = 1e-3;
/** Rows, bins and the histograms of all leaves of one tree may take this many bytes. */
export const memoryLimit = 2 ** 31;

interface Leaf {
  readonly node: number;
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  readonly gradient: number;
  readonly hessian: number;
  /** Index in the kernel. */
  readonly histogram: number;
  gain: number;
  column: number;
  bin: number;
  leftGradient: number;
  leftHessian: number;
}

/** Grows leaf-wise trees over binned columns, one after the other, with buffers that are made once. */
export class Grower {
  private readonly spare: Int32Array;
  private readonly kernel: Kernel;
  private readonly pool: number[];
  private readonly counts = new Int32Array(256);
  private readonly gains: Float64Array;
  private readonly bins: Int32Array;
  private readonly verified: Uint8Array;
  /** Of the last tree: leaf node, first row, end of its rows in `rows`. */
  readonly leaves: { readonly node: number; readonly start: number; readonly end: number }[] = [];

  /** All rows, reordered by every tree so that a leaf's lie together. */
  readonly rows: Int32Array;

  constructor(
    private readonly binned: BinnedColumns,
    private readonly weights: Float64Array | undefined,
    private readonly options: GrowOptions,
    private readonly checkpoint: () => void,
  ) {
    const { rows, offsets } = binned;
    const histograms = Math.min(options.maximumLeaves, rows) + 1;
    const bytes = kernelBytes(rows, offsets, histograms);
    if (bytes > memoryLimit)
      throw new InputError(
        'TooLarge',
        `${options.maximumLeaves} leaves of ${binned.columns} columns need ${bytes} bytes`,
        {
          field: 'algorithm.maximumLeaves',
          rule: `rows × (columns + 20) + leaves × bins of all columns × 16 ≤ ${memoryLimit} bytes`,
        },
      );
    this.kernel = createKernel(rows, offsets, histograms);
    this.kernel.words.forEach((words, group) => words.set(binned.words[group]!));
    this.rows = this.kernel.rows;
    this.pool = this.kernel.histograms.map((_, index) => index);
    this.spare = new Int32Array(rows);
    this.gains = new Float64Array(binned.columns);
    this.bins = new Int32Array(binned.columns);
    this.verified = new Uint8Array(binned.columns);
  }

  /**
   * One tree of second-order steps: a leaf's value is −rate · G / (H + l2), a split's gain
   * G_L²/(H_L + l2) + G_R²/(H_R + l2) − G²/(H + l2) (Friedman 2001; Chen and Guestrin 2016), the leaf of the greatest gain is
   * split next; of equal gains the first column and the lowest cut win.
   * @param pairs gradient and hessian of every row of the data, interleaved; their sums must be exact (see `fixedPoint`),
   * so that a difference of histograms is what counting would give
   */
  grow(pairs: Float64Array, first: number): Tree {
    const { rows, options } = this;
    const builder = new TreeBuilder(1, first);
    this.leaves.length = 0;
    for (let row = 0; row < rows.length; row += 1) rows[row] = row;
    const buffer = this.pool.pop()!;
    this.fill(pairs, 0, rows.length, buffer);
    const histogram = this.kernel.histograms[buffer]!;
    let gradient = 0;
    let hessian = 0;
    // The first column's bins hold every row.
    for (let bin = 0; bin < this.binned.offsets[1]!; bin += 1) {
      gradient += histogram[2 * bin]!;
      hessian += histogram[2 * bin + 1]!;
    }
    const root = this.leafAt(builder.leaf(0), 0, rows.length, 0, gradient, hessian, buffer);
    const open = [root];
    let leaves = 1;
    while (leaves < options.maximumLeaves) {
      let best = -1;
      for (let i = 0; i < open.length; i += 1) if (open[i]!.gain > (best < 0 ? 0 : open[best]!.gain)) best = i;
      if (best < 0) break;
      const [left, right] = this.split(open[best]!, pairs, builder, leaves + 1 >= options.maximumLeaves);
      open[best] = left;
      open.push(right);
      leaves += 1;
    }
    for (const leaf of open) {
      this.pool.push(leaf.histogram);
      const { node, start, end } = leaf;
      builder.setValue(node, 0, (-options.learningRate * leaf.gradient) / (leaf.hessian + options.l2));
      this.leaves.push({ node, start, end });
    }
    return this.withCovers(builder.finish());
  }

  private split(leaf: Leaf, pairs: Float64Array, builder: TreeBuilder, last: boolean): [Leaf, Leaf] {
    const { binned, rows } = this;
    const { start, end, histogram, depth } = leaf;
    this.checkpoint();
    const middle = partition(binned, leaf.column, leaf.bin, rows, start, end, this.spare);
    const leftNode = builder.leaf(0);
    const rightNode = builder.leaf(0);
    builder.split(leaf.node, leaf.column, binned.edges[leaf.column]![leaf.bin]!, leftNode, rightNode);
    const small = this.pool.pop()!;
    const leftIsSmall = middle - start <= end - middle;
    // The last split's children are never split: they need no histograms.
    if (!last) {
      this.fill(pairs, leftIsSmall ? start : middle, leftIsSmall ? middle : end, small);
      subtract(this.kernel.histograms[histogram]!, this.kernel.histograms[small]!);
    }
    const { leftGradient, leftHessian } = leaf;
    const rightGradient = leaf.gradient - leftGradient;
    const rightHessian = leaf.hessian - leftHessian;
    const [leftHistogram, rightHistogram] = leftIsSmall ? [small, histogram] : [histogram, small];
    return [
      this.leafAt(leftNode, start, middle, depth + 1, leftGradient, leftHessian, leftHistogram, last),
      this.leafAt(rightNode, middle, end, depth + 1, rightGradient, rightHessian, rightHistogram, last),
    ];
  }

  private leafAt(
    node: number,
    start: number,
    end: number,
    depth: number,
    gradient: number,
    hessian: number,
    histogram: number,
    closed = false,
  ): Leaf {
    const leaf: Leaf = {
      node,
      start,
      end,
      depth,
      gradient,
      hessian,
      histogram,
      gain: 0,
      column: -1,
      bin: -1,
      leftGradient: 0,
      leftHessian: 0,
    };
    if (!closed && depth < this.options.maximumDepth && end - start >= 2 * this.options.minimumRows) this.search(leaf);
    return leaf;
  }

  /**
   * Finds the best split. Histograms hold no counts of rows: the best column's bins are counted, its best cut with
   * enough rows on both sides is found again, and that goes on until the best column has been counted.
   */
  private search(leaf: Leaf): void {
    const { gains, verified, binned } = this;
    verified.fill(0);
    for (let column = 0; column < binned.columns; column += 1) this.scan(leaf, column, false);
    for (;;) {
      let best = -1;
      for (let column = 0; column < binned.columns; column += 1)
        if (gains[column]! > (best < 0 ? 0 : gains[best]!)) best = column;
      if (best < 0) return;
      if (verified[best] === 1) {
        this.choose(leaf, best);
        return;
      }
      countBins(binned, best, this.rows, leaf.start, leaf.end, this.counts);
      this.scan(leaf, best, true);
      verified[best] = 1;
    }
  }

  private scan(leaf: Leaf, column: number, counted: boolean): void {
    const { l2, minimumRows } = this.options;
    const { counts } = this;
    const { gradient, hessian } = leaf;
    const histogram = this.kernel.histograms[leaf.histogram]!;
    const first = this.binned.offsets[column]!;
    const cuts = this.binned.offsets[column + 1]! - first - 1;
    const rows = leaf.end - leaf.start;
    const whole = (gradient * gradient) / (hessian + l2);
    // What rounding alone can make is no gain.
    let best = whole * 1e-12;
    let at = -1;
    let g = 0;
    let h = 0;
    let n = 0;
    for (let bin = 0; bin < cuts; bin += 1) {
      const place = (first + bin) << 1;
      const own = histogram[place + 1]!;
      // An empty bin's cut parts the rows as the one before it does.
      if (own === 0) continue;
      g += histogram[place]!;
      h += own;
      if (counted) {
        n += counts[bin]!;
        if (n < minimumRows) continue;
        if (rows - n < minimumRows) break;
      }
      const otherHessian = hessian - h;
      if (h < minimumHessian) continue;
      if (otherHessian < minimumHessian) break;
      const other = gradient - g;
      const left = h + l2;
      const right = otherHessian + l2;
      const gain = (g * g * right + other * other * left) / (left * right) - whole;
      if (gain > best) {
        best = gain;
        at = bin;
      }
    }
    this.gains[column] = at < 0 ? 0 : best;
    this.bins[column] = at;
  }

  private choose(leaf: Leaf, column: number): void {
    const histogram = this.kernel.histograms[leaf.histogram]!;
    const first = this.binned.offsets[column]!;
    const bin = this.bins[column]!;
    let g = 0;
    let h = 0;
    for (let place = first; place <= first + bin; place += 1) {
      g += histogram[2 * place]!;
      h += histogram[2 * place + 1]!;
    }
    leaf.gain = this.gains[column]!;
    leaf.column = column;
    leaf.bin = bin;
    leaf.leftGradient = g;
    leaf.leftHessian = h;
  }

  private fill(pairs: Float64Array, start: number, end: number, histogram: number): void {
    const { rows } = this;
    const ordered = this.kernel.pairs;
    for (let i = start, pair = 0; i < end; i += 1, pair += 2) {
      const source = rows[i]! << 1;
      ordered[pair] = pairs[source]!;
      ordered[pair + 1] = pairs[source + 1]!;
    }
    this.kernel.histograms[histogram]!.fill(0);
    this.kernel.add(start, end, histogram);
  }

  private withCovers(tree: Tree): Tree {
    const { cover, left, right } = tree;
    for (const { node, start, end } of this.leaves) {
      if (!this.weights) cover[node] = end - start;
      else for (let i = start; i < end; i += 1) cover[node]! += this.weights[this.rows[i]!]!;
    }
    // Children lie behind their parents.
    for (let node = cover.length - 1; node >= 0; node -= 1)
      if (left[node]! >= 0) cover[node] = cover[left[node]!]! + cover[right[node]!]!;
    return tree;
  }
}

function subtract(from: Float64Array, other: Float64Array): void {
  for (let i = 0; i < from.length; i += 1) from[i]! -= other[i]!;
}
