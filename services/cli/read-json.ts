import { readFile } from 'node:fs/promises';
import { InputError } from '#libs/statistics';

/** @throws InputError `Unreadable` naming the file */
export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch (error) {
    throw new InputError('Unreadable', `${path}: ${(error as Error).message}`, { file: path, rule: 'a JSON document' });
  }
}
