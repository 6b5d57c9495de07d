import { InputError, asCategories, columnOf, stratifiedKFold } from '#libs/statistics';
import type { Fold, Table } from '#libs/statistics';
import { orderOf } from '../features/history.js';
import type { Problem } from '../job/problem.js';
import { foldOf, kFold } from './k-fold.js';
import { groupKFold, holdOut, timeSeriesSplit } from './splits.js';

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
  /** @throws InputError `Folds`, `ClassTooSmall`, `NeedsTarget`, `UnknownColumn`, `MissingValue`, `AmbiguousOrder`, `TooLarge` */
  folds(document: Document, table: Table, problem: Problem, seed: number): readonly Fold[];
  /** As an evaluation names it. */
  describe(document: Document): string;
}

interface KFold extends Validation {
  readonly k: number;
  readonly shuffle?: boolean;
}

interface HoldOut extends Validation {
  readonly share: number;
  readonly shuffle?: boolean;
  readonly stratify?: boolean;
}

interface GroupKFold extends Validation {
  readonly k: number;
  readonly group: string;
}

interface LeaveOneOut extends Validation {
  readonly maximumRows?: number;
}

interface TimeSeries extends Validation {
  readonly k: number;
  readonly order?: string;
  readonly gap?: number;
  readonly testRows?: number;
  readonly maximumTrainingRows?: number;
}

interface Nested extends Validation {
  readonly k: number;
  readonly inner: number;
}

const k = { type: 'integer', minimum: 2, maximum: 1000 };
const shuffle = {
  type: 'boolean',
  default: true,
  description: 'Rows are dealt by the seed; false: in row order.',
};

const stratified: Scheme<KFold> = {
  scheme: 'stratified_k_fold',
  properties: { k, shuffle },
  required: ['k'],
  folds: ({ k: count, shuffle: shuffled }, _, problem, seed) =>
    stratifiedKFold(labelsOf(problem, 'stratified_k_fold'), count, shuffled === false ? undefined : seed),
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

const held: Scheme<HoldOut> = {
  scheme: 'hold_out',
  properties: {
    share: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1, description: 'Of the rows, to test on.' },
    shuffle: { ...shuffle, description: 'Rows are drawn by the seed; false: the last rows are tested.' },
    stratify: { type: 'boolean', default: false, description: 'Each class gives its share.' },
  },
  required: ['share'],
  folds({ share, shuffle: shuffled = true, stratify = false }, table, problem, seed) {
    if (stratify && !shuffled)
      throw new InputError('Folds', 'a stratified split is drawn', {
        field: 'validation.stratify',
        rule: 'shuffle with stratify',
      });
    const labels = stratify ? labelsOf(problem, 'hold_out with stratify') : undefined;
    return [holdOut(table.rows, share, shuffled ? seed : undefined, labels)];
  },
  describe: ({ share, stratify }) => `hold-out(${share}${stratify ? ', stratified' : ''})`,
};

const grouped: Scheme<GroupKFold> = {
  scheme: 'group_k_fold',
  properties: {
    k,
    group: { type: 'string', minLength: 1, description: 'Rows of one value are never parted; drop it as a feature.' },
  },
  required: ['k', 'group'],
  folds({ k: count, group }, table) {
    const { codes } = asCategories(columnOf(table, group));
    const row = codes.indexOf(-1);
    if (row >= 0)
      throw new InputError('MissingValue', `"${group}" is missing in row ${row}`, {
        field: group,
        row,
        rule: 'a group in every row',
      });
    return groupKFold(codes, count);
  },
  describe: ({ k: count, group }) => `cross-validation(${count}, grouped by ${group}, pooled)`,
};

/** Fits of a scheme without a closed form. */
const fitsAtMost = 1000;

const oneOut: Scheme<LeaveOneOut> = {
  scheme: 'leave_one_out',
  properties: {
    maximumRows: {
      type: 'integer',
      minimum: 2,
      maximum: 10_000,
      default: fitsAtMost,
      description: 'More rows are refused, unless linear or ridge regression has a closed form.',
    },
  },
  folds: (_, table) => Array.from({ length: table.rows }, (__, row) => foldOf(table.rows, Int32Array.of(row))),
  describe: () => 'leave-one-out(pooled)',
};

const inTime: Scheme<TimeSeries> = {
  scheme: 'time_series_split',
  properties: {
    k,
    order: { type: 'string', minLength: 1, description: 'Column of the time; default: the order of the rows.' },
    gap: { type: 'integer', minimum: 0, default: 0, description: 'Rows left out before each test.' },
    testRows: { type: 'integer', minimum: 1, description: 'Default: ⌊n / (k + 1)⌋.' },
    maximumTrainingRows: { type: 'integer', minimum: 1 },
  },
  required: ['k'],
  folds({ k: count, order, gap, testRows, maximumTrainingRows }, table) {
    const rows = Int32Array.from({ length: table.rows }, (_, row) => row);
    if (order !== undefined) {
      const times = orderOf(table, order);
      rows.sort((a, b) => times[a]! - times[b]! || a - b);
    }
    return timeSeriesSplit(rows, count, {
      ...(gap === undefined ? {} : { gap }),
      ...(testRows === undefined ? {} : { testRows }),
      ...(maximumTrainingRows === undefined ? {} : { maximumTrainingRows }),
    });
  },
  describe: ({ k: count }) => `time-series(${count}, pooled)`,
};

const nested: Scheme<Nested> = {
  scheme: 'nested',
  properties: {
    k: { ...k, description: 'Outer folds: what is reported.' },
    inner: { ...k, description: 'Inner folds, within the rows fitted on: a search chooses by them.' },
  },
  required: ['k', 'inner'],
  folds: ({ k: count }, table, problem, seed) => dealt(table.rows, count, problem, seed),
  describe: ({ k: count, inner }) => `nested-cross-validation(${count}, ${inner}, pooled)`,
};

/** Every validation scheme that a job may name. */
export const schemes: ReadonlyMap<string, Scheme> = new Map<string, Scheme>(
  ([held, plain, stratified, grouped, oneOut, inTime, nested] as unknown as Scheme[]).map((scheme) => [
    scheme.scheme,
    scheme,
  ]),
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

/** k folds, stratified where there are classes. */
function dealt(rows: number, count: number, problem: Problem, seed: number): Fold[] {
  return 'labels' in problem ? stratifiedKFold(problem.labels, count, seed) : kFold(rows, count, seed);
}

/** The inner folds of an outer one, in rows of the table. @throws InputError `Folds`, `ClassTooSmall` */
export function innerFolds({ training }: Fold, inner: number, problem: Problem, seed: number): readonly Fold[] {
  const labels = 'labels' in problem ? { labels: Array.from(training, (row) => problem.labels[row]!) } : {};
  const folds =
    'labels' in problem ? stratifiedKFold(labels.labels!, inner, seed) : kFold(training.length, inner, seed);
  const own = (places: Int32Array): Int32Array => places.map((place) => training[place]!);
  return folds.map((fold) => ({ training: own(fold.training), test: own(fold.test) }));
}

/** How many inner folds a nested validation deals; undefined of any other. */
export function innerFoldsOf(validation: Validation): number | undefined {
  return validation.scheme === 'nested' ? (validation as Nested).inner : undefined;
}

/** Refuses a leave-one-out that would take too long. @throws InputError `TooLarge` */
export function refuseManyFits(validation: Validation, rows: number): void {
  if (validation.scheme !== 'leave_one_out') return;
  const { maximumRows = fitsAtMost } = validation as LeaveOneOut;
  if (rows > maximumRows)
    throw new InputError('TooLarge', `leave-one-out of ${rows} rows would fit ${rows} models`, {
      field: 'validation.maximumRows',
      rule: `at most ${maximumRows} rows, or linear or ridge regression with a pipeline that has a closed form`,
    });
}

function labelsOf(problem: Problem, scheme: string): ArrayLike<number> {
  if ('labels' in problem) return problem.labels;
  throw new InputError('NeedsTarget', `${scheme} deals classes; this is ${problem.kind}`, {
    field: 'validation.scheme',
    rule: 'classification, or another scheme',
  });
}
