// One training job or evaluation in a process of its own: it may compute, hang, run out of memory or be killed without
// touching the trainer. Folder in, folder out: job.json, data.csv → model.onnx, run.json, predictions.csv, of a search
// trials.jsonl; evaluate.json and predictions.csv → report.json. The exit code says whether the folder is complete. Trials
// are also appended, as they end, to a file that outlives this process: the next one goes on behind them.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { evaluatePooled, openTrials, parseJob, runJob, searchDigest } from '#libs/learning';
import { canonicalBytes } from '#libs/signing';
import { InputError, asCategories, columnOf, hashRows, readCsv, selectRows } from '#libs/statistics';
import { readPredictions, writePredictions } from './predictions.js';

/** What the child says over IPC. */
export type ChildMessage =
  | { readonly type: 'progress'; readonly stage: string; readonly done: number; readonly total: number }
  | { readonly type: 'failed'; readonly code: string; readonly detail: string };

const [mode, folder, trialsPath] = process.argv.slice(2);
const say = (message: ChildMessage): Promise<void> =>
  new Promise((resolve) => (process.send ? process.send(message, () => resolve()) : resolve()));
const read = (name: string): unknown => JSON.parse(readFileSync(join(folder!, name), 'utf8'));
const write = (name: string, bytes: Uint8Array): void => writeFileSync(join(folder!, name), bytes);
process.on('disconnect', () => process.exit(2));

async function train(): Promise<void> {
  const job = parseJob(read('job.json'));
  const { table, digest } = await readCsv(join(folder!, 'data.csv'));
  const rowDigest = hashRows(table).digest();
  const trials = job.search && trialsPath ? openTrials(trialsPath, searchDigest(job, rowDigest)) : undefined;
  const result = await runJob(job, table, {
    dataDigest: digest,
    rowDigest,
    onProgress: (progress) => void say({ type: 'progress', ...progress }),
    ...(trials ? { recordedTrials: trials.recorded, onTrial: (trial) => trials.append(trial) } : {}),
  });
  trials?.close();
  if (job.search)
    write('trials.jsonl', Buffer.from(result.trials.map((trial) => `${JSON.stringify(trial)}\n`).join('')));
  write('predictions.csv', writePredictions(result.predictions));
  write('run.json', canonicalBytes(result.record));
  write('model.onnx', result.model);
}

async function evaluate(): Promise<void> {
  const { protectedColumns, threshold, scoredClass } = read('evaluate.json') as {
    protectedColumns: string[];
    threshold: number;
    scoredClass?: number;
  };
  const { table } = await readCsv(join(folder!, 'data.csv'));
  const predictions = readPredictions(readFileSync(join(folder!, 'predictions.csv'), 'utf8'), scoredClass);
  if ((predictions.rows.at(-1) ?? -1) >= table.rows)
    throw new InputError('RowsDiffer', `${table.rows} rows of data, a prediction of row ${predictions.rows.at(-1)}`);
  const tested = predictions.rows.length === table.rows ? table : selectRows(table, predictions.rows);
  const columns = protectedColumns.map((name) => asCategories(columnOf(tested, name)));
  write('report.json', canonicalBytes(evaluatePooled(predictions, columns, threshold)));
}

try {
  await (mode === 'evaluate' ? evaluate() : train());
  process.exit(0);
} catch (error) {
  const { name, message } = error as Error;
  await say({ type: 'failed', code: error instanceof InputError ? error.code : name, detail: message.slice(0, 2000) });
  process.exit(1);
}
