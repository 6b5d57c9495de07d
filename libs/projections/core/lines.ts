import { cellType, type CellType, type Table } from './table.js';
import type { FactRow, VersionRow } from './batch.js';

/** Bytes of a piece: the first ones are small, since most batches are. */
const leastPiece = 1 << 13;
const mostPiece = 1 << 18;
/** The engine counts what is allocated outside of its heap, and looks through all of it after every 64 MB. */
const mostSpare = 64;
const spare: Buffer[] = [];
/** UTF-8 takes at most three bytes for a unit of UTF-16. */
const mostBytesOfUnit = 3;
const newline = 10;

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escaped(text: string): string {
  return /[\\\n\r\t]/.test(text) ? text.replace(/[\\\n\r\t]/g, (character) => escapes[character]!) : text;
}

/** A cell in the text format of COPY. */
function copyText(type: CellType, value: unknown): string {
  if (value === undefined || (value === null && type !== 'json')) return '\\N';
  if (type === 'text') return escaped(value as string);
  if (type === 'time') return value as string;
  if (type === 'json') return escaped(JSON.stringify(value));
  return type === 'bytes' ? `\\\\x${value as string}` : String(value);
}

/** The cells of a row in COPY's text, each into its place in `line`: one array serves all rows. */
export type LineOf<Row> = (row: Row, line: string[]) => void;

export function factLine(table: Table): LineOf<FactRow> {
  const types = Object.values(table.columns).map(cellType);
  return ({ workspace, position, ordinal, values }, line) => {
    line[0] = workspace;
    line[1] = String(position);
    line[2] = String(ordinal);
    for (let index = 0; index < types.length; index += 1) line[index + 3] = copyText(types[index]!, values[index]);
  };
}

export function versionLine(table: Table): LineOf<VersionRow> {
  const own = Object.entries(table.columns).map(([name, column]) => ({ name, type: cellType(column) }));
  return ({ workspace, position, positionTo, revision, cells }, line) => {
    line[0] = workspace;
    line[1] = String(position);
    line[2] = String(positionTo);
    line[3] = String(revision);
    for (const [index, { name, type }] of own.entries()) line[index + 4] = copyText(type, cells[name]);
  };
}

/**
 * Rows as lines of COPY's text, outside of the engine's heap: what they were made from is garbage as soon as they are
 * written, and nothing of it outlives a collection.
 */
export class Lines<Row> {
  readonly #pieces: Buffer[] = [];
  #piece: Buffer = Buffer.alloc(0);
  #length = 0;
  #rows = 0;
  readonly #line: string[] = [];

  constructor(private readonly lineOf: LineOf<Row>) {}

  get rows(): number {
    return this.#rows;
  }

  add(row: Row): void {
    this.lineOf(row, this.#line);
    const text = this.#line.join('\t');
    const room = text.length * mostBytesOfUnit + 1;
    if (this.#piece.length - this.#length < room) this.#next(room);
    this.#length += this.#piece.write(text, this.#length);
    this.#piece[this.#length] = newline;
    this.#length += 1;
    this.#rows += 1;
  }

  #next(room: number): void {
    if (this.#length > 0) this.#pieces.push(this.#piece.subarray(0, this.#length));
    const size = Math.max(room, Math.min(mostPiece, Math.max(leastPiece, this.#piece.length * 4)));
    this.#piece = (size === mostPiece ? spare.pop() : undefined) ?? Buffer.allocUnsafeSlow(size);
    this.#length = 0;
  }

  /** Nobody reads the pieces any more: the next lines are written into them. */
  release(): void {
    for (const piece of [...this.#pieces, this.#piece]) {
      if (piece.buffer.byteLength === mostPiece && spare.length < mostSpare) spare.push(Buffer.from(piece.buffer));
    }
    this.#pieces.length = 0;
    this.#piece = Buffer.alloc(0);
    this.#length = 0;
  }

  pieces(): readonly Buffer[] {
    return this.#length === 0 ? this.#pieces : [...this.#pieces, this.#piece.subarray(0, this.#length)];
  }
}
