import { Generator } from '#libs/statistics';
import type { Algorithm, TrainingSet } from '../algorithm.js';
import { checkNumber } from '../linear/checked.js';
import { growCart, sortColumns } from './cart.js';
import { checkTreeSet, treeOptions, treeProperties } from './decision-tree.js';
import type { TreeHyperparameters } from './decision-tree.js';
import { leafOf } from './ensemble.js';
import type { Tree } from './ensemble.js';
import { whole } from './gradient-boosting.js';
import { treeModel } from './model.js';

export interface RandomForest extends TreeHyperparameters {
  readonly name: 'random_forest';
  readonly trees?: number;
  readonly columnShare?: number;
  readonly bootstrap?: boolean;
}

/** Nodes of all trees together: beyond it the file is no use to anybody. */
const mostNodes = 5_000_000;

/**
 * The mean of trees, each grown on a bootstrap of the rows with columns drawn at every node (Breiman 2001; scikit-learn
 * 1.9.1 `RandomForest*`: shares are averaged, not votes counted).
 */
export const randomForest: Algorithm<RandomForest> = {
  name: 'random_forest',
  tasks: ['classification', 'regression'],
  precision: 'float32',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['name'],
    properties: {
      name: { const: 'random_forest' },
      trees: { type: 'integer', minimum: 1, maximum: 10_000, default: 100 },
      columnShare: {
        type: 'number',
        exclusiveMinimum: 0,
        maximum: 1,
        description: 'Share of the columns drawn at each node; default: their square root of classes, all of numbers.',
      },
      bootstrap: {
        type: 'boolean',
        default: true,
        description: 'Each tree draws as many rows as there are, with repeats.',
      },
      ...treeProperties,
    },
  },
  fit(set, given, { seed, checkpoint }) {
    const { trees: count = 100, bootstrap = true, columnShare } = given;
    const options = treeOptions(given, set.classes);
    whole('trees', count, 1, 10_000);
    if (columnShare !== undefined)
      checkNumber('columnShare', columnShare, (share) => share > 0 && share <= 1, 'in (0, 1]');
    checkTreeSet(set);
    const { rows, width, values, target, classes } = set;
    const sorted = sortColumns(values, rows, width, set.weights, checkpoint);
    const share = columnShare ?? (classes > 0 ? Math.sqrt(width) / width : 1);
    const columnsPerSplit = Math.max(1, Math.floor(share * width + 1e-9));
    const outputs = classes > 2 ? classes : 1;
    const seeds = new Generator(seed);
    const outOfBag = new OutOfBag(rows, outputs);
    const trees: Tree[] = [];
    let nodes = 0;
    for (let t = 0; t < count; t += 1) {
      checkpoint();
      const random = new Generator(seeds.next());
      const drawn = bootstrap ? draws(rows, random) : undefined;
      const weights = Float64Array.from({ length: rows }, (_, row) => (set.weights?.[row] ?? 1) * (drawn?.[row] ?? 1));
      // A draw of rows without weight alone says nothing; with weights given it can happen, and that tree is left out.
      if (!weights.some((weight) => weight > 0)) continue;
      const tree = growCart(sorted, target, classes, weights, { ...options, columnsPerSplit, random }, checkpoint);
      if ((nodes += tree.feature.length) > mostNodes) whole('trees', count, 1, t);
      if (drawn) outOfBag.add(tree, values, width, drawn);
      trees.push(tree);
    }
    for (const { value } of trees) for (let i = 0; i < value.length; i += 1) value[i]! /= trees.length;
    const ensemble = { trees, outputs, base: new Float64Array(outputs) };
    return treeModel('random_forest', ensemble, classes === 2 ? 'share' : 'identity', set.names, {
      columnsPerSplit,
      ...(bootstrap ? { outOfBag: outOfBag.score(set) } : {}),
    });
  },
};

function draws(rows: number, random: Generator): Int32Array {
  const counts = new Int32Array(rows);
  for (let i = 0; i < rows; i += 1) counts[random.integer(rows)]! += 1;
  return counts;
}

/** Predictions of rows by the trees that did not draw them: an honest score without a split. */
class OutOfBag {
  private readonly sums: Float64Array;
  private readonly counts: Int32Array;

  constructor(
    private readonly rows: number,
    private readonly outputs: number,
  ) {
    this.sums = new Float64Array(rows * outputs);
    this.counts = new Int32Array(rows);
  }

  add(tree: Tree, values: Float64Array, width: number, drawn: Int32Array): void {
    for (let row = 0; row < this.rows; row += 1) {
      if (drawn[row]! > 0) continue;
      const leaf = leafOf(tree, values, row * width) * this.outputs;
      for (let k = 0; k < this.outputs; k += 1) this.sums[row * this.outputs + k]! += tree.value[leaf + k]!;
      this.counts[row]! += 1;
    }
  }

  /** Weighted accuracy of classes, R² of numbers, over the rows that some tree did not draw. */
  score({ target, classes, weights }: TrainingSet): { rows: number; accuracy?: number; r2?: number } {
    const covered: number[] = [];
    for (let row = 0; row < this.rows; row += 1)
      if (this.counts[row]! > 0 && (weights?.[row] ?? 1) > 0) covered.push(row);
    const weightOf = (row: number): number => weights?.[row] ?? 1;
    const total = covered.reduce((sum, row) => sum + weightOf(row), 0);
    if (total === 0) return { rows: 0 };
    if (classes > 0) {
      const right = covered.reduce((sum, row) => sum + (this.label(row) === target[row] ? weightOf(row) : 0), 0);
      return { rows: covered.length, accuracy: right / total };
    }
    const mean = covered.reduce((sum, row) => sum + weightOf(row) * target[row]!, 0) / total;
    let residual = 0;
    let spread = 0;
    for (const row of covered) {
      residual += weightOf(row) * (target[row]! - this.sums[row]! / this.counts[row]!) ** 2;
      spread += weightOf(row) * (target[row]! - mean) ** 2;
    }
    return { rows: covered.length, ...(spread > 0 ? { r2: 1 - residual / spread } : {}) };
  }

  private label(row: number): number {
    if (this.outputs === 1) return this.sums[row]! / this.counts[row]! >= 0.5 ? 1 : 0;
    let best = 0;
    for (let k = 1; k < this.outputs; k += 1)
      if (this.sums[row * this.outputs + k]! > this.sums[row * this.outputs + best]!) best = k;
    return best;
  }
}
