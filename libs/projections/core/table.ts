import { Remembered } from './remembered.js';

/**
 * The shape of a view's tables, as data: the DDL, the bulk writer, the in-memory fold and the comparison of both
 * are made from it.
 *
 * Every row carries `workspace` and `position`. A **facts** table is append-only: one row per (position, ordinal).
 * A **versions** table holds each state of a row: a state is visible from `position` until `position_to`
 * (exclusive), so that every question can be asked as of any position (docs/adr/0009).
 * A **dictionary** is append-only and its content is a function of its key (surrogate ids).
 */
export type CellType = 'text' | 'time' | 'integer' | 'number' | 'bigint' | 'boolean' | 'json' | 'bytes';
export type Column = CellType | `${CellType}?`;
export type Columns = Readonly<Record<string, Column>>;

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

interface Cells {
  text: string;
  /** RFC 3339 with offset going in; kept as UTC with milliseconds and `Z`, so that text order is time order. */
  time: string;
  /** A safe integer, stored as 64 bits. */
  integer: number;
  number: number;
  bigint: bigint;
  boolean: boolean;
  json: unknown;
  /** As lower-case hexadecimal digits. */
  bytes: string;
}
type Required<C extends Columns> = { [K in keyof C]: C[K] extends `${string}?` ? never : K }[keyof C];
type Optional<C extends Columns> = { [K in keyof C]: C[K] extends `${string}?` ? K : never }[keyof C];
type CellOf<T> = T extends `${infer Base extends CellType}?` ? Cells[Base] : T extends CellType ? Cells[T] : never;

/** A row as `evolve` writes it. An absent optional cell is NULL. */
export type RowOf<C extends Columns> = { readonly [K in Required<C>]: CellOf<C[K]> } & {
  readonly [K in Optional<C>]?: CellOf<C[K]> | undefined;
};

export type TableKind = 'facts' | 'versions' | 'dictionary';

export interface Table<C extends Columns = Columns, Key extends string = string> {
  readonly name: string;
  readonly kind: TableKind;
  readonly columns: C;
  /** `versions` and `dictionary`: what identifies a row within its workspace. */
  readonly key: readonly Key[];
  /** Column lists after `ON <table>`, e.g. `(workspace, model_id, position)`. */
  readonly indexes: readonly string[];
  /** What the primary key of `facts` begins with, position and ordinal following. */
  readonly leading: readonly string[];
  /** Further columns that are answered from that key. */
  readonly including: readonly string[];
}

export interface FactsKey {
  readonly leading: readonly string[];
  readonly including?: readonly string[];
}

/**
 * Append-only: each event adds rows and no row ever changes.
 * @param by Position and ordinal alone would identify a row. Where the key begins with what is asked for most, it is an
 *   index too, and a row pays for one less.
 */
export function facts<const C extends Columns>(
  name: string,
  columns: C,
  indexes: readonly string[] = [],
  by: FactsKey = { leading: [] },
): Table<C, never> {
  return { name, kind: 'facts', columns, key: [], indexes, leading: by.leading, including: by.including ?? [] };
}

/** One row per key, owned by one stream; each change is a new version of it. */
export function versions<const C extends Columns, const Key extends Extract<keyof C, string>>(
  name: string,
  key: readonly Key[],
  columns: C,
  indexes: readonly string[] = [],
): Table<C, Key> {
  return { name, kind: 'versions', columns, key, indexes, leading: [], including: [] };
}

/** Key to content, written once: whoever writes it first, the row is the same. */
export function dictionary<const C extends Columns, const Key extends Extract<keyof C, string>>(
  name: string,
  key: readonly Key[],
  columns: C,
): Table<C, Key> {
  return { name, kind: 'dictionary', columns, key, indexes: [], leading: [], including: [] };
}

/** `position_to` of the version that nothing has followed yet: the greatest 64-bit integer. */
export const openEnd = 9_223_372_036_854_775_807n;

export function isOptional(column: Column): boolean {
  return column.endsWith('?');
}

export function cellType(column: Column): CellType {
  return (isOptional(column) ? column.slice(0, -1) : column) as CellType;
}

/** A cell that a table cannot hold: the event that made it stops its partition. */
export class InvalidCell extends Error {
  override readonly name = 'InvalidCell';
  constructor(
    readonly table: string,
    readonly column: string,
    readonly problem: string,
  ) {
    super(`${table}.${column}: ${problem}`);
  }
}

interface CellPlan {
  readonly name: string;
  readonly isOptional: boolean;
  readonly parse: Parser;
}

/** How the cells of a table are normalized. */
export interface RowPlan {
  /** In the order of the columns. */
  readonly cells: readonly CellPlan[];
  readonly byName: ReadonlyMap<string, CellPlan>;
  readonly key: readonly CellPlan[];
}

const plans = new WeakMap<Table, RowPlan>();

export function planOf(table: Table): RowPlan {
  let plan = plans.get(table);
  if (plan === undefined) {
    const cells = Object.entries(table.columns).map(([name, column]): CellPlan => {
      return { name, isOptional: isOptional(column), parse: parsers[cellType(column)] };
    });
    const byName = new Map(cells.map((cell) => [cell.name, cell]));
    plan = { cells, byName, key: table.key.map((name) => byName.get(name)!) };
    plans.set(table, plan);
  }
  return plan;
}

/** A cell as it is stored and compared: undefined for NULL, times in UTC, NUL characters (which Postgres cannot hold) as U+FFFD. */
export function normalizeCell(table: Table, name: string, value: unknown): unknown {
  const cell = planOf(table).byName.get(name);
  if (cell === undefined) throw new InvalidCell(table.name, name, 'no such column');
  return normalize(table, cell, value);
}

export function normalize(table: Table, { name, isOptional: mayLack, parse }: CellPlan, value: unknown): unknown {
  if (value === undefined || value === null) {
    if (!mayLack) throw new InvalidCell(table.name, name, 'is missing');
    return undefined;
  }
  return parse(value, table, name);
}

type Parser = (value: unknown, table: Table, name: string) => unknown;

/** Four digits of the year, which text order and Postgres both need: what lies beyond is held at the edge. */
const earliest = Date.parse('0001-01-01T00:00:00.000Z');
const latest = Date.parse('9999-12-31T23:59:59.999Z');

/** An event's times go into several rows, of several views. */
const times = new Remembered<string>(10_000);

const hexPattern = /^([0-9a-f]{2})*$/;

const parsers: Readonly<Record<CellType, Parser>> = {
  text(value, table, name) {
    if (typeof value !== 'string') throw new InvalidCell(table.name, name, `expected text, got ${typeof value}`);
    return storable(value);
  },
  time(value, table, name) {
    const known = typeof value === 'string' ? times.get(value) : undefined;
    if (known !== undefined) return known;
    // RFC 3339 knows leap seconds, Date does not: the last millisecond of the minute stands for one.
    const text = typeof value === 'string' ? value.replace(/:60(\.[0-9]+)?(?=Z|[+-])/, ':59.999') : '';
    const milliseconds = Date.parse(text);
    if (Number.isNaN(milliseconds)) throw new InvalidCell(table.name, name, 'is not a time');
    const utc = new Date(Math.min(Math.max(milliseconds, earliest), latest)).toISOString();
    times.set(value as string, utc);
    return utc;
  },
  integer(value, table, name) {
    if (!Number.isSafeInteger(value)) throw new InvalidCell(table.name, name, `${String(value)} is not a safe integer`);
    return value;
  },
  number(value, table, name) {
    if (typeof value !== 'number' || !Number.isFinite(value))
      throw new InvalidCell(table.name, name, `${String(value)} is not a finite number`);
    return Object.is(value, -0) ? 0 : value;
  },
  bigint(value, table, name) {
    if (typeof value !== 'bigint') throw new InvalidCell(table.name, name, `expected a bigint, got ${typeof value}`);
    if (BigInt.asIntN(64, value) !== value) throw new InvalidCell(table.name, name, 'does not fit 64 bits');
    return value;
  },
  boolean(value, table, name) {
    if (typeof value !== 'boolean') throw new InvalidCell(table.name, name, `expected a boolean, got ${typeof value}`);
    return value;
  },
  json: (value) => storableJson(value),
  bytes(value, table, name) {
    if (typeof value !== 'string' || !hexPattern.test(value))
      throw new InvalidCell(table.name, name, 'is not lower-case hexadecimal');
    return value;
  },
};

function storable(text: string): string {
  return (text.includes('\u0000') ? text.replaceAll('\u0000', '\uFFFD') : text).toWellFormed();
}

function storableJson(value: unknown): unknown {
  return isStorable(value) ? value : madeStorable(value);
}

/** Nearly every value is: it is kept as it is, and not copied. */
function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return !value.includes('\u0000') && value.isWellFormed();
  if (value === null || typeof value !== 'object') return value !== undefined;
  if (Array.isArray(value)) return value.every(isStorable);
  for (const key in value) if (!isStorable(key) || !isStorable((value as Record<string, unknown>)[key])) return false;
  return true;
}

function madeStorable(value: unknown): unknown {
  if (typeof value === 'string') return storable(value);
  if (Array.isArray(value)) return value.map(madeStorable);
  if (value === null || typeof value !== 'object') return value;
  const result: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) result[storable(key)] = madeStorable(member);
  }
  return result;
}
