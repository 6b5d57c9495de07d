import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ContentTooLarge, CorruptContent, InvalidDigest, UnknownContent, WrongDigest } from './errors.js';
import type { ContentStore, StoredContent } from './port.js';

/** Bytes of the largest file that a folder store takes unless told otherwise: 2 GiB. */
export const defaultContentLimit = 2 ** 31;

const sha256Pattern = /^[0-9a-f]{64}$/;

export function isSha256(text: string): boolean {
  return sha256Pattern.test(text);
}

/**
 * A content store in a folder: `<folder>/<first two digits>/<other 62>`, and `<folder>/incoming` for what is arriving.
 * What a crash left in `incoming` is removed here; one process writes to a folder.
 */
export async function openContentFolder(folder: string, limit = defaultContentLimit): Promise<ContentStore> {
  const incoming = join(folder, 'incoming');
  await mkdir(incoming, { recursive: true });
  for (const name of await readdir(incoming)) await rm(join(incoming, name), { force: true });

  const pathOf = (digest: string) => {
    if (!isSha256(digest)) throw new InvalidDigest(digest);
    return join(folder, digest.slice(0, 2), digest.slice(2));
  };

  const find = async (digest: string): Promise<StoredContent | undefined> => {
    try {
      return { digest, bytes: (await stat(pathOf(digest))).size };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  };

  const put: ContentStore['put'] = async (expected, source, ownLimit = limit) => {
    const target = pathOf(expected);
    const most = Math.min(ownLimit, limit);
    const temporary = join(incoming, randomUUID());
    const file = await open(temporary, 'wx', 0o600);
    try {
      const hash = createHash('sha256');
      let bytes = 0;
      for await (const chunk of source) {
        bytes += chunk.byteLength;
        if (bytes > most) throw new ContentTooLarge(most);
        hash.update(chunk);
        await file.write(chunk);
      }
      const actual = hash.digest('hex');
      if (actual !== expected) throw new WrongDigest(expected, actual);
      if (await find(expected)) return { digest: expected, bytes };
      await file.sync();
      await mkdir(join(folder, expected.slice(0, 2)), { recursive: true });
      await rename(temporary, target);
      await syncFolder(join(folder, expected.slice(0, 2)));
      await syncFolder(folder);
      return { digest: expected, bytes };
    } finally {
      await file.close();
      await rm(temporary, { force: true });
    }
  };

  return {
    put,
    find,
    add: (bytes) => put(createHash('sha256').update(bytes).digest('hex'), Readable.from([bytes])),
    read: async (digest) => {
      if (!(await find(digest))) throw new UnknownContent(digest);
      return Readable.from(checked(digest, createReadStream(pathOf(digest))), { objectMode: false });
    },
    bytes: async (digest) => {
      if (!(await find(digest))) throw new UnknownContent(digest);
      const bytes = await readFile(pathOf(digest));
      const actual = createHash('sha256').update(bytes).digest('hex');
      if (actual !== digest) throw new CorruptContent(digest, actual);
      return bytes;
    },
  };
}

async function* checked(digest: string, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const chunk of source) {
    hash.update(chunk);
    yield chunk;
  }
  const actual = hash.digest('hex');
  if (actual !== digest) throw new CorruptContent(digest, actual);
}

/** A rename is durable when its folder is. Windows has no such call and keeps its own journal. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
