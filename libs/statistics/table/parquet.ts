import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { InputError } from '../errors.js';
import type { CsvContent, CsvOptions } from './csv.js';
import { checkColumnNames } from './csv.js';
import type { CategoryColumn, NumericColumn, TableColumn } from './table.js';

/** A Parquet file may not unfold to more than this; its footer says how much it will be. */
export const maximumUncompressedBytes = 16 * 2 ** 30;

const numericTypes = /^(TINYINT|SMALLINT|INTEGER|U?BIGINT|HUGEINT|U\w+INT\w*|UINTEGER|FLOAT|DOUBLE|DECIMAL.*)$/;

/**
 * Reads Parquet through DuckDB, one thread, chunk by chunk into typed columns. Numbers become doubles (a 64-bit column
 * beyond 2^53 becomes text), booleans, texts and times become categories; NaN counts as null, as in CSV.
 * @throws InputError `MalformedParquet`, `TooLarge` (more than {@link maximumUncompressedBytes} unfolded, or more rows
 * than allowed), `NestedColumn`, `DuplicateColumn`, `MissingColumn`
 */
export async function readParquet(path: string, options: CsvOptions = {}): Promise<CsvContent> {
  const { digest, bytes } = await digestFile(path);
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    memory_limit: '1GB',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  const file = `'${path.replaceAll("'", "''")}'`;
  try {
    const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet(${file})`);
    const schema = described.getRows().map(([name, type]) => ({ name: String(name), type: String(type) }));
    checkColumnNames(
      schema.map(({ name }) => name),
      options.required,
    );
    const nested = schema.find(({ type }) => /\[\]|STRUCT|MAP|UNION|\[\d+\]/.test(type));
    if (nested)
      throw new InputError('NestedColumn', `column "${nested.name}" is a ${nested.type}`, {
        field: nested.name,
        rule: 'single values',
      });
    const size = await connection.runAndReadAll(
      `SELECT (SELECT sum(num_rows) FROM parquet_file_metadata(${file})), (SELECT sum(total_uncompressed_size) FROM parquet_metadata(${file}))`,
    );
    const [rows, unfolded] = size.getRows()[0]!.map(Number) as [number, number];
    const maximum = options.maximumRows ?? 50_000_000;
    if (rows > maximum || unfolded > maximumUncompressedBytes || rows * schema.length * 8 > maximumUncompressedBytes)
      throw new InputError('TooLarge', `the file unfolds to ${rows} rows and ${unfolded} bytes`, {
        rule: `at most ${maximum} rows and ${maximumUncompressedBytes} bytes`,
      });
    const columns: TableColumn[] = [];
    // Few columns at a time: memory then is the table and one column's dictionary.
    for (let start = 0; start < schema.length; start += 8)
      columns.push(...(await readColumns(connection, file, schema.slice(start, start + 8), rows)));
    options.onProgress?.(rows, bytes);
    return { table: { rows, columns }, digest, bytes };
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(
      'MalformedParquet',
      `${path} is no Parquet file that can be read: ${(error as Error).message.split('\n')[0]}`,
      {
        file: path,
        rule: 'Apache Parquet',
      },
    );
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

type Connection = Awaited<ReturnType<import('@duckdb/node-api').DuckDBInstance['connect']>>;

interface SchemaColumn {
  readonly name: string;
  readonly type: string;
}

async function readColumns(
  connection: Connection,
  file: string,
  schema: readonly SchemaColumn[],
  rows: number,
): Promise<TableColumn[]> {
  const quoted = schema.map(({ name }) => `"${name.replaceAll('"', '""')}"`);
  const wide = schema.map(({ type }) => /BIGINT|HUGEINT|DECIMAL/.test(type));
  let asText = schema.map(({ type }) => !numericTypes.test(type));
  if (wide.includes(true)) {
    const checks = quoted.map((name, i) => (wide[i] ? `coalesce(max(abs(CAST(${name} AS DOUBLE))), 0)` : '0'));
    const extremes = (
      await connection.runAndReadAll(`SELECT ${checks.join(', ')} FROM read_parquet(${file})`)
    ).getRows()[0]!;
    asText = asText.map((text, i) => text || Number(extremes[i]) > Number.MAX_SAFE_INTEGER);
  }
  const casts = quoted.map((name, i) => `CAST(${name} AS ${asText[i] ? 'VARCHAR' : 'DOUBLE'})`);
  const result = await connection.stream(`SELECT ${casts.join(', ')} FROM read_parquet(${file})`);
  const builders = schema.map((column, i) =>
    asText[i] ? new TextBuilder(column, rows) : new NumberBuilder(column, rows),
  );
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) break;
    builders.forEach((builder, i) => builder.push(chunk.getColumnVector(i) as unknown as Vector, chunk.rowCount));
  }
  return builders.map((builder) => builder.finish());
}

interface Vector {
  readonly items?: Float64Array;
  readonly itemCount: number;
  getItem(index: number): unknown;
}

class NumberBuilder {
  private readonly values: Float64Array;
  private length = 0;
  private nulls = 0;

  constructor(
    private readonly column: SchemaColumn,
    rows: number,
  ) {
    this.values = new Float64Array(rows);
  }

  push(vector: Vector, count: number): void {
    for (let i = 0; i < count; i += 1) {
      const value = vector.getItem(i);
      if (value === null || Number.isNaN(value)) {
        this.nulls += 1;
        this.values[this.length++] = Number.NaN;
      } else this.values[this.length++] = value as number;
    }
  }

  finish(): NumericColumn {
    const type = /INT/.test(this.column.type) ? 'integer' : 'number';
    return { kind: 'numeric', name: this.column.name, type, nulls: this.nulls, values: this.values };
  }
}

class TextBuilder {
  private readonly codes: Int32Array;
  private readonly dictionary = new Map<string, number>();
  private length = 0;
  private nulls = 0;

  constructor(
    private readonly column: SchemaColumn,
    rows: number,
  ) {
    this.codes = new Int32Array(rows);
  }

  push(vector: Vector, count: number): void {
    for (let i = 0; i < count; i += 1) {
      const value = vector.getItem(i) as string | null;
      if (value === null) {
        this.nulls += 1;
        this.codes[this.length++] = -1;
        continue;
      }
      let code = this.dictionary.get(value);
      if (code === undefined) this.dictionary.set(value, (code = this.dictionary.size));
      this.codes[this.length++] = code;
    }
  }

  finish(): CategoryColumn {
    const { name, type } = this.column;
    const texts = [...this.dictionary.keys()];
    const order = texts.map((_, index) => index).sort((a, b) => (texts[a]! < texts[b]! ? -1 : 1));
    const rank = new Int32Array(texts.length);
    order.forEach((original, position) => (rank[original] = position));
    return {
      kind: 'category',
      name,
      type: type === 'BOOLEAN' ? 'boolean' : /TIMESTAMP|DATE/.test(type) ? 'timestamp' : 'string',
      nulls: this.nulls,
      codes: this.codes.map((code) => (code < 0 ? -1 : rank[code]!)),
      categories: order.map((index) => texts[index]!),
    };
  }
}

async function digestFile(path: string): Promise<{ digest: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new InputError('Unreadable', `${path} cannot be read (${code})`, { file: path, rule: 'a readable file' });
  }
  return { digest: hash.digest('hex'), bytes };
}
