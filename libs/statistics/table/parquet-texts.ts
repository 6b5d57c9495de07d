import type { DuckDBVector } from '@duckdb/node-api';
import { InputError } from '../errors.js';
import { maximumCategories } from './column-builder.js';
import { sharedInt32 } from './shared.js';
import type { CategoryColumn } from './table.js';

/** As DuckDB's C API lays texts out: 16 bytes each, the length and, up to 12 bytes, the text itself. */
interface TextVector {
  readonly dataView?: DataView;
  readonly validity: { readonly data: BigUint64Array | null };
  getItem(index: number): string | null;
}

const inline = 12;

/** Longest text, and bytes of the texts of one column, each row counted: a dictionary makes many rows of few bytes. */
export const maximumTextBytes = 2 ** 20;
export const maximumColumnTextBytes = 2 * 2 ** 30;
/** Bytes of all columns that hold long texts, each row counted. */
export const maximumFileTextBytes = 8 * 2 ** 30;
/** Rows that DuckDB hands over at a time, and bytes that their texts may unfold to: about six such chunks lie in memory. */
export const rowsOfChunk = 2048;
export const maximumChunkTextBytes = 128 * 2 ** 20;

/** Longest text that is read without a look at the others first: a chunk of eight columns then takes 16 MiB. */
const longText = 1024;

/** A column has texts that are long: it is read again, after their sizes are known. */
export class LongText extends Error {}

/** SQL for the bytes of a text; of those of a BLOB as text, where each byte may become four. */
export function textBytes(column: string, type: string): string {
  if (type === 'BLOB') return `octet_length(${column}) * 4`;
  return type === 'VARCHAR' || type === 'JSON' ? `strlen(${column})` : `strlen(CAST(${column} AS VARCHAR))`;
}

/** SQL for a column as text, where a marker is given with that for each long one: DuckDB then copies no long text. */
export function shortText(column: string, type: string, marker: string | undefined): string {
  const text = `CAST(${column} AS VARCHAR)`;
  if (marker === undefined || !/^(VARCHAR|JSON|BLOB)$/.test(type)) return text;
  return `CASE WHEN ${textBytes(column, type)} > ${longText} THEN '${marker}' ELSE ${text} END`;
}

/** @throws InputError `TooLarge` */
export function checkTextBytes(
  column: string,
  found: { readonly longest: number; readonly chunk?: number; readonly all: number; readonly file?: number },
): void {
  const { longest, chunk = 0, all, file = 0 } = found;
  if (longest <= maximumTextBytes && chunk <= maximumChunkTextBytes && all <= maximumColumnTextBytes)
    if (file <= maximumFileTextBytes) return;
  throw new InputError('TooLarge', `the texts of column "${column}" unfold to too many bytes`, {
    field: column,
    rule: `at most ${maximumTextBytes} bytes a text, ${maximumChunkTextBytes} in ${rowsOfChunk} rows, ${maximumColumnTextBytes} a column, ${maximumFileTextBytes} a file`,
  });
}

/** Codes of the texts of one column. Short ones are told apart by their 16 bytes and decoded when first seen. */
export class TextBuilder {
  private readonly codes: Int32Array;
  private readonly dictionary = new Map<string, number>();
  private slots = new Int32Array(1024);
  /** Four words for every short text. */
  private words = new Int32Array(512 * 4);
  private shortCodes = new Int32Array(512);
  private shorts = 0;
  private length = 0;
  private nulls = 0;
  private longBytes = 0;

  constructor(
    private readonly column: { readonly name: string; readonly type: string },
    rows: number,
    private readonly marker?: string,
  ) {
    this.codes = sharedInt32(rows);
  }

  push(vector: DuckDBVector, count: number): void {
    const texts = vector as unknown as TextVector;
    const { data } = texts.validity;
    const present = data && new Int32Array(data.buffer, data.byteOffset, data.length * 2);
    const view = texts.dataView;
    for (let i = 0; i < count; i += 1) {
      if (present && ((present[i >>> 5]! >>> (i & 31)) & 1) === 0) {
        this.nulls += 1;
        this.codes[this.length++] = -1;
      } else {
        const length = view ? view.getUint32(i * 16, true) : 0;
        if (length > inline) this.allow(length);
        this.codes[this.length++] =
          view && length <= inline ? this.short(texts, view, i) : this.code(texts.getItem(i)!);
      }
    }
  }

  /** Before a text is decoded. */
  private allow(bytes: number): void {
    this.longBytes += bytes;
    if (bytes > maximumTextBytes || this.longBytes > maximumColumnTextBytes)
      checkTextBytes(this.column.name, { longest: bytes, all: this.longBytes });
  }

  finish(): CategoryColumn {
    const { name, type } = this.column;
    const texts = [...this.dictionary.keys()];
    const order = texts.map((_, index) => index).sort((a, b) => (texts[a]! < texts[b]! ? -1 : 1));
    const rank = new Int32Array(texts.length);
    order.forEach((original, position) => (rank[original] = position));
    const { codes } = this;
    for (let row = 0; row < codes.length; row += 1) if (codes[row]! >= 0) codes[row] = rank[codes[row]!]!;
    return {
      kind: 'category',
      name,
      type: type === 'BOOLEAN' ? 'boolean' : /TIMESTAMP|DATE/.test(type) ? 'timestamp' : 'string',
      nulls: this.nulls,
      codes,
      categories: order.map((index) => texts[index]!),
    };
  }

  private short(texts: TextVector, view: DataView, i: number): number {
    const at = i * 16;
    const [a, b] = [view.getInt32(at, true), view.getInt32(at + 4, true)];
    const [c, d] = [view.getInt32(at + 8, true), view.getInt32(at + 12, true)];
    let hash = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15) ^ c, 0xc2b2ae35);
    hash = Math.imul(hash ^ (hash >>> 13) ^ d, 0x27d4eb2f);
    let slot = (hash ^ (hash >>> 16)) & (this.slots.length - 1);
    for (;;) {
      const known = this.slots[slot]! - 1;
      if (known < 0) break;
      const { words } = this;
      const place = known * 4;
      if (words[place] === a && words[place + 1] === b && words[place + 2] === c && words[place + 3] === d)
        return this.shortCodes[known]!;
      slot = (slot + 1) & (this.slots.length - 1);
    }
    const code = this.code(texts.getItem(i)!);
    if (this.shorts === this.shortCodes.length) this.grow();
    this.words.set([a, b, c, d], this.shorts * 4);
    this.shortCodes[this.shorts] = code;
    this.shorts += 1;
    this.slots[slot] = this.shorts;
    if (this.shorts * 2 > this.slots.length) this.rehash();
    return code;
  }

  private grow(): void {
    const words = new Int32Array(this.words.length * 2);
    words.set(this.words);
    const codes = new Int32Array(this.shortCodes.length * 2);
    codes.set(this.shortCodes);
    this.words = words;
    this.shortCodes = codes;
  }

  private rehash(): void {
    const { words } = this;
    this.slots = new Int32Array(this.slots.length * 2);
    for (let known = 0; known < this.shorts; known += 1) {
      const place = known * 4;
      let hash = Math.imul(words[place]! ^ Math.imul(words[place + 1]!, 0x9e3779b1), 0x85ebca6b);
      hash = Math.imul(hash ^ (hash >>> 15) ^ words[place + 2]!, 0xc2b2ae35);
      hash = Math.imul(hash ^ (hash >>> 13) ^ words[place + 3]!, 0x27d4eb2f);
      let slot = (hash ^ (hash >>> 16)) & (this.slots.length - 1);
      while (this.slots[slot] !== 0) slot = (slot + 1) & (this.slots.length - 1);
      this.slots[slot] = known + 1;
    }
  }

  private code(text: string): number {
    const known = this.dictionary.get(text);
    if (known !== undefined) return known;
    if (text === this.marker) throw new LongText();
    const code = this.dictionary.size;
    if (code >= maximumCategories)
      throw new InputError(
        'TooManyCategories',
        `column "${this.column.name}" has over ${maximumCategories} distinct texts`,
        { field: this.column.name, rule: `at most ${maximumCategories} distinct texts` },
      );
    this.dictionary.set(text, code);
    return code;
  }
}
