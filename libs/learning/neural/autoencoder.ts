import type { Algorithm } from '../algorithm.js';
import { checkSet } from '../linear/checked.js';
import { networkModel, trainingSummary } from './model.js';
import { checkLayers, layersSchema, networkProperties, trainingOptions } from './schema.js';
import type { NetworkHyperparameters } from './schema.js';
import { trainNetwork } from './train.js';

export interface Autoencoder extends NetworkHyperparameters {
  readonly name: 'autoencoder';
  /** Units of the encoder's layers; the last one is the code. The decoder mirrors them. */
  readonly encoderLayers: readonly number[];
}

const mostColumns = 4096;

/**
 * Dense network that gives its own input back through a narrow code, by squared loss ({@link trainNetwork}); the row's
 * distance to its reconstruction tells how unusual it is.
 * @throws InputError `Hyperparameter`, `Diverged`, `NoRows`, `NoFeatures`, `NotFinite`, `Weight`, `TooLarge`
 */
export const autoencoder: Algorithm<Autoencoder> = {
  name: 'autoencoder',
  tasks: ['reconstruction'],
  precision: 'float64',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'encoderLayers'],
    properties: {
      name: { const: 'autoencoder' },
      encoderLayers: {
        ...layersSchema,
        description: 'Units of the encoder; the last layer is the code, the decoder mirrors.',
      },
      ...networkProperties,
    },
  },
  fit(set, hyperparameters, context) {
    const { encoderLayers } = hyperparameters;
    const options = trainingOptions(hyperparameters);
    checkLayers('encoderLayers', encoderLayers);
    checkSet(set, mostColumns);
    const trained = trainNetwork(
      {
        rows: set.rows,
        sizes: [set.width, ...encoderLayers, ...encoderLayers.slice(0, -1).reverse(), set.width],
        values: set.values,
        target: set.values,
        weights: set.weights,
        loss: 'squared',
      },
      options,
      context,
    );
    return networkModel('autoencoder', trained.network, 'identity', trainingSummary(trained, set.rows));
  },
};
