import { createRequire } from 'node:module';
import type { ValidateFunction } from 'ajv';
import { InputError } from '#libs/statistics';
import type { Task } from '../algorithm.js';
import type { StepDocument } from '../features/step.js';
import type { Validation } from '../validation/schemes.js';
import type { SearchDocument } from '../search/document.js';
import type { AlgorithmDocument } from './candidate.js';
import { jobSchema } from './schema.js';

/** One training job (`schemas/cli/job.schema.json`). */
export interface Job {
  readonly version: 1;
  readonly data?: string;
  readonly task?: Task;
  /** The column to predict; with `positive`, the label whose probability the model gives. */
  readonly target?: { readonly column: string; readonly positive?: string };
  /** Column of numbers ≥ 0: what a row counts for, in fits and in scores. */
  readonly weight?: string;
  /** Default: every column but the target and the weight. */
  readonly features?: readonly string[];
  readonly drop?: readonly string[];
  /** Numeric columns whose numbers are names. */
  readonly categorical?: readonly string[];
  readonly protected?: readonly string[];
  readonly pipeline?: readonly StepDocument[];
  readonly algorithm: AlgorithmDocument;
  /** Tries many candidates, of which the job's own algorithm is one family, and fits the best. */
  readonly search?: SearchDocument;
  readonly reweighing?: { readonly protected: string };
  readonly validation: Validation;
  readonly learningCurve?: { readonly fractions: readonly number[] };
  readonly seed: number;
  readonly limits?: { readonly seconds?: number; readonly memoryMegabytes?: number };
  /** RFC 3339 with offset. */
  readonly deadline?: string;
  /** Gates of `assay train`; the trainer's are the workspace's policies. */
  readonly policy?: { readonly file: string; readonly threshold?: number; readonly scored?: string };
}

let validate: ValidateFunction | undefined;

/**
 * A job out of parsed JSON.
 * @throws InputError `InvalidJob` naming the field and the rule
 */
export function parseJob(document: unknown): Job {
  validate ??= compile();
  if (!validate(document)) {
    const first = validate.errors?.find(({ keyword }) => keyword !== 'oneOf') ?? validate.errors?.[0];
    const { additionalProperty, tag } = (first?.params ?? {}) as { additionalProperty?: string; tag?: string };
    const unknown = additionalProperty ?? tag;
    const path = `${first?.instancePath.slice(1).replaceAll('/', '.') ?? ''}`;
    const field = unknown === undefined ? path : [path, unknown].filter(Boolean).join('.');
    throw new InputError('InvalidJob', `the job's ${path || 'document'} ${first?.message ?? 'is invalid'}`, {
      field: field || undefined,
      rule: `${first?.keyword}: ${JSON.stringify(first?.params)}`,
    });
  }
  return document as Job;
}

function compile(): ValidateFunction {
  const require = createRequire(import.meta.url);
  const { Ajv2020 } = require('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
  const addFormats = require('ajv-formats') as typeof import('ajv-formats').default;
  // The discriminator lets the one alternative speak that was meant.
  const ajv = new Ajv2020({ strict: true, discriminator: true, allowUnionTypes: true });
  addFormats(ajv);
  return ajv.compile(jobSchema());
}
