import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareDataFolder, repositoryRoot } from '#libs/runtime';

export interface LedgerProcess {
  readonly connectionString: string;
  /** The ledger's own database; empty for the one in memory. */
  readonly databaseUrl: string;
  close(): Promise<void>;
}

const program = `
  const { startLedgerServer } = await import('#libs/ledger-server');
  const { launchPostgres, ensureDatabase } = await import('#libs/postgres');
  const folder = process.argv[1];
  let postgres, options;
  if (process.argv[2] === 'memory') {
    const { MemoryStorage } = await import('./libs/ledger-server/storage/memory.ts');
    options = { storage: new MemoryStorage() };
  } else {
    postgres = await launchPostgres({ dataDirectory: folder + '/postgres' });
    options = { databaseUrl: await ensureDatabase(postgres.url, { database: 'ledger', role: 'ledger', password: 'bench' }) };
  }
  const server = await startLedgerServer({ ...options, dataDirectory: folder });
  process.stdout.write(JSON.stringify({ connectionString: server.connectionString, databaseUrl: postgres ? postgres.url.replace(/postgres$/, 'ledger') : '' }) + '\\n');
  process.stdin.resume().on('end', async () => { await server.close(); await postgres?.close(); process.exit(0); });
`;

/** As `npm run ledger`, `npm run start` and the others have it (scripts/run.mjs). */
export const productFlags = ['--max-semi-space-size=64'];

/** A ledger server as the product runs it, with TLS, in a process of its own; or the same server storing in memory. */
export async function ledgerProcess(storage: 'postgres' | 'memory'): Promise<LedgerProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'));
  prepareDataFolder(folder);
  const child = spawn(
    process.execPath,
    [
      ...productFlags,
      '--import',
      './scripts/typescript-loader.mjs',
      '--input-type=module',
      '-e',
      program,
      folder,
      storage,
    ],
    { cwd: repositoryRoot(), stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').once('data', resolve);
    child.once('exit', (code) => reject(new Error(`the ledger of the bench ended with ${code}`)));
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  return {
    ...(JSON.parse(line) as Pick<LedgerProcess, 'connectionString' | 'databaseUrl'>),
    close: async () => {
      child.stdin.end();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
