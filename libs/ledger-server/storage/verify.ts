import { readFileSync } from 'node:fs';
import type { Pool } from '#libs/postgres';
import { checksumOf } from './checksum.js';
import type { CheckedSlice } from './port.js';
import { sizeOf } from './port.js';

const sliceEvents = 20_000;
const sql = readFileSync(new URL('./verify.sql', import.meta.url), 'utf8');

interface Damage {
  readonly position: string;
  readonly stream: number;
  readonly revision: string;
  readonly altered: boolean;
}

/** Compares the newest 20,000 events below `below` with their checksums and their places with their lengths. */
export async function checkSlice(pool: Pool, below: bigint, inDatabase: boolean): Promise<CheckedSlice> {
  try {
    const { rows } = await pool.query<{ position: string }>(
      'select position from event where position < $1 order by position desc offset $2 limit 1',
      [below.toString(), sliceEvents - 1],
    );
    const from = rows[0] ? BigInt(rows[0].position) : 0n;
    const first = await pool.query<{ position: string }>(
      'select position from event where position >= $1 order by position limit 1',
      [from.toString()],
    );
    if (first.rows[0]?.position !== from.toString())
      return { from, damage: `the event at position ${from} is missing` };
    const damage = await (inDatabase ? checkInDatabase(pool, from, below) : checkHere(pool, from, below));
    if (!damage) return { from };
    return { from, damage: await describe(pool, damage) };
  } catch (error) {
    // Postgres names a page whose own checksum is wrong.
    const { code, message } = error as { code?: string; message: string };
    if (code?.startsWith('XX'))
      return { from: below, damage: `Postgres cannot read events before ${below}: ${message}` };
    throw error;
  }
}

/** Whether this Postgres computes CRC-32 itself (18 and newer). */
export async function computesChecksums(pool: Pool): Promise<boolean> {
  const { rowCount } = await pool.query("select 1 from pg_proc where proname = 'crc32'");
  return (rowCount ?? 0) > 0;
}

async function checkInDatabase(pool: Pool, from: bigint, below: bigint): Promise<Damage | undefined> {
  const { rows } = await pool.query<Damage>(sql, [from.toString(), below.toString()]);
  return rows[0];
}

const columns = 'position, stream, revision, created, id, checksum, is_json, type, metadata, data';

interface CheckedRow extends Omit<Damage, 'altered'> {
  readonly created: string;
  readonly id: string;
  readonly checksum: string;
  readonly is_json: boolean;
  readonly type: string;
  readonly metadata: Buffer;
  readonly data: Buffer;
}

/** The same for an older Postgres: the rows come here. */
async function checkHere(pool: Pool, from: bigint, below: bigint): Promise<Damage | undefined> {
  let expected = from;
  while (expected < below) {
    const { rows } = await pool.query<CheckedRow>(
      `select ${columns} from event where position >= $1 and position < $2 order by position limit 500`,
      [expected.toString(), below.toString()],
    );
    const [found] = rows;
    if (!found) return { position: expected.toString(), stream: 0, revision: '', altered: false };
    for (const row of rows) {
      const event = {
        position: BigInt(row.position),
        stream: '',
        streamId: row.stream,
        revision: BigInt(row.revision),
        created: BigInt(row.created),
        id: row.id,
        isJson: row.is_json,
        type: row.type,
        metadata: row.metadata,
        data: row.data,
      };
      if (event.position !== expected) return { ...row, altered: false };
      if (BigInt(checksumOf(event)) !== BigInt(row.checksum)) return { ...row, altered: true };
      expected += sizeOf(event);
    }
  }
  return undefined;
}

async function describe(pool: Pool, { position, stream, revision, altered }: Damage): Promise<string> {
  const { rows } = await pool.query<{ name: string }>('select name from stream where id = $1', [stream]);
  const place = `the event at position ${position} (stream ${rows[0]?.name ?? `number ${stream}`}, revision ${revision})`;
  return altered ? `${place} is not as it was acknowledged` : `an event next to ${place} is missing`;
}
