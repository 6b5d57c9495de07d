import { createHash, randomUUID } from 'node:crypto';

/** A random id (UUID version 4). */
export function newId(): string {
  return randomUUID();
}

/**
 * The same parts give the same id, so that work done again after a crash is recognised as done: UUID version 8
 * (RFC 9562 section 5.8) over SHA-256 of the length-prefixed parts.
 */
export function deterministicId(...parts: readonly string[]): string {
  const hash = createHash('sha256').update('assay-id-v1\n');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  const bytes = hash.digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
