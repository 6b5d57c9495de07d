import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../runtime/root.js';

/** Why the Kafka suites cannot run on this machine, or undefined when they can. */
export const kafkaMissing: string | undefined = ['java', 'mvn']
  .filter((tool) => spawnSync(tool, ['-version'], { stdio: 'ignore' }).error)
  .map((tool) => `${tool} was not found`)[0];

export interface TestBroker {
  readonly address: string;
  /** kill -9, as a crash. */
  kill(): Promise<void>;
  /** Starts again on the same folder and port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A real Apache Kafka broker in a folder of its own, by the same script as `npm run kafka`. */
export async function startTestBroker(
  /** Further settings of the broker, by name. */
  settings: Readonly<Record<string, string>> = {},
): Promise<TestBroker> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-kafka-'));
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value.replaceAll('\n', '\\n')}\n`);
  writeFileSync(join(folder, 'further.properties'), lines.join(''), { mode: 0o600 });
  const port = await freePort();
  let child = await start(port, folder);
  return {
    address: `127.0.0.1:${port}`,
    kill: () => ended(child, 'SIGKILL'),
    async restart() {
      child = await start(port, folder);
    },
    async stop() {
      await ended(child, 'SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function start(port: number, folder: string): Promise<ChildProcess> {
  const script = join(repositoryRoot(), 'scripts', 'kafka.mjs');
  const further = ['--properties', join(folder, 'further.properties')];
  const child = spawn(process.execPath, [script, '--port', String(port), '--data', folder, ...further], {
    env: { ...process.env, ASSAY_PARENT: String(process.pid) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4_000)));
    child.stdout.on('data', (chunk: Buffer) => chunk.toString().includes('kafka ready') && resolve(child));
    child.on('exit', (code) => reject(new Error(`the broker ended with ${code}: ${said}`)));
  });
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.removeAllListeners('exit');
    child.on('exit', () => resolve());
    child.kill(signal);
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
