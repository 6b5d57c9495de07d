import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { InputError } from '#libs/statistics';
import type { Candidate, Scores } from '../job/candidate.js';

/** One line of `trials.jsonl` (`schemas/cli/trial.schema.json`). */
export interface TrialRecord {
  readonly version: 1;
  /** Counts from 0 within its search. */
  readonly trial: number;
  /** Of nested validation: the outer fold whose training rows are searched; absent in the search on all rows. */
  readonly outerFold?: number;
  /** Digest of what the trials of a search have in common: the job without its data path and limits, and the rows. */
  readonly search: string;
  readonly candidate: Candidate;
  /** Where the candidate stands in the search's space; absent without a search. */
  readonly point?: { readonly family: number; readonly unit: readonly number[] };
  /** Share of each fold's training rows that was fitted on. */
  readonly fraction: number;
  readonly status: 'scored' | 'undefined' | 'failed';
  /** Why it failed. */
  readonly error?: { readonly code: string; readonly field?: string };
  /** What the search makes small; null where there is none. */
  readonly loss: number | null;
  /** Mean over the folds. */
  readonly scores: Scores;
  readonly folds: readonly {
    readonly fold: number;
    readonly rows: number;
    readonly testRows: number;
    readonly scores: Scores;
    readonly converged: boolean | null;
  }[];
  readonly resources: {
    readonly milliseconds: number;
    readonly cpuMilliseconds?: number;
    readonly fitMilliseconds: number;
    readonly scoreMilliseconds: number;
    readonly memoryBytes: number;
  };
}

/** Trials that have ended, in a file that survives the process: each line is on the disk before the next trial begins. */
export interface TrialLog {
  readonly recorded: readonly TrialRecord[];
  append(trial: TrialRecord): void;
  close(): void;
}

/**
 * Opens `trials.jsonl` for a search, new or where it was: a last line that a dying process left half written is cut off.
 * Of nested validation the trials of each outer fold's search lie behind those on all rows, fold by fold.
 * @throws InputError `TrialsDiffer` where a line belongs to another job, or to other rows, or is out of its order;
 * `MalformedJson`
 */
export function openTrials(path: string, search: string): TrialLog {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const recorded: TrialRecord[] = [];
  for (const line of whole.split('\n'))
    if (line !== '') recorded.push(parse(path, line, recorded.length, recorded.at(-1), search));
  const file = openSync(path, 'a');
  ftruncateSync(file, Buffer.byteLength(whole));
  return {
    recorded,
    append(trial) {
      writeSync(file, `${JSON.stringify(trial)}\n`);
      fsyncSync(file);
    },
    close: () => closeSync(file),
  };
}

function parse(
  path: string,
  line: string,
  index: number,
  before: TrialRecord | undefined,
  search: string,
): TrialRecord {
  let trial: TrialRecord;
  try {
    trial = JSON.parse(line) as TrialRecord;
  } catch (error) {
    throw new InputError('MalformedJson', `${path}: ${(error as Error).message}`, {
      file: path,
      line: index + 1,
      rule: 'RFC 8259',
    });
  }
  if (trial.version !== 1 || trial.search !== search || !follows(trial, before))
    throw new InputError('TrialsDiffer', `${path} holds trials of another search; take another folder or remove it`, {
      file: path,
      line: index + 1,
      field: 'search',
      rule: 'the same job and rows as when the search began',
    });
  return trial;
}

/** The next of the same search, or the first of the next outer fold's. */
function follows({ trial, outerFold }: TrialRecord, before: TrialRecord | undefined): boolean {
  if (!before) return trial === 0 && outerFold === undefined;
  if (outerFold === before.outerFold) return trial === before.trial + 1;
  return trial === 0 && outerFold === (before.outerFold ?? -1) + 1;
}
