import type { Command } from '../kernel.js';
import type { Code, Disclosed, Id } from '../values.js';
import type { TrainingRunCompleted, TrainingRunStarted } from './events.js';

/** A data set version that something is made from. */
export interface DatasetFacts {
  readonly datasetVersionId: Id;
  readonly status: 'sealed' | 'withdrawn' | 'missing';
}

export type StartTraining = Command<
  'StartTraining',
  TrainingRunStarted['data'] & {
    readonly facts: { readonly model: 'registered' | 'missing'; readonly datasets: readonly DatasetFacts[] };
  }
>;
export type CompleteTraining = Command<'CompleteTraining', TrainingRunCompleted['data']>;
export type FailTraining = Command<
  'FailTraining',
  { readonly trainingRunId: Id; readonly code: Code; readonly detail?: Disclosed }
>;
export type CancelTraining = Command<'CancelTraining', { readonly trainingRunId: Id; readonly reason?: Disclosed }>;

export type TrainingRunCommand = StartTraining | CompleteTraining | FailTraining | CancelTraining;
