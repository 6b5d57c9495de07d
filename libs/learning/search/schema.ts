const bound = { type: 'number' };
const scale = { enum: ['linear', 'log'], default: 'linear' };
const points = { type: 'integer', minimum: 1, maximum: 1000, description: 'Points of a grid.' };
const range = {
  type: 'array',
  minItems: 2,
  maxItems: 2,
  items: { type: 'integer', minimum: 1, maximum: 4096 },
  description: 'Least and most.',
};

const object = (required: readonly string[], properties: Readonly<Record<string, object>>) => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
});

const parameters = {
  type: 'object',
  maxProperties: 50,
  description:
    'By name what a hyperparameter may be; `earlyStopping.patience` reaches into an object, `pipeline.0.count` into a step of the pipeline.',
  additionalProperties: {
    discriminator: { propertyName: 'type' },
    type: 'object',
    oneOf: [
      object(['type', 'low', 'high'], {
        type: { const: 'real' },
        low: bound,
        high: bound,
        scale,
        points: { ...points, default: 5 },
      }),
      object(['type', 'low', 'high'], {
        type: { const: 'integer' },
        low: bound,
        high: bound,
        scale,
        points: { ...points, default: 5 },
      }),
      object(['type', 'values'], {
        type: { const: 'choice' },
        values: {
          type: 'array',
          maxItems: 1000,
          items: {},
          description: 'Ascending numbers are near one another, anything else is not.',
        },
      }),
      object(['type', 'depth', 'width'], {
        type: { const: 'layers' },
        depth: range,
        width: range,
        points: { ...points, default: 3 },
      }),
    ],
  },
};

const method = {
  discriminator: { propertyName: 'name' },
  type: 'object',
  oneOf: [
    object(['name'], { name: { const: 'grid' } }),
    object(['name'], { name: { const: 'random' } }),
    object(['name'], {
      name: { const: 'bayesian' },
      acquisition: {
        enum: ['expected_improvement', 'upper_confidence_bound'],
        default: 'expected_improvement',
        description: 'upper_confidence_bound: μ + κσ of what is to be large.',
      },
      kappa: { type: 'number', minimum: 0, default: 2 },
      initial: {
        type: 'integer',
        minimum: 2,
        description: 'Space-filling trials; default 2 a coordinate, from 4 to 10.',
      },
    }),
    object(['name'], {
      name: { const: 'genetic' },
      population: { type: 'integer', minimum: 2, maximum: 10_000, default: 10 },
      mutation: { type: 'number', minimum: 0, maximum: 1, default: 0.2 },
    }),
    object(['name', 'configurations'], {
      name: { const: 'successive_halving' },
      configurations: { type: 'integer', minimum: 2, maximum: 100_000 },
      reduction: { type: 'number', exclusiveMinimum: 1, default: 3 },
      minimumFraction: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
    }),
  ],
};

/** The part `search` of a job's schema. */
export const searchSchema = (algorithm: object, pipeline: object): Record<string, unknown> => ({
  type: 'object',
  additionalProperties: false,
  required: ['method'],
  description: 'Many candidates are tried and the best is fitted: hyperparameters, layers, pipelines, algorithms.',
  properties: {
    method,
    parameters,
    families: {
      type: 'array',
      maxItems: 50,
      description: "Further algorithms to choose from, beside the job's own.",
      items: object(['algorithm'], { algorithm, pipeline, parameters }),
    },
    objective: {
      ...object(['score'], {
        score: { type: 'string', minLength: 1, description: 'A score of the validation, as `roc_auc_score@sklearn`.' },
        direction: { enum: ['minimize', 'maximize'], description: 'Default: as the score is meant.' },
      }),
      description:
        'Default: roc_auc_score of two classes, log_loss of more, mean_squared_error of numbers and reconstructions, mean_squared_distance of clusters.',
    },
    budget: {
      ...object([], {
        trials: { type: 'integer', minimum: 1, maximum: 100_000 },
        seconds: {
          type: 'number',
          exclusiveMinimum: 0,
          description: 'No trial begins after so many seconds of trials.',
        },
      }),
      minProperties: 1,
      description: 'Required where the method has no end of its own (random, bayesian, genetic).',
    },
  },
});
