/** How a text becomes counts: `assay.text` of a model's metadata. */
export interface TextEncoding {
  readonly buckets: number;
  /** Words and runs of up to this many words. */
  readonly ngrams: number;
  /** Counts go up or down by the hash's sign, so that words that share a bucket cancel in the mean. */
  readonly signed: boolean;
}

/**
 * Counts of a text's words by hash: lower case, words of two letters, digits or underscores and more, runs of up to
 * `ngrams` words joined by a blank, MurmurHash3 (A. Appleby, x86, 32 bit, seed 0) of the UTF-8 bytes, bucket |h| mod
 * `buckets`, sign of h (scikit-learn 1.9.1 `HashingVectorizer(norm=None, ngram_range=(1, ngrams), alternate_sign=signed)`).
 * Nothing is fitted: training and serving count alike. No text counts nothing.
 */
export function countWords(text: string | undefined, { buckets, ngrams, signed }: TextEncoding): Float32Array {
  const counts = new Float32Array(buckets);
  const words = text?.toLowerCase().match(/[\p{L}\p{N}\p{Mn}\p{Mc}_]{2,}/gu) ?? [];
  for (let size = 1; size <= ngrams; size += 1)
    for (let start = 0; start + size <= words.length; start += 1) {
      const hash = murmurHash3(Buffer.from(words.slice(start, start + size).join(' '), 'utf8'));
      counts[Math.abs(hash) % buckets]! += signed && hash < 0 ? -1 : 1;
    }
  return counts;
}

/** MurmurHash3_x86_32 with seed 0, as a signed number. */
export function murmurHash3(bytes: Uint8Array): number {
  let hash = 0;
  const blocks = bytes.length >> 2;
  const scramble = (k: number): number => {
    const mixed = Math.imul(k, 0xcc9e2d51);
    return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
  };
  for (let i = 0; i < blocks; i += 1) {
    const at = i * 4;
    hash ^= scramble(bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let at = bytes.length - 1; at >= blocks * 4; at -= 1) tail = (tail << 8) | bytes[at]!;
  if (bytes.length % 4 > 0) hash ^= scramble(tail);
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
