import { InputError, asCategories, columnOf, numbersOf } from '#libs/statistics';
import type { Table } from '#libs/statistics';
import type { Algorithm, Task } from '../algorithm.js';
import type { Job } from './document.js';

/** What a job asks, with the answers that the table holds. */
export type Problem = Asked & {
  /** What each row of the table counts for, in fits and in scores; default 1. */
  readonly weights?: Float64Array;
};

type Asked =
  | {
      readonly kind: 'binary';
      readonly column: string;
      readonly scored: string;
      /** The other label where there is one other only. */
      readonly other?: string;
      /** 1 where the row's label is the scored one. */
      readonly labels: Uint8Array;
    }
  | {
      readonly kind: 'multiclass';
      readonly column: string;
      readonly classes: readonly string[];
      readonly labels: Uint16Array;
    }
  | { readonly kind: 'regression'; readonly column: string; readonly values: Float64Array }
  | { readonly kind: 'clustering' }
  | { readonly kind: 'reconstruction' };

const maximumClasses = 1000;

/**
 * @throws InputError `UnknownColumn`, `MissingValue`, `NotFinite`, `UnknownLabel`, `OneClass`, `NeedsTarget`,
 * `UnsupportedTask`, `WrongType`, `TooManyClasses`, `Weight`
 */
export function problemOf(job: Job, table: Table, algorithm: Pick<Algorithm, 'name' | 'tasks'>): Problem {
  const asked = askedOf(job, table, algorithm);
  return job.weight === undefined ? asked : { ...asked, weights: weightsOf(job.weight, table) };
}

/** @throws InputError `WrongType`, `MissingValue`, `NotFinite`, `Weight` */
function weightsOf(name: string, table: Table): Float64Array {
  const weights = numbersOf(columnOf(table, name));
  const row = weights.findIndex((weight) => weight < 0);
  if (row >= 0) throw new InputError('Weight', `row ${row} weighs ${weights[row]}`, { field: name, row, rule: '≥ 0' });
  if (table.rows > 0 && !weights.some((weight) => weight > 0))
    throw new InputError('Weight', `every row weighs 0`, { field: name, rule: 'a positive sum' });
  return weights;
}

function askedOf(job: Job, table: Table, algorithm: Pick<Algorithm, 'name' | 'tasks'>): Asked {
  const task = taskOf(job, table, algorithm);
  if (task === 'clustering' || task === 'reconstruction') return { kind: task };
  if (!job.target)
    throw new InputError('NeedsTarget', `${task} needs a target`, { field: 'target', rule: 'a column to predict' });
  const { column: name, positive } = job.target;
  const column = columnOf(table, name);
  if (task === 'regression') {
    if (column.kind !== 'numeric')
      throw new InputError('WrongType', `the target "${name}" is text`, { field: name, rule: 'numbers to predict' });
    const row = column.values.findIndex((value) => !Number.isFinite(value));
    if (row >= 0) throw missing(name, row, column.values[row]!);
    return { kind: 'regression', column: name, values: column.values };
  }
  const { codes, categories } = asCategories(column);
  const row = codes.findIndex((code) => code < 0);
  if (row >= 0) throw missing(name, row, Number.NaN);
  if (table.rows === 0)
    throw new InputError('NoRows', 'the table has no rows', { field: 'data', rule: 'at least one row' });
  if (positive !== undefined && !categories.includes(positive))
    throw new InputError('UnknownLabel', `"${name}" never is "${positive}"`, {
      field: 'target.positive',
      rule: `one of ${categories.slice(0, 20).join(', ')}`,
    });
  if (categories.length < 2)
    throw new InputError('OneClass', `"${name}" is "${categories[0]}" in every row`, {
      field: name,
      rule: 'two classes',
    });
  if (positive === undefined && categories.length > 2) {
    if (categories.length > maximumClasses)
      throw new InputError('TooManyClasses', `"${name}" has ${categories.length} classes`, {
        field: name,
        rule: `at most ${maximumClasses} classes`,
      });
    return { kind: 'multiclass', column: name, classes: categories, labels: Uint16Array.from(codes) };
  }
  const scored = positive ?? categories.find((category) => /^(yes|true|y|t|1)$/i.test(category)) ?? categories[1]!;
  const others = categories.filter((category) => category !== scored);
  const code = categories.indexOf(scored);
  return {
    kind: 'binary',
    column: name,
    scored,
    ...(others.length === 1 ? { other: others[0]! } : {}),
    labels: Uint8Array.from(codes, (own) => (own === code ? 1 : 0)),
  };
}

/** Number of classes; 0 where the problem is no classification. */
export function classesOf(problem: Problem): number {
  if (problem.kind === 'binary') return 2;
  return problem.kind === 'multiclass' ? problem.classes.length : 0;
}

/** Class codes or numbers of the given rows; empty without a target. */
export function targetsOf(problem: Problem, rows: Int32Array): Float64Array {
  switch (problem.kind) {
    case 'binary':
    case 'multiclass':
      return Float64Array.from(rows, (row) => problem.labels[row]!);
    case 'regression':
      return Float64Array.from(rows, (row) => problem.values[row]!);
    default:
      return new Float64Array(0);
  }
}

/** The task as an algorithm knows it. */
export function algorithmTask({ kind }: Problem): Task {
  return kind === 'binary' || kind === 'multiclass' ? 'classification' : kind;
}

function taskOf(job: Job, table: Table, { name, tasks }: Pick<Algorithm, 'name' | 'tasks'>): Task {
  const untargeted = tasks.find((task) => task === 'clustering' || task === 'reconstruction');
  let task = job.task;
  // A target that the algorithm does not look at is left out of the features.
  if (!job.target || tasks.every((one) => one === 'clustering' || one === 'reconstruction')) task ??= untargeted;
  if (task === undefined && job.target) {
    const numbers = columnOf(table, job.target.column).kind === 'numeric';
    const labelled = job.target.positive !== undefined || !numbers || !tasks.includes('regression');
    task = labelled ? 'classification' : 'regression';
  }
  if (task === undefined)
    throw new InputError('NeedsTarget', `${name} needs a target`, { field: 'target', rule: 'a column to predict' });
  if (!tasks.includes(task))
    throw new InputError('UnsupportedTask', `${name} does no ${task}`, {
      field: 'task',
      rule: `one of ${tasks.join(', ')}`,
    });
  return task;
}

function missing(field: string, row: number, value: number): InputError {
  return Number.isNaN(value)
    ? new InputError('MissingValue', `the target "${field}" is missing in row ${row}`, {
        field,
        row,
        rule: 'a label in every row',
      })
    : new InputError('NotFinite', `the target "${field}" is ${value} in row ${row}`, { field, row, rule: 'finite' });
}

/** Weights of the given rows; undefined where every row counts once. */
export function weightsAt({ weights }: Problem, rows: Int32Array): Float64Array | undefined {
  return weights && Float64Array.from(rows, (row) => weights[row]!);
}
