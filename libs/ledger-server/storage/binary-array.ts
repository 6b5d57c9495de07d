/**
 * One-dimensional Postgres arrays in the binary format that array_recv reads: node-postgres sends a Buffer as it is,
 * so that bytes reach the server without becoming hexadecimal text first.
 */
function binaryArray(elementType: number, elements: readonly Uint8Array[]): Buffer {
  const length = elements.reduce((sum, element) => sum + 4 + element.length, 20);
  const target = Buffer.allocUnsafe(length);
  target.writeInt32BE(elements.length === 0 ? 0 : 1, 0);
  target.writeInt32BE(0, 4);
  target.writeInt32BE(elementType, 8);
  if (elements.length === 0) return target.subarray(0, 12);
  target.writeInt32BE(elements.length, 12);
  target.writeInt32BE(1, 16);
  let offset = 20;
  for (const element of elements) {
    target.writeInt32BE(element.length, offset);
    target.set(element, offset + 4);
    offset += 4 + element.length;
  }
  return target;
}

export const textArray = (values: readonly string[]): Buffer =>
  binaryArray(
    25,
    values.map((value) => Buffer.from(value, 'utf8')),
  );

export const int4Array = (values: readonly number[]): Buffer =>
  binaryArray(
    23,
    values.map((value) => {
      const bytes = Buffer.allocUnsafe(4);
      bytes.writeInt32BE(value);
      return bytes;
    }),
  );
