import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parseJob, runJob } from '#libs/learning';
import { InputError, hashRows, readTable } from '#libs/statistics';
import { parseArguments } from '../arguments.js';
import { progress, short, table as printTable } from '../print.js';
import type { Command } from '../registry.js';

const usage = 'assay train JOB.json --out DIR [--data FILE] [--json]';

/** Runs one training job and writes model.onnx, run.json and trials.jsonl, all or none. */
export const train: Command = async (args, { stdout, stderr }) => {
  const { positional, flags, options } = parseArguments(args, {
    flags: ['json'],
    options: ['out', 'data'],
    positional: [1, 1],
    usage,
  });
  if (flags.has('help')) {
    stdout.write(`${usage}\n`);
    return 0;
  }
  const out = options['out'];
  if (out === undefined)
    throw new InputError('Usage', `--out is missing\n${usage}`, { field: 'out', rule: 'a folder' });
  const path = positional[0]!;
  const job = parseJob(await document(path));
  const file = options['data'] ?? (job.data === undefined ? undefined : resolve(dirname(path), job.data));
  if (file === undefined)
    throw new InputError('Usage', `the job names no data; give --data FILE\n${usage}`, {
      field: 'data',
      rule: 'a data file',
    });
  const { table, digest } = await readTable(file, { onProgress: progress(stderr) });
  const result = await runJob(job, table, {
    dataDigest: digest,
    rowDigest: hashRows(table).digest(),
    onProgress: ({ stage, done, total }) => {
      if (stderr.isTTY) stderr.write(`\r${stage} ${done} of ${total}`.padEnd(40));
    },
  });
  const trial = {
    trial: 0,
    algorithm: job.algorithm,
    measurements: result.measurements,
    folds: result.record.folds.map(({ fold, scores }) => ({ fold, scores })),
  };
  await writeAll(out, {
    'model.onnx': result.model,
    'run.json': `${JSON.stringify(result.record, undefined, 2)}\n`,
    'trials.jsonl': `${JSON.stringify(trial)}\n`,
  });
  if (flags.has('json'))
    stdout.write(`${JSON.stringify({ model: result.digest, out: resolve(out), measurements: result.measurements })}\n`);
  else {
    const { parity } = result.record.model;
    stdout.write(
      [
        `model ${result.digest}`,
        `onnxruntime agrees with the trainer on ${parity.rows} rows within ${short(parity.largestDifference)}`,
        ...printTable(
          ['measure, pooled', 'value'],
          result.measurements.map((m) => [
            m.definition,
            m.value === null ? `undefined (${m.undefined})` : short(m.value),
          ]),
        ),
        '',
      ].join('\n'),
    );
  }
  return 0;
};

async function document(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new InputError('Unreadable', `${path} cannot be read (${(error as NodeJS.ErrnoException).code})`, {
      file: path,
      rule: 'a readable file',
    });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new InputError('MalformedJson', `${path}: ${(error as Error).message}`, { file: path, rule: 'RFC 8259' });
  }
}

/** Written beside their places first, then moved: a failure leaves no half file. */
async function writeAll(folder: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  await mkdir(folder, { recursive: true });
  const names = Object.keys(files);
  const temporary = (name: string): string => join(folder, `.${name}.${process.pid}`);
  try {
    for (const name of names) await writeFile(temporary(name), files[name]!);
    for (const name of names) await rename(temporary(name), join(folder, name));
  } catch (error) {
    for (const name of names) await rm(temporary(name), { force: true });
    throw error;
  }
}
