import { InputError } from '#libs/statistics';
import type { Algorithm } from '../algorithm.js';
import { checkClasses, checkNumber, checkSet } from '../linear/checked.js';
import { mostBins } from './bins.js';
import { boost } from './boosting.js';
import type { EarlyStopping } from './boosting.js';
import { binaryLogLoss, softmaxLogLoss, squaredError } from './losses.js';
import { treeModel } from './model.js';

export interface GradientBoosting {
  readonly name: 'gradient_boosting';
  readonly rounds?: number;
  readonly learningRate?: number;
  readonly maximumLeaves?: number;
  readonly maximumDepth?: number;
  readonly minimumRows?: number;
  readonly l2?: number;
  readonly bins?: number;
  readonly earlyStopping?: Partial<EarlyStopping>;
}

/** Columns that the tree algorithms take. */
export const mostColumns = 10_000;

/** Histogram gradient boosting ({@link boost}): log loss of two classes or more, squared error of numbers. */
export const gradientBoosting: Algorithm<GradientBoosting> = {
  name: 'gradient_boosting',
  tasks: ['classification', 'regression'],
  precision: 'float32',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['name'],
    properties: {
      name: { const: 'gradient_boosting' },
      rounds: { type: 'integer', minimum: 1, maximum: 10_000, default: 100, description: 'Rounds at most.' },
      learningRate: { type: 'number', exclusiveMinimum: 0, maximum: 1, default: 0.1, description: 'Factor of a leaf.' },
      maximumLeaves: { type: 'integer', minimum: 2, maximum: 4096, default: 31, description: 'Leaves of a tree.' },
      maximumDepth: {
        type: 'integer',
        minimum: 1,
        maximum: 1000,
        description: 'Splits above a leaf; default: no limit.',
      },
      minimumRows: { type: 'integer', minimum: 1, default: 20, description: 'Rows in a leaf at least.' },
      l2: { type: 'number', minimum: 0, default: 0, description: 'λ beside the hessian of a leaf.' },
      bins: { type: 'integer', minimum: 2, maximum: mostBins, default: mostBins, description: 'Bins of a column.' },
      earlyStopping: {
        type: 'object',
        additionalProperties: false,
        description: 'Stops where rows kept from fitting gain no more; default: runs all rounds.',
        properties: {
          fraction: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1, default: 0.1 },
          rounds: { type: 'integer', minimum: 1, default: 10 },
          tolerance: { type: 'number', minimum: 0, default: 1e-7 },
        },
      },
    },
  },
  fit(set, hyperparameters, context) {
    const options = optionsOf(hyperparameters);
    checkSet(set, mostColumns);
    if (set.classes > 0) checkClasses(set);
    const loss = set.classes === 0 ? squaredError : set.classes === 2 ? binaryLogLoss : softmaxLogLoss(set.classes);
    const { ensemble, rounds, loss: final, heldOutLoss } = boost(set, loss, options, context);
    const link = set.classes === 0 ? 'identity' : set.classes === 2 ? 'sigmoid' : 'softmax';
    return treeModel('gradient_boosting', ensemble, link, set.names, {
      rounds,
      loss: final,
      ...(heldOutLoss === undefined ? {} : { heldOutLoss }),
    });
  },
};

function optionsOf(given: GradientBoosting) {
  const options = {
    rounds: given.rounds ?? 100,
    learningRate: given.learningRate ?? 0.1,
    maximumLeaves: given.maximumLeaves ?? 31,
    maximumDepth: given.maximumDepth ?? Infinity,
    minimumRows: given.minimumRows ?? 20,
    l2: given.l2 ?? 0,
    bins: given.bins ?? mostBins,
    ...(given.earlyStopping
      ? { earlyStopping: { fraction: 0.1, rounds: 10, tolerance: 1e-7, ...given.earlyStopping } }
      : {}),
  };
  // Searches propose numbers that no schema has seen.
  whole('rounds', options.rounds, 1, 10_000);
  checkNumber('learningRate', options.learningRate, (rate) => rate > 0 && rate <= 1, 'in (0, 1]');
  whole('maximumLeaves', options.maximumLeaves, 2, 4096);
  if (given.maximumDepth !== undefined) whole('maximumDepth', given.maximumDepth, 1, 1000);
  whole('minimumRows', options.minimumRows, 1, Number.MAX_SAFE_INTEGER);
  checkNumber('l2', options.l2, (l2) => l2 >= 0, '≥ 0');
  whole('bins', options.bins, 2, mostBins);
  const { fraction = 0.1 } = given.earlyStopping ?? {};
  checkNumber('earlyStopping.fraction', fraction, (share) => share > 0 && share < 1, 'in (0, 1)');
  return options;
}

/** @throws InputError `Hyperparameter` */
export function whole(name: string, value: number, least: number, most: number): void {
  if (!(Number.isInteger(value) && value >= least && value <= most))
    throw new InputError('Hyperparameter', `${name} = ${value}`, {
      field: `algorithm.${name}`,
      rule: `an integer from ${least} to ${most}`,
    });
}
