import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from './children.js';

/** Another living process works in the data folder. */
export class DataFolderInUse extends Error {
  override readonly name = 'DataFolderInUse';
}

/**
 * Makes the product's data folder, or takes the given one. Mode 0711: Postgres's unprivileged user passes through,
 * nobody lists it, and every secret inside is 0600. An existing folder is opened that way only while it is empty.
 */
export function prepareDataFolder(folder: string): void {
  const isNew = !existsSync(folder);
  if (isNew) mkdirSync(folder, { recursive: true, mode: 0o711 });
  const isOurs = process.getuid?.() === statSync(folder).uid;
  if (isNew || (isOurs && readdirSync(folder).length === 0)) chmodSync(folder, 0o711);
}

/**
 * Writes this process into `<folder>/owner.json`, or throws DataFolderInUse when the process named there is alive.
 * A process id is compared together with its start time, so that a reused id is nobody.
 * An owner that is just being killed gets a second to be gone.
 */
export async function takeOwnership(folder: string): Promise<void> {
  const path = join(folder, 'owner.json');
  const owner = existsSync(path) ? parse(readFileSync(path, 'utf8')) : undefined;
  const lives = (pid: number) => pid > 0 && pid !== process.pid && isAlive(pid) && startOf(pid) === owner?.started;
  for (let waited = 0; lives(owner?.pid ?? 0); waited += 50) {
    if (waited >= 1_000)
      throw new DataFolderInUse(`${folder} is in use by process ${owner?.pid}; stop it or choose another folder`);
    await sleep(50);
  }
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify({ pid: process.pid, started: startOf(process.pid) }));
  renameSync(temporary, path);
}

function parse(text: string): { pid: number; started: string } | undefined {
  try {
    const value = JSON.parse(text) as { pid?: unknown; started?: unknown };
    return typeof value.pid === 'number' ? { pid: value.pid, started: String(value.started) } : undefined;
  } catch {
    return undefined;
  }
}

/** When a process started, as the system tells it; an empty string where it does not. */
function startOf(pid: number): string {
  try {
    if (process.platform === 'linux') {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return fields[0] === 'Z' ? 'ended' : (fields[19] ?? '');
    }
    if (process.platform === 'win32') return '';
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}
