import type { Pool, PoolClient } from 'pg';
import { decodeEvent, type EventStore } from '#libs/event-store';
import { canonicalJson } from '#libs/signing';
import { createFold, type FoldedRow } from '../core/fold.js';
import { partitionOf } from '../core/partition.js';
import { listGenerations } from '../core/registry.js';
import { commonColumns, identityOf, primaryKey } from '../core/schema.js';
import type { Table } from '../core/table.js';
import { transaction } from '../core/transaction.js';
import { handles, type View } from '../core/view.js';
import { readCells } from '../core/writer.js';
import { NotPossible } from './rebuild.js';

export interface VerifyOptions {
  readonly pool: Pool;
  readonly view: View;
  readonly store: Pick<EventStore, 'readAll'>;
  readonly isReleased: (event: { readonly id: string }, view: string) => boolean;
  readonly progress?: (events: number, position: bigint) => void;
}

/** The first row, in the order of tables and their keys, that is not what the log says. */
export interface Difference {
  readonly table: string;
  /** Cells of the row's primary key. */
  readonly key: string;
  readonly problem: string;
}

export interface Verified {
  readonly view: string;
  readonly generation: number;
  /** The view was compared with the log up to here; a stopped partition up to where it stands. */
  readonly position: bigint;
  readonly events: number;
  readonly rows: number;
  readonly difference?: Difference;
}

const pageRows = 2_000;
const report = 10_000;

/**
 * Compares a live view with a fold of the log up to the view's own position, made without its batches, its partitions
 * or the database. One snapshot: the projector may run on. Takes memory for every row of the view, about 1 KiB each.
 */
export async function verifyView(options: VerifyOptions): Promise<Verified> {
  const { pool, view } = options;
  return transaction(pool, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', async (client) => {
    const generation = (await listGenerations(client, view.name)).find(({ status }) => status === 'live');
    if (generation === undefined) throw new NotPossible(`view ${view.name} has no generation yet`);
    if (generation.version !== view.version)
      throw new NotPossible(
        `view ${view.name}: generation ${generation.generation} is of version ${generation.version}, this build folds ` +
          `version ${view.version}`,
      );
    const positions = await positionsOf(client, view.name, generation.generation);
    const { events, tables } = await foldTo(options, positions);
    let rows = 0;
    const position = positions.reduce((low, next) => (next < low ? next : low));
    const found = { view: view.name, generation: generation.generation, position, events };
    for (const table of view.tables) {
      const compared = await compare(client, generation.schema, table, tables.get(table)!);
      rows += compared.rows;
      if (compared.difference) return { ...found, rows, difference: compared.difference };
    }
    return { ...found, rows };
  });
}

async function positionsOf(client: PoolClient, view: string, generation: number): Promise<readonly bigint[]> {
  const { rows } = await client.query<{ position: string }>(
    'SELECT position FROM projection.partition WHERE view = $1 AND generation = $2 ORDER BY partition',
    [view, generation],
  );
  return rows.map(({ position }) => BigInt(position));
}

async function foldTo({ view, store, isReleased, progress }: VerifyOptions, positions: readonly bigint[]) {
  const fold = createFold(view);
  const end = positions.reduce((high, position) => (position > high ? position : high), -1n);
  let events = 0;
  for await (const stored of store.readAll()) {
    if (stored.position > end) break;
    events += 1;
    if (events % report === 0) progress?.(events, stored.position);
    if (!handles(view, stored.type) || isReleased(stored, view.name)) continue;
    if (stored.position > positions[partitionOf(stored.stream, positions.length)]!) continue;
    const event = decodeEvent(stored);
    if (event !== undefined) fold.add(event);
  }
  return { events, tables: fold.rows() };
}

/** Both in the order of the primary key: the stored rows page by page, the folded ones by their key's text. */
async function compare(client: PoolClient, schema: string, table: Table, folded: readonly FoldedRow[]) {
  const key = identityOf(table);
  const left = new Map(folded.map((row) => [keyOf(key, row), row]));
  const cursor = `verify_${table.name}`;
  await client.query(
    `DECLARE ${cursor} NO SCROLL CURSOR FOR SELECT * FROM ${schema}.${table.name} ORDER BY ${primaryKey(table).join(', ')}`,
  );
  let rows = 0;
  try {
    for (;;) {
      const page = await client.query<Record<string, unknown>>(`FETCH ${pageRows} FROM ${cursor}`);
      if (page.rows.length === 0) break;
      for (const raw of page.rows) {
        rows += 1;
        const stored = rowOf(table, raw);
        const id = keyOf(key, stored);
        const wanted = left.get(id);
        left.delete(id);
        const problem = wanted === undefined ? 'the log has no such row' : difference(table, stored, wanted);
        if (problem !== undefined) return { rows, difference: { table: table.name, key: id, problem } };
      }
    }
  } finally {
    await client.query(`CLOSE ${cursor}`).catch(() => undefined);
  }
  const [missing] = left.keys();
  if (missing === undefined) return { rows };
  return { rows, difference: { table: table.name, key: missing, problem: 'the row is missing' } };
}

function rowOf(table: Table, raw: Readonly<Record<string, unknown>>): FoldedRow {
  const common = commonColumns(table).map((name) => {
    const value = raw[name];
    return [name, name === 'workspace' || name === 'ordinal' ? value : BigInt(value as string)];
  });
  return { ...Object.fromEntries(common), ...readCells(table, raw) };
}

function keyOf(key: readonly string[], row: FoldedRow): string {
  return key.map((name) => `${name}=${textOf(row[name])}`).join(' ');
}

function difference(table: Table, stored: FoldedRow, wanted: FoldedRow): string | undefined {
  for (const name of [...commonColumns(table), ...Object.keys(table.columns)]) {
    const [is, should] = [textOf(stored[name]), textOf(wanted[name])];
    if (is !== should) return `${name} is ${is}, the log says ${should}`;
  }
  return undefined;
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return 'absent';
  return typeof value === 'bigint' ? String(value) : canonicalJson(value);
}
