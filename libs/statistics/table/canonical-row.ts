import type { Table, TableColumn } from './table.js';

/**
 * Canonical bytes of a row, the same from CSV, Parquet and JSON Lines: for each column in the order of its name's
 * UTF-8 bytes, the name (length as 32 bits big-endian, UTF-8) and the cell: one byte of kind, then nothing for null (0),
 * the IEEE 754 double big-endian for a number (1; -0 as 0, NaN never occurs), length and UTF-8 for a text (2), one byte
 * for a boolean (3). Names are part of the row, so that renaming a column changes the digest.
 */
export function rowEncoder(table: Table): (row: number) => Uint8Array {
  const columns = table.columns
    .map((column) => ({ name: Buffer.from(column.name, 'utf8'), write: cellWriter(column) }))
    .sort((a, b) => Buffer.compare(a.name, b.name));
  const sink: Sink = { bytes: Buffer.alloc(4096), length: 0 };
  return (row) => {
    sink.length = 0;
    for (const { name, write } of columns) {
      writeText(sink, name);
      write(sink, row);
    }
    return sink.bytes.subarray(0, sink.length);
  };
}

interface Sink {
  bytes: Buffer;
  length: number;
}

function reserve(sink: Sink, extra: number): void {
  if (sink.length + extra <= sink.bytes.length) return;
  const larger = Buffer.alloc(Math.max(sink.bytes.length * 2, sink.length + extra));
  sink.bytes.copy(larger, 0, 0, sink.length);
  sink.bytes = larger;
}

function writeText(sink: Sink, text: Uint8Array): void {
  reserve(sink, text.length + 4);
  sink.bytes.writeUInt32BE(text.length, sink.length);
  sink.bytes.set(text, sink.length + 4);
  sink.length += text.length + 4;
}

function writeKind(sink: Sink, kind: number): void {
  reserve(sink, 10);
  sink.bytes[sink.length++] = kind;
}

function cellWriter(column: TableColumn): (sink: Sink, row: number) => void {
  if (column.kind === 'numeric') {
    const { values } = column;
    return (sink, row) => {
      const value = values[row]!;
      if (Number.isNaN(value)) return writeKind(sink, 0);
      writeKind(sink, 1);
      sink.bytes.writeDoubleBE(value === 0 ? 0 : value, sink.length);
      sink.length += 8;
    };
  }
  const { codes, type } = column;
  const texts = column.categories.map((category) => Buffer.from(category, 'utf8'));
  return (sink, row) => {
    const code = codes[row]!;
    if (code < 0) return writeKind(sink, 0);
    if (type === 'boolean') {
      writeKind(sink, 3);
      sink.bytes[sink.length++] = column.categories[code] === 'true' ? 1 : 0;
      return;
    }
    writeKind(sink, 2);
    writeText(sink, texts[code]!);
  };
}
