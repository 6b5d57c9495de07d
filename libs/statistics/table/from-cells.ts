import { InputError } from '../errors.js';
import { checkColumnNames } from './csv.js';
import type { Table, TableColumn } from './table.js';

/** A cell as JSON has it; `undefined` counts as null. */
export type Cell = string | number | boolean | null | undefined;

/**
 * A table out of columns of JSON values. Numbers stay numbers (NaN and infinities are refused), booleans and texts are
 * categories; a column that mixes them is `MixedColumn`.
 * @throws InputError `MixedColumn`, `NotFinite`, `LengthMismatch`, `DuplicateColumn`, `UnnamedColumn`
 */
export function tableOf(columns: Readonly<Record<string, readonly Cell[]>>): Table {
  const entries = Object.entries(columns);
  checkColumnNames(entries.map(([name]) => name));
  const rows = entries[0]?.[1].length ?? 0;
  return { rows, columns: entries.map(([name, cells]) => columnFrom(name, cells, rows)) };
}

export function columnFrom(name: string, cells: readonly Cell[], rows = cells.length): TableColumn {
  if (cells.length !== rows)
    throw new InputError('LengthMismatch', `column "${name}" has ${cells.length} cells, not ${rows}`, {
      field: name,
      rule: 'columns are equally long',
    });
  let kind: string | undefined;
  let nulls = 0;
  cells.forEach((cell, row) => {
    if (cell === null || cell === undefined) {
      nulls += 1;
      return;
    }
    kind ??= typeof cell;
    if (typeof cell !== kind)
      throw new InputError('MixedColumn', `column "${name}" mixes ${kind}s and ${typeof cell}s in row ${row}`, {
        field: name,
        row,
        rule: 'one type in a column',
      });
    if (typeof cell === 'number' && !Number.isFinite(cell))
      throw new InputError('NotFinite', `column "${name}" holds ${cell} in row ${row}`, {
        field: name,
        row,
        rule: 'finite numbers',
      });
  });
  if (kind === 'number') {
    const values = Float64Array.from(cells as (number | null)[], (cell) => cell ?? Number.NaN);
    const type = values.every((value) => Number.isNaN(value) || Number.isInteger(value)) ? 'integer' : 'number';
    return { kind: 'numeric', name, type, nulls, values };
  }
  const texts = cells.map((cell) => (cell === null || cell === undefined ? undefined : String(cell)));
  const categories = [...new Set(texts.filter((text) => text !== undefined))].sort((a, b) => (a < b ? -1 : 1));
  const codeOf = new Map(categories.map((category, code) => [category, code]));
  return {
    kind: 'category',
    name,
    type: kind === 'boolean' ? 'boolean' : 'string',
    nulls,
    codes: Int32Array.from(texts, (text) => (text === undefined ? -1 : codeOf.get(text)!)),
    categories,
  };
}
