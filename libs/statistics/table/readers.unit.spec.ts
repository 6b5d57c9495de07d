import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { DuckDBInstance } from '@duckdb/node-api';
import { InputError, hashRows, readTable } from '../index.js';

let folder: string;
const at = (name: string): string => join(folder, name);
const query = async (sql: string): Promise<void> => {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
};
const refusal = async (path: string): Promise<string> => {
  try {
    await readTable(path);
  } catch (error) {
    if (error instanceof InputError) return error.code;
    throw error;
  }
  return 'nothing was refused';
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-readers-'));
});
afterAll(async () => rm(folder, { recursive: true }));

describe('one table in three formats', () => {
  test('has one row digest', async () => {
    await writeFile(at('a.csv'), 'n,x,s,b\n1,0.5,"a,b",true\n2,,é,false\n3,-1e300,,true\n');
    await writeFile(
      at('a.jsonl'),
      '{"n":1,"x":0.5,"s":"a,b","b":true}\n{"b":false,"n":2,"x":null,"s":"é"}\n{"n":3,"x":-1e300,"s":null,"b":true}\n',
    );
    await query(
      `COPY (SELECT * FROM (VALUES (1, 0.5::DOUBLE, 'a,b', true), (2, NULL, 'é', false), (3, -1e300, NULL, true)) t(n, x, s, b)) TO '${at('a.parquet')}' (FORMAT parquet)`,
    );
    const tables = await Promise.all(
      ['a.csv', 'a.jsonl', 'a.parquet'].map(async (name) => (await readTable(at(name))).table),
    );
    const [csv, jsonl, parquet] = tables.map((table) => hashRows(table).digest());
    expect(jsonl).toBe(csv);
    expect(parquet).toBe(csv);
    expect(tables.map(({ columns }) => columns.map(({ type, nulls }) => `${type}:${nulls}`))).toEqual(
      Array.from({ length: 3 }, () => ['integer:0', 'number:1', 'string:1', 'boolean:0']),
    );
  });

  test('64-bit numbers beyond 2^53 stay exact as text in each', async () => {
    await writeFile(at('wide.csv'), 'id\n9007199254740993\n9007199254740995\n');
    await query(
      `COPY (SELECT * FROM (VALUES (9007199254740993::BIGINT), (9007199254740995)) t(id)) TO '${at('wide.parquet')}' (FORMAT parquet)`,
    );
    const [csv, parquet] = await Promise.all(
      ['wide.csv', 'wide.parquet'].map(async (name) => hashRows((await readTable(at(name))).table).digest()),
    );
    expect(parquet).toBe(csv);
  });
});

test('texts short and long, equal by their bytes, with nulls between them', async () => {
  const texts = ['', 'a', 'é', 'twelve bytes', 'thirteen byte', 'x'.repeat(40), 'twelve byte', '日本語'];
  const values = Array.from({ length: 5000 }, (_, i) =>
    i % 11 === 0 ? 'NULL' : `'${texts[(i * 7) % 8]}${i % 3 === 0 ? i : ''}'`,
  );
  await query(
    `COPY (SELECT * FROM (VALUES ${values.map((value) => `(${value})`).join(', ')}) t(s)) TO '${at('texts.parquet')}' (FORMAT parquet)`,
  );
  const column = (await readTable(at('texts.parquet'))).table.columns[0]!;
  if (column.kind !== 'category') throw new Error('a text');
  expect(column.nulls).toBe(values.filter((value) => value === 'NULL').length);
  expect(Array.from(column.codes, (code) => (code < 0 ? 'NULL' : `'${column.categories[code]}'`))).toEqual(values);
});

(process.platform === 'win32' ? test.skip : test)('a file is read once: a pipe will do', async () => {
  const pipe = at('pipe');
  execFileSync('mkfifo', [pipe]);
  const [content] = await Promise.all([readTable(pipe), writeFile(pipe, 'a,b\n1,x\n2,y\n')]);
  expect(content.table.rows).toBe(2);
});

test('what only looks like a second name, between two texts, is none', async () => {
  await writeFile(at('colons.jsonl'), '{"a":"x",":k":":"}\n');
  const { table } = await readTable(at('colons.jsonl'));
  expect(table.columns.map(({ name }) => name)).toEqual(['a', ':k']);
});

describe('bad files are refused by name', () => {
  test.each([
    ['ragged.jsonl', '{"a":1,"b":2}\n{"a":1}\n', 'RaggedRow'],
    ['twice.jsonl', '{"a":1,"a":2}\n', 'DuplicateKey'],
    ['inherited.jsonl', '{"toString":1}\n{"b":2}\n', 'RaggedRow'],
    ['broken.jsonl', '{"a":1}\n{"a":', 'MalformedJson'],
    ['nested.jsonl', '{"a":[1]}\n', 'WrongType'],
    ['wide.jsonl', '{"id":9007199254740993,"x":1e300}\n', 'InexactNumber'],
    ['mixed.jsonl', '{"a":1}\n{"a":"x"}\n', 'MixedColumn'],
    ['empty.jsonl', '', 'EmptyFile'],
    ['list.jsonl', '[1]\n', 'MalformedJson'],
    ['text.parquet', 'PAR1 but no Parquet', 'MalformedParquet'],
  ])('%s', async (name, text, code) => {
    await writeFile(at(name), text);
    expect(await refusal(at(name))).toBe(code);
  });

  test('a truncated Parquet file, a nested column, a file that is not there', async () => {
    await query(`COPY (SELECT range AS n FROM range(10000)) TO '${at('cut.parquet')}' (FORMAT parquet)`);
    await truncate(at('cut.parquet'), 1000);
    expect(await refusal(at('cut.parquet'))).toBe('MalformedParquet');
    await query(`COPY (SELECT [1, 2] AS n) TO '${at('list.parquet')}' (FORMAT parquet)`);
    expect(await refusal(at('list.parquet'))).toBe('NestedColumn');
    expect(await refusal(at('nowhere.csv'))).toBe('Unreadable');
  });

  test('a Parquet file that unfolds to more rows than allowed is refused by its footer', async () => {
    await query(
      `COPY (SELECT 7 AS n FROM range(2000000)) TO '${at('bomb.parquet')}' (FORMAT parquet, COMPRESSION zstd)`,
    );
    await expect(readTable(at('bomb.parquet'), { maximumRows: 1_000_000 })).rejects.toMatchObject({ code: 'TooLarge' });
  });
});

test.each([
  ['a,a,y\n1,2,3\n', 'DuplicateColumn'],
  ['a,,y\n1,2,3\n', 'UnnamedColumn'],
  ['a,b\n1,2\n1\n', 'RaggedRow'],
  ['a,b\n1,2\nx,3\n', 'MixedColumn'],
])('a small file that breaks a rule (%j) is refused by that rule, not as aborted', async (text, code) => {
  await writeFile(at('small.csv'), text);
  for (let i = 0; i < 5; i += 1) expect(await refusal(at('small.csv'))).toBe(code);
});
