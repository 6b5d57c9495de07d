import type { Algorithm, TrainingSet } from '../algorithm.js';
import { checkClasses, checkNumber, checkSet } from '../linear/checked.js';
import { growCart, sortColumns } from './cart.js';
import type { CartOptions } from './cart.js';
import { mostColumns, whole } from './gradient-boosting.js';
import { treeModel } from './model.js';

/** What a decision tree and each tree of a forest are grown by. */
export interface TreeHyperparameters {
  readonly criterion?: 'gini' | 'entropy';
  readonly maximumDepth?: number;
  readonly minimumRowsToSplit?: number;
  readonly minimumRows?: number;
  readonly minimumGain?: number;
}

export interface DecisionTree extends TreeHyperparameters {
  readonly name: 'decision_tree';
}

export const treeProperties = {
  criterion: { enum: ['gini', 'entropy'], default: 'gini', description: 'Of classes; numbers take squared error.' },
  maximumDepth: { type: 'integer', minimum: 1, maximum: 1000, description: 'Splits above a leaf; default: no limit.' },
  minimumRowsToSplit: { type: 'integer', minimum: 2, default: 2, description: 'Rows that a node needs to be split.' },
  minimumRows: { type: 'integer', minimum: 1, default: 1, description: 'Rows in a leaf at least.' },
  minimumGain: {
    type: 'number',
    minimum: 0,
    default: 0,
    description: "Fall of impurity, times the node's share of all weight, that a split needs.",
  },
} as const;

/** One tree with exact cuts ({@link growCart}). */
export const decisionTree: Algorithm<DecisionTree> = {
  name: 'decision_tree',
  tasks: ['classification', 'regression'],
  precision: 'float32',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['name'],
    properties: { name: { const: 'decision_tree' }, ...treeProperties },
  },
  fit(set, hyperparameters, { checkpoint }) {
    const options = treeOptions(hyperparameters, set.classes);
    checkTreeSet(set);
    const { rows, width, values, target, classes } = set;
    const weights = set.weights ?? new Float64Array(rows).fill(1);
    const sorted = sortColumns(values, rows, width, set.weights, checkpoint);
    const tree = growCart(sorted, target, classes, weights, options, checkpoint);
    const outputs = classes > 2 ? classes : 1;
    const ensemble = { trees: [tree], outputs, base: new Float64Array(outputs) };
    return treeModel('decision_tree', ensemble, classes === 2 ? 'share' : 'identity', set.names, {
      depth: depthOf(tree),
      leaves: tree.feature.reduce((count, column) => count + (column < 0 ? 1 : 0), 0),
    });
  },
};

/** @throws InputError `Hyperparameter` */
export function treeOptions(given: TreeHyperparameters, classes: number): CartOptions {
  const { criterion = 'gini', minimumRowsToSplit = 2, minimumRows = 1, minimumGain = 0 } = given;
  if (given.maximumDepth !== undefined) whole('maximumDepth', given.maximumDepth, 1, 1000);
  whole('minimumRowsToSplit', minimumRowsToSplit, 2, Number.MAX_SAFE_INTEGER);
  whole('minimumRows', minimumRows, 1, Number.MAX_SAFE_INTEGER);
  checkNumber('minimumGain', minimumGain, (gain) => gain >= 0, '≥ 0');
  return {
    criterion: classes === 0 ? 'squared_error' : criterion,
    maximumDepth: given.maximumDepth ?? Infinity,
    minimumRowsToSplit,
    minimumRows,
    minimumGain,
  };
}

/** @throws InputError those of `checkSet` and `checkClasses` */
export function checkTreeSet(set: TrainingSet): void {
  checkSet(set, mostColumns);
  if (set.classes > 0) checkClasses(set);
}

function depthOf({ left, right }: { readonly left: Int32Array; readonly right: Int32Array }): number {
  const depths = new Int32Array(left.length);
  let deepest = 0;
  for (let node = 0; node < left.length; node += 1) {
    deepest = Math.max(deepest, depths[node]!);
    if (left[node]! < 0) continue;
    depths[left[node]!] = depths[node]! + 1;
    depths[right[node]!] = depths[node]! + 1;
  }
  return deepest;
}
