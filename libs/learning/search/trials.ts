import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { InputError } from '#libs/statistics';
import type { Candidate, Scores } from '../job/candidate.js';

/** One line of `trials.jsonl` (`schemas/cli/trial.schema.json`). */
export interface TrialRecord {
  readonly version: 1;
  readonly trial: number;
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
 * @throws InputError `TrialsDiffer` where a line belongs to another job, or to other rows; `MalformedJson`
 */
export function openTrials(path: string, search: string): TrialLog {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const recorded = whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => parse(path, line, index, search));
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

function parse(path: string, line: string, index: number, search: string): TrialRecord {
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
  if (trial.version !== 1 || trial.trial !== index || trial.search !== search)
    throw new InputError('TrialsDiffer', `${path} holds trials of another search; take another folder or remove it`, {
      file: path,
      line: index + 1,
      field: 'search',
      rule: 'the same job and rows as when the search began',
    });
  return trial;
}
