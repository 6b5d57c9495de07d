import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { repositoryRoot } from './root.js';

/**
 * A worker thread that runs the module of that name beside the one that asks (its `import.meta.url`): as it was built,
 * or from the sources (tests, benches), with the loader that reads them.
 */
export function startThread(beside: string, name: string, options: Omit<WorkerOptions, 'execArgv'> = {}): Worker {
  if (!beside.endsWith('.ts')) return new Worker(new URL(`./${name}.js`, beside), options);
  const loader = pathToFileURL(join(repositoryRoot(), 'scripts', 'typescript-loader.mjs')).href;
  return new Worker(new URL(`./${name}.ts`, beside), { ...options, execArgv: ['--import', loader] });
}
