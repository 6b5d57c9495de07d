import { open } from 'node:fs/promises';
import { InputError } from '../errors.js';
import { readCsv } from './csv.js';
import type { CsvContent, CsvOptions } from './csv.js';
import { readJsonLines } from './json-lines.js';
import { readParquet } from './parquet.js';

/**
 * Reads a data file: Parquet by its magic bytes, JSON Lines by its first character or its ending (.jsonl, .ndjson),
 * CSV otherwise.
 * @throws InputError of the reader
 */
export async function readTable(path: string, options: CsvOptions = {}): Promise<CsvContent> {
  const head = Buffer.alloc(4);
  let length: number;
  try {
    const file = await open(path);
    try {
      ({ bytesRead: length } = await file.read(head, 0, 4, 0));
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new InputError('Unreadable', `${path} cannot be read (${code})`, { file: path, rule: 'a readable file' });
  }
  const start = head.subarray(0, length).toString('latin1');
  if (start === 'PAR1' || /\.parquet$/i.test(path)) return readParquet(path, options);
  if (/\.(jsonl|ndjson)$/i.test(path) || start.startsWith('{')) return readJsonLines(path, options);
  return readCsv(path, options);
}
