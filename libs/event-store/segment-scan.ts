import type { FileHandle } from 'node:fs/promises';
import {
  endBytes,
  fileSum,
  magic,
  preambleBytes,
  recordPosition,
  recordSize,
  SegmentDamaged,
  SegmentTruncated,
  vouchedPart,
} from './segment-format.js';

const chunkBytes = 1 << 20;
/** An event has at most 256 KiB; what is left of a record that is greater is copied once more. */
const roomBytes = 1 << 18;

/** In memory that threads can share. */
function sharedBuffer(length: number): Buffer {
  return Buffer.from(new SharedArrayBuffer(length) as unknown as ArrayBuffer);
}

/** Reads a segment file from its beginning, a megabyte and more at a time. */
export class Scan {
  from = 0n;
  count = 0;
  last: bigint | undefined;
  /** After the last whole record. */
  offset = 0;
  readonly sum = fileSum();
  #rest: Buffer = Buffer.alloc(0);
  #read = 0;
  /** The next piece, which is read while this one is looked at; it begins after room for what is left of this one. */
  #coming: Promise<{ readonly bytesRead: number; readonly buffer: Buffer }> | undefined;
  #isOver = false;

  constructor(
    private readonly path: string,
    private readonly file: FileHandle,
  ) {}

  async begin(): Promise<void> {
    const start = Buffer.alloc(preambleBytes);
    const { bytesRead } = await this.file.read(start, 0, preambleBytes, 0);
    if (start.compare(magic, 0, magic.length, 0, magic.length) !== 0) throw this.#damaged('it is not a segment file');
    if (bytesRead < preambleBytes) throw this.#truncated('the file ends in its first line');
    this.from = start.readBigUInt64BE(magic.length);
    this.sum.add(start);
    this.offset = this.#read = preambleBytes;
  }

  /**
   * Gives the whole records of the next piece; they lie in one buffer.
   * @param take throws an Error whose message is the problem
   * @returns false after the end mark
   */
  async next(take: (record: Buffer) => unknown): Promise<boolean> {
    if (this.#isOver) return false;
    const { bytesRead, bytes } = await this.#piece();
    let at = 0;
    for (;;) {
      const size = this.#sizeAt(bytes.subarray(at));
      if (size === undefined) break;
      if (size === 'end') {
        if (bytes.length - at < endBytes) break;
        await this.#finish(bytes.subarray(at));
        return true;
      }
      if (bytes.length - at < size) break;
      this.#take(bytes.subarray(at, at + size), take);
      at += size;
      this.offset += size;
    }
    this.#rest = bytes.subarray(at);
    if (bytesRead === 0) {
      const cut = this.#rest.length > 0;
      throw this.#truncated(
        cut ? `the file ends in the middle of a record (${this.#rest.length} bytes of it)` : 'the file has no end mark',
      );
    }
    return true;
  }

  /** What was left of the piece before, and the next megabyte. */
  async #piece(): Promise<{ readonly bytesRead: number; readonly bytes: Buffer }> {
    const { bytesRead, buffer } = await (this.#coming ?? this.#readAt(this.#read));
    this.#coming = undefined;
    this.#read += bytesRead;
    if (bytesRead > 0) {
      this.#coming = this.#readAt(this.#read);
      this.#coming.catch(() => undefined);
    }
    const rest = this.#rest;
    if (rest.length > roomBytes) {
      const whole = sharedBuffer(rest.length + bytesRead);
      rest.copy(whole);
      buffer.copy(whole, rest.length, roomBytes, roomBytes + bytesRead);
      return { bytesRead, bytes: whole };
    }
    const start = roomBytes - rest.length;
    rest.copy(buffer, start);
    return { bytesRead, bytes: buffer.subarray(start, roomBytes + bytesRead) };
  }

  async #readAt(offset: number): Promise<{ readonly bytesRead: number; readonly buffer: Buffer }> {
    const buffer = sharedBuffer(roomBytes + chunkBytes);
    const { bytesRead } = await this.file.read(buffer, roomBytes, chunkBytes, offset);
    return { bytesRead, buffer };
  }

  /** The piece that was asked for ahead has come: only then may the file be closed. */
  async end(): Promise<void> {
    await this.#coming?.catch(() => undefined);
  }

  #sizeAt(bytes: Buffer): ReturnType<typeof recordSize> {
    try {
      return recordSize(bytes);
    } catch (error) {
      throw this.#damaged((error as Error).message);
    }
  }

  #take(record: Buffer, take: (record: Buffer) => unknown): void {
    const position = recordPosition(record);
    try {
      take(record);
    } catch (error) {
      throw this.#damaged((error as Error).message);
    }
    if (position < this.from || (this.last !== undefined && position <= this.last))
      throw this.#damaged(`position ${position} is out of order`);
    this.sum.add(vouchedPart(record));
    this.last = position;
    this.count += 1;
  }

  async #finish(end: Buffer): Promise<void> {
    const [count, last] = [end.readBigUInt64BE(4), end.readBigUInt64BE(12)];
    if (count !== BigInt(this.count) || last !== (this.last ?? 0n))
      throw this.#damaged(`the end mark counts ${count} events to position ${last}, the file has ${this.count}`);
    if (this.sum.digest().compare(end, 20, endBytes) !== 0) throw this.#damaged('the sum of the file differs');
    const { size } = await this.file.stat();
    if (size !== this.offset + endBytes) throw this.#damaged('there are bytes after the end mark');
    this.#isOver = true;
  }

  #damaged(problem: string): SegmentDamaged {
    return new SegmentDamaged(this.path, this.offset, this.last, problem);
  }

  #truncated(problem: string): SegmentTruncated {
    return new SegmentTruncated(this.path, this.offset, this.last, problem);
  }
}
