import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Transform } from 'node:stream';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import { InputError } from '../errors.js';
import { ColumnBuilder } from './column-builder.js';
import type { DeclaredType } from './column-builder.js';
import type { Table } from './table.js';

export interface CsvOptions {
  /** Types said by the caller; the others are inferred. */
  readonly types?: Readonly<Record<string, DeclaredType>>;
  /** Columns that must be there. */
  readonly required?: readonly string[];
  /** Bytes of one record at most; default 1 MiB. */
  readonly maximumRecordBytes?: number;
  /** Rows at most; default 50,000,000. */
  readonly maximumRows?: number;
  readonly onProgress?: (rows: number, bytes: number) => void;
}

/** A CSV file as read: the table, and the digest and size of its bytes. */
export interface CsvContent {
  readonly table: Table;
  /** SHA-256 of the bytes. */
  readonly digest: string;
  readonly bytes: number;
}

const maximumColumns = 10_000;

/**
 * Reads CSV (RFC 4180: comma, double quotes, CRLF or LF, header line first, UTF-8 with or without a byte order mark)
 * in one streaming pass. Digest and table come from the same bytes.
 *
 * @throws InputError naming line, field and rule: `EmptyFile`, `RaggedRow`, `MissingColumn`, `DuplicateColumn`,
 * `UnnamedColumn`, `MixedColumn`, `WrongType`, `NotUtf8`, `MalformedCsv`, `RecordTooLarge`, `TooManyRows`,
 * `TooManyColumns`, `TooManyCategories`.
 */
export async function readCsv(source: string | Readable | Uint8Array, options: CsvOptions = {}): Promise<CsvContent> {
  const input = typeof source === 'string' ? createReadStream(source) : source;
  const hash = createHash('sha256');
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });
  const state = { bytes: 0, builders: [] as ColumnBuilder[], rows: -1 };
  const tap = new Transform({
    decodeStrings: true,
    encoding: 'utf8',
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      state.bytes += chunk.length;
      decode(() => decoder.decode(chunk, { stream: true }), done);
    },
    flush(done) {
      decode(() => decoder.decode(), done);
    },
  });
  const parser = parse({
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: options.maximumRecordBytes ?? 1 << 20,
    info: true,
  });
  // The pipeline may report that it was aborted instead of what aborted it.
  let fault: unknown;
  const read = async (records: AsyncIterable<{ record: string[]; info: { lines: number } }>): Promise<void> => {
    for await (const { record, info } of records) {
      if (state.rows < 0) state.builders = header(record, options);
      else pushRow(state.builders, record, info.lines, options, state.rows);
      state.rows += 1;
      if (state.rows > 0 && state.rows % 65_536 === 0) options.onProgress?.(state.rows, state.bytes);
    }
  };
  const sink = (records: AsyncIterable<{ record: string[]; info: { lines: number } }>): Promise<void> =>
    read(records).catch((error: unknown) => {
      if (!(error instanceof Error && error.name === 'AbortError')) fault ??= error;
      throw error;
    });
  try {
    const chunks =
      input instanceof Uint8Array ? [Buffer.from(input.buffer, input.byteOffset, input.byteLength)] : input;
    await pipeline(chunks, tap, parser, sink);
  } catch (error) {
    throw typed(fault ?? error, typeof source === 'string' ? source : undefined);
  }
  if (state.rows < 0)
    throw new InputError('EmptyFile', 'the file holds no header line', { line: 1, rule: 'a header line' });
  options.onProgress?.(state.rows, state.bytes);
  return {
    table: { rows: state.rows, columns: state.builders.map((builder) => builder.finish()) },
    digest: hash.digest('hex'),
    bytes: state.bytes,
  };
}

function decode(text: () => string, done: (error?: Error | null, text?: string) => void): void {
  try {
    done(null, text());
  } catch {
    done(new InputError('NotUtf8', 'the file is not UTF-8 text', { rule: 'UTF-8 (RFC 3629)' }));
  }
}

/** @throws InputError where a name is missing, empty or given twice. */
export function checkColumnNames(names: readonly string[], required: readonly string[] = []): void {
  if (names.length > maximumColumns)
    throw new InputError('TooManyColumns', `the header names ${names.length} columns`, {
      line: 1,
      rule: `at most ${maximumColumns} columns`,
    });
  const seen = new Set<string>();
  names.forEach((name, index) => {
    if (name.trim() === '')
      throw new InputError('UnnamedColumn', `column ${index + 1} has no name`, {
        line: 1,
        rule: 'every column is named',
      });
    if (seen.has(name))
      throw new InputError('DuplicateColumn', `column "${name}" is named twice`, {
        field: name,
        line: 1,
        rule: 'column names are unique',
      });
    seen.add(name);
  });
  for (const name of required)
    if (!seen.has(name))
      throw new InputError('MissingColumn', `column "${name}" is missing`, {
        field: name,
        line: 1,
        rule: 'the column exists',
        columns: names.slice(0, 100),
      });
}

function header(names: readonly string[], options: CsvOptions): ColumnBuilder[] {
  checkColumnNames(names, [...(options.required ?? []), ...Object.keys(options.types ?? {})]);
  return names.map((name) => new ColumnBuilder(name, options.types?.[name]));
}

function pushRow(builders: ColumnBuilder[], record: string[], line: number, options: CsvOptions, row: number): void {
  if (record.length !== builders.length)
    throw new InputError('RaggedRow', `line ${line} has ${record.length} cells, the header ${builders.length}`, {
      field: builders[Math.min(record.length, builders.length - 1)]?.name,
      line,
      rule: `${builders.length} cells in every row`,
      cells: record.length,
    });
  const maximum = options.maximumRows ?? 50_000_000;
  if (row >= maximum)
    throw new InputError('TooManyRows', `over ${maximum} rows`, { line, rule: `at most ${maximum} rows` });
  for (let index = 0; index < builders.length; index += 1) builders[index]!.push(record[index]!, line);
}

function typed(error: unknown, file: string | undefined): unknown {
  if (error instanceof InputError) return error;
  if (error instanceof CsvError) {
    const line = typeof error['lines'] === 'number' ? error['lines'] : undefined;
    if (error.code === 'CSV_MAX_RECORD_SIZE')
      return new InputError('RecordTooLarge', `a record is too large: ${error.message}`, { line, rule: 'record size' });
    return new InputError('MalformedCsv', error.message, { line, rule: `RFC 4180 (${error.code})` });
  }
  const code = (error as NodeJS.ErrnoException).code;
  if (file !== undefined && (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR'))
    return new InputError('Unreadable', `${file} cannot be read (${code})`, { file, rule: 'a readable file' });
  return error;
}
