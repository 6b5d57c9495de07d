import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { readTable } from '../index.js';

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
