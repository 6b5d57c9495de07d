import { crc32 } from 'node:zlib';
import type { RecordBytes } from './record-bytes.js';

/** RFC 1952: gzip, deflate, no flags, no time, no level, system unknown. */
const memberHead = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
/** CRC-32 and length of the contents. */
const memberTrailBytes = 8;
/** RFC 1951 section 3.2.4: whether it is the last one, and its length twice, the second time inverted. */
const blockHeadBytes = 5;
const mostInBlock = 65_535;

/**
 * Records as a gzip member (RFC 1952) of stored blocks (RFC 1951 section 3.2.4): not a byte shorter, every client's
 * gunzip reads it, and what is a compressed batch to the broker is passed over instead of taken apart
 * (docs/adr/0027). A block ends where a record does, so that records can be read where they lie; only a record that
 * is longer than a block has several.
 */
export class StoredGzip {
  #block: number;
  #record: number;
  #crc = 0;
  #length = 0;

  /** Begins at the end of `target`. */
  constructor(private readonly target: RecordBytes) {
    const from = target.skip(memberHead.length + blockHeadBytes);
    target.buffer.set(memberHead, from);
    this.#block = this.#record = target.at;
  }

  /** To be called when a record has been written. */
  added(): void {
    if (this.target.at - this.#block > mostInBlock) {
      if (this.#record > this.#block) this.#cut(this.#record);
      while (this.target.at - this.#block > mostInBlock) this.#cut(this.#block + mostInBlock);
    }
    this.#record = this.target.at;
  }

  end(): void {
    this.#close(this.target.at, true);
    const trail = this.target.skip(memberTrailBytes);
    this.target.buffer.writeUInt32LE(this.#crc, trail);
    this.target.buffer.writeUInt32LE(this.#length, trail + 4);
  }

  /** What is behind `at` becomes a block of its own. */
  #cut(at: number): void {
    const end = this.target.at;
    this.target.skip(blockHeadBytes);
    this.target.buffer.copyWithin(at + blockHeadBytes, at, end);
    this.#close(at, false);
    this.#block = at + blockHeadBytes;
  }

  #close(end: number, isLast: boolean): void {
    const { buffer } = this.target;
    const length = end - this.#block;
    buffer[this.#block - 5] = isLast ? 1 : 0;
    buffer.writeUInt16LE(length, this.#block - 4);
    buffer.writeUInt16LE(length ^ 0xffff, this.#block - 2);
    this.#crc = crc32(buffer.subarray(this.#block, end), this.#crc);
    this.#length += length;
  }
}

/** Where the contents of a block lie. */
export interface StoredBlock {
  readonly from: number;
  readonly to: number;
}

/** @returns undefined for any other member than one of undamaged stored blocks, which is gunzip's to read or to refuse */
export function storedBlocks(bytes: Buffer, from: number, to: number): readonly StoredBlock[] | undefined {
  const trail = to - memberTrailBytes;
  if (trail - from < memberHead.length + blockHeadBytes) return undefined;
  if (bytes.compare(memberHead, 0, memberHead.length, from, from + memberHead.length) !== 0) return undefined;
  const blocks: StoredBlock[] = [];
  let [at, crc, length, isLast] = [from + memberHead.length, 0, 0, false];
  while (!isLast) {
    const kind = bytes[at];
    if (kind === undefined || kind > 1 || trail - at < blockHeadBytes) return undefined;
    const size = bytes.readUInt16LE(at + 1);
    const block = { from: at + blockHeadBytes, to: at + blockHeadBytes + size };
    if (bytes.readUInt16LE(at + 3) !== (size ^ 0xffff) || block.to > trail) return undefined;
    crc = crc32(bytes.subarray(block.from, block.to), crc);
    length += size;
    blocks.push(block);
    at = block.to;
    isLast = kind === 1;
  }
  return at === trail && crc === bytes.readUInt32LE(trail) && length === bytes.readUInt32LE(trail + 4)
    ? blocks
    : undefined;
}
