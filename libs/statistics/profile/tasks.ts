import { LatticeHash } from '../table/lattice-hash.js';
import { encodeRows, rowSource } from '../table/canonical-row.js';
import type { RowSource } from '../table/canonical-row.js';
import type { NumericColumn, Table } from '../table/table.js';
import type { ColumnProfile } from './column.js';
import { contextCounts } from './context.js';
import type { ContextCounts, ContextModel } from './context.js';
import { crossProducts } from './cross.js';
import type { CrossProducts, ScaledColumn } from './cross.js';
import { littleTest, rowsOfProfile } from './missing.js';
import { profileNumbers } from './numbers.js';

/** What tasks read: the rows to be hashed, the columns of numbers, and a place for the keys of rows. */
export interface Workload {
  readonly source: RowSource;
  readonly numeric: readonly NumericColumn[];
  /** The first 128 bits of each row's SHA-256, four words a row. */
  readonly keys: Int32Array;
}

export function workloadOf(table: Table): Workload {
  return {
    source: rowSource(table),
    numeric: table.columns.flatMap((column) => (column.kind === 'numeric' ? [column] : [])),
    // Shared however few they are: the workers write here.
    keys: new Int32Array(new SharedArrayBuffer(table.rows * 16)),
  };
}

/** Column `index` of the numeric ones, as pairs compare it. */
export interface Scaling {
  readonly index: number;
  readonly centre: number;
  readonly scale: number;
  readonly holes: boolean;
}

/** A piece of a profile that needs nothing but the workload: it runs here or in a worker, with the same result. */
export type Task =
  | { readonly type: 'column'; readonly index: number }
  | { readonly type: 'little' }
  | { readonly type: 'rows'; readonly from: number; readonly to: number }
  | { readonly type: 'cross'; readonly scalings: readonly Scaling[]; readonly from: number; readonly to: number }
  | {
      readonly type: 'context';
      readonly scalings: readonly Scaling[];
      readonly model: Omit<ContextModel, 'used'>;
      readonly from: number;
      readonly to: number;
    };

export type TaskResult =
  | { readonly type: 'column'; readonly profile: ColumnProfile }
  | { readonly type: 'little'; readonly test: ReturnType<typeof littleTest> }
  | { readonly type: 'rows'; readonly state: Uint8Array }
  | { readonly type: 'cross'; readonly cross: CrossProducts }
  | { readonly type: 'context'; readonly counts: ContextCounts };

export function runTask(workload: Workload, task: Task): TaskResult {
  switch (task.type) {
    case 'column':
      return { type: 'column', profile: profileNumbers(workload.numeric[task.index]!) };
    case 'little':
      return {
        type: 'little',
        test: littleTest({ rows: workload.source.rows, columns: workload.numeric }, rowsOfProfile),
      };
    case 'rows':
      return { type: 'rows', state: hashRange(workload, task.from, task.to) };
    case 'cross':
      return { type: 'cross', cross: crossProducts(scaled(workload, task.scalings), task.from, task.to) };
    case 'context':
      return {
        type: 'context',
        counts: contextCounts(scaled(workload, task.scalings), task.model, task.from, task.to),
      };
  }
}

function hashRange({ source, keys }: Workload, from: number, to: number): Uint8Array {
  const hash = LatticeHash.empty();
  encodeRows(source, from, to, (row, bytes) => {
    hash.add(bytes);
    for (let word = 0; word < 4; word += 1) keys[row * 4 + word] = hash.keyWord(word);
  });
  return hash.serialize();
}

function scaled({ numeric }: Workload, scalings: readonly Scaling[]): ScaledColumn[] {
  return scalings.map(({ index, centre, scale, holes }) => ({ values: numeric[index]!.values, centre, scale, holes }));
}

/** Rows whose key an earlier row has: equal rows, but for a collision of 128 bits. */
export function countDuplicates(keys: Int32Array, rows: number): number {
  let size = 16;
  while (size < rows * 2) size *= 2;
  const table = new Int32Array(size);
  let duplicates = 0;
  for (let row = 0; row < rows; row += 1) {
    const at = row * 4;
    let slot = keys[at]! & (size - 1);
    for (;;) {
      const other = table[slot]! - 1;
      if (other < 0) {
        table[slot] = row + 1;
        break;
      }
      const place = other * 4;
      if (
        keys[place] === keys[at] &&
        keys[place + 1] === keys[at + 1] &&
        keys[place + 2] === keys[at + 2] &&
        keys[place + 3] === keys[at + 3]
      ) {
        duplicates += 1;
        break;
      }
      slot = (slot + 1) & (size - 1);
    }
  }
  return duplicates;
}
