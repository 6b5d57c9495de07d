import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '#libs/runtime';

/** What a postmaster writes into its folder: its process id, and the id of its shared memory where it has some. */
interface PidFile {
  readonly path: string;
  readonly pid: number;
  readonly sharedMemory: number | undefined;
}

function readPidFile(cluster: string): PidFile | undefined {
  const path = join(cluster, 'postmaster.pid');
  if (!existsSync(path)) return undefined;
  const lines = readFileSync(path, 'utf8').split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  // Line 7 of PostgreSQL's own format: key and id.
  const sharedMemory = Number(lines[6]?.trim().split(/\s+/)[1] ?? Number.NaN);
  return { path, pid, sharedMemory: Number.isInteger(sharedMemory) ? sharedMemory : undefined };
}

/** Stops a Postgres whose owner died without it: fast first, then at once, and waits for all its processes. */
export async function stopSurvivor(cluster: string): Promise<void> {
  const pid = readPidFile(cluster)?.pid;
  if (pid === undefined || !isPostmasterOf(pid, cluster)) return;
  for (const [signal, milliseconds] of [
    ['SIGINT', 1_500],
    ['SIGQUIT', 1_500],
    ['SIGKILL', 1_000],
  ] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    for (let waited = 0; waited < milliseconds; waited += 20) {
      if (!isAlive(pid)) return;
      await sleep(20);
    }
  }
}

/**
 * After a crash the file may name a process id that somebody else has by now. Postgres itself then refuses to start
 * where that is one of its own user, such as another product's Postgres on this machine. The file is removed only
 * where it is shown (Linux) that the process works elsewhere or has ended, that nobody works in this folder, and that
 * nobody is attached to the shared memory that it names; else it is left to Postgres to judge.
 * @returns whether it was removed
 */
export function removeForeignPidFile(cluster: string): boolean {
  if (process.platform !== 'linux') return false;
  const file = readPidFile(cluster);
  if (!file || !isAlive(file.pid)) return false;
  const here = realpathSync(cluster);
  const itsFolder = folderOf(file.pid);
  if (itsFolder === undefined || itsFolder === here || isAttached(file.sharedMemory)) return false;
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  if (processes.some((pid) => folderOf(Number(pid)) === here)) return false;
  rmSync(file.path, { force: true });
  return true;
}

/** Where a process works; empty for one that has ended and is not noted; undefined where that cannot be seen. */
function folderOf(pid: number): string | undefined {
  try {
    const state = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.[0];
    return state === 'Z' ? '' : readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

function isAttached(sharedMemory: number | undefined): boolean {
  if (sharedMemory === undefined) return false;
  try {
    const [heading = '', ...segments] = readFileSync('/proc/sysvipc/shm', 'utf8').trim().split('\n');
    const names = heading.trim().split(/\s+/);
    const [id, attached] = [names.indexOf('shmid'), names.indexOf('nattch')];
    const fields = segments.map((line) => line.trim().split(/\s+/)).find((all) => Number(all[id]) === sharedMemory);
    return fields !== undefined && fields[attached] !== '0';
  } catch {
    return true;
  }
}

/** A process id in a stale file may belong to anybody by now. */
function isPostmasterOf(pid: number, cluster: string): boolean {
  if (!isAlive(pid)) return false;
  if (process.platform === 'win32') return true;
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(cluster);
    return execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes(cluster);
  } catch {
    return false;
  }
}
