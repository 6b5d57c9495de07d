import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openWorkspaceOf, runs, startProductProcess } from '../crash/product-process.js';
import type { ProductProcess } from '../crash/product-process.js';

const repetitions = 3;
const withinMilliseconds = 120_000;
const idleMilliseconds = 20_000;

/**
 * The standalone product over a folder with an open workspace: seconds from the start of its process until
 * /health/ready says 200, after a clean stop and at once after kill -9 of the whole group (best of three each), and
 * the memory of the idle process tree. Linux.
 */
export async function* bench() {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'));
  chmodSync(folder, 0o711);
  let product: ProductProcess | undefined;
  try {
    product = await startProductProcess(folder, withinMilliseconds);
    await openWorkspaceOf(folder);
    for (const [name, signal] of [
      ['ready', 'SIGTERM'],
      ['ready-after-kill', 'SIGKILL'],
    ] as const) {
      const seconds: number[] = [];
      for (let repetition = 0; repetition < repetitions; repetition += 1) {
        if (signal === 'SIGKILL') product.killGroup(signal);
        else process.kill(product.pid, signal);
        await product.ended;
        product = await startProductProcess(folder, withinMilliseconds);
        seconds.push(product.readyAfter / 1000);
      }
      const best = Math.min(...seconds);
      yield { name, value: best, unit: 's', floor: 5, ok: best <= 5 };
    }
    await sleep(idleMilliseconds);
    const megabytes = product.tree().reduce((sum, { pid }) => sum + proportionalMegabytes(pid), 0);
    yield { name: 'idle-memory', value: megabytes, unit: 'MB', floor: 450, ok: megabytes < 450 };
  } finally {
    const tree = product?.tree() ?? [];
    product?.killGroup('SIGTERM');
    await product?.ended;
    for (let waited = 0; tree.some(runs) && waited < 10_000; waited += 50) await sleep(50);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A process's own pages, and its share of those that others map too. */
function proportionalMegabytes(pid: number): number {
  const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}
