import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CorruptContent, type ContentStore, UnknownContent } from '#libs/content';
import type { ContentReference } from '#libs/lifecycle';

/** The job cannot be run as it stands: `code` goes into TrainingRunFailed, or to the person who asked. */
export class JobRefused extends Error {
  override readonly name = 'JobRefused';
  constructor(
    readonly code: string,
    detail: string,
  ) {
    super(detail);
  }
}

/** A content file into a folder, checked against its digest while it is read. @throws JobRefused, store errors */
export async function fetchContent(
  content: Pick<ContentStore, 'read'>,
  { digest }: ContentReference,
  path: string,
): Promise<void> {
  try {
    await pipeline(await content.read(digest), createWriteStream(path));
  } catch (error) {
    await rm(path, { force: true });
    if (error instanceof UnknownContent) throw new JobRefused('ContentMissing', error.message);
    if (error instanceof CorruptContent) throw new JobRefused('ContentCorrupt', error.message);
    throw error;
  }
}

/** A folder's file into the content store. */
export async function storeFile(
  content: Pick<ContentStore, 'add'>,
  path: string,
  mediaType: string,
): Promise<ContentReference> {
  return { ...(await content.add(await readFile(path))), mediaType };
}

/**
 * Fills `folder` by `work` in a folder beside it that takes its name when it is complete: a result that was computed
 * is not computed again after a crash, and half a one is never taken for whole.
 */
export async function completeFolder(folder: string, work: (incoming: string) => Promise<void>): Promise<void> {
  if (await exists(folder)) return;
  await mkdir(join(folder, '..'), { recursive: true });
  const incoming = await mkdtemp(`${folder}.`);
  try {
    await work(incoming);
    await rename(incoming, folder);
  } catch (error) {
    await rm(incoming, { recursive: true, force: true });
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, JSON.stringify(value));
}
