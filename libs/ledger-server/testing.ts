import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { repositoryRoot } from '#libs/runtime';

export interface LedgerProgram {
  readonly pid: number;
  /** Milliseconds from its start until it served. */
  readonly readyAfter: number;
  readonly connectionString: string;
  /** kill -9 of its whole process group. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** `npm run ledger` as a process group of its own, ready to serve; for specs that kill it. */
export async function ledgerProgram(dataDirectory: string, port: number): Promise<LedgerProgram> {
  const connection = join(dataDirectory, 'connection-string');
  rmSync(connection, { force: true });
  spawnSync(process.execPath, ['scripts/build.mjs'], { cwd: repositoryRoot() });
  const started = performance.now();
  const child = spawn(
    process.execPath,
    ['dist/services/ledger/main.js', '--port', String(port), '--data', dataDirectory, '--insecure'],
    {
      cwd: repositoryRoot(),
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
      // A group of its own, and yet not left behind when a spec ends in the middle.
      env: { ...process.env, ASSAY_PARENT: String(process.pid) },
    },
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => (said += part));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  while (!existsSync(connection)) {
    if (child.exitCode !== null) throw new Error(`the ledger ended: ${said}`);
    await sleep(10);
  }
  return {
    pid: child.pid!,
    readyAfter: performance.now() - started,
    connectionString: readFileSync(connection, 'utf8').trim(),
    kill: async () => {
      process.kill(-child.pid!, 'SIGKILL');
      await ended;
    },
    stop: async () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}
