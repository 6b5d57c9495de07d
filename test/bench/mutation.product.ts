import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { repositoryRoot } from '#libs/runtime';

export interface StartedProduct {
  readonly url: string;
  /** Opens the workspace as `assay init` does. */
  init(issuer: string, audience: string, admin: string): Promise<void>;
  close(): Promise<void>;
}

/** The built product as `npm start` runs it, over a fresh data folder, as a process tree of its own. */
export async function startBuiltProduct(): Promise<StartedProduct> {
  const data = await mkdtemp(join(tmpdir(), 'assay-bench-'));
  const root = repositoryRoot();
  const child = spawn(process.execPath, [join(root, 'scripts', 'run.mjs'), 'start', '--port', '0', '--data', data], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const close = async () => {
    await ended(child);
    await rm(data, { recursive: true, force: true });
  };
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /ready on (\S+)/.exec(line)?.[1];
    if (url === undefined) continue;
    child.stdout.resume();
    return {
      url,
      close,
      async init(issuer, audience, admin) {
        const given = ['init', '--data', data, '--issuer', issuer, '--audience', audience, '--admin', admin];
        const program = spawn(process.execPath, [join(root, 'bin', 'assay.mjs'), ...given], {
          cwd: root,
          stdio: ['ignore', 'ignore', 'inherit'],
        });
        const [status] = (await once(program, 'exit')) as [number];
        if (status !== 0) throw new Error(`assay init ended with ${status}`);
      },
    };
  }
  await close();
  throw new Error('the product did not start');
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
  await exit;
  clearTimeout(timer);
}
