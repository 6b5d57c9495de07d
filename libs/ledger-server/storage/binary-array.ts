/**
 * One-dimensional Postgres arrays in the binary format that array_recv reads: node-postgres sends a Buffer as it is,
 * so that bytes reach the server without becoming hexadecimal text first.
 */
const headBytes = 20;

const elementTypes = { bool: 16, bytea: 17, int8: 20, int4: 23, text: 25, uuid: 2950 } as const;

function begin(type: keyof typeof elementTypes, count: number, elementBytes: number): Buffer {
  const target = Buffer.allocUnsafe(count === 0 ? 12 : headBytes + 4 * count + elementBytes);
  target.writeInt32BE(count === 0 ? 0 : 1, 0);
  target.writeInt32BE(0, 4);
  target.writeInt32BE(elementTypes[type], 8);
  if (count === 0) return target;
  target.writeInt32BE(count, 12);
  target.writeInt32BE(1, 16);
  return target;
}

/** An array of elements of one width, each written by `put` at its place. */
export function fixedArray(
  type: 'bool' | 'int4' | 'int8' | 'uuid',
  count: number,
  put: (target: DataView, at: number, index: number) => void,
): Buffer {
  const width = { bool: 1, int4: 4, int8: 8, uuid: 16 }[type];
  const target = begin(type, count, count * width);
  const view = new DataView(target.buffer, target.byteOffset, target.byteLength);
  let at = headBytes;
  for (let index = 0; index < count; index += 1) {
    view.setInt32(at, width);
    put(view, at + 4, index);
    at += 4 + width;
  }
  return target;
}

function bytesArray(type: 'bytea' | 'text', elements: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const element of elements) length += element.length;
  const target = begin(type, elements.length, length);
  let at = headBytes;
  for (const element of elements) {
    target.writeInt32BE(element.length, at);
    target.set(element, at + 4);
    at += 4 + element.length;
  }
  return target;
}

export const byteaArray = (values: readonly Uint8Array[]): Buffer => bytesArray('bytea', values);

export const textBytesArray = (values: readonly Uint8Array[]): Buffer => bytesArray('text', values);

export const textArray = (values: readonly string[]): Buffer =>
  textBytesArray(values.map((value) => Buffer.from(value, 'utf8')));

export const int4Array = (values: readonly number[]): Buffer =>
  fixedArray('int4', values.length, (target, at, index) => target.setInt32(at, values[index]!));
