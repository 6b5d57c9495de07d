import type { Algorithm, TrainingSet } from '../algorithm.js';
import { checkClasses, checkSet } from '../linear/checked.js';
import { networkModel, trainingSummary } from './model.js';
import type { Network } from './network.js';
import { checkLayers, layersSchema, networkProperties, trainingOptions } from './schema.js';
import type { NetworkHyperparameters } from './schema.js';
import { trainNetwork } from './train.js';

export interface MultilayerPerceptron extends NetworkHyperparameters {
  readonly name: 'multilayer_perceptron';
  readonly hiddenLayers: readonly number[];
}

const mostColumns = 10_000;

/**
 * Dense network: softmax and log loss over classes, or squared loss of a number ({@link trainNetwork}). The target of a
 * regression is standardised for training and the last layer scaled back.
 * @throws InputError `Hyperparameter`, `OneClass`, `Diverged`, `NoRows`, `NoFeatures`, `NotFinite`, `Weight`, `TooLarge`
 */
export const multilayerPerceptron: Algorithm<MultilayerPerceptron> = {
  name: 'multilayer_perceptron',
  tasks: ['classification', 'regression'],
  precision: 'float64',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'hiddenLayers'],
    properties: {
      name: { const: 'multilayer_perceptron' },
      hiddenLayers: { ...layersSchema, description: 'Units of each hidden layer.' },
      ...networkProperties,
    },
  },
  fit(set, hyperparameters, context) {
    const options = trainingOptions(hyperparameters);
    checkLayers('hiddenLayers', hyperparameters.hiddenLayers);
    const total = checkSet(set, mostColumns);
    const isClassifier = set.classes > 0;
    if (isClassifier) checkClasses(set);
    const { mean, scale } = isClassifier ? { mean: 0, scale: 1 } : scaleOf(set, total);
    const trained = trainNetwork(
      {
        rows: set.rows,
        sizes: [set.width, ...hyperparameters.hiddenLayers, isClassifier ? set.classes : 1],
        values: set.values,
        target: isClassifier ? set.target : set.target.map((value) => (value - mean) / scale),
        weights: set.weights,
        loss: isClassifier ? 'softmax' : 'squared',
      },
      options,
      context,
    );
    const network = isClassifier ? trained.network : scaledBack(trained.network, mean, scale);
    return networkModel(
      'multilayer_perceptron',
      network,
      isClassifier ? 'softmax' : 'identity',
      trainingSummary(trained, set.rows),
    );
  },
};

function scaleOf({ rows, target, weights }: TrainingSet, total: number): { mean: number; scale: number } {
  let mean = 0;
  for (let row = 0; row < rows; row += 1) mean += ((weights?.[row] ?? 1) * target[row]!) / total;
  let variance = 0;
  for (let row = 0; row < rows; row += 1) variance += ((weights?.[row] ?? 1) * (target[row]! - mean) ** 2) / total;
  return { mean, scale: Math.sqrt(variance) || 1 };
}

function scaledBack(network: Network, mean: number, scale: number): Network {
  const last = network.weights.length - 1;
  return {
    ...network,
    weights: network.weights.map((own, layer) => (layer === last ? own.map((value) => value * scale) : own)),
    biases: network.biases.map((own, layer) => (layer === last ? own.map((value) => value * scale + mean) : own)),
  };
}
