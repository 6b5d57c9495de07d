import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { ValidateFunction } from 'ajv';
import { repositoryRoot } from '#libs/runtime';
import { InputError } from '#libs/statistics';

/** One training job (`schemas/cli/job.schema.json`). */
export interface Job {
  readonly version: 1;
  readonly data?: string;
  /** The column to predict, and the label whose probability the model gives. */
  readonly target: { readonly column: string; readonly positive: string };
  /** Default: every column but the target. */
  readonly features?: readonly string[];
  readonly drop?: readonly string[];
  readonly protected?: readonly string[];
  readonly algorithm: LogisticRegression;
  readonly reweighing?: { readonly protected: string };
  readonly validation: StratifiedKFold;
  readonly seed: number;
  readonly limits?: { readonly seconds?: number; readonly memoryMegabytes?: number };
  /** RFC 3339 with offset. */
  readonly deadline?: string;
}

export interface LogisticRegression {
  readonly name: 'logistic_regression';
  /** λ of λ/2 ‖β‖² beside the summed loss: scikit-learn's 1 / C. */
  readonly l2: number;
}

export interface StratifiedKFold {
  readonly scheme: 'stratified_k_fold';
  readonly k: number;
  /** Default true: folds are dealt by the seed, as scikit-learn's `shuffle=True, random_state=seed`. */
  readonly shuffle?: boolean;
}

let validate: ValidateFunction | undefined;

/**
 * A job out of parsed JSON.
 * @throws InputError `InvalidJob` naming the field and the rule
 */
export function parseJob(document: unknown): Job {
  if (!validate) {
    const require = createRequire(import.meta.url);
    const { Ajv2020 } = require('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
    const addFormats = require('ajv-formats') as typeof import('ajv-formats').default;
    const ajv = new Ajv2020({ strict: true, discriminator: false });
    addFormats(ajv);
    validate = ajv.compile(
      JSON.parse(readFileSync(join(repositoryRoot(), 'schemas', 'cli', 'job.schema.json'), 'utf8')),
    );
  }
  if (!validate(document)) {
    const first = validate.errors?.find(({ keyword }) => keyword !== 'oneOf') ?? validate.errors?.[0];
    const field = `${first?.instancePath.slice(1).replaceAll('/', '.') ?? ''}`;
    throw new InputError('InvalidJob', `the job's ${field || 'document'} ${first?.message ?? 'is invalid'}`, {
      field: field || undefined,
      rule: `${first?.keyword}: ${JSON.stringify(first?.params)}`,
    });
  }
  return document as Job;
}
