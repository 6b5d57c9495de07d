import { InputError } from '../errors.js';
import { countCells } from '../fairness/cells.js';
import type { GroupCell, GroupCells } from '../fairness/cells.js';
import { asCategories, columnOf } from '../table/index.js';
import type { CategoryColumn } from '../table/index.js';
import type { ArgumentDefinition } from './definition.js';
import type { Inputs } from './inputs.js';

/** Arguments that group metrics share. */
export const groupArguments = {
  label: { name: 'label', type: 'column', required: true, description: 'what really happened' },
  prediction: { name: 'prediction', type: 'column', required: true, description: 'what was decided' },
  protected: {
    name: 'protected',
    type: 'columns',
    required: true,
    description: 'attributes whose crossed values make the groups',
  },
  positive: {
    name: 'positive',
    type: 'text',
    required: false,
    description: 'the favourable value of label and prediction; default 1, true or yes',
  },
  weight: { name: 'weight', type: 'column', required: false, description: 'weight of a row, ≥ 0' },
  privileged: {
    name: 'privileged',
    type: 'text',
    required: true,
    description: 'COLUMN=VALUE of the advantaged group; all others are the other side',
  },
  group: {
    name: 'group',
    type: 'text',
    required: false,
    description: 'value of the protected column (crossed: values joined by commas); default: all rows',
  },
  score: {
    name: 'score',
    type: 'column',
    required: true,
    description: 'number that grows with the chance of the positive',
  },
} as const satisfies Record<string, ArgumentDefinition>;

const defaultPositives = ['1', 'true', 'yes', 'True', 'Yes', 'TRUE', 'YES'];

/** 1 where the column is the positive value. @throws InputError `MissingValue`, `PositiveNeeded`, `UnknownLabel` */
export function binary(inputs: Inputs, argument: string): Uint8Array {
  const column = inputs.categoryColumn(argument);
  return binaryOf(column, inputs.has('positive') ? inputs.text('positive') : undefined);
}

export function binaryOf(column: CategoryColumn, given: string | undefined): Uint8Array {
  const positive = given ?? defaultPositives.find((candidate) => column.categories.includes(candidate));
  if (given === undefined) {
    const zeroOnly =
      column.categories.length === 1 && ['0', 'false', 'no', 'False', 'No'].includes(column.categories[0]!);
    if (column.categories.length > 2 || (positive === undefined && column.categories.length > 0 && !zeroOnly))
      throw new InputError('PositiveNeeded', `which value of "${column.name}" is the favourable one?`, {
        field: 'positive',
        rule: `one of ${column.categories.slice(0, 20).join(', ')}`,
      });
  }
  // A value that never occurs is no error: a model may decide nothing favourable at all.
  const code = positive === undefined ? -1 : column.categories.indexOf(positive);
  return Uint8Array.from(column.codes, (own) => (own === code ? 1 : 0));
}

export function weights(inputs: Inputs): Float64Array | undefined {
  return inputs.has('weight') ? inputs.numericColumn('weight') : undefined;
}

/** @throws InputError `UnknownColumn` */
export function protectedColumns(inputs: Inputs, argument = 'protected'): CategoryColumn[] {
  return inputs.texts(argument).map((name) => asCategories(columnOf(inputs.table(), name)));
}

/** The table of counts of label × prediction per group. */
export function cellsOf(inputs: Inputs): GroupCells {
  const prediction = binary(inputs, 'prediction');
  const label = inputs.has('label') ? binary(inputs, 'label') : prediction;
  const columns = inputs.has('protected') ? protectedColumns(inputs) : [everyone(prediction.length)];
  return countCells(columns, label, prediction, weights(inputs));
}

/** One group for all rows. */
function everyone(rows: number): CategoryColumn {
  return { kind: 'category', name: 'all', type: 'string', nulls: 0, codes: new Int32Array(rows), categories: ['all'] };
}

/** The cell of the named group. @throws InputError `UnknownGroup` */
export function cellOfGroup(cells: GroupCells, value: string): GroupCell {
  const cell = cells.groups.find(({ group }) => Object.values(group).join(',') === value);
  if (!cell)
    throw new InputError('UnknownGroup', `no row is in group "${value}"`, {
      field: 'group',
      rule: `one of ${cells.groups
        .map(({ group }) => Object.values(group).join(','))
        .slice(0, 20)
        .join('; ')}`,
    });
  return cell;
}

/** 1 for rows of the privileged group, 0 for the others. @throws InputError `WrongArgument`, `UnknownGroup` */
export function privilegedRows(inputs: Inputs): Uint8Array {
  const text = inputs.text('privileged');
  const cut = text.indexOf('=');
  if (cut < 1) throw inputs.wrong('privileged', 'COLUMN=VALUE');
  const column = asCategories(columnOf(inputs.table(), text.slice(0, cut)));
  if (column.nulls > 0)
    throw new InputError('MissingValue', `column "${column.name}" has missing values`, {
      field: column.name,
      rule: 'no missing values',
    });
  const code = column.categories.indexOf(text.slice(cut + 1));
  if (code < 0)
    throw new InputError('UnknownGroup', `"${column.name}" never is "${text.slice(cut + 1)}"`, {
      field: 'privileged',
      rule: `one of ${column.categories.slice(0, 20).join(', ')}`,
    });
  return Uint8Array.from(column.codes, (own) => (own === code ? 1 : 0));
}

/** Weighted counts of one side. */
export interface Counts {
  readonly tp: number;
  readonly fp: number;
  readonly tn: number;
  readonly fn: number;
  readonly rows: number;
}

/** Counts of the privileged rows, of the others, and of all. */
export function sides(inputs: Inputs): { privileged: Counts; unprivileged: Counts; all: Counts; n: number } {
  const privileged = privilegedRows(inputs);
  const label = inputs.has('label') ? binary(inputs, 'label') : undefined;
  const prediction = inputs.has('prediction') ? binary(inputs, 'prediction') : label!;
  const own = weights(inputs);
  const column: CategoryColumn = {
    kind: 'category',
    name: 'side',
    type: 'string',
    nulls: 0,
    categories: ['0', '1'],
    codes: Int32Array.from(privileged),
  };
  const cells = countCells([column], label ?? prediction, prediction, own);
  const of = (side: string): Counts => {
    const cell = cells.groups.find(({ group }) => group['side'] === side);
    return cell
      ? {
          tp: cell.truePositives,
          fp: cell.falsePositives,
          tn: cell.trueNegatives,
          fn: cell.falseNegatives,
          rows: cell.rows,
        }
      : { tp: 0, fp: 0, tn: 0, fn: 0, rows: 0 };
  };
  const a = of('1');
  const d = of('0');
  const all = { tp: a.tp + d.tp, fp: a.fp + d.fp, tn: a.tn + d.tn, fn: a.fn + d.fn, rows: a.rows + d.rows };
  return { privileged: a, unprivileged: d, all, n: all.rows };
}
