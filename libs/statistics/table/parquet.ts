import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { DuckDBVector } from '@duckdb/node-api';
import { InputError } from '../errors.js';
import type { CsvContent, CsvOptions } from './csv.js';
import { checkColumnNames } from './csv.js';
import { LongText, TextBuilder, checkTextBytes, rowsOfChunk, shortText, textBytes } from './parquet-texts.js';
import { sharedFloat64 } from './shared.js';
import type { NumericColumn, Table, TableColumn } from './table.js';

/** A Parquet file may not unfold to more than this, or than half of the memory there is; its footer says how much it will be. */
export const maximumUncompressedBytes = 16 * 2 ** 30;

/** What a small file may make of the memory of this machine, or of the container that this process may use. */
function memoryBound(): number {
  const allowed = process.constrainedMemory();
  const memory = allowed > 0 ? Math.min(allowed, totalmem()) : totalmem();
  return Math.min(maximumUncompressedBytes, memory / 2);
}

const numericTypes = /^(TINYINT|SMALLINT|INTEGER|U?BIGINT|HUGEINT|U\w+INT\w*|UINTEGER|FLOAT|DOUBLE|DECIMAL.*)$/;

/**
 * Reads Parquet through DuckDB, chunk by chunk into typed columns. Numbers become doubles (a 64-bit column
 * beyond 2^53 becomes text), booleans, texts and times become categories; NaN counts as null, as in CSV.
 *
 * The bytes are read once: they go through the digest into a spill file, which DuckDB reads as often as it needs and
 * which is gone when the promise settles. What is measured is what was hashed, also where the file changes meanwhile.
 * @throws InputError `MalformedParquet`, `TooLarge` (more than {@link maximumUncompressedBytes} unfolded, or more rows
 * than allowed), `NestedColumn`, `DuplicateColumn`, `MissingColumn`, `TooManyCategories`, `SpillFailed`, `Unreadable`
 */
export async function readParquet(source: string | Readable, options: CsvOptions = {}): Promise<CsvContent> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-spill-'));
  try {
    const spill = join(folder, 'content.parquet');
    const { digest, bytes } = await spillTo(spill, source);
    return { table: await readSpill(spill, options), digest, bytes };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What DuckDB may take for pages and dictionaries; what a page says of its size is not believed. */
const readerMemory = '256MB';

async function readSpill(path: string, options: CsvOptions): Promise<Table> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    memory_limit: readerMemory,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  const file = `'${path.replaceAll("'", "''")}'`;
  try {
    const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet(${file})`);
    const found = described.getRows().map(([name, type]) => ({ source: String(name), type: String(type) }));
    const nested = found.find(({ type }) => /\[\]|STRUCT|MAP|UNION|\[\d+\]/.test(type));
    if (nested)
      throw new InputError('NestedColumn', `column "${nested.source}" is a ${nested.type}`, {
        field: nested.source,
        rule: 'single values',
      });
    // DuckDB renames what is named twice (in any case) or not at all: the file's own names count.
    const named = await connection.runAndReadAll(`SELECT name FROM parquet_schema(${file}) WHERE num_children IS NULL`);
    const names = named.getRows().map(([name]) => String(name));
    const schema = found.map((column, i) => ({ ...column, name: names[i] ?? '' }));
    checkColumnNames(
      schema.map(({ name }) => name),
      options.required,
    );
    const size = await connection.runAndReadAll(
      `SELECT (SELECT sum(num_rows) FROM parquet_file_metadata(${file})), (SELECT sum(total_uncompressed_size) FROM parquet_metadata(${file}))`,
    );
    const [rows, unfolded] = size.getRows()[0]!.map(Number) as [number, number];
    const maximum = options.maximumRows ?? 50_000_000;
    const bound = memoryBound();
    const held = rows * schema.length * 8;
    if (rows > maximum || unfolded > bound || held > bound)
      throw new InputError('TooLarge', `the file unfolds to ${rows} rows and ${Math.max(unfolded, held)} bytes`, {
        rule: `at most ${maximum} rows and ${bound} bytes`,
      });
    const columns = await readGroups(instance, file, schema, rows);
    options.onProgress?.(rows, unfolded);
    return { rows, columns };
  } catch (error) {
    if (error instanceof InputError) throw error;
    if ((error as Error).message.startsWith('Out of Memory'))
      throw new InputError('TooLarge', 'pages or dictionaries of the file do not fit into the memory of its reader', {
        rule: `${readerMemory} for the pages that are unfolded at a time`,
      });
    throw new InputError(
      'MalformedParquet',
      `this is no Parquet file that can be read: ${(error as Error).message.split('\n')[0]!.replaceAll(path, 'the file')}`,
      { rule: 'Apache Parquet' },
    );
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Few columns at a time: memory then is the table and the dictionaries of one column for each reader. */
const groupColumns = 8;
/** Each decodes in a thread of its own while this one takes over what another has decoded. */
const readers = 2;

async function readGroups(
  instance: Instance,
  file: string,
  schema: readonly SchemaColumn[],
  rows: number,
): Promise<TableColumn[]> {
  const groups = Array.from({ length: Math.ceil(schema.length / groupColumns) }, (_, group) =>
    schema.slice(group * groupColumns, (group + 1) * groupColumns),
  );
  const columns: TableColumn[][] = [];
  const long = { bytes: 0 };
  let next = 0;
  const read = async (): Promise<void> => {
    const connection = await instance.connect();
    try {
      while (next < groups.length) {
        const group = next++;
        columns[group] = await readApart(connection, file, groups[group]!, rows, long);
      }
    } catch (error) {
      next = groups.length;
      throw error;
    } finally {
      connection.closeSync();
    }
  };
  // All have ended before the instance is closed.
  const ended = await Promise.allSettled(Array.from({ length: readers }, read));
  for (const reader of ended) if (reader.status === 'rejected') throw reader.reason;
  return columns.flat();
}

type Instance = import('@duckdb/node-api').DuckDBInstance;
type Connection = Awaited<ReturnType<Instance['connect']>>;

interface SchemaColumn {
  /** As the file names it, and as DuckDB does. */
  readonly name: string;
  readonly source: string;
  readonly type: string;
}

/**
 * Where one of the columns holds long texts each is read alone, and that one after a look at how long they are.
 * @param long bytes of the file's columns of long texts so far
 */
async function readApart(
  connection: Connection,
  file: string,
  schema: readonly SchemaColumn[],
  rows: number,
  long: { bytes: number },
): Promise<TableColumn[]> {
  try {
    return await readColumns(connection, file, schema, rows, randomUUID());
  } catch (error) {
    if (!(error instanceof LongText)) throw error;
  }
  if (schema.length > 1) {
    const columns: TableColumn[][] = [];
    for (const column of schema) columns.push(await readApart(connection, file, [column], rows, long));
    return columns.flat();
  }
  const [{ name, source, type }] = schema as readonly [SchemaColumn];
  const bytes = textBytes(quote(source), type);
  const found = await connection.runAndReadAll(
    `SELECT max(longest), max(chunk), sum(chunk) FROM (SELECT max(${bytes}) AS longest, sum(${bytes}) AS chunk FROM read_parquet(${file}, file_row_number = true) GROUP BY file_row_number // ${rowsOfChunk})`,
  );
  const [longest, chunk, all] = found.getRows()[0]!.map(Number) as [number, number, number];
  long.bytes += all;
  checkTextBytes(name, { longest, chunk, all, file: long.bytes });
  return readColumns(connection, file, schema, rows);
}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** @param marker what long texts are read as, so that a chunk of them takes little: then `LongText` is thrown */
async function readColumns(
  connection: Connection,
  file: string,
  schema: readonly SchemaColumn[],
  rows: number,
  marker?: string,
): Promise<TableColumn[]> {
  const quoted = schema.map(({ source }) => quote(source));
  const wide = schema.map(({ type }) => /BIGINT|HUGEINT|DECIMAL/.test(type));
  let asText = schema.map(({ type }) => !numericTypes.test(type));
  if (wide.includes(true)) {
    const checks = quoted.map((name, i) => (wide[i] ? `coalesce(max(abs(CAST(${name} AS DOUBLE))), 0)` : '0'));
    const extremes = (
      await connection.runAndReadAll(`SELECT ${checks.join(', ')} FROM read_parquet(${file})`)
    ).getRows()[0]!;
    asText = asText.map((text, i) => text || Number(extremes[i]) > Number.MAX_SAFE_INTEGER);
  }
  // A null number leaves DuckDB as NaN, which counts as null anyway: its vectors are then read without their validity.
  const casts = quoted.map((name, i) =>
    asText[i] ? shortText(name, schema[i]!.type, marker) : `coalesce(CAST(${name} AS DOUBLE), 'NaN'::DOUBLE)`,
  );
  // The buffer of a stream counts what texts point at as nothing: one chunk at a time, or a dictionary fills the memory.
  await connection.run(`SET streaming_buffer_size = '${asText.includes(true) ? '1KB' : '1MB'}'`);
  const result = await connection.stream(`SELECT ${casts.join(', ')} FROM read_parquet(${file})`);
  const builders = schema.map((column, i) =>
    asText[i] ? new TextBuilder(column, rows, marker) : new NumberBuilder(column, rows),
  );
  // The next chunk is decoded while this one is taken over.
  let coming = result.fetchChunk();
  let read = 0;
  for (;;) {
    const chunk = await coming;
    if (!chunk || chunk.rowCount === 0) break;
    read += chunk.rowCount;
    if (read > rows) break;
    coming = result.fetchChunk();
    coming.catch(() => undefined);
    try {
      builders.forEach((builder, i) => builder.push(chunk.getColumnVector(i), chunk.rowCount));
    } catch (error) {
      await coming.catch(() => undefined);
      throw error;
    }
  }
  await coming;
  if (read !== rows)
    throw new InputError('MalformedParquet', `the footer counts ${rows} rows, the row groups hold others`, {
      rule: 'as many rows as the footer says',
    });
  return builders.map((builder) => builder.finish());
}

class NumberBuilder {
  private readonly values: Float64Array;
  private length = 0;
  private nulls = 0;

  constructor(
    private readonly column: SchemaColumn,
    rows: number,
  ) {
    this.values = sharedFloat64(rows);
  }

  /** Nulls come as NaN. */
  push(vector: DuckDBVector, count: number): void {
    // Its getItem costs ten times as much; the readers' spec would notice another layout.
    const { items } = vector as unknown as { readonly items: Float64Array };
    const { values, length } = this;
    let nulls = 0;
    for (let i = 0; i < count; i += 1) {
      const value = items[i]!;
      if (value !== value) nulls += 1;
      values[length + i] = value;
    }
    this.nulls += nulls;
    this.length += count;
  }

  finish(): NumericColumn {
    const type = /INT/.test(this.column.type) ? 'integer' : 'number';
    return { kind: 'numeric', name: this.column.name, type, nulls: this.nulls, values: this.values };
  }
}

async function spillTo(path: string, source: string | Readable): Promise<{ digest: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const tap = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  try {
    const input = typeof source === 'string' ? createReadStream(source, { highWaterMark: 1 << 20 }) : source;
    await pipeline(input, tap, createWriteStream(path, { mode: 0o600 }));
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === 'write')
      throw new InputError('SpillFailed', `the temporary folder cannot hold the file (${code})`, {
        rule: 'as much room as the file in the temporary folder',
      });
    throw new InputError('Unreadable', `the file cannot be read (${code})`, { rule: 'a readable file' });
  }
  return { digest: hash.digest('hex'), bytes };
}
