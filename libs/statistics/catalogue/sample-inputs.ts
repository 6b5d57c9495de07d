import { InputError } from '../errors.js';
import { asCategories } from '../table/index.js';
import type { TableColumn } from '../table/index.js';
import { columnFrom } from '../table/from-cells.js';
import type { Cell } from '../table/from-cells.js';
import type { ArgumentDefinition } from './definition.js';
import type { Inputs } from './inputs.js';

/** Two samples: a column of two files, or two lists. */
export const sampleArguments: readonly ArgumentDefinition[] = [
  { name: 'column', type: 'column', required: false, description: 'the column, in both files' },
  {
    name: 'reference',
    type: 'numbers',
    required: false,
    description: 'the reference sample, where no files are given',
  },
  { name: 'current', type: 'numbers', required: false, description: 'the current sample, where no files are given' },
];

export const resultArgument: ArgumentDefinition = {
  name: 'result',
  type: 'text',
  required: false,
  default: 'statistic',
  description: 'statistic or pvalue',
};

export const kindArgument: ArgumentDefinition = {
  name: 'type',
  type: 'text',
  required: false,
  description: 'num or cat; default: what the columns are',
};

/** Two columns of the same kind. */
export interface SamplePair {
  readonly reference: TableColumn;
  readonly current: TableColumn;
  readonly numeric: boolean;
}

/** @throws InputError `WrongType` where one column holds numbers and the other texts, `MissingArgument` */
export function pairOf(inputs: Inputs): SamplePair {
  const [reference, current] =
    inputs.tables.length > 0
      ? [inputs.column('column', 0), inputs.column('column', 1)]
      : [listOf(inputs, 'reference'), listOf(inputs, 'current')];
  const numeric = reference.kind === 'numeric' && current.kind === 'numeric';
  const empty = reference.nulls === lengthOf(reference) || current.nulls === lengthOf(current);
  if (reference.kind !== current.kind && !empty)
    throw new InputError(
      'WrongType',
      `column "${reference.name}" is ${reference.type} in the reference and ${current.type} in the current data`,
      {
        field: reference.name,
        rule: 'the same type in both',
      },
    );
  if (inputs.has('type')) {
    const asked = inputs.oneOf('type', ['num', 'cat'], 'num') === 'num';
    if (asked && !numeric)
      throw new InputError('WrongType', `column "${reference.name}" holds texts`, {
        field: reference.name,
        rule: 'numbers',
      });
    return { reference, current, numeric: asked };
  }
  return { reference, current, numeric };
}

function listOf(inputs: Inputs, argument: 'reference' | 'current'): TableColumn {
  const value = inputs.args[argument];
  if (!Array.isArray(value))
    throw new InputError('MissingArgument', `two files, or the lists "reference" and "current"`, {
      field: argument,
      rule: 'a list',
    });
  return columnFrom(argument, value as Cell[]);
}

function lengthOf(column: TableColumn): number {
  return column.kind === 'numeric' ? column.values.length : column.codes.length;
}

/** Both samples as numbers, nulls left out. Infinities are refused unless `dropInfinite`. @throws InputError `WrongType`, `NotFinite` */
export function numericSamples(
  inputs: Inputs,
  dropInfinite = false,
): { a: Float64Array; b: Float64Array; n: number; integers: boolean } {
  const { reference, current } = pairOf(inputs);
  const a = finite(reference, dropInfinite);
  const b = finite(current, dropInfinite);
  // pandas keeps integers only where nothing is missing.
  const integers = [reference, current].every(({ type, nulls }) => type === 'integer' && nulls === 0);
  return { a, b, n: a.length + b.length, integers };
}

interface Numbers {
  readonly values: Float64Array;
  /** Row of the first infinity, or −1. */
  readonly infinite: number;
}

/** A column is read once for all measures: what is not finite is left out. */
const kept = new WeakMap<TableColumn, Numbers>();

/** The finite values of a column of numbers, found once. @throws InputError `WrongType`, `NotFinite` */
export function finite(column: TableColumn, dropInfinite: boolean): Float64Array {
  if (column.kind !== 'numeric') {
    if (column.nulls === column.codes.length) return new Float64Array(0);
    throw new InputError('WrongType', `column "${column.name}" holds texts`, { field: column.name, rule: 'numbers' });
  }
  let known = kept.get(column);
  if (!known) {
    const infinite = firstInfinite(column.values);
    known = {
      values: column.nulls === 0 && infinite < 0 ? column.values : column.values.filter(Number.isFinite),
      infinite,
    };
    kept.set(column, known);
  }
  const { infinite, values } = known;
  if (infinite >= 0 && !dropInfinite)
    throw new InputError('NotFinite', `column "${column.name}" holds ${column.values[infinite]} in row ${infinite}`, {
      field: column.name,
      row: infinite,
      rule: 'finite numbers',
    });
  return values;
}

function firstInfinite(values: Float64Array): number {
  for (let i = 0; i < values.length; i += 1) if (values[i] === Infinity || values[i] === -Infinity) return i;
  return -1;
}

/** Counts per value over the union of both samples' values, nulls left out; values ascending. */
export function valueCounts(inputs: Inputs): {
  a: Float64Array;
  b: Float64Array;
  values: string[];
  n: number;
  na: number;
  nb: number;
} {
  const { reference, current } = pairOf(inputs);
  const [x, y] = [asCategories(reference), asCategories(current)];
  const numeric = reference.kind === 'numeric';
  const values = [...new Set([...x.categories, ...y.categories])].sort((p, q) =>
    numeric ? Number(p) - Number(q) : p < q ? -1 : 1,
  );
  const index = new Map(values.map((value, i) => [value, i]));
  const count = ({ codes, categories }: typeof x): Float64Array => {
    const counts = new Float64Array(values.length);
    const positions = categories.map((category) => index.get(category)!);
    for (const code of codes) if (code >= 0) counts[positions[code]!]! += 1;
    return counts;
  };
  const [a, b] = [count(x), count(y)];
  const sum = (counts: Float64Array): number => counts.reduce((total, value) => total + value, 0);
  return { a, b, values, na: sum(a), nb: sum(b), n: sum(a) + sum(b) };
}
