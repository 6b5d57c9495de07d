import { once } from 'node:events';
import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { cellType, type CellType, type Table } from './table.js';
import { commonColumns } from './schema.js';
import type { Cells } from './batch.js';

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

/** What every row carries besides its cells, in the order of the table's columns. */
export interface CopyRow {
  readonly common: string;
  readonly cells: Cells;
}

/** What a row carries besides its cells, in COPY's text: the workspace first, then numbers. */
export function commonText(workspace: string, ...numbers: readonly (bigint | number)[]): string {
  return `${escaped(workspace)}\t${numbers.join('\t')}`;
}

/** Adds rows. A key, where the table has one, refuses those that are there already. */
export async function copyRows(client: PoolClient, schema: string, table: Table, rows: Iterable<CopyRow>) {
  const own = Object.entries(table.columns).map(([name, column]) => [name, cellType(column)] as const);
  const names = [...commonColumns(table), ...own.map(([name]) => name)];
  const target = client.query(copyFrom(`COPY ${schema}.${table.name} (${names.join(', ')}) FROM STDIN`));
  const finished = once(target, 'finish');
  finished.catch(() => undefined);
  let piece = '';
  for (const { common, cells } of rows) {
    piece += common;
    for (const [name, type] of own) piece += `\t${copyText(type, cells[name])}`;
    piece += '\n';
    if (piece.length < pieceLength) continue;
    if (!target.write(piece)) await Promise.race([once(target, 'drain'), finished]);
    piece = '';
  }
  target.end(piece);
  await finished;
}
