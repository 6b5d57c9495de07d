import { open, type FileHandle } from 'node:fs/promises';
import type { EventStore, StoredEvent } from './port.js';
import {
  decodeRecord,
  encodeEnd,
  encodeRecord,
  endBytes,
  fileSum,
  magic,
  preamble,
  preambleBytes,
  recordHead,
  SegmentDamaged,
  SegmentTruncated,
  vouchedPart,
} from './segment-format.js';
import { Scan } from './segment-scan.js';

export { SegmentDamaged, SegmentTruncated } from './segment-format.js';

export interface SegmentState {
  /** First position that the file may hold: nothing of the log between it and `last` is missing. */
  readonly from: bigint;
  readonly events: number;
  /** Position of the last event; undefined: there is none. */
  readonly last: bigint | undefined;
}

export interface ExportOptions {
  readonly store: Pick<EventStore, 'readAll'>;
  readonly path: string;
  /** First position to export. Default 0, the beginning; must be what the file began with when it is taken up again. */
  readonly from?: bigint;
  readonly signal?: AbortSignal;
  readonly progress?: (events: number, position: bigint) => void;
}

export interface ExportResult extends SegmentState {
  /** Of these events, in the file when this run began. */
  readonly resumedAfter: number;
}

/** Bytes that are gathered before they are written. */
const chunkBytes = 1 << 20;
const report = 10_000;

export interface ReadSegment {
  /** Events at or before it are checked and left out. */
  readonly after?: bigint;
  readonly signal?: AbortSignal;
}

/** Whole records of a segment file, shared out: heads are checked, order is; the bytes are not yet. */
export interface SharedPiece {
  readonly bytes: SharedArrayBuffer;
  /** By share, where in `bytes` its records begin and how long they are, one after the other. */
  readonly records: readonly Uint32Array<ArrayBuffer>[];
}

/**
 * Every event of a segment file in order, in batches, each checked as it is read: head by CRC, bytes by digest, order,
 * and in the end number and sum. What was handed out before an error is as it was stored.
 * @throws SegmentDamaged naming place and problem; SegmentTruncated for a file without its end.
 */
export async function* readSegment(path: string, options: ReadSegment = {}): AsyncGenerator<readonly StoredEvent[]> {
  const { after = -1n, signal } = options;
  const file = await open(path, 'r');
  const scan = new Scan(path, file);
  try {
    await scan.begin();
    let events: StoredEvent[] = [];
    const take = (record: Buffer): void => {
      const event = decodeRecord(record);
      if (event.position > after) events.push(event);
    };
    while (await scan.next(take)) {
      if (signal?.aborted) return;
      if (events.length > 0) yield events;
      events = [];
    }
  } finally {
    await scan.end();
    await file.close();
  }
}

/**
 * The same, shared out by stream and not decoded: order, number and sum of the file are checked here, the bytes of a
 * record by whoever decodes it ({@link decodeShare}). The number and the sum are known to be right when it ends.
 * @throws SegmentDamaged, SegmentTruncated
 */
export async function* shareSegment(
  path: string,
  shares: number,
  shareOf: (stream: string) => number,
  options: ReadSegment = {},
): AsyncGenerator<SharedPiece> {
  const { after = -1n, signal } = options;
  const file = await open(path, 'r');
  const scan = new Scan(path, file);
  try {
    await scan.begin();
    let bytes: SharedArrayBuffer | undefined;
    const none = (): number[][] => Array.from({ length: shares }, () => []);
    let records = none();
    const take = (record: Buffer): void => {
      const { position, stream } = recordHead(record);
      if (position <= after) return;
      bytes = record.buffer as unknown as SharedArrayBuffer;
      records[shareOf(stream)]!.push(record.byteOffset, record.length);
    };
    while (await scan.next(take)) {
      if (signal?.aborted) return;
      if (bytes !== undefined) yield { bytes, records: records.map((each) => Uint32Array.from(each)) };
      bytes = undefined;
      records = none();
    }
  } finally {
    await scan.end();
    await file.close();
  }
}

/** The events of a share of a piece. @throws Error, of code SegmentDamaged: {@link readSegment} tells the place */
export function decodeShare({ bytes, records }: SharedPiece, share: number): readonly StoredEvent[] {
  const places = records[share]!;
  const whole = Buffer.from(bytes as unknown as ArrayBuffer);
  const events: StoredEvent[] = [];
  try {
    for (let index = 0; index < places.length; index += 2) {
      const at = places[index]!;
      events.push(decodeRecord(whole.subarray(at, at + places[index + 1]!)));
    }
  } catch (error) {
    throw Object.assign(new Error((error as Error).message), { code: 'SegmentDamaged' });
  }
  return events;
}

/** What a finished segment file says of itself, without reading its events. @throws SegmentDamaged, SegmentTruncated */
export async function segmentState(path: string): Promise<SegmentState> {
  const file = await open(path, 'r');
  try {
    const scan = new Scan(path, file);
    await scan.begin();
    const { size } = await file.stat();
    const end = Buffer.alloc(endBytes);
    const { bytesRead } = await file.read(end, 0, endBytes, Math.max(size - endBytes, preambleBytes));
    if (bytesRead < endBytes || end.readUInt32BE(0) !== 0)
      throw new SegmentTruncated(path, size, undefined, 'the file has no end mark: export it again to finish it');
    const events = Number(end.readBigUInt64BE(4));
    return { from: scan.from, events, last: events === 0 ? undefined : end.readBigUInt64BE(12) };
  } finally {
    await file.close();
  }
}

/**
 * Whether a finished file begins and ends with events of this store, byte for byte. A file of another store, or of one
 * that was restored to an earlier state, does not.
 * @returns undefined: it does; else the position of the event that the store does not have, or has otherwise
 * @throws SegmentDamaged, SegmentTruncated
 */
export async function strangeEnd(path: string, store: Pick<EventStore, 'readAll'>): Promise<bigint | undefined> {
  const { from, last } = await segmentState(path);
  if (last === undefined) return undefined;
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    for (const position of [from, last]) {
      const isFirst = position === from;
      let record: Buffer | undefined;
      for await (const event of store.readAll({ from: position, maxCount: 1 }))
        if (isFirst || event.position === last) record = encodeRecord(event);
      if (record === undefined) return position;
      const held = Buffer.alloc(record.length);
      await file.read(held, 0, held.length, isFirst ? preambleBytes : Math.max(0, size - endBytes - held.length));
      if (!held.equals(record)) return position;
    }
    return undefined;
  } finally {
    await file.close();
  }
}

/**
 * Writes the log into a segment file, from a position to what is the last event now. A file that is there is read and
 * checked, a half-written record at its end is cut, and it goes on after its last event: after a kill, or because the
 * log has grown.
 * @throws SegmentDamaged when the file that is there is not whole (but for its tail) or begins elsewhere.
 */
export async function exportSegment(options: ExportOptions): Promise<ExportResult> {
  const { store, path, from = 0n, signal, progress } = options;
  const file = await open(path, 'a+', 0o600).then(async (handle) => {
    await handle.close();
    return open(path, 'r+');
  });
  try {
    const found = await takeUp(path, file, from);
    let { count, last } = found;
    let offset = found.end;
    let pending: Buffer[] = found.end === 0 ? [preamble(from)] : [];
    let size = found.end === 0 ? preambleBytes : 0;
    if (found.end === 0) found.sum.add(pending[0]!);
    const flush = async (): Promise<void> => {
      if (size > 0) await file.write(Buffer.concat(pending, size), 0, size, offset);
      offset += size;
      [pending, size] = [[], 0];
    };
    const start = last === undefined ? from : last + 1n;
    for await (const event of store.readAll({ from: start })) {
      if (signal?.aborted) break;
      const record = encodeRecord(event);
      found.sum.add(vouchedPart(record));
      pending.push(record);
      size += record.length;
      count += 1;
      last = event.position;
      if (size >= chunkBytes) await flush();
      if (count % report === 0) progress?.(count, event.position);
    }
    if (signal?.aborted !== true) {
      pending.push(encodeEnd(BigInt(count), last ?? 0n, found.sum.digest()));
      size += endBytes;
    }
    await flush();
    await file.truncate(offset);
    await file.datasync();
    return { from, events: count, last, resumedAfter: found.count };
  } finally {
    await file.close();
  }
}

interface TakenUp {
  readonly count: number;
  readonly last: bigint | undefined;
  /** Where writing goes on; 0: the file is empty. */
  readonly end: number;
  readonly sum: ReturnType<typeof fileSum>;
}

async function takeUp(path: string, file: FileHandle, from: bigint): Promise<TakenUp> {
  const { size } = await file.stat();
  const scan = new Scan(path, file);
  // Not even its preamble was written.
  if (size < preambleBytes) {
    const start = Buffer.alloc(size);
    await file.read(start, 0, size, 0);
    if (start.compare(preamble(from).subarray(0, size)) !== 0)
      throw new SegmentDamaged(path, 0, undefined, 'it is not a segment file');
    return { count: 0, last: undefined, end: 0, sum: scan.sum };
  }
  await scan.begin();
  if (scan.from !== from)
    throw new SegmentDamaged(path, magic.length, undefined, `the file begins at position ${scan.from}, not at ${from}`);
  try {
    while (await scan.next(decodeRecord));
  } catch (error) {
    if (!(error instanceof SegmentTruncated)) throw error;
  } finally {
    await scan.end();
  }
  return { count: scan.count, last: scan.last, end: scan.offset, sum: scan.sum };
}
