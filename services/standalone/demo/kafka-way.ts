import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, repositoryRoot } from '#libs/runtime';

/** The way of an event over Kafka: a broker, a relay and two projectors, each a process of its own. */
export interface KafkaWay {
  /** What runs, for the person who looks on. */
  readonly lines: readonly string[];
  close(): Promise<void>;
}

/** What is missing on this machine for a broker, or undefined. */
export function kafkaMissing(): string | undefined {
  const missing = ['java', 'mvn'].filter((tool) => spawnSync(tool, ['-version'], { stdio: 'ignore' }).error);
  return missing.length === 0 ? undefined : `${missing.join(' and ')} not found: a broker needs Java 17 and Maven`;
}

/**
 * Starts Apache Kafka over `folder` and, each as a process of its own, one relay and two projectors.
 * @param onEnd called once when one of them ends although nobody closed it
 */
export async function startKafkaWay(
  folder: string,
  stores: { readonly eventStoreUrl: string; readonly databaseUrl: string },
  onEnd: (what: string) => void,
): Promise<KafkaWay> {
  mkdirSync(folder, { recursive: true });
  const children: { readonly name: string; readonly process: ChildProcess }[] = [];
  let isOver = false;

  /** Resolves with the first line that says `word`; what it writes else goes into a file. */
  async function start(name: string, args: readonly string[], env: NodeJS.ProcessEnv, word: string): Promise<string> {
    const log = openSync(join(folder, `${name}.log`), 'a');
    const child = spawn(process.execPath, args, {
      cwd: repositoryRoot(),
      env: { ...process.env, ...env, ASSAY_PARENT: String(process.pid) },
      stdio: ['ignore', 'pipe', log],
    });
    closeSync(log);
    children.push({ name, process: child });
    child.once('exit', (code, signal) => {
      if (!isOver) onEnd(`${name} has ended with ${code ?? signal}; see ${join(folder, `${name}.log`)}`);
      isOver = true;
    });
    return new Promise((resolve, reject) => {
      let said = '';
      child.stdout!.setEncoding('utf8').on('data', (part: string) => {
        said += part;
        const line = said.split('\n').find((each) => each.includes(word));
        if (line !== undefined) resolve(line);
      });
      child.once('exit', (code, signal) => reject(new Error(`${name} did not start: ${code ?? signal}`)));
    });
  }

  async function close(): Promise<void> {
    isOver = true;
    // Readers before the writer, the writer before the broker.
    for (const { process: child } of children.splice(0).reverse()) await ended(child);
  }

  try {
    const port = await freePort();
    const script = join(repositoryRoot(), 'scripts', 'kafka.mjs');
    const args = [script, '--port', String(port), '--data', join(folder, 'broker')];
    const lines = [await start('broker', args, {}, 'ready')];
    const env = {
      KAFKA_BROKERS: `127.0.0.1:${port}`,
      EVENTSTORE_URL: stores.eventStoreUrl,
      DATABASE_URL: stores.databaseUrl,
      HEALTH_PORT: '0',
    };
    const program = (service: string) => [fileURLToPath(new URL(`../../${service}/main.js`, import.meta.url))];
    lines.push(await start('relay', program('relay'), env, 'health at'));
    for (const name of ['projector-1', 'projector-2'])
      lines.push(await start(name, program('projector'), env, 'health at'));
    return { lines, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), 10_000).unref();
  });
}
