import type { Pool } from 'pg';
import { foldLog, type FoldedRow } from '../core/fold.js';
import { commonColumns, generationSchema, primaryKey } from '../core/schema.js';
import { readCells } from '../core/writer.js';
import type { Table } from '../core/table.js';
import type { View } from '../core/view.js';
import type { RecordedAssayEvent } from '../../event-store/envelope.js';
import { canonicalJson } from '#libs/signing';

/** Every row of a table as canonical text, sorted: what the tables and a fold of the log must agree on. */
export function rowTexts(table: Table, rows: readonly FoldedRow[]): string[] {
  const columns = [...commonColumns(table), ...Object.keys(table.columns)];
  return rows
    .map((row) =>
      canonicalJson(
        Object.fromEntries(
          columns.flatMap((name) => {
            const value = row[name];
            if (value === undefined || value === null) return [];
            return [[name, typeof value === 'bigint' ? `${value}n` : value]];
          }),
        ),
      ),
    )
    .sort();
}

export async function storedRows(pool: Pool, schema: string, table: Table): Promise<FoldedRow[]> {
  const { rows } = await pool.query<Record<string, unknown>>(
    `SELECT * FROM ${schema}.${table.name} ORDER BY ${primaryKey(table).join(', ')}`,
  );
  return rows.map((row) => {
    const common = commonColumns(table).map((name) => {
      const value = row[name];
      return [name, name === 'workspace' || name === 'ordinal' ? value : BigInt(value as string)];
    });
    return { ...Object.fromEntries(common), ...readCells(table, row) };
  });
}

/** By table: the rows that the tables hold, and those that a fold of the log gives. */
export async function compareWithFold(
  pool: Pool,
  view: View,
  events: readonly RecordedAssayEvent[],
  generation = 1,
): Promise<{ readonly table: string; readonly stored: string[]; readonly folded: string[] }[]> {
  const fold = foldLog(view, events);
  const result = [];
  for (const table of view.tables) {
    const stored = rowTexts(table, await storedRows(pool, generationSchema(view.name, generation), table));
    result.push({ table: table.name, stored, folded: rowTexts(table, fold.get(table)!) });
  }
  return result;
}
