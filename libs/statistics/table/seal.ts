import type { Readable } from 'node:stream';
import type { Column } from '#libs/lifecycle';
import { encodeRows, rowSource } from './canonical-row.js';
import { readCsv } from './csv.js';
import type { CsvOptions } from './csv.js';
import { LatticeHash, rowDigestAlgorithm } from './lattice-hash.js';
import { columnsOf } from './table.js';
import type { Table } from './table.js';

/** What a data set version is sealed with. */
export interface Seal {
  /** SHA-256 of the file's bytes. */
  readonly digest: string;
  readonly bytes: number;
  readonly rows: number;
  readonly columns: readonly Column[];
  /** Digest of the multiset of rows, hex: independent of their order ({@link LatticeHash}). */
  readonly rowDigest: string;
  readonly rowDigestAlgorithm: string;
}

/** Row digest of a table. `weights[i]` counts row i so often; default once. */
export function hashRows(table: Table, weights?: ArrayLike<number>): LatticeHash {
  const digest = LatticeHash.empty();
  encodeRows(rowSource(table), 0, table.rows, (row, bytes) => digest.add(bytes, weights?.[row] ?? 1));
  return digest;
}

/**
 * Reads a CSV once and seals it: digest of the bytes, schema, nulls, rows, and the order-independent row digest.
 * @returns the seal with the table, so that nobody needs to read the file again.
 * @throws InputError as {@link readCsv}
 */
export async function sealCsv(
  source: string | Readable | Uint8Array,
  options: CsvOptions = {},
): Promise<Seal & { readonly table: Table }> {
  const { table, digest, bytes } = await readCsv(source, options);
  return {
    digest,
    bytes,
    rows: table.rows,
    columns: columnsOf(table),
    rowDigest: hashRows(table).digest(),
    rowDigestAlgorithm,
    table,
  };
}
