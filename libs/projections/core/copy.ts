import { once } from 'node:events';
import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { cellType, type CellType, type Table } from './table.js';
import { commonColumns } from './schema.js';
import type { FactRow, VersionRow } from './batch.js';

/** Characters of one piece that goes to the server. */
const pieceLength = 1 << 18;

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escaped(text: string): string {
  return /[\\\n\r\t]/.test(text) ? text.replace(/[\\\n\r\t]/g, (character) => escapes[character]!) : text;
}

/** A cell in the text format of COPY. */
function copyText(type: CellType, value: unknown): string {
  if (value === undefined || (value === null && type !== 'json')) return '\\N';
  if (type === 'text' || type === 'time') return escaped(value as string);
  if (type === 'json') return escaped(JSON.stringify(value));
  return type === 'bytes' ? `\\\\x${value as string}` : String(value);
}

/** A row as a line of COPY's text. */
type Line<Row> = (row: Row) => string;

function factLine(table: Table): Line<FactRow> {
  const types = Object.values(table.columns).map(cellType);
  return ({ workspace, position, ordinal, values }) => {
    let line = `${workspace}\t${position}\t${ordinal}`;
    for (let index = 0; index < types.length; index += 1) line += `\t${copyText(types[index]!, values[index])}`;
    return `${line}\n`;
  };
}

function versionLine(table: Table): Line<VersionRow> {
  const own = Object.entries(table.columns).map(([name, column]) => ({ name, type: cellType(column) }));
  return ({ workspace, position, positionTo, revision, cells }) => {
    let line = `${workspace}\t${position}\t${positionTo}\t${revision}`;
    for (const { name, type } of own) line += `\t${copyText(type, cells[name])}`;
    return `${line}\n`;
  };
}

/** Adds rows of a facts table. A key, where the table has one, refuses those that are there already. */
export function copyFacts(client: PoolClient, schema: string, table: Table, rows: readonly FactRow[]): Promise<void> {
  return copyRows(client, schema, table, rows, factLine(table));
}

/** Adds versions; their key refuses those that are there already. */
export function copyVersions(
  client: PoolClient,
  schema: string,
  table: Table,
  rows: readonly VersionRow[],
): Promise<void> {
  return copyRows(client, schema, table, rows, versionLine(table));
}

async function copyRows<Row>(
  client: PoolClient,
  schema: string,
  table: Table,
  rows: readonly Row[],
  lineOf: Line<Row>,
): Promise<void> {
  const names = [...commonColumns(table), ...Object.keys(table.columns)];
  const target = client.query(copyFrom(`COPY ${schema}.${table.name} (${names.join(', ')}) FROM STDIN`));
  const finished = once(target, 'finish');
  finished.catch(() => undefined);
  let piece = '';
  for (const row of rows) {
    piece += lineOf(row);
    if (piece.length < pieceLength) continue;
    if (!target.write(piece)) await Promise.race([once(target, 'drain'), finished]);
    piece = '';
  }
  target.end(piece);
  await finished;
}
