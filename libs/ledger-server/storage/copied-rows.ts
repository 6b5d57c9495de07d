import { Query } from 'pg';
import { BinaryEvent } from '#libs/event-store/protocol';
import type { Pool } from '#libs/postgres';
import type { LedgerEvent } from './port.js';

/** Position, revision, created, id, is_json, type, metadata, data and the stream's name. */
const columns = 9;

/** Before the first row: eleven bytes that say what it is, flags, and the length of an extension. */
const headerBytes = 19;

const noBytes = Buffer.alloc(0);

/** Rows lie one behind the other in pieces of so many bytes. */
const pieceBytes = 128 * 1024;

/** `copy … to stdout (format binary)`: node-postgres hands every row over as it came. */
class BinaryCopy extends Query {
  readonly events: LedgerEvent[] = [];
  /** Thrown where node-postgres hands a row over, it would end the process. */
  failure: { readonly error: unknown } | undefined;
  #isFirst = true;
  #piece = noBytes;
  #at = 0;

  constructor(select: string) {
    super(`copy (${select}) to stdout (format binary)`);
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    const begin = this.#isFirst ? headerBytes : 0;
    this.#isFirst = false;
    try {
      // The end is a row of -1 columns.
      if (chunk.readInt16BE(begin) === columns) this.#take(chunk, begin);
    } catch (error) {
      this.failure ??= { error };
    }
  }

  #take(chunk: Buffer, begin: number): void {
    const length = chunk.length - begin;
    if (this.#at + length > this.#piece.length) {
      this.#piece = Buffer.allocUnsafeSlow(Math.max(pieceBytes, length));
      this.#at = 0;
    }
    // What it is a part of is written over.
    chunk.copy(this.#piece, this.#at, begin);
    this.events.push(eventAt(this.#piece, this.#at));
    this.#at += length;
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

/** Columns of known length, each behind the four bytes of it. */
const [positionAt, revisionAt, createdAt, idAt, isJsonAt, typeAt] = [6, 18, 30, 42, 62, 67];

function eventAt(piece: Buffer, row: number): BinaryEvent {
  const typeFrom = row + typeAt;
  const typeTo = typeFrom + piece.readInt32BE(typeFrom - 4);
  const metadataTo = typeTo + 4 + piece.readInt32BE(typeTo);
  const dataTo = metadataTo + 4 + piece.readInt32BE(metadataTo);
  const name = piece.readInt32BE(dataTo);
  if (name < 0) nameOf(piece.readBigInt64BE(row + positionAt), undefined);
  return new BinaryEvent(piece, {
    position: row + positionAt,
    revision: row + revisionAt,
    created: row + createdAt,
    id: row + idAt,
    isJson: piece[row + isJsonAt] === 1,
    typeFrom,
    typeTo,
    metadataFrom: typeTo + 4,
    metadataTo,
    dataFrom: metadataTo + 4,
    dataTo,
    streamFrom: dataTo + 4,
    streamTo: dataTo + 4 + name,
  });
}
