import { conditionSql } from '#libs/authorization';
import type { Columns, Resource, SubjectType } from '#libs/authorization';
import { readCells } from '../../../libs/projections/core/writer.js';
import type { Table } from '../../../libs/projections/core/table.js';
import type { NodeType } from '../graphql/global-id.js';
import { globalId } from '../graphql/global-id.js';
import type { Entity } from './entities.js';
import { checkFirst, connection, readCursor } from './page.js';
import type { Connection } from './page.js';
import type { Reader, Row } from './reader.js';

/** Something read: its own columns in camel case, and the reader that everything below it is read with. */
export interface Part extends Readonly<Record<string, unknown>> {
  readonly position: bigint;
  readonly reader: Reader;
}

/** A part that is a node, with its ids. */
export interface Item extends Part {
  readonly __typename: NodeType;
  readonly id: string;
  readonly uuid: string;
  /** The fields that rules ask about, as the row was listed by. */
  readonly rules: Resource;
}

export function partOf(table: Table, row: Row, reader: Reader): Part {
  const part: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(readCells(table, row)))
    if (value !== undefined) part[name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())] = value;
  part['position'] = BigInt(row['position'] as string);
  part['reader'] = reader;
  return part as unknown as Part;
}

export function itemOf({ type, key, table, fields }: Entity, row: Row, reader: Reader): Item {
  const uuid = row[key] as string;
  const rules = Object.fromEntries(Object.keys(fields).map((field) => [field, row[`rule_${field}`]]));
  return { ...partOf(table, row, reader), __typename: type, id: globalId(type, uuid), uuid, rules };
}

/** The row and the fields that rules ask about, so that what SQL decided can be decided again in memory. */
function columnsOf({ fields }: Entity): string {
  const rules = Object.entries(fields).map(([field, sql]) => `, ${sql as string} AS "rule_${field}"`);
  return `t.*${rules.join('')}`;
}

/** Builds a statement over `read.<table>_at` with numbered parameters: $1 workspace, $2 position. */
class Statement {
  readonly values: unknown[];
  readonly conditions: string[] = [];

  constructor(readonly reader: Reader) {
    this.values = [reader.workspace, String(reader.asOf)];
  }

  parameter(value: unknown): string {
    return `$${this.values.push(value)}`;
  }

  /** The rows of an entity that are there and that the caller may read. */
  readable({ subject, fields, where }: Entity): void {
    if (where) this.conditions.push(where);
    this.allowed(subject, fields);
  }

  /** The same rule that decides about a single object decides about the rows of a list. */
  allowed(subject: SubjectType, fields: Columns): void {
    const { text, values } = conditionSql(this.reader.ability, 'read', subject, fields, this.values.length + 1);
    this.values.push(...values);
    this.conditions.push(text);
  }

  async rows(text: string): Promise<readonly Row[]> {
    return (await this.reader.query(text, this.values)).rows;
  }
}

/**
 * The things with these keys that the caller may read, in the order of the keys; undefined for one that does not exist
 * as of the reader's position, or that the caller may not see. One round trip.
 */
export async function itemsByKey(
  reader: Reader,
  entity: Entity,
  keys: readonly string[],
): Promise<readonly (Item | undefined)[]> {
  const statement = new Statement(reader);
  statement.conditions.push(`t.${entity.key} = ANY(${statement.parameter(keys)})`);
  statement.readable(entity);
  const rows = await statement.rows(
    `SELECT ${columnsOf(entity)} FROM read.${entity.table.name}_at($1, $2) AS t WHERE ${statement.conditions.join(' AND ')}`,
  );
  const found = new Map(rows.map((row) => [row[entity.key], itemOf(entity, row, reader)]));
  return keys.map((key) => found.get(key));
}

/** The newest things of each parent that the caller may read, at most `most` of each. One round trip. */
export async function itemsByParent(
  reader: Reader,
  entity: Entity,
  column: string,
  parents: readonly string[],
  most: number,
): Promise<readonly (readonly Item[])[]> {
  const statement = new Statement(reader);
  const list = statement.parameter(parents);
  statement.readable(entity);
  const rows = await statement.rows(
    `SELECT r.* FROM unnest(${list}::text[]) AS p(parent) CROSS JOIN LATERAL (` +
      `SELECT ${columnsOf(entity)} FROM read.${entity.table.name}_at($1, $2) AS t ` +
      `WHERE t.${column} = p.parent AND ${statement.conditions.join(' AND ')} ` +
      `ORDER BY coalesce(t.${entity.order}::text, '') DESC, t.${entity.key} DESC ` +
      `LIMIT ${statement.parameter(most)}) AS r`,
  );
  return grouped(rows, column, parents, (row) => itemOf(entity, row, reader));
}

/** Rows of a facts or versions table that belong to items which the caller was allowed to read, in log order. */
export async function partsByParent(
  reader: Reader,
  table: Table,
  column: string,
  parents: readonly string[],
): Promise<readonly (readonly Part[])[]> {
  const statement = new Statement(reader);
  const rows = await statement.rows(
    `SELECT t.* FROM read.${table.name}_at($1, $2) AS t WHERE t.${column} = ANY(${statement.parameter(parents)}) ` +
      `ORDER BY t.position${table.kind === 'facts' ? ', t.ordinal' : table.key.map((key) => `, t.${key}`).join('')}`,
  );
  return grouped(rows, column, parents, (row) => partOf(table, row, reader));
}

function grouped<Result>(
  rows: readonly Row[],
  column: string,
  parents: readonly string[],
  read: (row: Row) => Result,
): readonly (readonly Result[])[] {
  const groups = new Map<string, Result[]>(parents.map((parent) => [parent, []]));
  for (const row of rows) groups.get(row[column] as string)?.push(read(row));
  return parents.map((parent) => groups.get(parent)!);
}

/** A list is restricted to rows whose column is the value, or one of the values; or by SQL of ours. */
export type Filter =
  | { readonly column: string; readonly value: string | readonly string[] | null | undefined }
  | { readonly sql: (parameter: (value: unknown) => string) => string };

/** One page of the things that the caller may read, newest first. Filters without a value are left out. */
export async function page(
  reader: Reader,
  entity: Entity,
  args: { readonly first: number; readonly after?: string | null },
  filters: readonly Filter[] = [],
): Promise<Connection<Item>> {
  const first = checkFirst(args.first);
  const statement = new Statement(reader);
  const order = `coalesce(t.${entity.order}::text, '')`;
  for (const filter of filters) {
    if ('sql' in filter) {
      statement.conditions.push(filter.sql((value) => statement.parameter(value)));
      continue;
    }
    const { column, value } = filter;
    if (value === undefined || value === null) continue;
    const parameter = statement.parameter(value);
    statement.conditions.push(typeof value === 'string' ? `${column} = ${parameter}` : `${column} = ANY(${parameter})`);
  }
  if (args.after) {
    const [placeOrder, placeKey] = readCursor(args.after, 2).place;
    const place = `(${statement.parameter(placeOrder)}, ${statement.parameter(placeKey)})`;
    statement.conditions.push(`(${order}, t.${entity.key}) < ${place}`);
  }
  statement.readable(entity);
  const rows = await statement.rows(
    `SELECT ${columnsOf(entity)}, ${order} AS place_order FROM read.${entity.table.name}_at($1, $2) AS t ` +
      `WHERE ${statement.conditions.join(' AND ')} ORDER BY ${order} DESC, t.${entity.key} DESC ` +
      `LIMIT ${statement.parameter(first + 1)}`,
  );
  const found = rows.map((row) => {
    const node = itemOf(entity, row, reader);
    return { node, place: [row['place_order'] as string, node.uuid] };
  });
  return connection(found, first, reader.asOf, args.after);
}
