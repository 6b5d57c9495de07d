import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { InputError } from '../errors.js';
import { readCsv } from './csv.js';
import type { CsvContent, CsvOptions } from './csv.js';
import { readJsonLines } from './json-lines.js';
import { readParquet } from './parquet.js';

/**
 * Reads a data file, opened and read once (a pipe will do): Parquet by its magic bytes or its ending, JSON Lines by its
 * first character or its ending (.jsonl, .ndjson), CSV otherwise.
 * @throws InputError of the reader
 */
export async function readTable(path: string, options: CsvOptions = {}): Promise<CsvContent> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(path, error);
  });
  const chunks = file.createReadStream({ highWaterMark: 1 << 20 });
  try {
    const iterator = chunks[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    let head: Buffer = Buffer.alloc(0);
    for (let step = await first(path, iterator); !step.done; step = await iterator.next()) {
      head = head.length === 0 ? step.value : Buffer.concat([head, step.value]);
      if (head.length >= 4) break;
    }
    const source = Readable.from(withHead(head, iterator), { objectMode: false });
    const start = head.subarray(0, 4).toString('latin1');
    if (start === 'PAR1' || /\.parquet$/i.test(path)) return await readParquet(source, options);
    if (/\.(jsonl|ndjson)$/i.test(path) || start.startsWith('{')) return await readJsonLines(source, options);
    return await readCsv(source, options);
  } finally {
    chunks.destroy();
    await file.close().catch(() => undefined);
  }
}

async function first(path: string, iterator: AsyncIterator<Buffer>): Promise<IteratorResult<Buffer>> {
  try {
    return await iterator.next();
  } catch (error) {
    throw unreadable(path, error as NodeJS.ErrnoException);
  }
}

async function* withHead(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  for (let step = await rest.next(); !step.done; step = await rest.next()) yield step.value;
}

function unreadable(path: string, { code }: NodeJS.ErrnoException): InputError {
  return new InputError('Unreadable', `${path} cannot be read (${code})`, { file: path, rule: 'a readable file' });
}
