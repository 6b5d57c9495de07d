import type { Generator } from '#libs/statistics';
import { TreeBuilder, thresholdBetween } from './ensemble.js';
import type { Tree } from './ensemble.js';
import { impurityOf } from './impurity.js';
import type { Criterion } from './impurity.js';

export interface CartOptions {
  readonly criterion: Criterion;
  /** Edges from the root to a leaf at most; Infinity: no limit. */
  readonly maximumDepth: number;
  /** Rows that a node needs to be split. */
  readonly minimumRowsToSplit: number;
  /** Rows in a leaf at least. */
  readonly minimumRows: number;
  /** Fall of impurity, weighed by the node's share of all weight, that a split needs. */
  readonly minimumGain: number;
  /** Columns drawn for each node by `random`; default: all, in their order. */
  readonly columnsPerSplit?: number;
  readonly random?: Generator;
}

/** A set as trees read it: each column's rows in ascending order of its values, made once for all trees. */
export interface SortedColumns {
  readonly rows: number;
  readonly columns: number;
  /** Column-major, float32 numbers. */
  readonly values: Float32Array;
  readonly orders: readonly Int32Array[];
  /** Each column's distinct values in rows with weight, ascending. */
  readonly levels: readonly Float32Array[];
}

/** Rows of equal values stand in their own order. */
export function sortColumns(
  values: Float64Array,
  rows: number,
  columns: number,
  weights: Float64Array | undefined,
  checkpoint: () => void,
): SortedColumns {
  const own = new Float32Array(rows * columns);
  const all: Float32Array[] = [];
  const orders = Array.from({ length: columns }, (_, column) => {
    const part = own.subarray(column * rows, (column + 1) * rows);
    for (let row = 0; row < rows; row += 1) part[row] = values[row * columns + column]!;
    checkpoint();
    const levels = part.slice().sort();
    // Counting by rank: a stable order without a comparison function.
    const starts = new Int32Array(rows + 1);
    let distinct = 0;
    for (let i = 0; i < rows; i += 1)
      if (i === 0 || levels[i]! > levels[distinct - 1]!) {
        starts[distinct] = i;
        levels[distinct++] = levels[i]!;
      }
    all.push(weights ? distinctOf(part.filter((_, row) => weights[row]! > 0)) : levels.slice(0, distinct));
    const order = new Int32Array(rows);
    for (let row = 0; row < rows; row += 1) {
      let low = 0;
      let high = distinct;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (levels[middle]! < part[row]!) low = middle + 1;
        else high = middle;
      }
      order[starts[low]!] = row;
      starts[low]! += 1;
    }
    return order;
  });
  return { rows, columns, values: own, orders, levels: all };
}

function distinctOf(values: Float32Array): Float32Array {
  return values.sort().filter((value, i, sorted) => i === 0 || value > sorted[i - 1]!);
}

interface Node {
  readonly id: number;
  readonly start: number;
  readonly end: number;
  readonly depth: number;
}

/**
 * A classification or regression tree with exact cuts (Breiman et al. 1984; scikit-learn 1.9.1 `DecisionTree*`): a node is
 * split where the weighted impurity of its sides is least; of equal ones the first column and the lowest cut win.
 * Leaves hold the shares of the classes (two: of class 1) or the mean.
 * @param weights 0 leaves a row out
 */
export function growCart(
  sorted: SortedColumns,
  target: Float64Array,
  classes: number,
  weights: Float64Array,
  options: CartOptions,
  checkpoint: () => void,
): Tree {
  const { rows, columns, values } = sorted;
  const orders = sorted.orders.map((order) => order.filter((row) => weights[row]! > 0));
  const count = orders[0]!.length;
  const impurity = impurityOf(options.criterion, classes, target, weights);
  const builder = new TreeBuilder(classes > 2 ? classes : 1);
  const total = impurity.whole(orders[0]!, 0, count).weight;
  const spare = new Int32Array(count);
  const side = new Uint8Array(rows);
  const drawn = Int32Array.from({ length: columns }, (_, column) => column);
  const stack: Node[] = [{ id: builder.leaf(0), start: 0, end: count, depth: 0 }];
  const covers: number[] = [];
  let work = 0;
  while (stack.length > 0) {
    const { id, start, end, depth } = stack.pop()!;
    const whole = impurity.whole(orders[0]!, start, end);
    covers[id] = whole.weight;
    for (let k = 0; k < whole.leaf.length; k += 1) builder.setValue(id, k, whole.leaf[k]!);
    if ((work += end - start) > 10_000) {
      checkpoint();
      work = 0;
    }
    if (depth >= options.maximumDepth || end - start < options.minimumRowsToSplit || whole.pure) continue;
    const asked = draw(drawn, options);
    // An impure node is split even where nothing is gained at once (as with an exclusive or), unless a gain is asked for.
    let best = options.minimumGain > 0 ? options.minimumGain * total : -Infinity;
    let column = -1;
    let cut = 0;
    for (const candidate of asked) {
      if (end - start > 10_000) checkpoint();
      const order = orders[candidate]!;
      const offset = candidate * rows;
      // A constant column has no cut.
      if (values[offset + order[start]!] === values[offset + order[end - 1]!]) continue;
      impurity.begin(whole);
      for (let i = start; i < end - 1; i += 1) {
        const row = order[i]!;
        impurity.move(row);
        const rowsLeft = i + 1 - start;
        if (rowsLeft < options.minimumRows || values[offset + row] === values[offset + order[i + 1]!]) continue;
        if (end - i - 1 < options.minimumRows) break;
        const gain = impurity.gain();
        if (gain > best) {
          best = gain;
          column = candidate;
          cut = i;
        }
      }
    }
    if (column < 0) continue;
    const order = orders[column]!;
    const threshold = thresholdAround(
      sorted.levels[column]!,
      values[column * rows + order[cut]!]!,
      values[column * rows + order[cut + 1]!]!,
    );
    for (let i = start; i < end; i += 1) side[order[i]!] = i <= cut ? 1 : 0;
    for (const own of orders) divide(own, side, start, end, spare);
    const left = builder.leaf(0);
    const right = builder.leaf(0);
    builder.split(id, column, threshold, left, right);
    stack.push(
      { id: right, start: cut + 1, end, depth: depth + 1 },
      { id: left, start, end: cut + 1, depth: depth + 1 },
    );
  }
  const tree = builder.finish();
  tree.cover.set(covers);
  return tree;
}

/**
 * The middle of a and b, moved to the middle of the two values of the whole column that it falls between: all training rows
 * go where the middle of the node's own values would send them (Breiman et al.; scikit-learn), and no value that occurs
 * lies on a cut (of ratings 1 and 3 it would be 2).
 */
function thresholdAround(levels: Float32Array, a: number, b: number): number {
  const middle = a + (b - a) / 2;
  let low = 0;
  let high = levels.length;
  while (low < high) {
    const place = (low + high) >>> 1;
    if (levels[place]! <= middle) low = place + 1;
    else high = place;
  }
  return thresholdBetween(levels[low - 1]!, levels[low]!);
}

/** The columns that a node may be split on, ascending: all, or as many as are drawn. */
function draw(columns: Int32Array, { columnsPerSplit, random }: CartOptions): Int32Array {
  if (!random || columnsPerSplit === undefined || columnsPerSplit >= columns.length) return columns;
  for (let i = 0; i < columnsPerSplit; i += 1) {
    const other = i + random.integer(columns.length - i);
    const held = columns[i]!;
    columns[i] = columns[other]!;
    columns[other] = held;
  }
  return columns.slice(0, columnsPerSplit).sort();
}

function divide(order: Int32Array, side: Uint8Array, start: number, end: number, spare: Int32Array): void {
  let left = start;
  let right = 0;
  for (let i = start; i < end; i += 1) {
    const row = order[i]!;
    const stays = side[row]!;
    order[left] = row;
    spare[right] = row;
    left += stays;
    right += 1 - stays;
  }
  order.set(spare.subarray(0, right), left);
}
