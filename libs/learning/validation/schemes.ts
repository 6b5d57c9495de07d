import { InputError, stratifiedKFold } from '#libs/statistics';
import type { Fold, Table } from '#libs/statistics';
import type { Problem } from '../job/problem.js';
import { kFold } from './k-fold.js';

/** How a job is validated: one of the schemes, with its own properties. */
export interface Validation {
  readonly scheme: string;
  readonly [property: string]: unknown;
}

export interface Scheme<Document extends Validation = Validation> {
  readonly scheme: Document['scheme'];
  /** JSON Schema of the properties beside `scheme`. */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
  /** @throws InputError `Folds`, `ClassTooSmall`, `NeedsTarget`, `UnknownColumn`, `TooLarge` */
  folds(document: Document, table: Table, problem: Problem, seed: number): readonly Fold[];
  /** As an evaluation names it. */
  describe(document: Document): string;
}

interface KFold extends Validation {
  readonly scheme: 'k_fold';
  readonly k: number;
  readonly shuffle?: boolean;
}

interface StratifiedKFold extends Validation {
  readonly scheme: 'stratified_k_fold';
  readonly k: number;
  readonly shuffle?: boolean;
}

export const k = { type: 'integer', minimum: 2, maximum: 1000 };
export const shuffle = {
  type: 'boolean',
  default: true,
  description: 'Rows are dealt to the folds by the seed; false: in row order.',
};

const stratified: Scheme<StratifiedKFold> = {
  scheme: 'stratified_k_fold',
  properties: { k, shuffle },
  required: ['k'],
  folds({ k: count, shuffle: shuffled }, _, problem, seed) {
    if (problem.kind !== 'binary' && problem.kind !== 'multiclass')
      throw new InputError('NeedsTarget', `stratified_k_fold deals classes; this is ${problem.kind}`, {
        field: 'validation.scheme',
        rule: 'classification, or another scheme',
      });
    return stratifiedKFold(problem.labels, count, shuffled === false ? undefined : seed);
  },
  describe: ({ k: count }) => `cross-validation(${count}, stratified, pooled)`,
};

const plain: Scheme<KFold> = {
  scheme: 'k_fold',
  properties: { k, shuffle },
  required: ['k'],
  folds: ({ k: count, shuffle: shuffled }, table, _, seed) =>
    kFold(table.rows, count, shuffled === false ? undefined : seed),
  describe: ({ k: count }) => `cross-validation(${count}, pooled)`,
};

/** Every validation scheme that a job may name. */
export const schemes: ReadonlyMap<string, Scheme> = new Map<string, Scheme>(
  ([stratified, plain] as unknown as Scheme[]).map((scheme) => [scheme.scheme, scheme]),
);

/** @throws InputError `InvalidJob` */
export function schemeOf({ scheme }: Validation): Scheme {
  const found = schemes.get(scheme);
  if (!found)
    throw new InputError('InvalidJob', `there is no validation scheme "${scheme}"`, {
      field: 'validation.scheme',
      rule: `one of ${[...schemes.keys()].join(', ')}`,
    });
  return found;
}
