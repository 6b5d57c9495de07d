import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataFolderInUse, freePort, isAlive, prepareDataFolder, repositoryRoot, takeOwnership } from './index.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-runtime-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const loader = ['--import', './scripts/typescript-loader.mjs', '--input-type=module', '-e'];

async function written(path: string): Promise<string> {
  while (!existsSync(path) || readFileSync(path, 'utf8') === '') await sleep(20);
  return readFileSync(path, 'utf8');
}

async function gone(pid: number): Promise<boolean> {
  for (let waited = 0; waited < 5_000 && isAlive(pid); waited += 50) await sleep(50);
  return !isAlive(pid);
}

test('a guarded child and a child that watches its parent end when the parent is killed', async () => {
  const path = join(folder, 'pids');
  const watching = `const { endWithParent } = await import('#libs/runtime');
    endWithParent(() => process.exit(0), 50); setInterval(() => undefined, 1000);`;
  const parent = `const { guardChild } = await import('#libs/runtime');
    const { spawn } = await import('node:child_process');
    const { writeFileSync } = await import('node:fs');
    const guarded = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    guardChild(guarded.pid, { signal: 'SIGTERM', lastSignal: 'SIGKILL' });
    const watching = spawn(process.execPath, [${loader.map((word) => JSON.stringify(word)).join(',')}, ${JSON.stringify(watching)}],
      { stdio: 'ignore', env: { ...process.env, ASSAY_PARENT: String(process.pid) } });
    setTimeout(() => writeFileSync(${JSON.stringify(path)}, guarded.pid + ' ' + watching.pid), 1500);
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, [...loader, parent], { cwd: repositoryRoot(), stdio: 'inherit' });
  const pids = (await written(path)).split(' ').map(Number);
  expect(pids.every(isAlive)).toBe(true);
  child.kill('SIGKILL');
  expect(await Promise.all(pids.map(gone))).toEqual([true, true]);
});

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('a data folder is taken by one process, and by the next when that one is gone', async () => {
  const owned = join(folder, 'owned');
  prepareDataFolder(owned);
  expect(statSync(owned).mode & 0o777).toBe(0o711);
  const other = spawn('sleep', ['600'], { stdio: 'ignore' });
  const stat = readFileSync(`/proc/${other.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  writeFileSync(join(owned, 'owner.json'), JSON.stringify({ pid: other.pid, started: stat[19] }));
  await expect(takeOwnership(owned)).rejects.toThrow(DataFolderInUse);
  // The same id, but of a process that started at another time, is nobody.
  writeFileSync(join(owned, 'owner.json'), JSON.stringify({ pid: other.pid, started: '1' }));
  await takeOwnership(owned);
  writeFileSync(join(owned, 'owner.json'), JSON.stringify({ pid: other.pid, started: stat[19] }));
  other.kill('SIGKILL');
  await takeOwnership(owned);
  expect(JSON.parse(readFileSync(join(owned, 'owner.json'), 'utf8'))).toMatchObject({ pid: process.pid });
  writeFileSync(join(owned, 'owner.json'), 'half a fi');
  await takeOwnership(owned);
});

test('a folder that holds something keeps its mode', () => {
  const full = join(folder, 'full');
  mkdirSync(full, { mode: 0o700 });
  writeFileSync(join(full, 'something'), '');
  prepareDataFolder(full);
  expect(statSync(full).mode & 0o777).toBe(0o700);
});

test('a free port can be listened on', async () => {
  const port = await freePort();
  await new Promise<void>((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(port, '127.0.0.1', () => server.close(() => resolve()));
  });
  expect(port).toBeGreaterThan(1023);
});
