import { hash } from 'node:crypto';

const cacheLimit = 100_000;
const cache = new Map<string, string>();
/** The first 32 bits of the same hash, by stream. */
const numbers = new Map<string, number>();

/** The stream's name as 128 bits of its SHA-256, in UUID form: the narrow key of revisions and partitions. */
export function streamKey(stream: string): string {
  let key = cache.get(stream);
  if (key !== undefined) return key;
  const hex = hash('sha256', stream, 'hex');
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
  let number = numbers.get(stream);
  if (number === undefined) {
    number = Number.parseInt(streamKey(stream).slice(0, 8), 16);
    if (numbers.size >= cacheLimit) numbers.clear();
    numbers.set(stream, number);
  }
  return number % partitions;
}
