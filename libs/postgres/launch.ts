import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { freePort, guardChild, prepareDataFolder, takeOwnership } from '#libs/runtime';
import type { PostgresBinaries } from './binaries.js';
import { findBinaries } from './binaries.js';
import { PostgresNotStarted } from './errors.js';
import { removeForeignPidFile, stopSurvivor } from './pid-file.js';
import { defaultSettings, settingArguments } from './settings.js';
import type { SystemUser } from './system-user.js';
import { assertReachable, postgresUser, privateFolder } from './system-user.js';

export interface LaunchOptions {
  /** Holds everything of this Postgres: the cluster, its password, its log. Made when missing. */
  readonly dataDirectory: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Added to, and winning over, the default settings. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface LaunchedPostgres {
  /** Connection string of the superuser `postgres`, to the database `postgres`. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly dataDirectory: string;
  /** Resolves when the process is gone, for whatever reason. */
  readonly ended: Promise<void>;
  /** Fast shutdown; resolves when the process is gone. */
  close(): Promise<void>;
}

/** How long a process that has ended may stay in the system's table before its parent takes note of it. */
const unnotedMilliseconds = 5_000;

/**
 * Starts the embedded Postgres over `dataDirectory` on 127.0.0.1 with a random password (scram). A Postgres that
 * outlived an earlier owner of the folder is stopped first. Ends with this process, also when that is killed.
 * Throws PostgresNotStarted or DataFolderInUse.
 */
export async function launchPostgres(options: LaunchOptions): Promise<LaunchedPostgres> {
  const { dataDirectory } = options;
  const cluster = join(dataDirectory, 'cluster');
  const user = postgresUser(cluster);
  assertReachable(dataDirectory, user);
  prepareDataFolder(dataDirectory);
  assertReachable(cluster, user);
  await takeOwnership(dataDirectory);
  await stopSurvivor(cluster);
  removeForeignPidFile(cluster);
  const binaries = findBinaries(join(dataDirectory, 'runtime'), user);
  const password = passwordOf(dataDirectory);
  if (!existsSync(join(cluster, 'PG_VERSION'))) initialise(binaries, dataDirectory, cluster, password, user);

  const settings = { ...defaultSettings, ...options.settings };
  const unnotedUntil = performance.now() + unnotedMilliseconds;
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
    const started = await start(binaries, { dataDirectory, cluster, port, url, settings, user });
    if (typeof started !== 'string') return started;
    // A postmaster that was killed a moment ago: nobody has taken note of its end yet, and its id still counts as alive.
    if (started.includes('"postmaster.pid" already exists') && performance.now() < unnotedUntil) {
      await sleep(100);
      attempt -= 1;
      continue;
    }
    const taken = started.includes('could not bind') || started.includes('Address already in use');
    if (!taken || options.port !== undefined || attempt === 5)
      throw new PostgresNotStarted(`Postgres over ${dataDirectory} did not start:\n${started}`);
  }
}

function passwordOf(dataDirectory: string): string {
  const path = join(dataDirectory, 'password');
  if (!existsSync(path)) writeFileSync(path, randomBytes(24).toString('base64url'), { mode: 0o600 });
  return readFileSync(path, 'utf8');
}

function initialise(
  binaries: PostgresBinaries,
  dataDirectory: string,
  cluster: string,
  password: string,
  user: SystemUser | undefined,
): void {
  // A first start that was killed half-way leaves its unfinished cluster, and perhaps an initdb still at work on it.
  for (const name of readdirSync(dataDirectory))
    if (name.startsWith('unfinished.')) rmSync(join(dataDirectory, name), { recursive: true, force: true });
  const unfinished = join(dataDirectory, `unfinished.${process.pid}`);
  privateFolder(unfinished, user);
  const passwordFile = join(dataDirectory, 'initial-password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user) chownSync(passwordFile, user.uid, user.gid);
  const { status, stderr, error } = spawnSync(
    binaries.initdb,
    [
      ['-D', unfinished, '-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`],
      ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions'],
    ].flat(),
    { env: { ...binaries.environment }, encoding: 'utf8', cwd: '/', ...(user && { uid: user.uid, gid: user.gid }) },
  );
  rmSync(passwordFile, { force: true });
  if (error ?? status !== 0)
    throw new PostgresNotStarted(`initdb over ${dataDirectory} failed: ${error?.message ?? stderr}`);
  renameSync(unfinished, cluster);
}

interface Start {
  readonly dataDirectory: string;
  readonly cluster: string;
  readonly port: number;
  readonly url: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly user: SystemUser | undefined;
}

/** The running Postgres, or what it said before it ended. */
async function start(binaries: PostgresBinaries, given: Start): Promise<LaunchedPostgres | string> {
  const { dataDirectory, cluster, port, url, user } = given;
  const logPath = join(dataDirectory, 'postgres.log');
  const offset = existsSync(logPath) ? statSync(logPath).size : 0;
  const log = openSync(logPath, 'a', 0o600);
  const child = spawn(
    binaries.postgres,
    ['-D', cluster, '-p', String(port), '-k', '', ...settingArguments(given.settings)],
    {
      env: { ...binaries.environment, PGDATA: cluster },
      stdio: ['ignore', log, log],
      // A group of its own: Ctrl-C reaches us first, and we stop it when nothing needs it any more.
      detached: true,
      cwd: '/',
      ...(user && { uid: user.uid, gid: user.gid }),
    },
  );
  closeSync(log);
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const said = () => readFileSync(logPath, 'utf8').slice(offset).trim();
  if (child.pid === undefined) {
    await sleep(10);
    return failure?.message ?? said();
  }
  const guard = guardChild(child.pid, { signal: 'SIGINT', lastSignal: 'SIGQUIT' });
  child.unref();
  const hasEnded = () => failure !== undefined || child.exitCode !== null || child.signalCode !== null;
  const deadline = Date.now() + 120_000;
  while (!(await answers(url))) {
    if (hasEnded()) {
      guard.release();
      return failure?.message ?? said();
    }
    if (Date.now() > deadline) {
      child.kill('SIGQUIT');
      guard.release();
      return `no connection after two minutes\n${said()}`;
    }
    await sleep(20);
  }
  let closing: Promise<void> | undefined;
  return {
    url,
    port,
    pid: child.pid,
    dataDirectory,
    ended,
    close: () => {
      closing ??= stop();
      return closing;
    },
  };

  async function stop(): Promise<void> {
    child.ref();
    if (!hasEnded()) child.kill('SIGINT');
    const insist = setTimeout(() => child.kill('SIGQUIT'), 10_000);
    if (!hasEnded()) await ended;
    clearTimeout(insist);
    guard.release();
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
