import { crc32 } from 'node:zlib';
import type { NewEvent } from './port.js';

/** CRC-32 over every column of the row, in the order and form in which verify.sql computes it. */
export function checksumOf(event: NewEvent): number {
  const head = Buffer.allocUnsafe(45);
  head.writeBigInt64BE(event.position, 0);
  head.writeInt32BE(event.streamId, 8);
  head.writeBigInt64BE(event.revision, 12);
  head.writeBigInt64BE(event.created, 20);
  head.write(event.id.replaceAll('-', ''), 28, 'hex');
  head[44] = event.isJson ? 1 : 0;
  return crc32(event.data, crc32(event.metadata, crc32(event.type, crc32(head))));
}
