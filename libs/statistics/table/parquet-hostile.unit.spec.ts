import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { Generator, InputError, readTable } from '../index.js';

let folder: string;
const at = (name: string): string => join(folder, name);
const copy = async (sql: string, name: string): Promise<void> => {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`COPY (${sql}) TO '${at(name)}' (FORMAT parquet, COMPRESSION zstd)`);
  connection.closeSync();
  instance.closeSync();
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-hostile-'));
});
afterAll(async () => rm(folder, { recursive: true }));

// One row of two integers, x = 1 and X = 3, written by pyarrow 26.0.1.
const twoColumns = Buffer.from(
  'UEFSMRUAFRwVHCwVAhUAFQYVBhwAAAACAAAAAgEBAAAAAAAAABUAFRwVHCwVAhUAFQYVBhwAAAACAAAAAgEDAAAAAAAAABUEGTw1ABgGc2NoZW1hFQQAFQQlAhgBeAAVBCUCGAFYABYCGRwZLCYAHBUEGSUGABkYAXgVABYCFkIWQiYISRwVABUAFQIAPCkGGSYAAgAAACYAHBUEGSUGABkYAVgVABYCFkIWQiZKSRwVABUAFQIAPCkGGSYAAgAAABaEARYCJggWhAEAKCBwYXJxdWV0LWNwcC1hcnJvdyB2ZXJzaW9uIDI2LjAuMRksHAAAHAAAALEAAABQQVIx',
  'base64',
);

test('columns are called as the file calls them, also where two differ in case only', async () => {
  await writeFile(at('case.parquet'), twoColumns);
  const { table } = await readTable(at('case.parquet'));
  expect(table.columns.map(({ name }) => name)).toEqual(['x', 'X']);
  expect(table.columns.map((column) => column.kind === 'numeric' && column.values[0])).toEqual([1, 3]);
});

test('a name that stands twice is refused', async () => {
  await writeFile(
    at('twice.parquet'),
    Buffer.from(twoColumns.toString('latin1').replaceAll('\x18\x01X', '\x18\x01x'), 'latin1'),
  );
  await expect(readTable(at('twice.parquet'))).rejects.toMatchObject({ code: 'DuplicateColumn' });
});

test('a footer that counts other rows than the row groups hold is refused', async () => {
  await copy('SELECT range::DOUBLE AS x FROM range(1000)', 'rows.parquet');
  const bytes = await readFile(at('rows.parquet'));
  const footer = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
  // Field 3 of the file's metadata, a zigzag varint: 1,000 becomes 500.
  const place = bytes.indexOf(Buffer.from([0x16, 0xd0, 0x0f]), footer);
  expect(place).toBeGreaterThan(footer);
  bytes.set([0xe8, 0x07], place + 1);
  await writeFile(at('lie.parquet'), bytes);
  await expect(readTable(at('lie.parquet'))).rejects.toMatchObject({ code: 'MalformedParquet' });
});

test('a text that is too long is refused before it is decoded', async () => {
  await copy("SELECT 1 AS n, repeat('x', 2000000) AS t", 'text.parquet');
  await expect(readTable(at('text.parquet'))).rejects.toMatchObject({ code: 'TooLarge', place: { field: 't' } });
});

// One text of 2^20 − 1 bytes in a dictionary, 4,096 rows, written by pyarrow 26.0.1.
const dictionaryBomb =
  'UEFSMRUEFYaAgAEVeEwVAhUAEgAAKLUv/YBIAwAQAGwAACj//w8AYQEA+P850AICABBhAgAQYQIAEGECABBhAgAQYQIAEGECABBhGQAAYWFhFQAVFhUoLBWAQBUQFQYVBhwAAAAotS/9IAtZAAADAAAAgEABAYBAABUEGSw1ABgGc2NoZW1hFQIAFQwlAhgCYzAlAEwcAAAAFoBAGRwZHCYAHBUMGTUABhAZGAJjMBUMFoBAFuaAgAEW6gEmogEmCCksFQQVABUCABUAFRAVAgA8FoDA//8fGQYZJgCAQAAAABbmgIABFoBAJggW6gEAGRwYDEFSUk9XOnNjaGVtYRjMAS8vLy8vNUFBQUFBUUFBQUFBQUFLQUF3QUJnQUZBQWdBQ2dBQUFBQUJCQUFFQUFBQXZQLy8vd1FBQUFBQkFBQUFGQUFBQUJBQUdBQUlBQVlBQndBTUFCQUFGQUFRQUFBQUFBQUJCUlFBQUFCQUFBQUFIQUFBQUFRQUFBQUFBQUFBQWdBQUFHTXdBQUFJQUFnQUFBQUVBQWdBQUFBTUFBQUFDQUFNQUFnQUJ3QUlBQUFBQUFBQUFTQUFBQUFFQUFRQUJBQUFBQUFBQUFBPQAYIHBhcnF1ZXQtY3BwLWFycm93IHZlcnNpb24gMjYuMC4xGRwcAAAAfwEAAFBBUjE=';

test('a dictionary of one long text is refused before its rows unfold', async () => {
  await writeFile(at('dictionary.parquet'), Buffer.from(dictionaryBomb, 'base64'));
  const before = process.memoryUsage.rss();
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss() - before)), 5);
  await expect(readTable(at('dictionary.parquet'))).rejects.toMatchObject({ code: 'TooLarge', place: { field: 'c0' } });
  clearInterval(watch);
  // Unfolded, two chunks of it are 4 GiB.
  expect(most).toBeLessThan(2 ** 30);
});

test('long texts that fit are read as they are, beside short ones', async () => {
  await copy(
    "SELECT range AS n, 'k' || (range % 3) AS k, CASE WHEN range % 500 = 7 THEN repeat('é', 1000 + range) END AS t, 'x'::BLOB AS b FROM range(3000)",
    'long.parquet',
  );
  const { table } = await readTable(at('long.parquet'));
  const [, k, t, b] = table.columns;
  expect([k, t, b].map((column) => column!.nulls)).toEqual([0, 2994, 0]);
  expect(t!.kind === 'category' && t!.categories.map((text) => text.length)).toEqual([
    1007, 1507, 2007, 2507, 3007, 3507,
  ]);
  expect(k!.kind === 'category' && k!.categories).toEqual(['k0', 'k1', 'k2']);
});

test('any few bits of a file may be wrong: a typed error, or a table that is one', async () => {
  await copy(
    "SELECT CASE WHEN range % 5 > 0 THEN range / 7 END AS x, 'category ' || (range % 3) AS s, range % 2 = 0 AS b, range AS i FROM range(60)",
    'whole.parquet',
  );
  const whole = await readFile(at('whole.parquet'));
  const random = new Generator(5);
  const answers = new Set<string>();
  for (let round = 0; round < 16; round += 1) {
    const bytes = Buffer.from(whole);
    for (let flips = 1 + random.integer(3); flips > 0; flips -= 1)
      bytes[random.integer(bytes.length)]! ^= 1 << random.integer(8);
    await writeFile(at('flipped.parquet'), bytes);
    const read = await readTable(at('flipped.parquet')).catch((error: unknown) => error);
    if (read instanceof Error) {
      expect(read).toBeInstanceOf(InputError);
      answers.add('refused');
      continue;
    }
    answers.add('read');
    const { table } = read as Awaited<ReturnType<typeof readTable>>;
    for (const column of table.columns) {
      const cells: ArrayLike<number> = column.kind === 'numeric' ? column.values : column.codes;
      const isNull = (cell: number): boolean => (column.kind === 'numeric' ? Number.isNaN(cell) : cell === -1);
      expect(cells).toHaveLength(table.rows);
      expect(Array.from(cells).filter(isNull)).toHaveLength(column.nulls);
      if (column.kind === 'category') expect(Math.max(...column.codes)).toBeLessThan(column.categories.length);
    }
  }
  expect([...answers].toSorted()).toEqual(['read', 'refused']);
});
