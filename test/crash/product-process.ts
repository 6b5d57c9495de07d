import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { repositoryRoot } from '#libs/runtime';

/** A process as the system knows it: an id that is used again is another process. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Ticks since boot. */
  readonly started: string;
  readonly words: readonly string[];
}

/** `backend`: a process of Postgres, by the main one. */
export type Role = 'main' | 'ledger' | 'postgres' | 'backend' | 'guard' | 'other';

export interface StartedProcess {
  readonly pid: number;
  /** The whole tree, with what each process is. Linux. */
  tree(): (ProcessIdentity & { readonly role: Role })[];
  /** Sends a signal to the process group of the product. */
  killGroup(signal: NodeJS.Signals): void;
  /** How main ended: its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** What main has written to its standard error. */
  said(): string;
  /** Where models are served, once it has said so. */
  inferenceUrl(): string | undefined;
}

export interface ProductProcess extends StartedProcess {
  readonly url: string;
  /** Milliseconds from the start of the process until /health/ready said 200. */
  readonly readyAfter: number;
}

/**
 * The built product over a data folder, in a session of its own, as `npm start` runs it. Resolves when it is ready,
 * and throws with what it said when it ends before that or is not ready within `withinMilliseconds`.
 */
export async function startProductProcess(
  dataDirectory: string,
  withinMilliseconds: number,
  environment: Readonly<Record<string, string>> = {},
): Promise<ProductProcess> {
  return spawnProduct(dataDirectory, environment).ready(withinMilliseconds);
}

/** As {@link startProductProcess}, without waiting: for those who kill it on its way. */
export function spawnProduct(
  dataDirectory: string,
  environment: Readonly<Record<string, string>> = {},
): StartedProcess & { ready(withinMilliseconds: number): Promise<ProductProcess> } {
  const root = repositoryRoot();
  const began = performance.now();
  const child = spawn(
    process.execPath,
    [join(root, 'dist', 'services', 'standalone', 'main.js'), '--port', '0', '--data', dataDirectory],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], detached: true, env: { ...process.env, ...environment } },
  );
  const pid = child.pid!;
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  let end: number | NodeJS.Signals | undefined;
  void ended.then((value) => (end = value));
  const killGroup = (signal: NodeJS.Signals) => {
    try {
      process.kill(-pid, signal);
    } catch {
      // Nobody is left in it.
    }
  };
  const started: StartedProcess = {
    pid,
    tree: () => treeOf(pid),
    killGroup,
    ended,
    said: () => errors,
    inferenceUrl: () => /models are served at (\S+)\/v2/.exec(output)?.[1],
  };
  return {
    ...started,
    async ready(withinMilliseconds) {
      for (;;) {
        const url = /ready on (\S+)/.exec(output)?.[1];
        if (url !== undefined && (await isReady(url)))
          return { ...started, url, readyAfter: performance.now() - began };
        if (end !== undefined) throw new Error(`the product ended with ${end}: ${errors}`);
        if (performance.now() - began > withinMilliseconds) {
          killGroup('SIGKILL');
          throw new Error(`the product was not ready within ${withinMilliseconds} ms: ${output}${errors}`);
        }
        await sleep(10);
      }
    },
  };
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(5_000) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}

/** Whether that very process still runs (one that only waits for its parent to look does not). */
export function runs({ pid, started }: ProcessIdentity): boolean {
  const found = statusOf(pid);
  return found?.started === started && found.state !== 'Z';
}

/** A process and all that descends from it. Linux. */
export function treeOf(main: number): (ProcessIdentity & { readonly role: Role })[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const status = /^\d+$/.test(name) ? statusOf(Number(name)) : undefined;
    if (status) parents.set(Number(name), status.parent);
  }
  const found = [main];
  for (const next of found) for (const [pid, parent] of parents) if (parent === next) found.push(pid);
  return found.flatMap((pid) => {
    const started = statusOf(pid)?.started;
    if (started === undefined) return [];
    const words = commandLine(pid);
    return [{ pid, started, words, role: roleOf(pid, main, words, parents) }];
  });
}

function roleOf(pid: number, main: number, words: readonly string[], parents: ReadonlyMap<number, number>): Role {
  if (pid === main) return 'main';
  const parent = parents.get(pid);
  if (parent !== main) return words[0]?.startsWith('postgres: ') ? 'backend' : 'other';
  if (words.includes('assay-guard')) return 'guard';
  if (words.some((word) => word.endsWith('/standalone/ledger.js'))) return 'ledger';
  return words[0]?.endsWith('/postgres') ? 'postgres' : 'other';
}

function commandLine(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function statusOf(
  pid: number,
): { readonly state: string; readonly parent: number; readonly started: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(') ') + 2).split(' ');
    return { state: fields[0]!, parent: Number(fields[1]), started: fields[19]! };
  } catch {
    return undefined;
  }
}

/** Runs `assay init` over the folder; the administrator signs in at the issuer, or with the service key. */
export async function openWorkspaceOf(
  dataDirectory: string,
  { issuer = 'https://issuer.example', admin = 'root' }: { readonly issuer?: string; readonly admin?: string } = {},
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly serviceKey: string; readonly workspace: string }> {
  const root = repositoryRoot();
  const given = ['--data', dataDirectory, '--issuer', issuer, '--audience', 'assay', '--admin', admin];
  const child = spawn(process.execPath, [join(root, 'bin', 'assay.mjs'), 'init', ...given, '--json'], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`assay init ended with ${code}`);
  const { serviceKey, workspaceId } = JSON.parse(output) as { serviceKey: string; workspaceId: string };
  return { serviceKey, workspace: workspaceId };
}
