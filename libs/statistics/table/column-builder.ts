import { InputError } from '../errors.js';
import { sharedFloat64, sharedInt32 } from './shared.js';
import type { TableColumn } from './table.js';

/** Cells that mean "nothing here", exactly as written; anything else is a value. */
export const nullTokens: ReadonlySet<string> = new Set(['', 'NA', 'N/A', 'NaN', 'nan', 'null', 'NULL']);

export type DeclaredType = 'number' | 'string';

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const integer = /^[+-]?\d+$/;
const infinity = /^[+-]?inf(?:inity)?$/i;
const timestamp = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;

/** At most so many distinct texts in one column: beyond, memory is no longer bounded by the rows' numbers. */
export const maximumCategories = 5_000_000;

/**
 * Collects the cells of one column and infers its type: all cells numbers → integer or number; all `true`/`false` →
 * boolean; all ISO 8601 dates or times → timestamp; else string. A column that holds numbers and other texts is
 * `MixedColumn`, unless its type is declared. Integers beyond 2^53 are kept as text, since a double would change them.
 *
 * A column that began with numbers keeps doubles only, so that a million different ones cost 8 MB; of whole numbers that
 * are not written as a double would print them (`007`) the text is kept too, in case the column turns to text.
 */
export class ColumnBuilder {
  private readonly codes = new GrowingInt32();
  private readonly dictionary = new Map<string, number>();
  private numbers = new GrowingFloat64();
  /** Texts of whole numbers that a double would print otherwise, by row. */
  private readonly spellings = new Map<number, string>();
  private mode: 'undecided' | 'numbers' | 'texts';
  private nulls = 0;
  private rows = 0;
  private firstNumber?: number;
  private firstText?: number;
  private allIntegers = true;
  private seesNumbersOnly = true;

  constructor(
    readonly name: string,
    private readonly declared?: DeclaredType,
  ) {
    this.mode = declared === 'string' ? 'texts' : declared === 'number' ? 'numbers' : 'undecided';
  }

  /** @param line line of the file, for errors. @param quoted a quoted empty cell is still null (RFC 4180 is silent). */
  push(cell: string, line: number): void {
    this.rows += 1;
    if (nullTokens.has(cell)) {
      this.nulls += 1;
      if (this.mode === 'texts') this.codes.push(-1);
      else this.numbers.push(Number.NaN);
      return;
    }
    if (this.mode === 'texts') {
      this.codes.push(this.codeOf(cell, line));
      return;
    }
    const isNumber = decimal.test(cell) || infinity.test(cell);
    if (isNumber) this.firstNumber ??= line;
    else this.firstText ??= line;
    if (!isNumber && (this.declared === 'number' || this.firstNumber !== undefined)) {
      // The error is thrown by finish, which then knows the first line of both kinds.
      this.numbers.push(Number.NaN);
      return;
    }
    if (!isNumber) {
      this.turnToTexts(line);
      this.codes.push(this.codeOf(cell, line));
      return;
    }
    this.mode = 'numbers';
    this.pushNumber(cell, line);
  }

  private pushNumber(cell: string, line: number): void {
    const value = parseNumber(cell);
    if (!integer.test(cell)) {
      this.allIntegers = false;
      this.spellings.clear();
    } else if (this.allIntegers && this.declared !== 'number') {
      if (!Number.isSafeInteger(value)) {
        this.turnToTexts(line);
        this.codes.push(this.codeOf(cell, line));
        return;
      }
      if (String(value) !== cell) this.spellings.set(this.rows - 1, cell);
    }
    this.numbers.push(value);
  }

  /** What was read as numbers, or as nothing, becomes codes of texts. */
  private turnToTexts(line: number): void {
    this.mode = 'texts';
    const values = this.numbers.take();
    this.numbers = new GrowingFloat64();
    for (let row = 0; row < values.length; row += 1) {
      const value = values[row]!;
      this.codes.push(Number.isNaN(value) ? -1 : this.codeOf(this.spellings.get(row) ?? String(value), line));
    }
    this.spellings.clear();
  }

  private codeOf(cell: string, line: number): number {
    const known = this.dictionary.get(cell);
    if (known !== undefined) return known;
    const code = this.dictionary.size;
    if (code >= maximumCategories)
      throw new InputError('TooManyCategories', `column "${this.name}" has over ${maximumCategories} distinct texts`, {
        field: this.name,
        line,
        rule: `at most ${maximumCategories} distinct texts`,
      });
    this.dictionary.set(cell, code);
    if (integer.test(cell)) this.firstNumber ??= line;
    else if (decimal.test(cell) || infinity.test(cell)) {
      this.firstNumber ??= line;
      this.seesNumbersOnly = false;
    } else this.firstText ??= line;
    return code;
  }

  finish(): TableColumn {
    const { name, nulls, declared } = this;
    if (declared === 'number' && this.firstText !== undefined)
      throw new InputError(
        'WrongType',
        `column "${name}" is declared a number; line ${this.firstText} holds another text`,
        { field: name, line: this.firstText, rule: 'every cell is a number' },
      );
    if (declared !== 'string' && this.firstText !== undefined && this.firstNumber !== undefined)
      throw new InputError(
        'MixedColumn',
        `column "${name}" mixes numbers (line ${this.firstNumber}) and other texts (line ${this.firstText}); ` +
          'declare its type or clean it',
        {
          field: name,
          line: Math.max(this.firstNumber, this.firstText),
          rule: 'a column holds numbers only or no number',
        },
      );
    if (declared !== 'string' && this.mode === 'texts' && !this.seesNumbersOnly)
      throw new InputError(
        'InexactNumber',
        `column "${name}" holds whole numbers beyond 2^53 and decimals; declare its type`,
        { field: name, rule: 'numbers that a double holds, or whole numbers only, or a declared type' },
      );
    if (this.mode === 'numbers' && nulls < this.rows)
      return {
        kind: 'numeric',
        name,
        type: this.allIntegers ? 'integer' : 'number',
        nulls,
        values: this.numbers.take(),
      };
    if (this.mode !== 'texts') this.turnToTexts(0);
    const texts = [...this.dictionary.keys()];
    const order = texts.map((_, index) => index).sort((a, b) => (texts[a]! < texts[b]! ? -1 : 1));
    const rank = new Int32Array(texts.length);
    order.forEach((original, position) => (rank[original] = position));
    const codes = this.codes.take();
    for (let row = 0; row < codes.length; row += 1) if (codes[row]! >= 0) codes[row] = rank[codes[row]!]!;
    return {
      kind: 'category',
      name,
      type: textType(texts),
      nulls,
      codes,
      categories: order.map((index) => texts[index]!),
    };
  }
}

function parseNumber(cell: string): number {
  if (decimal.test(cell)) return Number(cell);
  if (infinity.test(cell)) return cell.startsWith('-') ? -Infinity : Infinity;
  return Number.NaN;
}

function textType(texts: readonly string[]): 'string' | 'boolean' | 'timestamp' {
  if (texts.length === 0) return 'string';
  if (texts.every((text) => text === 'true' || text === 'false')) return 'boolean';
  return texts.every((text) => timestamp.test(text) && !Number.isNaN(Date.parse(text))) ? 'timestamp' : 'string';
}

class GrowingFloat64 {
  private items = new Float64Array(1024);
  private length = 0;

  push(value: number): void {
    if (this.length === this.items.length) {
      const larger = new Float64Array(this.length * 2);
      larger.set(this.items);
      this.items = larger;
    }
    this.items[this.length++] = value;
  }

  take(): Float64Array {
    const taken = sharedFloat64(this.length);
    taken.set(this.items.subarray(0, this.length));
    this.items = new Float64Array(0);
    return taken;
  }
}

class GrowingInt32 {
  private items = new Int32Array(1024);
  private length = 0;

  push(value: number): void {
    if (this.length === this.items.length) {
      const larger = new Int32Array(this.length * 2);
      larger.set(this.items);
      this.items = larger;
    }
    this.items[this.length++] = value;
  }

  take(): Int32Array {
    const taken = sharedInt32(this.length);
    taken.set(this.items.subarray(0, this.length));
    this.items = new Int32Array(0);
    return taken;
  }
}
