import { mkdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { judgeRun, openTrials, parseJob, runJob, searchDigest } from '#libs/learning';
import type { Job, JobResult, RunOptions, RunVerdicts } from '#libs/learning';
import { InputError, hashRows, parsePolicy, readTable } from '#libs/statistics';
import type { FairnessPolicy, Table } from '#libs/statistics';
import { parseArguments } from '../arguments.js';
import { interval, number, progress, short, table as printTable } from '../print.js';
import type { CommandContext } from '../registry.js';
import type { Command } from '../registry.js';
import { trainPicture } from './train-picture.js';

const usage = `assay train JOB.json --out DIR [--data FILE] [--policy FILE] [--json] [--svg FILE]

  Runs one training job and writes model.onnx, run.json and trials.jsonl into DIR. The trials of a search are written as
  they end: the same command goes on where an interrupted one was. Exit code 1 where a gate of the policy does not pass.`;

/**
 * Runs one training job and writes model.onnx and run.json, both or none; trials.jsonl grows while a search runs.
 * `--json`: schemas/cli/train.schema.json; run.json: schemas/cli/run.schema.json; a trial: schemas/cli/trial.schema.json.
 */
export const train: Command = async (args, context) => {
  const { stdout, stderr } = context;
  const { positional, flags, options } = parseArguments(args, {
    flags: ['json'],
    options: ['out', 'data', 'policy', 'svg'],
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
  const beside = (own: string | undefined): string | undefined => own && resolve(dirname(path), own);
  const file = options['data'] ?? beside(job.data);
  if (file === undefined)
    throw new InputError('Usage', `the job names no data; give --data FILE\n${usage}`, {
      field: 'data',
      rule: 'a data file',
    });
  // A policy that cannot be read is known before the hours of a search.
  const policyFile = options['policy'] ?? beside(job.policy?.file);
  const policy = policyFile === undefined ? undefined : parsePolicy(await document(policyFile));
  const { table, digest } = await readTable(file, { onProgress: progress(stderr) });
  const result = await run(job, table, digest, out, context);
  const judged = policy && verdictsOf(job, table, result, policy);
  await writeAll(out, {
    'model.onnx': result.model,
    'run.json': `${JSON.stringify({ ...result.record, ...judged }, undefined, 2)}\n`,
    ...(job.search ? {} : { 'trials.jsonl': result.trials.map((trial) => `${JSON.stringify(trial)}\n`).join('') }),
  });
  if (options['svg'] !== undefined) await writeFile(options['svg'], trainPicture(result));
  if (flags.has('json'))
    stdout.write(
      `${JSON.stringify({
        model: result.digest,
        out: resolve(out),
        trials: result.trials.length,
        measurements: result.measurements,
        ...judged,
      })}\n`,
    );
  else stdout.write(present(result, judged));
  return judged?.verdicts.some(({ verdict }) => verdict !== 'pass') ? 1 : 0;
};

async function run(
  job: Job,
  table: Table,
  dataDigest: string,
  out: string,
  { stderr }: CommandContext,
): Promise<JobResult> {
  const rowDigest = hashRows(table).digest();
  const options: RunOptions = {
    dataDigest,
    rowDigest,
    onProgress: ({ stage, done, total, outerFold }) => {
      const where = outerFold === undefined ? '' : `outer fold ${outerFold}: `;
      if (stderr.isTTY) stderr.write(`\r${where}${stage} ${done}${total > 0 ? ` of ${total}` : ''}`.padEnd(40));
    },
  };
  if (!job.search) return runJob(job, table, options);
  await mkdir(out, { recursive: true });
  const path = join(out, 'trials.jsonl');
  const log = openTrials(path, searchDigest(job, rowDigest));
  let ended = log.recorded.length;
  try {
    return await runJob(job, table, {
      ...options,
      recordedTrials: log.recorded,
      onTrial(trial) {
        log.append(trial);
        ended += 1;
      },
    });
  } finally {
    log.close();
    // A search that was refused before its first trial leaves nothing behind.
    if (ended === 0) await rm(path, { force: true });
    if (ended === 0) await rmdir(out).catch(() => undefined);
  }
}

function verdictsOf(job: Job, table: Table, result: JobResult, policy: FairnessPolicy): RunVerdicts {
  const { predictions, measurements } = result;
  return judgeRun(
    predictions,
    measurements,
    table,
    job.protected ?? [],
    policy,
    job.policy?.threshold ?? 0.5,
    job.policy?.scored,
  );
}

function present(result: JobResult, judged: RunVerdicts | undefined): string {
  const { parity } = result.record.model;
  const { search, algorithm } = result.record;
  return [
    `model ${result.digest}`,
    ...(search
      ? [
          `best of ${search.trials} trials${search.failed > 0 ? ` (${search.failed} without a score)` : ''}: trial ${search.best.trial}, ${search.objective.score} ${short(search.best.score)}`,
          JSON.stringify(algorithm),
        ]
      : []),
    ...(result.record.fit['converged'] === false ? ['the fit has not converged: see fit in run.json'] : []),
    `onnxruntime agrees with the trainer on ${parity.rows} rows within ${short(parity.largestDifference)}`,
    ...printTable(
      ['measure, pooled', 'value', '95 % interval', 'method'],
      result.measurements.map((m) => [m.definition, number(m), interval(m), m.interval?.method ?? '']),
    ),
    ...(judged?.verdicts ?? []).map(
      ({ gate, verdict, reasons }) => `gate ${gate.id}: ${verdict.toUpperCase()}  ${reasons.join('; ')}`,
    ),
    '',
  ].join('\n');
}

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
