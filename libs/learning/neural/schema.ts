import { checkNumber } from '../linear/checked.js';
import type { Activation } from './network.js';
import type { EarlyStopping, TrainingOptions } from './train.js';

/** What the job says of a network's training, beside its layers. */
export interface NetworkHyperparameters {
  readonly activation?: Activation;
  readonly dropout?: number;
  readonly l1?: number;
  readonly l2?: number;
  readonly learningRate?: number;
  readonly batchSize?: number;
  readonly epochs?: number;
  readonly earlyStopping?: EarlyStopping;
}

export const mostLayers = 8;
export const mostUnits = 4096;

/** @throws InputError `Hyperparameter` */
export function trainingOptions(own: NetworkHyperparameters): TrainingOptions {
  const options = {
    activation: own.activation ?? 'relu',
    dropout: own.dropout ?? 0,
    l1: own.l1 ?? 0,
    l2: own.l2 ?? 1e-4,
    learningRate: own.learningRate ?? 0.001,
    batchSize: own.batchSize ?? 64,
    epochs: own.epochs ?? 100,
    earlyStopping: own.earlyStopping,
  };
  checkNumber('dropout', options.dropout, (value) => value >= 0 && value <= 0.95, 'in [0, 0.95]');
  checkNumber('l1', options.l1, (value) => value >= 0, 'finite and ≥ 0');
  checkNumber('l2', options.l2, (value) => value >= 0, 'finite and ≥ 0');
  checkNumber('learningRate', options.learningRate, (value) => value > 0, 'finite and > 0');
  checkNumber('batchSize', options.batchSize, (value) => Number.isSafeInteger(value) && value > 0, 'an integer ≥ 1');
  checkNumber('epochs', options.epochs, (value) => Number.isSafeInteger(value) && value > 0, 'an integer ≥ 1');
  return options;
}

/** @throws InputError `Hyperparameter` */
export function checkLayers(name: string, layers: readonly number[]): void {
  checkNumber(
    `${name}.length`,
    layers.length,
    (value) => value >= 1 && value <= mostLayers,
    `1 to ${mostLayers} layers`,
  );
  layers.forEach((units, i) =>
    checkNumber(
      `${name}.${i}`,
      units,
      (value) => Number.isSafeInteger(value) && value >= 1 && value <= mostUnits,
      `an integer from 1 to ${mostUnits}`,
    ),
  );
}

export const layersSchema = {
  type: 'array',
  minItems: 1,
  maxItems: mostLayers,
  items: { type: 'integer', minimum: 1, maximum: mostUnits },
};

export const networkProperties = {
  activation: { enum: ['relu', 'tanh', 'logistic'], default: 'relu', description: 'Of the hidden layers.' },
  dropout: { type: 'number', minimum: 0, maximum: 0.95, default: 0, description: 'Share of hidden values dropped.' },
  l1: { type: 'number', minimum: 0, default: 0, description: 'λ₁ of λ₁ Σ|W| beside the mean loss.' },
  l2: { type: 'number', minimum: 0, default: 1e-4, description: 'λ₂ of λ₂/2 ΣW² beside the mean loss.' },
  learningRate: { type: 'number', exclusiveMinimum: 0, default: 0.001, description: 'Step of Adam.' },
  batchSize: { type: 'integer', minimum: 1, default: 64 },
  epochs: { type: 'integer', minimum: 1, maximum: 100_000, default: 100, description: 'At most.' },
  earlyStopping: {
    type: 'object',
    additionalProperties: false,
    description: 'Holds rows out, stops when their loss stops falling and keeps the best weights. Default: none.',
    properties: {
      fraction: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1, default: 0.1 },
      patience: { type: 'integer', minimum: 1, default: 10 },
      minimumImprovement: { type: 'number', minimum: 0, default: 1e-4 },
    },
  },
};
