import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Pool } from '#libs/postgres';
import { createPool } from '#libs/postgres';
import { int4Array, textArray } from './binary-array.js';
import { copiedEvents, nameOf } from './copied-rows.js';
import { eventRows } from './event-rows.js';
import type { CheckedSlice, Commit, LedgerEvent, LedgerHead, LedgerStorage, ReadRange, StoredStream } from './port.js';
import { LedgerRefused, StorageLost } from './port.js';
import { checkSlice, computesChecksums } from './verify.js';

const format = 1;

/** One writer per database: whoever holds this lock on its session. */
const writerLock = '7310582204';

const commitSql = `
  with moved as (
    update ledger set next_position = $1, last_created = $2 where next_position = $3 returning only_one
  ), named as (
    insert into stream (id, name) select n.* from moved, unnest($4::int[], $5::text[]) as n
  )
  insert into event select e.* from moved, unnest($6::event[]) as e`;

const columns = 'e.position, e.revision, e.created, e.id, e.is_json, e.type, e.metadata, e.data';

/** Looked up for each event of a page: joined, the planner may read every stream for one page. */
const nameOfStream = '(select name from stream s where s.id = e.stream) as name';

const readSql = {
  'all-forwards': `select ${columns}, ${nameOfStream} from event e where position >= $1 and position < $2 order by position limit $3`,
  'all-backwards': `select ${columns}, ${nameOfStream} from event e where position < $1 and position >= $2 order by position desc limit $3`,
  types: `select ${columns}, ${nameOfStream} from event e where position >= $1 and position < $2 and type ^@ any($4::text[]) order by position limit $3`,
  'stream-forwards': `select ${columns} from event e where stream = $1 and revision >= $2 order by revision limit $3`,
  'stream-backwards': `select ${columns} from event e where stream = $1 and revision <= $2 order by revision desc limit $3`,
} as const;

/** Events from which on a page is copied: a statement that is not prepared costs as much as some events. */
const copiedFrom = 64;

/**
 * The same as `all-forwards` and `all-backwards`. A limit that the planner does not know makes it walk the index, as
 * the parameter does there, and not sort what may be thousands of events.
 */
function copiedSql(backwards: boolean, from: string, bound: string, limit: number): string {
  const [range, order] = backwards
    ? [`position < ${from} and position >= ${bound}`, 'desc']
    : [`position >= ${from} and position < ${bound}`, 'asc'];
  return `select ${columns}, ${nameOfStream} from event e where ${range} order by position ${order} limit (select ${limit})`;
}

/** 2^63 - 1: the largest position and revision. */
const greatest = 9223372036854775807n;

/** A page of $all spans at most this; more than the largest event, so that none is ever empty before the head. */
const pageBytes = 4n * 1024n * 1024n;

const min = (left: bigint, right: bigint) => (left < right ? left : right);

const clamp = (value: bigint) => (value > greatest ? greatest : value).toString();

/** The ledger in a Postgres database of its own. */
export class PostgresStorage implements LedgerStorage {
  #writer: Client | undefined;
  readonly #readers: Pool;
  #checksInDatabase: boolean | undefined;
  /** Of the type `event`. */
  #rowType = 0;

  /** `checksInDatabase` false: for a Postgres before 18. Default: what this one can. */
  constructor(
    readonly url: string,
    checksInDatabase?: boolean,
  ) {
    this.#checksInDatabase = checksInDatabase;
    this.#readers = createPool(url, { max: 4, name: 'assay-ledger-read' });
  }

  async open(): Promise<LedgerHead> {
    await this.#writer?.end().catch(() => undefined);
    const writer = new Client({ connectionString: this.url, application_name: 'assay-ledger-write' });
    writer.on('error', () => undefined);
    await writer.connect();
    try {
      await this.#becomeWriter(writer);
      await assertSafe(writer);
      await ensureSchema(writer);
      const { rows } = await writer.query<{
        format: number;
        next: string;
        created: string;
        stream: number;
        row: number;
      }>(
        "select format, next_position as next, last_created as created, coalesce((select max(id) from stream), 0) as stream, 'event'::regtype::oid as row from ledger",
      );
      const [head] = rows;
      if (head?.format !== format)
        throw new LedgerRefused(
          `the ledger has format ${head?.format}, this build reads format ${format}: use the build that wrote it`,
        );
      this.#writer = writer;
      this.#rowType = head.row;
      return { nextPosition: BigInt(head.next), lastCreated: BigInt(head.created), nextStream: head.stream + 1 };
    } catch (error) {
      await writer.end().catch(() => undefined);
      throw error;
    }
  }

  async #becomeWriter(writer: Client): Promise<void> {
    for (let waited = 0; ; waited += 100) {
      const { rows } = await writer.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [writerLock]);
      if (rows[0]?.taken) return;
      if (waited >= 3_000) throw new LedgerRefused('another ledger server writes this database');
      await sleep(100);
    }
  }

  async commit(commit: Commit): Promise<void> {
    const { events, newStreams } = commit;
    const writer = this.#writer;
    if (!writer) throw new StorageLost('the writer is not connected');
    try {
      const { rowCount } = await writer.query({
        name: 'commit',
        text: commitSql,
        values: [
          commit.to.toString(),
          (events.at(-1)?.created ?? 0n).toString(),
          commit.from.toString(),
          int4Array(newStreams.map(({ id }) => id)),
          textArray(newStreams.map(({ name }) => name)),
          eventRows(events, this.#rowType),
        ],
      });
      if (rowCount !== events.length) throw new Error(`the ledger does not end at ${commit.from}: somebody else wrote`);
    } catch (error) {
      this.#writer = undefined;
      await writer.end().catch(() => undefined);
      throw new StorageLost(`the commit at ${commit.from} failed: ${(error as Error).message}`, { cause: error });
    }
  }

  async names(): Promise<readonly string[]> {
    const { rows } = await this.#readers.query<[string]>({ text: 'select name from stream', rowMode: 'array' });
    return rows.map(([name]) => name);
  }

  async streams(names: readonly string[]): Promise<Map<string, StoredStream>> {
    const { rows } = await this.#readers.query<{ name: string; id: number; last: string | null }>({
      name: 'streams',
      text: `select s.name, s.id, (select revision from event where stream = s.id order by revision desc limit 1) as last
        from stream s where s.name = any($1::text[])`,
      values: [textArray(names)],
    });
    return new Map(
      rows.map(({ name, id, last }) => [name, { id, last: last === null ? undefined : BigInt(last) }] as const),
    );
  }

  async readAll({ from, below, backwards, limit }: ReadRange): Promise<LedgerEvent[]> {
    const name = backwards ? 'all-backwards' : 'all-forwards';
    // Positions count bytes, so that a page is bounded by bytes too.
    const bound = backwards ? from - pageBytes : min(below ?? greatest, from + pageBytes);
    if (limit >= copiedFrom)
      return copiedEvents(this.#readers, copiedSql(backwards, clamp(from), clamp(bound), Math.trunc(limit)));
    const { rows } = await this.#readers.query<Row>({
      name,
      text: readSql[name],
      values: [clamp(from), clamp(bound), limit],
    });
    return rows.map((row) => toEvent(row, nameOf(row.position, row.name)));
  }

  async readTypes(
    prefixes: readonly string[],
    { from, below, limit }: { readonly from: bigint; readonly below: bigint; readonly limit: number },
  ): Promise<{ readonly events: readonly LedgerEvent[]; readonly next: bigint }> {
    const bound = min(below, from + pageBytes);
    const { rows } = await this.#readers.query<Row>({
      name: 'types',
      text: readSql.types,
      values: [clamp(from), clamp(bound), limit, textArray(prefixes)],
    });
    const events = rows.map((row) => toEvent(row, nameOf(row.position, row.name)));
    return { events, next: events.length < limit ? bound : events.at(-1)!.position + 1n };
  }

  async readStream(
    stream: { id: number; name: string },
    { from, backwards, limit }: ReadRange,
  ): Promise<LedgerEvent[]> {
    const name = backwards ? 'stream-backwards' : 'stream-forwards';
    const { rows } = await this.#readers.query<Row>({
      name,
      text: readSql[name],
      values: [stream.id, clamp(from), limit],
    });
    return rows.map((row) => toEvent(row, stream.name));
  }

  async check(below: bigint): Promise<CheckedSlice> {
    this.#checksInDatabase ??= await computesChecksums(this.#readers);
    return checkSlice(this.#readers, below, this.#checksInDatabase);
  }

  async close(): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    await Promise.allSettled([writer?.end(), this.#readers.end()]);
  }
}

interface Row {
  readonly position: string;
  readonly revision: string;
  readonly created: string;
  readonly id: string;
  readonly is_json: boolean;
  readonly type: string;
  readonly metadata: Buffer;
  readonly data: Buffer;
  readonly name?: string | null;
}

function toEvent(row: Row, stream: string): LedgerEvent {
  return {
    position: BigInt(row.position),
    stream,
    revision: BigInt(row.revision),
    id: row.id,
    type: row.type,
    isJson: row.is_json,
    created: BigInt(row.created),
    data: row.data,
    metadata: row.metadata,
  };
}

/** Acknowledged means durable: a Postgres that would forget is refused. */
async function assertSafe(client: Client): Promise<void> {
  for (const name of ['fsync', 'full_page_writes', 'synchronous_commit']) {
    const { rows } = await client.query<{ value: string }>('select current_setting($1) as value', [name]);
    const value = rows[0]?.value;
    if (value === 'off')
      throw new LedgerRefused(`${name} is off in this Postgres: an acknowledged event could be lost; turn it on`);
    // `local` waits for this server's disk, which is what acknowledged means; weaker ones do not exist besides `off`.
  }
}

async function ensureSchema(client: Client): Promise<void> {
  const { rows } = await client.query<{ present: boolean }>("select to_regclass('ledger') is not null as present");
  if (rows[0]?.present) return;
  const sql = readFileSync(new URL('./schema.sql', import.meta.url), 'utf8');
  await client.query(`begin;\n${sql}\ncommit;`);
}
