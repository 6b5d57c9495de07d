import { fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { guardChild, repositoryRoot } from '#libs/runtime';
import type { ChildMessage } from './job-child.js';

export interface ChildLimits {
  /** Wall-clock seconds until it is killed. */
  readonly seconds: number;
  /** Of V8's heap; typed arrays come on top. */
  readonly memoryMegabytes: number;
}

export type ChildOutcome =
  | { readonly outcome: 'done' }
  /** `code` is the rule that the job broke, or `TimeLimit`, `MemoryLimit`, `Crashed`. */
  | { readonly outcome: 'failed'; readonly code: string; readonly detail: string }
  /** The trainer is closing: nothing is known about the job. */
  | { readonly outcome: 'stopped' };

export type ChildProgress = Extract<ChildMessage, { readonly type: 'progress' }>;

/**
 * Runs one job in a child process: ONNX Runtime aborts the whole process when a thread is ended within a run, so that
 * a worker thread could not be stopped at its limits. The child ends with this process, also by kill -9.
 */
export function runChild(
  mode: 'train' | 'evaluate',
  folder: string,
  limits: ChildLimits,
  options: {
    readonly signal: AbortSignal;
    readonly onProgress?: (progress: ChildProgress) => void;
    /** File of a search's trials, which outlives the child. */
    readonly trials?: string;
  },
): Promise<ChildOutcome> {
  const source = import.meta.url.endsWith('.ts');
  const program = fileURLToPath(new URL(`./job-child.${source ? 'ts' : 'js'}`, import.meta.url));
  const loader = source ? ['--import', join(repositoryRoot(), 'scripts', 'typescript-loader.mjs')] : [];
  const child = fork(program, [mode, folder, ...(options.trials === undefined ? [] : [options.trials])], {
    execArgv: [...loader, `--max-old-space-size=${limits.memoryMegabytes}`],
    // Nothing of the product's secrets: a job needs none.
    env: pick(process.env, ['PATH', 'LANG', 'TZ', 'TMPDIR', 'SystemRoot']),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const guard =
    child.pid === undefined ? undefined : guardChild(child.pid, { signal: 'SIGKILL', lastSignal: 'SIGKILL' });
  return new Promise((resolve) => {
    let failure: Extract<ChildMessage, { readonly type: 'failed' }> | undefined;
    let killedFor: 'TimeLimit' | 'stopped' | undefined;
    let errors = '';
    const stop = (reason: 'TimeLimit' | 'stopped') => (): void => {
      killedFor ??= reason;
      child.kill('SIGKILL');
    };
    const deadline = setTimeout(stop('TimeLimit'), limits.seconds * 1000);
    const closing = stop('stopped');
    options.signal.addEventListener('abort', closing);
    if (options.signal.aborted) closing();
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-4000)));
    child.on('message', (message) => {
      const said = message as ChildMessage;
      if (said.type === 'progress') options.onProgress?.(said);
      else failure = said;
    });
    child.on('error', (error) => (errors = error.message));
    child.on('close', (code, signal) => {
      clearTimeout(deadline);
      options.signal.removeEventListener('abort', closing);
      guard?.release();
      if (killedFor === 'stopped') resolve({ outcome: 'stopped' });
      else if (killedFor === 'TimeLimit')
        resolve({ outcome: 'failed', code: 'TimeLimit', detail: `longer than ${limits.seconds} s` });
      else if (code === 0) resolve({ outcome: 'done' });
      else if (failure) resolve({ outcome: 'failed', code: failure.code, detail: failure.detail });
      else if (/heap out of memory/.test(errors))
        resolve({ outcome: 'failed', code: 'MemoryLimit', detail: `more than ${limits.memoryMegabytes} MB of heap` });
      else resolve({ outcome: 'failed', code: 'Crashed', detail: `exit code ${code}, signal ${signal}` });
    });
  });
}

function pick(environment: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(
    names.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])),
  );
}
