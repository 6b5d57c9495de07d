import { describe, expect, test } from '@jest/globals';
import { createCipheriv, createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { sha256 } from '#libs/signing';
import {
  InputError,
  LatticeHash,
  columnOf,
  hashRows,
  readCsv,
  rowDigestAlgorithm,
  rowEncoder,
  sealCsv,
  selectRows,
} from '../index.js';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const refusal = async (text: string | Uint8Array, options = {}): Promise<InputError> => {
  try {
    await readCsv(typeof text === 'string' ? bytes(text) : text, options);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

describe('reading CSV', () => {
  test('types come from the cells, nulls are counted, the digest is over the bytes', async () => {
    const text =
      '\uFEFFi,x,b,s,t,n\r\n1,0.5,true,"a ""q"", b",2020-01-02,\r\n2,,false,,2020-01-03T10:00:00Z,\r\n-3,1e3,true,z,2020-01-04,NA\r\n';
    const { table, digest, bytes: length } = await readCsv(bytes(text));
    expect(table.columns.map(({ name, type, nulls }) => `${name}:${type}:${nulls}`)).toEqual([
      'i:integer:0',
      'x:number:1',
      'b:boolean:0',
      's:string:1',
      't:timestamp:0',
      'n:string:3',
    ]);
    const column = columnOf(table, 's');
    expect(column.kind === 'category' && column.categories).toEqual(['a "q", b', 'z']);
    expect(digest).toBe(sha256(bytes(text)));
    expect(length).toBe(bytes(text).length);
  });

  test('chunks may cut a line, a quoted cell or a UTF-8 sequence anywhere', async () => {
    const text = bytes('name,v\n"é,\nü",1\n"日本",2\n');
    const whole = await readCsv(text);
    const pieces = await readCsv(Readable.from([...text].map((byte) => Buffer.from([byte]))));
    expect(pieces).toEqual(whole);
  });

  test('integers that a double cannot hold stay text', async () => {
    const { table } = await readCsv(bytes('id\n9007199254740993\n1\n'));
    expect(columnOf(table, 'id').type).toBe('string');
  });

  test.each([
    ['a ragged row', 'a,b\n1,2\n3\n', 'RaggedRow', 'b', 3],
    ['a row with too many cells', 'a,b\n1,2\n3,4,5\n', 'RaggedRow', 'b', 3],
    ['a column twice', 'a,a\n1,2\n', 'DuplicateColumn', 'a', 1],
    ['a column without a name', 'a,\n1,2\n', 'UnnamedColumn', undefined, 1],
    ['numbers and texts in one column', 'a,b\n1,2\nx,3\n', 'MixedColumn', 'a', 3],
    ['an empty file', '', 'EmptyFile', undefined, 1],
    ['an open quote', 'a,b\n"1,2\n', 'MalformedCsv', undefined, 2],
  ])('%s is refused by name', async (_name, text, code, field, line) => {
    const error = await refusal(text);
    expect({ code: error.code, field: error.place.field, line: error.place.line }).toEqual({ code, field, line });
    expect(error.place.rule).toBeTruthy();
  });

  test('a missing column, a wrong type, broken UTF-8 and a huge record are refused by name', async () => {
    expect((await refusal('a\n1\n', { required: ['b'] })).toJSON()).toMatchObject({
      code: 'MissingColumn',
      field: 'b',
    });
    expect((await refusal('a\nx\n', { types: { a: 'number' } })).toJSON()).toMatchObject({
      code: 'WrongType',
      line: 2,
    });
    expect((await refusal(Buffer.from([97, 10, 0xff, 10]))).code).toBe('NotUtf8');
    expect((await refusal(`a\n${'x'.repeat(2000)}\n`, { maximumRecordBytes: 1000 })).code).toBe('RecordTooLarge');
    expect((await refusal('a\n1\n2\n', { maximumRows: 1 })).code).toBe('TooManyRows');
  });

  test('a declared type settles a mixed column', async () => {
    const { table } = await readCsv(bytes('a\n1\nx\n'), { types: { a: 'string' } });
    expect(columnOf(table, 'a').type).toBe('string');
  });
});

describe('the row digest', () => {
  const text = 'a,b\n1,x\n2,y\n2,y\n3,\n';

  test('does not know the order of rows or columns, nor how a number was written', async () => {
    const digest = (await sealCsv(bytes(text))).rowDigest;
    expect((await sealCsv(bytes('b,a\n,3\ny,2.0\nx,1\ny,2e0\n'))).rowDigest).toBe(digest);
  });

  test.each([
    ['one cell changed', 'a,b\n1,x\n2,y\n2,z\n3,\n'],
    ['one row counted twice', 'a,b\n1,x\n1,x\n2,y\n2,y\n3,\n'],
    ['another row doubled', 'a,b\n1,x\n1,x\n2,y\n3,\n'],
    ['a row left out', 'a,b\n1,x\n2,y\n3,\n'],
    ['a column renamed', 'a,c\n1,x\n2,y\n2,y\n3,\n'],
  ])('knows %s', async (_name, other) => {
    expect((await sealCsv(bytes(other))).rowDigest).not.toBe((await sealCsv(bytes(text))).rowDigest);
  });

  test('is updated row by row, merged and weighted', async () => {
    const { table } = await readCsv(bytes(text));
    const whole = hashRows(table);
    const first = hashRows(selectRows(table, [0, 1]));
    first.merge(hashRows(selectRows(table, [2, 3])));
    expect(first.digest()).toBe(whole.digest());
    expect(hashRows(selectRows(table, [0, 1, 3]), [1, 2, 1]).digest()).toBe(whole.digest());
    const encode = rowEncoder(table);
    const restored = LatticeHash.deserialize(whole.serialize());
    restored.add(encode(0), 5);
    restored.add(encode(0), -5);
    expect(restored.digest()).toBe(whole.digest());
  });

  test('65,536 copies of one row are not nothing, and not 65,536 copies of another', () => {
    const copies = (row: string): string => {
      const hash = LatticeHash.empty();
      hash.add(Buffer.from(row), 65_536);
      return hash.digest();
    };
    expect(copies('a')).not.toBe(copies('b'));
    const hash = LatticeHash.empty();
    expect(() => hash.add(Buffer.from('a'), 2 ** 31 + 1)).toThrow(InputError);
    expect(() => hash.add(Buffer.from('a'), 0.5)).toThrow(InputError);
  });

  test('its bytes can be recomputed from the description', async () => {
    const { table, rowDigest } = await sealCsv(bytes('b,a\ntrue,1.5\n'));
    const schema = Buffer.from([0, 0, 0, 1, 97, 0, 0, 0, 1, 98]);
    const row = Buffer.concat([
      createHash('sha256').update(schema).digest(),
      Buffer.from([1]),
      Buffer.from('3ff8000000000000', 'hex'),
      Buffer.from([3, 1]),
    ]);
    expect(Buffer.from(rowEncoder(table)(0))).toEqual(row);
    const key = createHash('sha256').update(row).digest();
    const lanes = createCipheriv('chacha20', key, Buffer.alloc(16)).update(Buffer.alloc(4096));
    const one = Buffer.alloc(8);
    one.writeBigInt64BE(1n);
    const expected = createHash('sha256').update(`${rowDigestAlgorithm}\0`).update(one).update(lanes).digest('hex');
    expect(rowDigest).toBe(expected);
  });
});

describe('numbers that turn to text', () => {
  const texts = async (text: string, options = {}): Promise<(string | undefined)[]> => {
    const column = (await readCsv(bytes(text), options)).table.columns[0]!;
    if (column.kind !== 'category') return [column.type];
    return Array.from(column.codes, (code) => column.categories[code]);
  };

  test('a whole number beyond 2^53 late in the column brings every spelling back', async () => {
    expect(await texts('a\n007\n+5\n12\nNA\n9007199254740993\n-0\n')).toEqual([
      '007',
      '+5',
      '12',
      undefined,
      '9007199254740993',
      '-0',
    ]);
  });

  test('beside decimals it is a double like them, or refused where the decimals come later', async () => {
    expect(await texts('a\n0.5\n9007199254740993\n')).toEqual(['number']);
    expect((await refusal('a\n9007199254740993\n0.5\n')).toJSON()).toMatchObject({ code: 'InexactNumber', field: 'a' });
    expect(await texts('a\n9007199254740993\n0.5\n', { types: { a: 'number' } })).toEqual(['number']);
    expect(await texts('a\n0.50\n1\n', { types: { a: 'string' } })).toEqual(['0.50', '1']);
  });

  test('texts after nulls, numbers after texts, only nulls', async () => {
    expect(await texts('a,b\nNA,1\nx,2\n')).toEqual([undefined, 'x']);
    expect((await refusal('a,b\nx,1\n1,2\n')).toJSON()).toMatchObject({ code: 'MixedColumn', line: 3 });
    expect(await texts('a,b\nNA,1\n,2\n')).toEqual([undefined, undefined]);
  });
});
