import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  ContentTooLarge,
  CorruptContent,
  InvalidDigest,
  UnknownContent,
  WrongDigest,
  openContentFolder,
} from './index.js';

const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('a content folder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-content-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const everything = async () =>
    (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());

  test('stores once by digest and reads back what it was given', async () => {
    const store = await openContentFolder(folder);
    const bytes = randomBytes(300_000);
    const chunks = [bytes.subarray(0, 100_000), bytes.subarray(100_000)];
    expect(await store.put(digestOf(bytes), Readable.from(chunks))).toEqual({
      digest: digestOf(bytes),
      bytes: 300_000,
    });
    expect(await store.add(bytes)).toEqual({ digest: digestOf(bytes), bytes: 300_000 });
    expect((await store.bytes(digestOf(bytes))).equals(bytes)).toBe(true);
    const streamed: Buffer[] = [];
    for await (const chunk of await store.read(digestOf(bytes))) streamed.push(chunk as Buffer);
    expect(Buffer.concat(streamed).equals(bytes)).toBe(true);
    expect(await everything()).toHaveLength(1);
  });

  test('a wrong digest, an oversize file and a source that breaks off leave nothing behind', async () => {
    const store = await openContentFolder(folder, 1000);
    const bytes = randomBytes(500);
    await expect(store.put('0'.repeat(64), Readable.from([bytes]))).rejects.toThrow(WrongDigest);
    const large = randomBytes(1001);
    await expect(store.put(digestOf(large), Readable.from([large]))).rejects.toThrow(ContentTooLarge);
    const cutOff = async function* () {
      yield bytes.subarray(0, 100);
      throw new Error('connection reset');
    };
    await expect(store.put(digestOf(bytes), cutOff())).rejects.toThrow('connection reset');
    expect(await everything()).toEqual([]);
  });

  test('a digest that is none cannot leave the folder', async () => {
    const store = await openContentFolder(folder);
    for (const digest of ['../../etc/passwd', 'A'.repeat(64), '', `${'a'.repeat(64)}/x`])
      await expect(store.find(digest)).rejects.toThrow(InvalidDigest);
  });

  test('content that is not there is said so; content that rotted is refused', async () => {
    const store = await openContentFolder(folder);
    await expect(store.read('0'.repeat(64))).rejects.toThrow(UnknownContent);
    const { digest } = await store.add(Buffer.from('whole'));
    await writeFile(join(folder, digest.slice(0, 2), digest.slice(2)), 'rotten');
    await expect(store.bytes(digest)).rejects.toThrow(CorruptContent);
    const drain = async () => {
      for await (const chunk of await store.read(digest)) void chunk;
    };
    await expect(drain()).rejects.toThrow(CorruptContent);
  });

  test('what a crash left half-written is gone at the next opening', async () => {
    await openContentFolder(folder);
    await writeFile(join(folder, 'incoming', 'half'), 'half a fi');
    await openContentFolder(folder);
    expect(await everything()).toEqual([]);
  });
});
