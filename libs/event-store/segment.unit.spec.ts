import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHash, randomUUID } from 'node:crypto';
import { copyFile, mkdtemp, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoredEvent } from './port.js';
import { exportSegment, readSegment, SegmentDamaged, segmentState, SegmentTruncated } from './segment.js';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** 1,500 events over some streams; positions with holes, bytes that are no JSON, an empty one, an odd name. */
const log: StoredEvent[] = Array.from({ length: 1_500 }, (_, n) => ({
  id: randomUUID(),
  type: n % 7 === 0 ? 'Ünknown' : 'ModelRegistered',
  stream: `model-alpha.${n % 50}`,
  revision: BigInt(Math.floor(n / 50)),
  position: BigInt(n) * 137n + (n > 600 ? 2n ** 40n : 5n),
  recordedAt: new Date(1_770_000_000_000 + n * 13).toISOString(),
  data: n === 4 ? new Uint8Array() : text(`{"n":${n},"fill":"${'x'.repeat(n % 300)}"}`),
  metadata: n === 5 ? Uint8Array.of(0, 255, 0) : text('{"m":true}'),
}));

function storeOf(events: readonly StoredEvent[], onEvent: (n: number) => void = () => undefined) {
  return {
    async *readAll({ from = 0n }: { readonly from?: bigint } = {}) {
      let n = 0;
      for (const event of events) {
        if (event.position < from) continue;
        onEvent(++n);
        yield event;
      }
    },
  };
}

let folder: string;
let whole: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-segment-'));
  whole = join(folder, 'whole');
  await exportSegment({ store: storeOf(log), path: whole });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(path: string, after?: bigint): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  for await (const batch of readSegment(path, after === undefined ? {} : { after })) events.push(...batch);
  return events;
}

const plain = (events: readonly StoredEvent[]) =>
  events.map(({ data, metadata, ...rest }) => ({
    ...rest,
    data: Buffer.from(data).toString('hex'),
    metadata: Buffer.from(metadata).toString('hex'),
  }));

async function fresh(): Promise<string> {
  const path = join(folder, randomUUID());
  await copyFile(whole, path);
  return path;
}

const sum = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

test('what is read back is what was stored, byte for byte, all of it or after a position', async () => {
  expect(plain(await read(whole))).toEqual(plain(log));
  expect(plain(await read(whole, log[700]!.position))).toEqual(plain(log.slice(701)));
  expect(await read(whole, log.at(-1)!.position)).toEqual([]);
  expect(await segmentState(whole)).toEqual({ from: 0n, events: 1_500, last: log.at(-1)!.position });
});

test('an empty log is a file of no events', async () => {
  const path = join(folder, 'empty');
  expect(await exportSegment({ store: storeOf([]), path })).toMatchObject({ events: 0, last: undefined });
  expect(await read(path)).toEqual([]);
  expect(await segmentState(path)).toEqual({ from: 0n, events: 0, last: undefined });
});

test('an export that begins later says so', async () => {
  const path = join(folder, 'later');
  const from = log[500]!.position;
  expect(await exportSegment({ store: storeOf(log), path, from })).toMatchObject({ from, events: 1_000 });
  expect(await segmentState(path)).toMatchObject({ from, events: 1_000 });
  expect(plain(await read(path))).toEqual(plain(log.slice(500)));
  await expect(exportSegment({ store: storeOf(log), path, from: 0n })).rejects.toThrow(/begins at position/);
});

describe('an export that is taken up again', () => {
  test('after it was stopped, after a cut anywhere, and when the log has grown', async () => {
    const path = join(folder, 'stopped');
    const abort = new AbortController();
    const stopping = storeOf(log, (n) => n === 834 && abort.abort());
    await exportSegment({ store: stopping, path, signal: abort.signal });
    await expect(read(path)).rejects.toThrow(SegmentTruncated);
    await expect(segmentState(path)).rejects.toThrow(SegmentTruncated);
    const resumed = await exportSegment({ store: storeOf(log), path });
    expect(resumed).toMatchObject({ events: 1_500, resumedAfter: 833 });
    expect(await sum(path)).toBe(await sum(whole));

    const { size } = await stat(whole);
    for (const length of [0, 16, 20, 90, 200_000, size - 51, size - 1]) {
      await truncate(path, length);
      if (length > 16) await expect(read(path)).rejects.toThrow(SegmentTruncated);
      await exportSegment({ store: storeOf(log), path });
      expect(await sum(path)).toBe(await sum(whole));
    }
    const grown = [...log, { ...log[0]!, id: randomUUID(), position: 2n ** 50n, revision: 999n }];
    expect(await exportSegment({ store: storeOf(grown), path })).toMatchObject({ events: 1_501, resumedAfter: 1_500 });
    expect((await read(path)).at(-1)!.revision).toBe(999n);
  });

  test('a file of something else is left alone', async () => {
    const path = join(folder, 'notes.txt');
    await writeFile(path, 'these are notes about a segment, and no segment');
    await expect(exportSegment({ store: storeOf(log), path })).rejects.toThrow(/is not a segment file/);
    await writeFile(path, 'note');
    await expect(exportSegment({ store: storeOf(log), path })).rejects.toThrow(/is not a segment file/);
    expect(await readFile(path, 'utf8')).toBe('note');
  });
});

describe('damage', () => {
  test('one changed byte is found wherever it is, and nothing changed is handed out', async () => {
    const { size } = await stat(whole);
    const places = [
      ...Array.from({ length: 30 }, (_, n) => 2 * n),
      300,
      345,
      400,
      100_001,
      300_000,
      size - 40,
      size - 10,
    ];
    for (const place of places) {
      const path = await fresh();
      const handle = await open(path, 'r+');
      const byte = Buffer.alloc(1);
      await handle.read(byte, 0, 1, place);
      await handle.write(Buffer.of(byte[0]! ^ 0x40), 0, 1, place);
      await handle.close();
      const events: StoredEvent[] = [];
      const error = await (async () => {
        for await (const batch of readSegment(path)) events.push(...batch);
      })().catch((caught: unknown) => caught);
      expect([place, error]).toEqual([place, expect.any(SegmentDamaged)]);
      expect(plain(events)).toEqual(plain(log.slice(0, events.length)));
      await rm(path);
    }
  });

  test('it is named by place and position, and an export does not write over it', async () => {
    const path = await fresh();
    const bytes = await readFile(path);
    const at = bytes.indexOf('"n":1000,');
    bytes[at + 4] = '7'.charCodeAt(0);
    await writeFile(path, bytes);
    const error = (await read(path).catch((caught: unknown) => caught)) as SegmentDamaged;
    expect(error).toMatchObject({ after: log[999]!.position, path });
    expect(error.message).toContain(`the digest of the event at position ${log[1_000]!.position} differs`);
    expect(error).not.toBeInstanceOf(SegmentTruncated);
    await expect(exportSegment({ store: storeOf(log), path })).rejects.toThrow(/digest of the event/);
  });

  test('an event taken out, or bytes added, are found at the end at the latest', async () => {
    const path = await fresh();
    const bytes = await readFile(path);
    const first = 24;
    const size = bytes.readUInt32BE(first) + 4;
    const next = bytes.readUInt32BE(first + size) + 4;
    await writeFile(path, Buffer.concat([bytes.subarray(0, first), bytes.subarray(first + size)]));
    await expect(read(path)).rejects.toThrow(/end mark counts 1500 events/);
    await writeFile(path, Buffer.concat([bytes, Buffer.of(0)]));
    await expect(read(path)).rejects.toThrow(/bytes after the end mark/);
    await writeFile(
      path,
      Buffer.concat([
        bytes.subarray(0, first),
        bytes.subarray(first + size, first + size + next),
        bytes.subarray(first),
      ]),
    );
    await expect(read(path)).rejects.toThrow(/out of order/);
  });
});
