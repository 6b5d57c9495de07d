import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandInputs } from '#libs/application';
import type { ContentStore } from '#libs/content';
import { parseJob, type RunRecord } from '#libs/learning';
import { canonicalBytes } from '#libs/signing';
import { InputError } from '#libs/statistics';
import { type ChildLimits, type ChildProgress, runChild } from './child.js';
import { JobRefused, completeFolder, fetchContent, storeFile } from './files.js';
import type { Run, SealedData } from './fold.js';

/** `run.json` in the content store: the record of the run, and where its pooled predictions lie. */
export interface TrainingRecord extends RunRecord {
  readonly predictions: { readonly digest: string; readonly bytes: number; readonly mediaType: string };
  /** Of a search: its trials, one a line. */
  readonly trials?: { readonly digest: string; readonly bytes: number; readonly mediaType: string };
}

export interface TrainOptions {
  readonly content: Pick<ContentStore, 'read' | 'add'>;
  /** Folder of the runs; what lies there under a run's id is complete. */
  readonly folder: string;
  readonly limits: ChildLimits;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: ChildProgress) => void;
}

/**
 * Runs one training run to the input of CompleteTraining. Undefined when the trainer is closing.
 * @throws JobRefused where the job is at fault; anything else is the machine's fault and may be tried again
 */
export async function train(
  run: Run,
  data: SealedData | undefined,
  options: TrainOptions,
): Promise<CommandInputs['CompleteTraining'] | undefined> {
  const { content, signal } = options;
  if (run.datasetVersionIds.length !== 1 || !data)
    throw new JobRefused('UnsupportedData', 'the trainer takes one sealed data set version');
  if (!/^text\/csv(;|$)/.test(data.content.mediaType))
    throw new JobRefused('UnsupportedData', `the trainer reads text/csv, not ${data.content.mediaType}`);
  const folder = join(options.folder, run.trainingRunId);
  const trials = trialsOf(options.folder, run.trainingRunId);
  let stopped = false;
  await completeFolder(folder, async (incoming) => {
    await fetchContent(content, run.job, join(incoming, 'job.json'));
    await fetchContent(content, data.content, join(incoming, 'data.csv'));
    const limits = await limitsOf(join(incoming, 'job.json'), options.limits);
    const { onProgress } = options;
    await mkdir(join(trials, '..'), { recursive: true });
    const ask = () => runChild('train', incoming, limits, { signal, trials, ...(onProgress ? { onProgress } : {}) });
    let outcome = await ask();
    if (outcome.outcome === 'failed' && (outcome.code === 'TrialsDiffer' || outcome.code === 'MalformedJson')) {
      // What lies there is not this search's (a torn disk, another build): it is begun anew, not failed for it.
      await rm(trials, { force: true });
      outcome = await ask();
    }
    if (outcome.outcome === 'failed') throw new JobRefused(outcome.code, outcome.detail);
    if (outcome.outcome === 'stopped') {
      stopped = true;
      throw new Error('stopped');
    }
  }).catch((error: unknown) => {
    if (!stopped) throw error;
  });
  if (stopped) return undefined;
  const artifact = await storeFile(content, join(folder, 'model.onnx'), 'application/onnx');
  const predictions = await storeFile(content, join(folder, 'predictions.csv'), 'text/csv');
  const record = JSON.parse(await readFile(join(folder, 'run.json'), 'utf8')) as RunRecord;
  const searched = record.search
    ? { trials: await storeFile(content, join(folder, 'trials.jsonl'), 'application/jsonl') }
    : {};
  const whole: TrainingRecord = { ...record, predictions, ...searched };
  const stored = await content.add(canonicalBytes(whole));
  return {
    trainingRunId: run.trainingRunId,
    artifact,
    environment: record.environment.digest,
    record: { ...stored, mediaType: 'application/json' },
    measurements: record.measurements,
  };
}

/** Where a run's search keeps its trials until the run is answered: beside the runs, where no restart clears it. */
export function trialsOf(folder: string, trainingRunId: string): string {
  return join(folder, '..', 'trials', `${trainingRunId}.jsonl`);
}

/** The job may ask for less than the trainer allows, never for more. */
async function limitsOf(path: string, limits: ChildLimits): Promise<ChildLimits> {
  let document: unknown;
  try {
    document = JSON.parse(await readFile(path, 'utf8'));
  } catch {
    throw new JobRefused('InvalidJob', 'the job is not JSON');
  }
  try {
    const { seconds, memoryMegabytes } = parseJob(document).limits ?? {};
    return {
      seconds: Math.min(seconds ?? Infinity, limits.seconds),
      memoryMegabytes: Math.min(memoryMegabytes ?? Infinity, limits.memoryMegabytes),
    };
  } catch (error) {
    if (error instanceof InputError) throw new JobRefused(error.code, error.message);
    throw error;
  }
}
