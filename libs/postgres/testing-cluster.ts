// The Postgres of one test run: prints its URL, lives until its standard input ends.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchPostgres } from './launch.js';

const folder = mkdtempSync(join(tmpdir(), 'assay-test-'));
const postgres = await launchPostgres({ dataDirectory: folder, settings: { max_connections: '200' } });
process.stdout.write(`${postgres.url}\n`);
process.stdin.resume();
process.stdin.on('end', () => {
  void postgres.close().finally(() => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(0);
  });
});
