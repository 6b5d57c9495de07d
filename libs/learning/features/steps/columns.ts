import { InputError } from '#libs/statistics';
import type { Columns, FittedStep } from '../step.js';
import { termsOf } from './terms.js';
import type { Terms } from './terms.js';

/** The values of column j that are there. */
export function present({ rows, names, values }: Columns, j: number): Float64Array {
  const width = names.length;
  const found = new Float64Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row += 1) {
    const value = values[row * width + j]!;
    if (!Number.isNaN(value)) found[count++] = value;
  }
  return found.subarray(0, count);
}

/** The present values of column j, ascending. @throws InputError `AllMissing` */
export function sorted(columns: Columns, j: number): Float64Array {
  const values = present(columns, j).slice().sort();
  if (values.length === 0)
    throw new InputError('AllMissing', `column "${columns.names[j]}" has no value in the rows fitted on`, {
      field: columns.names[j],
      rule: 'at least one value',
    });
  return values;
}

/** Linear interpolation between order statistics (Hyndman and Fan's type 7: numpy's default). */
export function quantile(values: Float64Array, p: number): number {
  const place = p * (values.length - 1);
  const below = Math.floor(place);
  const above = Math.min(values.length - 1, below + 1);
  return values[below]! + (place - below) * (values[above]! - values[below]!);
}

export function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Population variance, in two passes. */
export function variance(values: Float64Array, centre = mean(values)): number {
  let squares = 0;
  let residual = 0;
  for (const value of values) {
    squares += (value - centre) ** 2;
    residual += value - centre;
  }
  return Math.max(0, (squares - (residual * residual) / values.length) / values.length);
}

/** A step that makes of each value another by its column's numbers. */
export function elementwise(
  names: readonly string[],
  value: (x: number, j: number) => number,
  nodes: (input: string, terms: Terms) => string,
  summary: FittedStep['summary'],
): FittedStep {
  const width = names.length;
  return {
    names,
    transform: (columns) => columns.values.map((x, at) => value(x, at % width)),
    addTo: (graph, input, name) => nodes(input, termsOf(graph, name)),
    summary,
  };
}

/** (x − centre) / scale · factor + offset, in this order. */
export function affine(
  names: readonly string[],
  centres: Float64Array,
  scales: Float64Array,
  factor = 1,
  offset = 0,
): FittedStep {
  return elementwise(
    names,
    (x, j) => {
      const scaled = (x - centres[j]!) / scales[j]!;
      return factor === 1 && offset === 0 ? scaled : scaled * factor + offset;
    },
    (input, { op, row, number }) => {
      const scaled = op('Div', [op('Sub', [input, row(centres)]), row(scales)]);
      if (factor === 1 && offset === 0) return scaled;
      return op('Add', [op('Mul', [scaled, number(factor)]), number(offset)]);
    },
    { centres: byName(names, centres), scales: byName(names, scales) },
  );
}

export function byName(names: readonly string[], values: ArrayLike<number>): Record<string, number> {
  return Object.fromEntries(names.map((name, j) => [name, values[j]!]));
}
