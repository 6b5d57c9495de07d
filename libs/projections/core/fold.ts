import type { RecordedAssayEvent } from '../../event-store/envelope.js';
import type { View } from './view.js';
import { handles } from './view.js';
import { normalizeRow, type Cells } from './batch.js';
import { normalizeCell, openEnd, type Table } from './table.js';

/** A row of a view as the tables hold it, with the columns that every row of its kind carries. */
export type FoldedRow = Readonly<Record<string, unknown>>;

/**
 * The plain meaning of a view: its tables after these events, made without batches, partitions or a database. What
 * `verify` and the specs compare the tables with. Events must be in $all order and each only once.
 *
 * @throws when a row is changed by two streams: such a view would depend on the order of delivery.
 */
export function foldLog(view: View, events: Iterable<RecordedAssayEvent>): ReadonlyMap<Table, readonly FoldedRow[]> {
  const fold = createFold(view);
  for (const event of events) fold.add(event);
  return fold.rows();
}

/** The same, event by event. */
export function createFold(view: View): {
  add(event: RecordedAssayEvent): void;
  rows(): ReadonlyMap<Table, readonly FoldedRow[]>;
} {
  const rows = new Map<Table, Record<string, unknown>[]>(view.tables.map((table) => [table, []]));
  const current = new Map<string, { row: Record<string, unknown>; stream: string }>();
  const defined = new Set<string>();
  const add = (event: RecordedAssayEvent): void => {
    if (!handles(view, event.type)) return;
    const workspace = event.metadata.workspace;
    const ordinals = new Map<Table, number>();
    for (const operation of view.evolve(event)) {
      const { table } = operation;
      const tableRows = rows.get(table);
      if (tableRows === undefined) throw new Error(`view ${view.name} has no table ${table.name}`);
      if (operation.kind === 'insert') {
        const cells = normalizeRow(table, operation.row);
        if (table.kind === 'dictionary') {
          const id = identify(table, workspace, cells);
          if (!defined.has(id)) tableRows.push({ workspace, ...cells });
          defined.add(id);
          continue;
        }
        const ordinal = ordinals.get(table) ?? 0;
        ordinals.set(table, ordinal + 1);
        tableRows.push({ workspace, position: event.position, ordinal, ...cells });
        continue;
      }
      const id = identify(table, workspace, operation.key);
      const before = current.get(id);
      if (before !== undefined && before.stream !== event.stream) {
        throw new Error(`${table.name} ${id}: changed by ${before.stream} and by ${event.stream}`);
      }
      const next = operation.change(before === undefined ? undefined : cellsOf(table, before.row));
      if (next === undefined) continue;
      const cells = normalizeRow(table, { ...next, ...operation.key });
      if (before?.row['position'] === event.position) {
        Object.assign(before.row, cells);
        continue;
      }
      if (before !== undefined) before.row['position_to'] = event.position;
      const row = { workspace, position: event.position, position_to: openEnd, revision: event.revision, ...cells };
      tableRows.push(row);
      current.set(id, { row, stream: event.stream });
    }
  };
  return { add, rows: () => rows };
}

function identify(table: Table, workspace: string, key: Cells): string {
  return JSON.stringify([table.name, workspace, ...table.key.map((name) => normalizeCell(table, name, key[name]))]);
}

function cellsOf(table: Table, row: Record<string, unknown>): Cells {
  return Object.fromEntries(Object.keys(table.columns).map((name) => [name, row[name]]));
}
