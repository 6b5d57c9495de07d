import type { Readable } from 'node:stream';

/** Files by SHA-256, outside the event store. A digest is stored once and never changes. */
export interface ContentStore {
  /**
   * Stores what `source` yields if it has the announced SHA-256. The digest is computed while the bytes stream; a file
   * appears under its name only when it is whole and durable. Content that is there already is not written again, but
   * the source is still read and checked.
   *
   * @param limit bytes, at most the store's own limit
   * @throws InvalidDigest, WrongDigest, ContentTooLarge; whatever `source` throws. Nothing is left behind.
   */
  put(expected: string, source: AsyncIterable<Uint8Array>, limit?: number): Promise<StoredContent>;

  /** Stores bytes made here, under the digest that they have. */
  add(bytes: Uint8Array): Promise<StoredContent>;

  /** Size in bytes, or undefined when no content has this digest. */
  find(digest: string): Promise<StoredContent | undefined>;

  /**
   * The bytes as a stream, checked against the digest while they are read: it ends in CorruptContent if they differ.
   *
   * @throws UnknownContent, InvalidDigest
   */
  read(digest: string): Promise<Readable>;

  /** The whole file, checked. @throws UnknownContent, CorruptContent, InvalidDigest */
  bytes(digest: string): Promise<Buffer>;
}

export interface StoredContent {
  readonly digest: string;
  readonly bytes: number;
}
