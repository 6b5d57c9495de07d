// One of the two files with POSIX-only calls (the other is libs/runtime/children.ts): Postgres refuses to run as
// root, so root lends it the uid of nobody.
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { PostgresNotStarted } from './errors.js';

export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Who Postgres runs as: undefined is ourselves; for root it is the owner of existing data, else nobody. */
export function postgresUser(cluster: string): SystemUser | undefined {
  if (process.platform === 'win32' || process.getuid?.() !== 0) return undefined;
  if (existsSync(cluster)) {
    const { uid, gid } = statSync(cluster);
    if (uid !== 0) return { name: `uid ${uid}`, uid, gid };
  }
  const line = existsSync('/etc/passwd')
    ? readFileSync('/etc/passwd', 'utf8')
        .split('\n')
        .find((entry) => entry.startsWith('nobody:'))
    : undefined;
  const [, , uid, gid] = line?.split(':') ?? [];
  return { name: 'nobody', uid: Number(uid ?? 65534), gid: Number(gid ?? 65534) };
}

/** Makes a folder that only `user` (or we) can enter. */
export function privateFolder(path: string, user: SystemUser | undefined): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (user) chownSync(path, user.uid, user.gid);
  chmodSync(path, 0o700);
}

/** Throws when `user` cannot pass through the folders above `path`, naming the first closed one and the remedy. */
export function assertReachable(path: string, user: SystemUser | undefined): void {
  if (!user) return;
  for (const folder of ancestors(dirname(resolve(path)))) {
    if (!existsSync(folder)) return;
    const { mode, uid, gid } = statSync(folder);
    const open = uid === user.uid ? mode & 0o100 : gid === user.gid ? mode & 0o010 : mode & 0o001;
    if (!open)
      throw new PostgresNotStarted(
        `Postgres cannot run as root and runs as ${user.name} (uid ${user.uid}), who cannot enter ${folder} (mode ${(mode & 0o7777).toString(8).padStart(4, '0')}): run "chmod o+x ${folder}", choose a data folder elsewhere, start as an ordinary user, or set DATABASE_URL`,
      );
  }
}

function ancestors(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...ancestors(parent), path];
}

/** Whether `user` can run a program, tried by running it. */
export function canRun(
  program: string,
  args: string[],
  environment: Readonly<Record<string, string>>,
  user: SystemUser,
): boolean {
  const { status, error } = spawnSync(program, args, {
    uid: user.uid,
    gid: user.gid,
    env: { ...environment },
    stdio: 'ignore',
    cwd: '/',
  });
  return !error && status === 0;
}
