import { createHash } from 'node:crypto';
import { sharedBytes, sharedUint32 } from './shared.js';
import type { Table, TableColumn } from './table.js';

/**
 * Canonical bytes of a row, the same from CSV, Parquet and JSON Lines: first 32 bytes for the schema, the SHA-256 of the
 * column names in the order of their UTF-8 bytes (each with its length as 32 bits big-endian before it); then, in that
 * order, each cell: one byte of kind, then nothing for null (0), the IEEE 754 double big-endian for a number (1; -0 as
 * 0, NaN never occurs), length and UTF-8 for a text (2), one byte for a boolean (3). Names are part of the row, so that
 * renaming a column changes the digest; types are part of each cell.
 */
export interface RowSource {
  readonly rows: number;
  readonly schema: Uint8Array;
  readonly columns: readonly RowColumn[];
}

/** A column with its texts as bytes: what a worker needs, on shared memory where the table is. */
export type RowColumn =
  | { readonly kind: 'numeric'; readonly values: Float64Array }
  | {
      readonly kind: 'text' | 'boolean';
      readonly codes: Int32Array;
      /** UTF-8 of all categories, one after the other; category i ends at `ends[i]`. */
      readonly bytes: Uint8Array;
      readonly ends: Uint32Array;
    };

export function rowSource(table: Table): RowSource {
  const named = table.columns
    .map((column) => ({ name: Buffer.from(column.name, 'utf8'), column }))
    .sort((a, b) => Buffer.compare(a.name, b.name));
  const hash = createHash('sha256');
  for (const { name } of named) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(name.length);
    hash.update(length).update(name);
  }
  return { rows: table.rows, schema: hash.digest(), columns: named.map(({ column }) => rowColumn(column)) };
}

function rowColumn(column: TableColumn): RowColumn {
  if (column.kind === 'numeric') return { kind: 'numeric', values: column.values };
  const { codes, categories, type } = column;
  let length = 0;
  for (const category of categories) length += Buffer.byteLength(category, 'utf8');
  const bytes = sharedBytes(length);
  const ends = sharedUint32(categories.length);
  const target = Buffer.from(bytes.buffer);
  let end = 0;
  categories.forEach((category, code) => {
    end += target.write(category, end, 'utf8');
    ends[code] = end;
  });
  return { kind: type === 'boolean' ? 'boolean' : 'text', codes, bytes, ends };
}

const schemaBytes = 32;

/** Encodes blocks of rows, column by column: `each` gets the bytes of one row after the other, valid during the call. */
export function encodeRows(
  source: RowSource,
  from: number,
  to: number,
  each: (row: number, bytes: Uint8Array) => void,
): void {
  const blockRows = 512;
  const starts = new Uint32Array(blockRows + 1);
  const at = new Uint32Array(blockRows);
  let bytes = new Uint8Array(65_536);
  let view = new DataView(bytes.buffer);
  for (let block = from; block < to; block += blockRows) {
    const n = Math.min(blockRows, to - block);
    at.fill(schemaBytes, 0, n);
    for (const column of source.columns) measureColumn(column, block, n, at);
    starts[0] = 0;
    for (let i = 0; i < n; i += 1) starts[i + 1] = starts[i]! + at[i]!;
    if (starts[n]! > bytes.length) {
      bytes = new Uint8Array(starts[n]! * 2);
      view = new DataView(bytes.buffer);
    }
    for (let i = 0; i < n; i += 1) {
      bytes.set(source.schema, starts[i]!);
      at[i] = starts[i]! + schemaBytes;
    }
    for (const column of source.columns) writeColumn(column, block, n, at, bytes, view);
    for (let i = 0; i < n; i += 1) each(block + i, bytes.subarray(starts[i]!, starts[i + 1]!));
  }
}

/** Adds to `at` how long each row's cell will be. */
function measureColumn(column: RowColumn, block: number, n: number, at: Uint32Array): void {
  if (column.kind === 'numeric') {
    const { values } = column;
    for (let i = 0; i < n; i += 1) {
      const value = values[block + i]!;
      at[i] = at[i]! + (value === value ? 9 : 1);
    }
    return;
  }
  const { codes, ends, kind } = column;
  for (let i = 0; i < n; i += 1) {
    const code = codes[block + i]!;
    if (code < 0) at[i] = at[i]! + 1;
    else if (kind === 'boolean') at[i] = at[i]! + 2;
    else at[i] = at[i]! + 5 + ends[code]! - (code > 0 ? ends[code - 1]! : 0);
  }
}

function writeColumn(
  column: RowColumn,
  block: number,
  n: number,
  at: Uint32Array,
  bytes: Uint8Array,
  view: DataView,
): void {
  if (column.kind === 'numeric') {
    const { values } = column;
    for (let i = 0; i < n; i += 1) {
      const value = values[block + i]!;
      const position = at[i]!;
      if (value === value) {
        bytes[position] = 1;
        view.setFloat64(position + 1, value === 0 ? 0 : value);
        at[i] = position + 9;
      } else {
        bytes[position] = 0;
        at[i] = position + 1;
      }
    }
    return;
  }
  const { codes, ends, kind, bytes: texts } = column;
  for (let i = 0; i < n; i += 1) {
    const code = codes[block + i]!;
    const position = at[i]!;
    if (code < 0) {
      bytes[position] = 0;
      at[i] = position + 1;
      continue;
    }
    const begin = code > 0 ? ends[code - 1]! : 0;
    const end = ends[code]!;
    if (kind === 'boolean') {
      bytes[position] = 3;
      // "true" is four bytes long, "false" five.
      bytes[position + 1] = end - begin === 4 ? 1 : 0;
      at[i] = position + 2;
      continue;
    }
    bytes[position] = 2;
    view.setUint32(position + 1, end - begin);
    for (let byte = begin, to = position + 5; byte < end; byte += 1, to += 1) bytes[to] = texts[byte]!;
    at[i] = position + 5 + end - begin;
  }
}

/** The bytes of single rows, a copy each. */
export function rowEncoder(table: Table): (row: number) => Uint8Array {
  const source = rowSource(table);
  return (row) => {
    let own = new Uint8Array(0);
    encodeRows(source, row, row + 1, (_, bytes) => (own = bytes.slice()));
    return own;
  };
}
