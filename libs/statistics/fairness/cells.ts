import type { GroupCount } from '#libs/lifecycle';
import { InputError } from '../errors.js';
import type { CategoryColumn } from '../table/index.js';

/**
 * The table that every group metric comes from: per group the four cells of label × prediction, as counts or as sums
 * of weights. Groups are the product of the attributes' categories that occur, in the order of their codes.
 */
export interface GroupCells {
  readonly attributes: readonly string[];
  readonly groups: readonly GroupCell[];
  /** Rows left out because an attribute is null. */
  readonly unknown: number;
}

export interface GroupCell {
  readonly group: Readonly<Record<string, string>>;
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly trueNegatives: number;
  readonly falseNegatives: number;
  /** Rows, whatever they weigh. */
  readonly rows: number;
  /** Kish's effective number of rows, (Σw)² / Σw²; the rows where nothing is weighted. */
  readonly effective: number;
}

const maximumGroups = 1_000_000;

/**
 * One scan over the rows. `labels` and `predictions` hold 1 for the positive (favourable) and 0 for the other;
 * weights are ≥ 0 and finite.
 * @throws InputError `LengthMismatch`, `Weight` (row and rule), `TooManyGroups`
 */
export function countCells(
  attributes: readonly CategoryColumn[],
  labels: Uint8Array,
  predictions: Uint8Array,
  weights?: Float64Array,
): GroupCells {
  const rows = labels.length;
  for (const [name, length] of [
    ['prediction', predictions.length] as const,
    ['weight', weights?.length ?? rows] as const,
    ...attributes.map((attribute) => [attribute.name, attribute.codes.length] as const),
  ])
    if (length !== rows)
      throw new InputError('LengthMismatch', `"${name}" has ${length} rows, the label ${rows}`, {
        field: name,
        rule: 'columns are equally long',
      });
  const size = attributes.reduce((product, { categories }) => product * Math.max(1, categories.length), 1);
  if (size > maximumGroups)
    throw new InputError('TooManyGroups', `${size} possible groups`, {
      field: attributes.map(({ name }) => name).join(','),
      rule: `at most ${maximumGroups} groups`,
    });
  const group = groupCodes(attributes, rows);
  const cells = new Float64Array(size * 4);
  const counts = weights ? new Float64Array(size) : undefined;
  const squares = weights ? new Float64Array(size) : undefined;
  let unknown = 0;
  for (let row = 0; row < rows; row += 1) {
    const code = group[row]!;
    if (code < 0) {
      unknown += 1;
      continue;
    }
    const cell = code * 4 + labels[row]! * 2 + predictions[row]!;
    if (!weights) cells[cell]! += 1;
    else {
      const weight = weights[row]!;
      if (!(weight >= 0 && weight < Infinity))
        throw new InputError('Weight', `row ${row} weighs ${weight}`, { field: 'weight', row, rule: 'finite and ≥ 0' });
      cells[cell]! += weight;
      counts![code]! += 1;
      squares![code]! += weight * weight;
    }
  }
  const groups: GroupCell[] = [];
  for (let code = 0; code < size; code += 1) {
    const [tn, fp, fn, tp] = cells.subarray(code * 4, code * 4 + 4);
    const total = tn! + fp! + fn! + tp!;
    const count = counts ? counts[code]! : total;
    if (count === 0) continue;
    groups.push({
      group: groupOf(attributes, code),
      truePositives: tp!,
      falsePositives: fp!,
      trueNegatives: tn!,
      falseNegatives: fn!,
      rows: count,
      effective: squares ? (squares[code]! > 0 ? (total * total) / squares[code]! : 0) : count,
    });
  }
  return { attributes: attributes.map(({ name }) => name), groups, unknown };
}

/** The cells of all groups together. */
export function overallCell(cells: GroupCells): GroupCell {
  let squares = 0;
  const sum = { truePositives: 0, falsePositives: 0, trueNegatives: 0, falseNegatives: 0, rows: 0 };
  for (const cell of cells.groups) {
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += cell[key];
    if (cell.effective > 0) squares += weightOf(cell) ** 2 / cell.effective;
  }
  const total = sum.truePositives + sum.falsePositives + sum.trueNegatives + sum.falseNegatives;
  return { group: {}, ...sum, effective: squares > 0 ? (total * total) / squares : 0 };
}

/** Sum of the weights of a group; its rows where nothing is weighted. */
export function weightOf(cell: GroupCell): number {
  return cell.truePositives + cell.falsePositives + cell.trueNegatives + cell.falseNegatives;
}

/** As an evaluation records them. */
export function toGroupCounts(cells: GroupCells): GroupCount[] {
  return cells.groups.map((cell) => ({
    group: cell.group,
    n: weightOf(cell),
    truePositives: cell.truePositives,
    falsePositives: cell.falsePositives,
    trueNegatives: cell.trueNegatives,
    falseNegatives: cell.falseNegatives,
  }));
}

/** Group code per row: mixed radix over the attributes, -1 where one is null. */
export function groupCodes(attributes: readonly CategoryColumn[], rows: number): Int32Array {
  if (attributes.length === 1) return attributes[0]!.codes;
  const codes = new Int32Array(rows);
  const [first, ...others] = attributes;
  let before = first?.codes ?? codes;
  for (const { codes: own, categories } of others) {
    const radix = Math.max(1, categories.length);
    for (let row = 0; row < rows; row += 1) {
      const code = before[row]!;
      const value = own[row]!;
      codes[row] = code < 0 || value < 0 ? -1 : code * radix + value;
    }
    before = codes;
  }
  return codes;
}

export function groupOf(attributes: readonly CategoryColumn[], code: number): Record<string, string> {
  const values: [string, string][] = [];
  let rest = code;
  for (let index = attributes.length - 1; index >= 0; index -= 1) {
    const { name, categories } = attributes[index]!;
    const radix = Math.max(1, categories.length);
    values.push([name, categories[rest % radix]!]);
    rest = Math.floor(rest / radix);
  }
  return Object.fromEntries(values.reverse());
}
