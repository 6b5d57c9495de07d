// What every entry script shares. Dependency-free: it runs before `npm ci` did.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Installs the locked dependencies (`npm ci`) unless what is installed already is what the lockfile names. */
export function ensureInstalled() {
  if (isInstalled()) return;
  process.stderr.write('installing dependencies (npm ci)…\n');
  run(process.platform === 'win32' ? 'npm.cmd' : 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}

function isInstalled() {
  const installedFile = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedFile)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages;
  // What is optional may be for another platform.
  return Object.entries(wanted).every(
    ([path, { version, optional, devOptional, peer }]) =>
      path === '' || optional || devOptional || peer || installed[path]?.version === version,
  );
}

/** Compiles what changed into dist/; several products may start from one clone at once, so the build is locked. */
export async function ensureBuilt() {
  const { build } = await import('./build.mjs');
  await build({ quiet: true });
}

/** What `parseArgs` makes of a line's arguments; what it does not know is named in one line, exit code 2. */
export function readArguments(name, options) {
  try {
    return parseArgs(options);
  } catch (error) {
    const said = error.message.split(/\n|\. To specify/)[0];
    process.stderr.write(`npm run ${name}: ${said} (npm run ${name} -- --help tells what there is)\n`);
    process.exit(2);
  }
}

/** The comment that a program's file begins with, which says how it is called. */
export function firstComment(text) {
  const lines = text.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('//'));
  return lines
    .slice(0, end)
    .map((line) => line.replace(/^\/\/ ?/, ''))
    .join('\n');
}

/** Runs a command in the clone's root with inherited output and stops with its exit code when it fails. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (result.error) throw result.error;
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** Runs the product's own process in the foreground: signals are passed on, the exit code comes back, and the
 * product sees when we are gone (libs/runtime endWithParent). */
export function foreground(line, args, env = {}) {
  const child = spawn(process.execPath, args, {
    stdio: 'inherit',
    env: { ...process.env, ASSAY_PARENT: String(process.pid), ...env },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
  // npm passes a SIGTERM to the shell that it has put between itself and us, and the shell ends without passing it on.
  const shell = process.ppid;
  if (process.env.npm_lifecycle_event === line)
    setInterval(() => process.ppid === shell || child.kill('SIGTERM'), 500).unref();
}

/** Holds a lock folder while `work` runs; a lock older than two minutes belongs to somebody who died. */
export async function withLock(path, work) {
  const { statSync } = await import('node:fs');
  mkdirSync(dirname(path), { recursive: true });
  for (;;) {
    try {
      mkdirSync(path);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      try {
        if (Date.now() - statSync(path).mtimeMs > 120_000) rmSync(path, { recursive: true, force: true });
      } catch {
        // The other build has just finished.
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  try {
    return await work();
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

/**
 * In CI, where this machine's own package manager can: the tools that some suites trace and look with. Without them
 * those suites say that they were skipped and why.
 */
export function ensureTools(names) {
  if (!process.env.CI || process.platform !== 'linux' || process.getuid?.() !== 0) return;
  const missing = names.filter((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0);
  if (missing.length === 0 || spawnSync('sh', ['-c', 'command -v apt-get']).status !== 0) return;
  process.stderr.write(`installing ${missing.join(', ')} (apt)…\n`);
  const quietly = {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  };
  spawnSync('apt-get', ['update', '-qq'], quietly);
  spawnSync('apt-get', ['install', '-y', '-qq', ...missing], quietly);
}
