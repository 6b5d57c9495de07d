import { scoreEnsemble } from '../explanation/index.js';
import type { Ensemble, LinearScore, Tree } from '../explanation/index.js';
import { numbersOf } from './inputs.js';
import type { Inputs } from './inputs.js';
import type { ArgumentDefinition } from './definition.js';
import { columnOf } from '../table/index.js';

/** What the explanation measures share: the model as numbers, or (`assay measure` only) as a file that `assay train` wrote. */
export const modelArguments = {
  model: {
    name: 'model',
    type: 'text',
    required: false,
    description: 'path of a model.onnx of `assay train`, in place of trees or coefficients (assay measure only)',
  },
  trees: {
    name: 'trees',
    type: 'trees',
    required: false,
    description:
      'list of {feature, threshold, left, right, value, cover?, width?, first?}, node 0 the root, feature −1 in a leaf; a row goes left where value ≤ threshold',
  },
  base: {
    name: 'base',
    type: 'numbers',
    required: false,
    description: 'what is added to the trees’ sum, one an output',
  },
  coefficients: {
    name: 'coefficients',
    type: 'numbers',
    required: false,
    description: 'one a column, in place of trees',
  },
  intercept: { name: 'intercept', type: 'number', required: false, default: 0, description: 'of the linear model' },
  columns: {
    name: 'columns',
    type: 'columns',
    required: false,
    description: 'columns of the file in the model’s order; default: all',
  },
  feature: { name: 'feature', type: 'text', required: true, description: 'the column whose number is asked for' },
  output: { name: 'output', type: 'number', required: false, default: 0, description: 'which of the model’s outputs' },
} as const satisfies Record<string, ArgumentDefinition>;

/** The named columns of a file as a row-major matrix. @throws InputError `UnknownColumn`, `WrongType`, `MissingValue` */
export function matrixOf(inputs: Inputs, file: number, names: readonly string[]): Float64Array {
  const table = inputs.table(file);
  const columns = names.map((name) => numbersOf(columnOf(table, name)));
  const values = new Float64Array(table.rows * names.length);
  columns.forEach((column, j) => {
    for (let row = 0; row < table.rows; row += 1) values[row * names.length + j] = column[row]!;
  });
  return values;
}

export function columnNames(inputs: Inputs): readonly string[] {
  return inputs.has('columns') ? inputs.texts('columns') : inputs.table().columns.map(({ name }) => name);
}

/** Place of the feature among the columns. @throws InputError `WrongArgument` */
export function featureAt(inputs: Inputs, names: readonly string[]): number {
  const at = names.indexOf(inputs.text('feature'));
  if (at < 0) throw inputs.wrong('feature', `one of ${names.slice(0, 20).join(', ')}`);
  return at;
}

/** A row of the first file; undefined where none is asked for. @throws InputError `WrongArgument` */
export function rowAsked(inputs: Inputs): number | undefined {
  if (!inputs.has('row')) return undefined;
  const row = inputs.integer('row');
  const { rows } = inputs.table();
  if (row < 0 || row >= rows) throw inputs.wrong('row', `0 to ${rows - 1}`);
  return row;
}

/** @throws InputError `WrongArgument` where an output is asked for that there is not */
export function outputAsked(inputs: Inputs, outputs: number): number {
  const output = inputs.integer('output', 0);
  if (output < 0 || output >= outputs) throw inputs.wrong('output', `0 to ${outputs - 1}`);
  return output;
}

/** @throws InputError `WrongArgument` naming what is wrong with the trees */
export function ensembleOf(inputs: Inputs, columns: number): Ensemble {
  const given = inputs.args['trees'];
  if (!Array.isArray(given) || given.length === 0) throw inputs.wrong('trees', 'a list of trees');
  const trees = given.map((tree, i) => treeOf(inputs, tree as Readonly<Record<string, unknown>>, i, columns));
  const outputs = Math.max(...trees.map(({ first, width }) => first + width));
  const base = inputs.has('base') ? inputs.numbers('base') : new Float64Array(outputs);
  if (base.length !== outputs) throw inputs.wrong('base', `${outputs} numbers`);
  return { trees, outputs, base };
}

function treeOf(inputs: Inputs, tree: Readonly<Record<string, unknown>>, index: number, columns: number): Tree {
  const wrong = (rule: string) => inputs.wrong('trees', `trees whose ${rule} (tree ${index})`);
  const list = (name: string, length?: number): number[] => {
    const value = tree?.[name];
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'number' && Number.isFinite(item)))
      throw wrong(`${name} is a list of finite numbers`);
    if (length !== undefined && value.length !== length) throw wrong(`${name} has ${length} numbers`);
    return value as number[];
  };
  const feature = list('feature');
  const nodes = feature.length;
  const { width = 1, first = 0 } = tree as { readonly width?: number; readonly first?: number };
  if (nodes === 0 || !(Number.isInteger(width) && width > 0) || !(Number.isInteger(first) && first >= 0))
    throw wrong('width is at least 1, first at least 0, and nodes are one at least');
  const [left, right] = [list('left', nodes), list('right', nodes)];
  const cover = tree['cover'] === undefined ? feature.map(() => 0) : list('cover', nodes);
  const reached = new Uint8Array(nodes);
  feature.forEach((column, node) => {
    if (column === -1) return;
    if (!(Number.isInteger(column) && column >= 0 && column < columns))
      throw wrong(`features are −1 or one of ${columns} columns`);
    for (const child of [left[node]!, right[node]!]) {
      // Each node has one parent, and the root none: so no walk goes round.
      if (!(Number.isInteger(child) && child > 0 && child < nodes) || reached[child]! > 0)
        throw wrong('children are nodes of the tree, each of one parent');
      reached[child] = 1;
    }
  });
  return {
    feature: Int32Array.from(feature),
    threshold: Float64Array.from(list('threshold', nodes)),
    left: Int32Array.from(left),
    right: Int32Array.from(right),
    cover: Float64Array.from(cover),
    value: Float64Array.from(list('value', nodes * width)),
    width,
    first,
  };
}

/** @throws InputError `WrongArgument` */
export function linearOf(inputs: Inputs, columns: number): LinearScore {
  const coefficients = inputs.numbers('coefficients');
  if (coefficients.length !== columns) throw inputs.wrong('coefficients', `${columns} numbers, one a column`);
  return { coefficients, intercepts: Float64Array.of(inputs.number('intercept', 0)), outputs: 1 };
}

export interface NumberModel {
  readonly outputs: number;
  /** Row-major `rows × outputs`. */
  score(values: Float64Array, rows: number): Float64Array;
}

/** The model as a function. @throws InputError `MissingArgument` where neither trees nor coefficients are given */
export function modelOf(inputs: Inputs, columns: number): NumberModel {
  if (inputs.has('trees')) {
    const ensemble = ensembleOf(inputs, columns);
    return { outputs: ensemble.outputs, score: (values, rows) => scoreEnsemble(ensemble, values, rows) };
  }
  const { coefficients, intercepts } = linearOf(inputs, columns);
  return {
    outputs: 1,
    score: (values, rows) =>
      Float64Array.from({ length: rows }, (_, row) =>
        coefficients.reduce((sum, own, j) => sum + own * values[row * columns + j]!, intercepts[0]!),
      ),
  };
}
