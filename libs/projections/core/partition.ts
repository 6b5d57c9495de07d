import { createHash } from 'node:crypto';

const cacheLimit = 100_000;
const cache = new Map<string, string>();

/** The stream's name as 128 bits of its SHA-256, in UUID form: the narrow key of revisions and partitions. */
export function streamKey(stream: string): string {
  let key = cache.get(stream);
  if (key !== undefined) return key;
  const hex = createHash('sha256').update(stream).digest('hex');
  key = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
  if (cache.size >= cacheLimit) cache.clear();
  cache.set(stream, key);
  return key;
}

/**
 * The partition of a stream: the first 32 bits of its SHA-256, modulo the count. The relay sets a record's Kafka
 * partition with this same function, so that virtual and real partitions hold the same streams.
 */
export function partitionOf(stream: string, partitions: number): number {
  return Number.parseInt(streamKey(stream).slice(0, 8), 16) % partitions;
}
