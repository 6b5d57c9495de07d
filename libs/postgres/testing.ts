import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { LaunchedPostgres } from './launch.js';
import { launchPostgres } from './launch.js';
import { ensureDatabase } from './pool.js';

export interface TestDatabase {
  /** Owner of the fresh database. */
  readonly url: string;
  /** Superuser of the cluster, database `postgres`. */
  readonly adminUrl: string;
  /** Drops the database, with whatever is still connected to it. */
  close(): Promise<void>;
}

/**
 * A fresh, empty database for one suite, on the run's own cluster (scripts/jest-postgres.mjs launches one per run)
 * or, outside Jest, on a cluster of its own. Close it in `afterAll`.
 */
export async function testDatabase(): Promise<TestDatabase> {
  const shared = process.env['ASSAY_TEST_POSTGRES'];
  const own = shared ? undefined : await ownCluster();
  const adminUrl = shared ?? own!.postgres.url;
  const name = `test_${randomBytes(6).toString('hex')}`;
  const url = await ensureDatabase(adminUrl, { database: name, role: name, password: randomBytes(12).toString('hex') });
  return {
    url,
    adminUrl,
    close: async () => {
      if (own) return own.close();
      const client = new Client({ connectionString: adminUrl });
      await client.connect();
      await client.query(`drop database if exists ${name} with (force)`);
      await client.query(`drop role if exists ${name}`);
      await client.end();
    },
  };
}

async function ownCluster(): Promise<{ postgres: LaunchedPostgres; close(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-test-'));
  const postgres = await launchPostgres({ dataDirectory: folder });
  return {
    postgres,
    close: async () => {
      await postgres.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
