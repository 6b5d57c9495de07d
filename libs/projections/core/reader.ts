/** A position in $all, or a time that stands for one. */
export type RowSet<Row> = { readonly rows: readonly Row[] };

/** An SQL condition with `$1`… for its own values, over the columns that a query names in its `accessColumns`. */
export interface AccessCondition {
  readonly text: string;
  readonly values: readonly unknown[];
}

/**
 * How a query reads: one workspace, one position (design rule 5), and the rows that the reader may see. Every answer
 * is a function of these and of the arguments.
 */
export interface Reader {
  query<Row>(text: string, values: readonly unknown[]): Promise<RowSet<Row>>;
  readonly workspace: string;
  /** Answers are as of this position: {@link Projector.position} or one that a client pinned before. */
  readonly asOf: bigint;
  /** Default: everything in the workspace. The caller sets it from the rule of the type that is listed. */
  readonly access?: AccessCondition;
}

/** `pg`'s pool or client as a reader. */
export function readerOf(
  database: { query(text: string, values: unknown[]): Promise<{ rows: unknown[] }> },
  workspace: string,
  asOf: bigint,
  access?: AccessCondition,
): Reader {
  return {
    query: async <Row>(text: string, values: readonly unknown[]) => {
      const { rows } = await database.query(text, [...values]);
      return { rows: rows as Row[] };
    },
    workspace,
    asOf,
    ...(access && { access }),
  };
}

/** An argument of a query breaks its rule. */
export class InvalidArgument extends Error {
  override readonly name = 'InvalidArgument';
  constructor(
    readonly field: string,
    readonly rule: string,
  ) {
    super(`${field}: ${rule}`);
  }
}

export interface PageArguments {
  /** 1 to 100. */
  readonly first: number;
  /** Opaque; what an earlier page gave as a cursor. */
  readonly after?: string;
}

export interface Page<Item> {
  readonly items: readonly { readonly cursor: string; readonly item: Item }[];
  readonly hasNextPage: boolean;
}

const maximumFirst = 100;
const cursorPattern = /^(0|[1-9][0-9]{0,18})\.([!-~]{1,400})$/;

interface Keyset {
  readonly position: bigint;
  readonly id: string;
}

/** Where a page ended: position and id of its last row. Position orders, the id breaks ties. */
export function encodeCursor({ position, id }: Keyset): string {
  return Buffer.from(`${position}.${id}`, 'utf8').toString('base64url');
}

/** @throws InvalidArgument */
export function decodeCursor(cursor: string): Keyset {
  const match = cursorPattern.exec(Buffer.from(cursor, 'base64url').toString('utf8'));
  const position = match === null ? undefined : BigInt(match[1]!);
  if (position === undefined || position > 9_223_372_036_854_775_807n || encodeAgain() !== cursor) {
    throw new InvalidArgument('after', 'is not a cursor of this list');
  }
  return { position, id: match![2]! };

  function encodeAgain(): string {
    return encodeCursor({ position: position!, id: match![2]! });
  }
}

/** A row of any list: what orders it stands beside its cells. */
interface ListedRow {
  readonly list_position: string;
  readonly list_id: string;
}

/**
 * A list query: `sql` selects rows with `list_position` and `list_id` beside whatever the item is made of, with $1 the
 * workspace, $2 the position, and its own arguments from $3 on. Newest first unless `ascending`.
 * @throws InvalidArgument
 */
export async function listPage<Row extends ListedRow, Item>(
  reader: Reader,
  sql: string,
  values: readonly unknown[],
  page: PageArguments,
  toItem: (row: Row) => Item,
  order: 'ascending' | 'descending' = 'descending',
): Promise<Page<Item>> {
  const { first, after } = page;
  if (!Number.isInteger(first) || first < 1 || first > maximumFirst) {
    throw new InvalidArgument('first', `must be a whole number from 1 to ${maximumFirst}`);
  }
  const all = parameters(reader, values);
  const conditions = [accessCondition(reader, all)];
  if (after !== undefined) {
    const cursor = decodeCursor(after);
    all.push(cursor.position, cursor.id);
    const comparison = order === 'ascending' ? '>' : '<';
    conditions.push(
      `(list_position, list_id) ${comparison} ($${all.length - 1}::bigint, $${all.length}::text COLLATE "C")`,
    );
  }
  const direction = order === 'ascending' ? 'ASC' : 'DESC';
  const { rows } = await reader.query<Row>(
    `SELECT * FROM (${sql}) AS listed WHERE ${conditions.join(' AND ')} ` +
      `ORDER BY list_position ${direction}, list_id ${direction} LIMIT ${first + 1}`,
    all,
  );
  const items = rows.slice(0, first).map((row) => ({
    cursor: encodeCursor({ position: BigInt(row.list_position), id: row.list_id }),
    item: toItem(row),
  }));
  return { items, hasNextPage: rows.length > first };
}

/** All of a short list that is not paged, in the same order; refuses to be a way around the page size. */
export async function listAll<Row extends ListedRow, Item>(
  reader: Reader,
  sql: string,
  values: readonly unknown[],
  toItem: (row: Row) => Item,
  order: 'ascending' | 'descending' = 'ascending',
): Promise<readonly Item[]> {
  const all = parameters(reader, values);
  const direction = order === 'ascending' ? 'ASC' : 'DESC';
  const { rows } = await reader.query<Row>(
    `SELECT * FROM (${sql}) AS listed WHERE ${accessCondition(reader, all)} ` +
      `ORDER BY list_position ${direction}, list_id ${direction}`,
    all,
  );
  return rows.map(toItem);
}

/** How many rows the list has in all: a query of its own, asked only when wanted. */
export async function listTotal(reader: Reader, sql: string, values: readonly unknown[]): Promise<number> {
  const all = parameters(reader, values);
  const { rows } = await reader.query<{ total: string }>(
    `SELECT count(*) AS total FROM (${sql}) AS listed WHERE ${accessCondition(reader, all)}`,
    all,
  );
  return Number(rows[0]!.total);
}

function parameters(reader: Reader, values: readonly unknown[]): unknown[] {
  for (const value of values) {
    const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
    // Postgres has no such character; no id, name or time holds one.
    if (texts.some((text) => typeof text === 'string' && text.includes('\u0000'))) {
      throw new InvalidArgument('filter', 'must not contain the character U+0000');
    }
  }
  return [reader.workspace, reader.asOf, ...values];
}

/** The reader's condition with its parameters after those that are there. */
function accessCondition({ access }: Reader, values: unknown[]): string {
  if (access === undefined) return 'TRUE';
  const offset = values.length;
  values.push(...access.values);
  return `(${access.text.replace(/\$(\d+)/g, (_, number: string) => `$${Number(number) + offset}`)})`;
}

/** For rows that hang on one that the reader may see: the right was checked there. */
export function withoutAccess({ query, workspace, asOf }: Reader): Reader {
  return { query, workspace, asOf };
}

const timePattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/** A time argument as the views hold times: UTC with milliseconds. @throws InvalidArgument */
export function utc(field: string, time: string | undefined): string | undefined {
  if (time === undefined) return undefined;
  const milliseconds = timePattern.test(time) ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(milliseconds)) throw new InvalidArgument(field, 'must be an RFC 3339 time with offset');
  return new Date(milliseconds).toISOString();
}
