import { closeSync, openSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import type { Seeded } from '../../libs/projections/testing/index.js';

/** Where Postgres's own log has got to, in bytes. */
export async function logEnd(databaseUrl: string): Promise<bigint> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ at: string }>(`SELECT pg_current_wal_insert_lsn() - '0/0' AS at`);
    return BigInt(rows[0]!.at);
  } finally {
    await client.end();
  }
}

const segmentBytes = 16n * 1024n * 1024n;
const sectorBytes = 512n;

/**
 * Overwrites Postgres's log from somewhere between two places on to the end of a sector or of the page, with zeros or
 * with noise: what a disk leaves that lost its power in the middle of a write. Postgres does not run.
 */
export function tear(cluster: string, from: bigint, to: bigint, random: Seeded): void {
  if (to <= from) return;
  const at = from + BigInt(random.whole(Number(to - from)));
  const unit = random.whole(2) === 0 ? sectorBytes : 16n * sectorBytes;
  const end = (at / unit + 1n) * unit;
  const bytes = Buffer.alloc(Number(end - at));
  if (random.whole(2) === 0) for (const index of bytes.keys()) bytes[index] = random.whole(256);
  const folder = join(cluster, 'pg_wal');
  // Timeline 1: a cluster that was never promoted.
  const number = at / segmentBytes;
  const hex = (value: bigint) => value.toString(16).toUpperCase().padStart(8, '0');
  const name = `00000001${hex(number / 256n)}${hex(number % 256n)}`;
  if (!readdirSync(folder).includes(name)) throw new Error(`there is no ${name} in ${folder}`);
  const file = openSync(join(folder, name), 'r+');
  try {
    writeSync(file, bytes, 0, bytes.length, Number(at % segmentBytes));
  } finally {
    closeSync(file);
  }
}
