import { algorithms } from '../algorithms.js';
import { steps } from '../features/steps.js';
import { searchSchema } from '../search/schema.js';
import { schemes } from '../validation/schemes.js';

const name = { type: 'string', minLength: 1 };
const names = { type: 'array', items: name, uniqueItems: true };

/**
 * The schema of a job, composed of what the registries hold. `schemas/cli/job.schema.json` is its committed form:
 * `node --import ./scripts/typescript-loader.mjs libs/learning/job/write-schema.ts` writes it, a spec compares.
 */
export function jobSchema(): Record<string, unknown> {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'https://assay.dev/schemas/cli/job.schema.json',
    title: 'Job',
    description:
      'One training job: data, target, pipeline, algorithm, validation, seed, limits. Read by `assay train` and by the trainer.',
    type: 'object',
    additionalProperties: false,
    required: ['version', 'algorithm', 'validation', 'seed'],
    properties: {
      version: { const: 1 },
      data: {
        ...name,
        description:
          "Path of the data file, relative to the job's; the trainer ignores it and uses the sealed data set version.",
      },
      task: {
        enum: ['classification', 'regression', 'clustering', 'reconstruction'],
        description:
          'Default: without a target what the algorithm does without one; with a text target or a positive label classification; with numbers regression where the algorithm does it.',
      },
      target: {
        type: 'object',
        additionalProperties: false,
        required: ['column'],
        description: 'Required for classification and regression.',
        properties: {
          column: name,
          positive: {
            type: 'string',
            description:
              'The label whose probability a classifier of two classes gives, against all others. Default of two labels: yes, true, or the later one.',
          },
        },
      },
      weight: {
        ...name,
        description:
          'Column of numbers ≥ 0 that says what a row counts for: as if it were there so many times, in the fit and in every score. Steps of the pipeline, confusion, calibration and gates count rows. Every algorithm takes it; leave-one-out has no closed form with it.',
      },
      features: {
        ...names,
        minItems: 1,
        description: 'Columns to learn from; default: every column but the target and the weight.',
      },
      categorical: {
        ...names,
        description: 'Numeric columns whose numbers are names, as codes are: texts to every step.',
      },
      drop: { ...names, description: 'Columns taken out of the features.' },
      protected: {
        ...names,
        description: 'Columns that predictions are compared across; they may be features or not.',
      },
      pipeline: {
        type: 'array',
        maxItems: 100,
        description:
          'Steps one behind the other, fitted on training rows only, part of the model file. Default: standard_scale of every column, or nothing for algorithms that compare float32 values with splits.',
        items: {
          discriminator: { propertyName: 'step' },
          type: 'object',
          oneOf: [...steps.values()].map(({ step, properties, required = [] }) => ({
            type: 'object',
            additionalProperties: false,
            required: ['step', ...required],
            properties: { step: { const: step }, columns: { ...names, minItems: 1 }, ...properties },
          })),
        },
      },
      algorithm: {
        discriminator: { propertyName: 'name' },
        type: 'object',
        oneOf: [...algorithms.values()].map(({ schema }) => schema),
      },
      search: searchSchema({ $ref: '#/properties/algorithm' }, { $ref: '#/properties/pipeline' }),
      reweighing: {
        type: 'object',
        additionalProperties: false,
        required: ['protected'],
        properties: { protected: name },
      },
      validation: {
        discriminator: { propertyName: 'scheme' },
        type: 'object',
        oneOf: [...schemes.values()].map(({ scheme, properties, required = [] }) => ({
          type: 'object',
          additionalProperties: false,
          required: ['scheme', ...required],
          properties: { scheme: { const: scheme }, ...properties },
        })),
      },
      learningCurve: {
        type: 'object',
        additionalProperties: false,
        required: ['fractions'],
        description: 'Scores of fits on these shares of each fold’s training rows, beside the whole.',
        properties: {
          fractions: {
            type: 'array',
            items: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
            minItems: 1,
            maxItems: 20,
            uniqueItems: true,
          },
        },
      },
      seed: { type: 'integer', minimum: 0, maximum: 4_294_967_295 },
      limits: {
        type: 'object',
        additionalProperties: false,
        properties: {
          seconds: { type: 'number', exclusiveMinimum: 0 },
          memoryMegabytes: { type: 'number', exclusiveMinimum: 0 },
        },
      },
      deadline: { type: 'string', format: 'date-time' },
      policy: {
        type: 'object',
        additionalProperties: false,
        required: ['file'],
        description:
          'Gates that `assay train` judges the run by, out of its validation; one that does not pass exits 1.',
        properties: {
          file: { ...name, description: "Path of the policy, relative to the job's; the trainer ignores it." },
          threshold: {
            type: 'number',
            exclusiveMinimum: 0,
            maximum: 1,
            default: 0.5,
            description: 'Probability from which on the scored label is decided.',
          },
          scored: {
            ...name,
            description:
              'Of more than two classes: the one that the policy decides on, against all others. Without it, gates read the scores of all classes alone. Of two classes the job’s own is meant.',
          },
        },
      },
    },
  };
}
