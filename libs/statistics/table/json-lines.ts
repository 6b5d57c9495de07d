import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { InputError } from '../errors.js';
import type { CsvContent, CsvOptions } from './csv.js';
import { checkColumnNames } from './csv.js';
import { columnFrom } from './from-cells.js';
import type { Cell } from './from-cells.js';

/**
 * Reads JSON Lines: one object a line, all with the same members in any order; a cell is a number, text, boolean or
 * null. A member that a later line lacks is `RaggedRow`, one that it adds too.
 * @throws InputError naming line and field: `MalformedJson`, `DuplicateKey`, `RaggedRow`, `WrongType`, `EmptyFile`, and
 * those of the columns
 */
export async function readJsonLines(source: string | Readable, options: CsvOptions = {}): Promise<CsvContent> {
  const input = typeof source === 'string' ? createReadStream(source) : source;
  const hash = createHash('sha256');
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const state = { bytes: 0, line: 0, rest: '', names: undefined as string[] | undefined, cells: [] as Cell[][] };
  const maximum = options.maximumRecordBytes ?? 1 << 20;
  const take = (line: string): void => {
    state.line += 1;
    if (line.trim() === '') return;
    const record = parseRecord(line, state.line);
    const keys = Object.keys(record);
    if (!state.names) {
      checkColumnNames(keys, options.required);
      state.names = keys;
      state.cells = keys.map(() => []);
    }
    const { names, cells } = state;
    if (keys.length !== names.length || names.some((name) => !Object.hasOwn(record, name))) {
      const field = names.find((name) => !Object.hasOwn(record, name)) ?? keys.find((key) => !names.includes(key));
      throw new InputError('RaggedRow', `line ${state.line} has other members than the first: "${field}"`, {
        field,
        line: state.line,
        rule: 'the same members in every line',
      });
    }
    names.forEach((name, index) => cells[index]!.push(record[name]));
  };
  const text = (decode: () => string): string => {
    try {
      return decode();
    } catch {
      throw new InputError('NotUtf8', 'the file is not UTF-8 text', { line: state.line, rule: 'UTF-8 (RFC 3629)' });
    }
  };
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      hash.update(chunk);
      state.bytes += chunk.length;
      const lines = (state.rest + text(() => decoder.decode(chunk, { stream: true }))).split('\n');
      state.rest = lines.pop()!;
      if (state.rest.length > maximum)
        throw new InputError('RecordTooLarge', `line ${state.line + lines.length + 1} is too long`, {
          line: state.line + lines.length + 1,
          rule: `at most ${maximum} bytes`,
        });
      lines.forEach(take);
      options.onProgress?.(state.cells[0]?.length ?? 0, state.bytes);
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (typeof source === 'string' && (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR'))
      throw new InputError('Unreadable', `${source} cannot be read (${code})`, {
        file: source,
        rule: 'a readable file',
      });
    throw error;
  }
  take(state.rest + text(() => decoder.decode()));
  if (!state.names)
    throw new InputError('EmptyFile', 'the file holds no object', { line: 1, rule: 'one object a line' });
  const rows = state.cells[0]?.length ?? 0;
  return {
    table: { rows, columns: state.names.map((name, index) => columnFrom(name, state.cells[index]!, rows)) },
    digest: hash.digest('hex'),
    bytes: state.bytes,
  };
}

function parseRecord(line: string, number: number): Record<string, Cell> {
  let members = 0;
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch (error) {
    throw new InputError('MalformedJson', `line ${number}: ${(error as Error).message}`, {
      line: number,
      rule: 'RFC 8259',
    });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new InputError('MalformedJson', `line ${number} is no object`, { line: number, rule: 'one object a line' });
  for (const [field, value] of Object.entries(parsed)) {
    members += 1;
    if (typeof value === 'object' && value !== null)
      throw new InputError('WrongType', `line ${number}: "${field}" is no single value`, {
        field,
        line: number,
        rule: 'number, text, boolean or null',
      });
  }
  const wide = Object.entries(parsed).find(([, value]) => typeof value === 'number' && Math.abs(value) > 2 ** 53 - 1);
  if (wide && /:\s*-?\d{16,}\s*[,}]/.test(line))
    throw new InputError(
      'InexactNumber',
      `line ${number}: "${wide[0]}" is a whole number beyond 2^53; write it as a text`,
      {
        field: wide[0],
        line: number,
        rule: 'whole numbers that a double holds',
      },
    );
  // JSON.parse keeps the last of two equal keys in silence; values are flat, so that names are strings before colons.
  // Strings are matched whole, also those that are values: what lies between two of them may look like a name.
  const written = line.match(/"(?:[^"\\]|\\.)*"(\s*:)?/g)?.filter((text) => text.endsWith(':')).length ?? 0;
  if (written > members)
    throw new InputError('DuplicateKey', `line ${number} names a member twice`, {
      line: number,
      rule: 'names are unique',
    });
  return parsed as Record<string, Cell>;
}
