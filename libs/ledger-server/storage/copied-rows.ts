import { Query } from 'pg';
import type { Pool } from '#libs/postgres';
import type { LedgerEvent } from './port.js';

/** Position, revision, created, id, is_json, type, metadata, data and the stream's name. */
const columns = 9;

/** Before the first row: eleven bytes that say what it is, flags, and the length of an extension. */
const headerBytes = 19;

/** `copy … to stdout (format binary)`: node-postgres hands every row over as it came. */
class BinaryCopy extends Query {
  readonly events: LedgerEvent[] = [];
  /** Thrown where node-postgres hands a row over, it would end the process. */
  failure: { readonly error: unknown } | undefined;
  #isFirst = true;

  constructor(select: string) {
    super(`copy (${select}) to stdout (format binary)`);
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    // What it is a part of is written over.
    const row = Buffer.from(this.#isFirst ? chunk.subarray(headerBytes) : chunk);
    this.#isFirst = false;
    try {
      // The end is a row of -1 columns.
      if (row.readInt16BE(0) === columns) this.events.push(eventOf(row));
    } catch (error) {
      this.failure ??= { error };
    }
  }
}

/** The event's stream, without which it is none. */
export function nameOf(position: bigint | string, name: string | null | undefined): string {
  if (typeof name === 'string') return name;
  throw new Error(`the stream of the event at position ${position} is missing`);
}

/**
 * The rows of a `select` of nine columns, bytes as bytes: as text each byte would be two digits, and every number and
 * id a text of its own. The statement has no parameters, so it holds nothing but numbers of ours.
 */
export async function copiedEvents(pool: Pool, select: string): Promise<LedgerEvent[]> {
  const copy = new BinaryCopy(select);
  await pool.query(copy);
  if (copy.failure) throw copy.failure.error;
  return copy.events;
}

function eventOf(row: Buffer): LedgerEvent {
  let at = 2;
  const next = (): Buffer => {
    const length = row.readInt32BE(at);
    at += 4;
    const value = row.subarray(at, at + length);
    at += length;
    return value;
  };
  /** A number of 64 bits, whose length is known. */
  const number = (): bigint => {
    const value = row.readBigInt64BE(at + 4);
    at += 12;
    return value;
  };
  const position = number();
  return {
    position,
    revision: number(),
    created: number(),
    id: uuidOf(next()),
    isJson: next()[0] === 1,
    type: next().toString('utf8'),
    metadata: next(),
    data: next(),
    stream: nameOf(position, row.readInt32BE(at) < 0 ? undefined : next().toString('utf8')),
  };
}

function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
