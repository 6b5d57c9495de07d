import { conditionSql } from '#libs/authorization';
import type { Columns, SubjectType } from '#libs/authorization';
import type { Table } from '../../../libs/projections/core/table.js';
import { partOf } from './items.js';
import type { Part } from './items.js';
import { checkFirst, connection, readCursor } from './page.js';
import type { Connection } from './page.js';
import type { Reader } from './reader.js';

/** Rows that are no nodes, as a list with cursors. All SQL text in here is ours, never a caller's. */
export interface Listing {
  readonly table: unknown;
  /** Two expressions over `t` that order the rows and tell every two apart, as text. */
  readonly place: readonly [string, string];
  readonly direction: 'ASC' | 'DESC';
  readonly subject: SubjectType;
  readonly fields: Columns;
}

/** A restriction: SQL of ours with `?` for its value; left out when the value is. */
export interface Restriction {
  readonly sql: string;
  readonly value: unknown;
}

/** A facts table in the order of the log, newest first. */
export function inLogOrder(table: unknown, subject: SubjectType, fields: Columns): Listing {
  const place = [`lpad(t.position::text, 19, '0')`, `lpad(t.ordinal::text, 9, '0')`] as const;
  return { table, place, direction: 'DESC', subject, fields };
}

export async function listParts(
  reader: Reader,
  listing: Listing,
  args: { readonly first: number; readonly after?: string | null },
  restrictions: readonly Restriction[] = [],
): Promise<Connection<Part>> {
  const first = checkFirst(args.first);
  const table = listing.table as Table;
  const [left, right] = listing.place;
  const values: unknown[] = [reader.workspace, String(reader.asOf)];
  const parameter = (value: unknown): string => `$${values.push(value)}`;
  const conditions = restrictions
    .filter(({ value }) => value !== undefined && value !== null)
    .map(({ sql, value }) => sql.replace('?', parameter(value)));
  if (args.after) {
    const [a, b] = readCursor(args.after, 2).place;
    const comparison = listing.direction === 'ASC' ? '>' : '<';
    conditions.push(`(${left}, ${right}) ${comparison} (${parameter(a)}, ${parameter(b)})`);
  }
  const allowed = conditionSql(reader.ability, 'read', listing.subject, listing.fields, values.length + 1);
  values.push(...allowed.values);
  conditions.push(allowed.text);
  const { rows } = await reader.query(
    `SELECT t.*, ${left} AS place_left, ${right} AS place_right FROM read.${table.name}_at($1, $2) AS t ` +
      `WHERE ${conditions.join(' AND ')} ORDER BY ${left} ${listing.direction}, ${right} ${listing.direction} ` +
      `LIMIT ${parameter(first + 1)}`,
    values,
  );
  const found = rows.map((row) => ({
    node: partOf(table, row, reader),
    place: [row['place_left'] as string, row['place_right'] as string],
  }));
  return connection(found, first, reader.asOf, args.after);
}
