import { bytesOfType, checksumOf, putUuid } from './checksum.js';
import type { NewEvent } from './port.js';

/** Object identifiers of Postgres's own types. */
const types = { bool: 16, bytea: 17, int8: 20, int4: 23, text: 25, uuid: 2950 } as const;
const widths = { bool: 1, int8: 8, int4: 4, uuid: 16 } as const;

/** The columns of one width of `event`, in its order; type, metadata and data come after them. */
const fixed = ['int8', 'int4', 'int8', 'int8', 'uuid', 'int8', 'bool'] as const;
const variable = [types.text, types.bytea, types.bytea] as const;

/** A row up to the bytes of its type: the number of columns, and of each its type, its length and zeros. */
const template = Buffer.concat([
  int32s(fixed.length + variable.length),
  ...fixed.flatMap((name) => [int32s(types[name], widths[name]), Buffer.alloc(widths[name])]),
]);
/** Where the values of the columns are in it. */
const places = fixed.map((_, column) =>
  fixed.slice(0, column).reduce((at, name) => at + 8 + widths[name], int32s(0).length + 8),
) as [number, number, number, number, number, number, number];

/**
 * Rows as one value of the type `event[]`, in the binary format that array_recv and record_recv read: Postgres makes
 * one table of it, and not one of each column.
 *
 * @param rowType the object identifier of the type `event`
 */
export function eventRows(events: readonly NewEvent[], rowType: number): Buffer {
  const headBytes = 20;
  let size = headBytes;
  for (const event of events) size += 4 + sizeOfRow(event);
  const target = Buffer.allocUnsafe(size);
  const view = new DataView(target.buffer, target.byteOffset, target.byteLength);
  target.set(int32s(1, 0, rowType, events.length, 1));
  let at = headBytes;
  for (const event of events) {
    view.setInt32(at, sizeOfRow(event));
    at += 4;
    target.set(template, at);
    view.setBigInt64(at + places[0], event.position);
    view.setInt32(at + places[1], event.streamId);
    view.setBigInt64(at + places[2], event.revision);
    view.setBigInt64(at + places[3], event.created);
    putUuid(view, at + places[4], event.id);
    // Unsigned in 32 bits of 64.
    view.setUint32(at + places[5] + 4, checksumOf(event));
    view.setUint8(at + places[6], event.isJson ? 1 : 0);
    at += template.length;
    for (const [column, bytes] of [bytesOfType(event.type), event.metadata, event.data].entries()) {
      view.setInt32(at, variable[column]!);
      view.setInt32(at + 4, bytes.length);
      target.set(bytes, at + 8);
      at += 8 + bytes.length;
    }
  }
  return target;
}

function sizeOfRow({ type, metadata, data }: NewEvent): number {
  return template.length + 8 * variable.length + bytesOfType(type).length + metadata.length + data.length;
}

function int32s(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
}
