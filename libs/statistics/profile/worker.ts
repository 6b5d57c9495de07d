import { parentPort, workerData } from 'node:worker_threads';
import { runTask } from './tasks.js';
import type { Task, Workload } from './tasks.js';

const workload = workerData as Workload;

parentPort!.on('message', ({ id, task }: { id: number; task: Task }) =>
  parentPort!.postMessage({ id, result: runTask(workload, task) }),
);
