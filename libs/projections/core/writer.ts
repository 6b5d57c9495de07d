import type { PoolClient } from 'pg';
import { copyLines } from './copy.js';
import { Lines, versionLine } from './lines.js';
import { cellType, type CellType, type Column, type Table } from './table.js';
import { commonColumns } from './schema.js';
import type { Closing, FactRow, RowBatch, RowKey, VersionRow } from './batch.js';

/** What the writer needs of a database connection (`pg`'s client and pool both fit). */
export interface Queryable {
  query(
    text: string,
    values?: unknown[],
  ): Promise<{ readonly rows: Record<string, unknown>[]; readonly rowCount: number | null }>;
}

const arrayTypes: Readonly<Record<CellType, string>> = {
  text: 'text',
  time: 'text',
  integer: 'bigint',
  number: 'double precision',
  bigint: 'bigint',
  boolean: 'boolean',
  json: 'text',
  bytes: 'bytea',
};

const commonTypes: Readonly<Record<string, Column>> = {
  workspace: 'text',
  position: 'bigint',
  ordinal: 'integer',
  position_to: 'bigint',
  revision: 'bigint',
};

/** A Postgres array literal. Only text and JSON need quoting; everything else holds no delimiter. */
export function arrayLiteral(type: CellType, values: readonly unknown[]): string {
  const parts = values.map((value) => {
    if (value === undefined || value === null) return type === 'json' && value === null ? '"null"' : 'NULL';
    if (type === 'text' || type === 'time') return quote(value as string);
    if (type === 'json') return quote(JSON.stringify(value));
    if (type === 'bytes') return `"\\\\x${value as string}"`;
    return String(value);
  });
  return `{${parts.join(',')}}`;
}

function quote(text: string): string {
  return `"${/["\\]/.test(text) ? text.replace(/["\\]/g, '\\$&') : text}"`;
}

interface ColumnData {
  readonly name: string;
  readonly type: CellType;
  readonly values: readonly unknown[];
}

/** One `INSERT … SELECT FROM unnest … ON CONFLICT DO NOTHING`: rows that are there already stay as they are. */
async function insertRows(database: Queryable, target: string, columns: readonly ColumnData[]): Promise<number> {
  const names = columns.map((column) => column.name).join(', ');
  const selected = columns.map(({ name, type }) => (type === 'json' ? `u.${name}::jsonb` : `u.${name}`)).join(', ');
  const parameters = columns.map(({ type }, index) => `$${index + 1}::${arrayTypes[type]}[]`).join(', ');
  const result = await database.query(
    `INSERT INTO ${target} (${names}) SELECT ${selected} FROM unnest(${parameters}) AS u(${names}) ` +
      'ON CONFLICT DO NOTHING',
    columns.map(({ type, values }) => arrayLiteral(type, values)),
  );
  return result.rowCount ?? 0;
}

function ownColumns(
  table: Table,
  rows: readonly { readonly cells: Readonly<Record<string, unknown>> }[],
): ColumnData[] {
  return Object.entries(table.columns).map(([name, column]) => ({
    name,
    type: cellType(column),
    values: rows.map((row) => row.cells[name]),
  }));
}

function common(table: Table, rows: readonly object[], property: Readonly<Record<string, string>> = {}): ColumnData[] {
  return commonColumns(table).map((name) => ({
    name,
    type: cellType(commonTypes[name]!),
    values: rows.map((row) => (row as Record<string, unknown>)[property[name] ?? name]),
  }));
}

/** Rows of a facts table; those already stored are left alone. Returns how many were new. */
export function insertFacts(
  database: Queryable,
  schema: string,
  table: Table,
  rows: readonly FactRow[],
): Promise<number> {
  return insertRows(database, `${schema}.${table.name}`, [
    ...common(table, rows),
    ...Object.entries(table.columns).map(([name, column], index) => ({
      name,
      type: cellType(column),
      values: rows.map(({ values }) => values[index]),
    })),
  ]);
}

/** Entries of a dictionary; in key order, so that two writers never wait for each other in a circle. */
export function insertEntries(
  database: Queryable,
  schema: string,
  table: Table,
  rows: readonly RowKey[],
): Promise<number> {
  const sorted = rows
    .map((row) => ({ workspace: row.workspace, cells: row.key, order: table.key.map((k) => row.key[k]).join() }))
    .sort((a, b) => (a.order < b.order ? -1 : 1));
  return insertRows(database, `${schema}.${table.name}`, [...common(table, sorted), ...ownColumns(table, sorted)]);
}

/** Closes the stored versions that new ones follow, then adds those. @param client Copies them in. */
export async function writeVersions(
  database: Queryable,
  schema: string,
  table: Table,
  { added, closed }: { readonly added: readonly VersionRow[]; readonly closed: readonly Closing[] },
  client?: PoolClient,
): Promise<void> {
  const target = `${schema}.${table.name}`;
  if (closed.length > 0) {
    const key: ColumnData[] = table.key.map((name) => ({
      name,
      type: cellType(table.columns[name]!),
      values: closed.map((row) => row.key[name]),
    }));
    const columns: ColumnData[] = [
      { name: 'workspace', type: 'text', values: closed.map((row) => row.workspace) },
      ...key,
      { name: 'position', type: 'bigint', values: closed.map((row) => row.position) },
      { name: 'position_to', type: 'bigint', values: closed.map((row) => row.positionTo) },
    ];
    const names = columns.map(({ name }) => name);
    const parameters = columns.map(({ type }, index) => `$${index + 1}::${arrayTypes[type]}[]`).join(', ');
    await database.query(
      `UPDATE ${target} AS t SET position_to = u.position_to FROM unnest(${parameters}) AS u(${names.join(', ')}) ` +
        `WHERE ${names
          .filter((name) => name !== 'position_to')
          .map((name) => `t.${name} = u.${name}`)
          .join(' AND ')} AND t.position_to > u.position_to`,
      columns.map(({ type, values }) => arrayLiteral(type, values)),
    );
  }
  if (client !== undefined) {
    const lines = new Lines(versionLine(table));
    for (const row of added) lines.add(row);
    return copyLines(client, target, columnsOf(table), lines);
  }
  const rows = added.map((row) => ({ ...row, position_to: row.positionTo }));
  await insertRows(database, target, [...common(table, rows), ...ownColumns(table, rows)]);
}

/** The newest stored version of each key. */
export async function loadVersions(
  database: Queryable,
  schema: string,
  table: Table,
  keys: readonly RowKey[],
): Promise<readonly VersionRow[]> {
  const columns: ColumnData[] = [
    { name: 'workspace', type: 'text', values: keys.map(({ workspace }) => workspace) },
    ...table.key.map((name) => ({
      name,
      type: cellType(table.columns[name]!),
      values: keys.map(({ key }) => key[name]),
    })),
  ];
  const names = columns.map(({ name }) => name);
  const parameters = columns.map(({ type }, index) => `$${index + 1}::${arrayTypes[type]}[]`).join(', ');
  const { rows } = await database.query(
    `SELECT t.* FROM unnest(${parameters}) AS u(${names.join(', ')}) CROSS JOIN LATERAL ` +
      `(SELECT * FROM ${schema}.${table.name} AS v WHERE ${names.map((name) => `v.${name} = u.${name}`).join(' AND ')} ` +
      `ORDER BY v.position DESC LIMIT 1) AS t`,
    columns.map(({ type, values }) => arrayLiteral(type, values)),
  );
  return rows.map((row) => ({
    workspace: row['workspace'] as string,
    position: BigInt(row['position'] as string),
    positionTo: BigInt(row['position_to'] as string),
    revision: BigInt(row['revision'] as string),
    cells: readCells(table, row),
  }));
}

/** A row's own cells as `evolve` wrote them, from what the database answered. */
export function readCells(table: Table, row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const cells: Record<string, unknown> = {};
  for (const [name, column] of Object.entries(table.columns)) cells[name] = readCell(cellType(column), row[name]);
  return cells;
}

function readCell(type: CellType, value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  if (type === 'integer') return Number(value);
  if (type === 'bigint') return BigInt(value as string);
  if (type === 'bytes') return (value as Buffer).toString('hex');
  return value;
}

function columnsOf(table: Table): readonly string[] {
  return [...commonColumns(table), ...Object.keys(table.columns)];
}

/**
 * Writes a whole batch into one generation. To be called inside the transaction that moves the positions.
 * @param client For a batch that copies: the connection of that transaction.
 */
export async function writeBatch(
  database: Queryable,
  schema: string,
  batch: RowBatch,
  client?: PoolClient,
): Promise<void> {
  for (const [table, rows] of batch.dictionaries()) await insertEntries(database, schema, table, rows);
  for (const [table, { rows, lines }] of batch.facts()) {
    if (lines !== undefined) await copyLines(client!, `${schema}.${table.name}`, columnsOf(table), lines);
    else if (rows.length > 0) await insertFacts(database, schema, table, rows);
  }
  for (const [table, rows] of batch.versions()) {
    await writeVersions(database, schema, table, rows, rows.added.length < batch.leastCopied ? undefined : client);
  }
}
