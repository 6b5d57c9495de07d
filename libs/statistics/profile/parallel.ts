import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { startThread } from '#libs/runtime';
import type { Table } from '../table/index.js';
import { profileTable, profiling } from './report.js';
import type { DataProfile, ProfileOptions } from './report.js';
import { workloadOf } from './tasks.js';
import type { Task, TaskResult, Workload } from './tasks.js';

/** Below so many cells a worker costs more than it brings. */
const cellsForWorkers = 2_000_000;
const maximumThreads = 4;

export interface ParallelOptions extends ProfileOptions {
  /** Worker threads; default one a core, at most 4, and none for a small table. */
  readonly threads?: number;
  readonly onProgress?: (share: number) => void;
}

/**
 * The same profile, to the bit, with the work on worker threads that read the table's shared memory; a small table is
 * profiled here. The workers have ended when the promise settles.
 */
export async function profileInParallel(table: Table, options: ParallelOptions = {}): Promise<DataProfile> {
  const small = table.rows * table.columns.length < cellsForWorkers;
  const { threads = small ? 0 : Math.min(maximumThreads, availableParallelism()), onProgress, ...own } = options;
  if (threads < 1) return profileTable(table, own);
  const workload = workloadOf(table);
  const pool = new Pool(workload, threads);
  try {
    const steps = profiling(table, workload, own);
    let step = steps.next();
    while (!step.done) {
      const results = await pool.run(step.value, onProgress);
      step = steps.next(results);
    }
    return step.value;
  } finally {
    await pool.close();
  }
}

class Pool {
  private readonly workers: Worker[];

  constructor(workload: Workload, threads: number) {
    this.workers = Array.from({ length: threads }, () =>
      startThread(import.meta.url, 'worker', {
        workerData: workload,
        // What a worker makes is short-lived: a small nursery keeps the process tree small.
        resourceLimits: { maxYoungGenerationSizeMb: 16 },
      }),
    );
  }

  /** Runs the tasks, each worker one at a time; results in the order of the tasks. */
  run(tasks: readonly Task[], onProgress?: (share: number) => void): Promise<TaskResult[]> {
    return new Promise((resolve, reject) => {
      const results: TaskResult[] = [];
      let next = 0;
      let done = 0;
      const give = (worker: Worker): void => {
        if (next < tasks.length) worker.postMessage({ id: next, task: tasks[next++] });
      };
      if (tasks.length === 0) return resolve(results);
      for (const worker of this.workers) {
        worker.removeAllListeners();
        worker.on('error', reject);
        worker.on('message', ({ id, result }: { id: number; result: TaskResult }) => {
          results[id] = result;
          done += 1;
          onProgress?.(done / tasks.length);
          if (done === tasks.length) resolve(results);
          else give(worker);
        });
        give(worker);
      }
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}
