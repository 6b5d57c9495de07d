import type { SummaryValue } from '../algorithm.js';
import type { StepDocument } from '../features/step.js';

/** What a job's `algorithm` says: a name of the registry and its hyperparameters. */
export interface AlgorithmDocument {
  readonly name: string;
  readonly [hyperparameter: string]: unknown;
}

/** One way to learn from prepared data. */
export interface Candidate {
  /** Default: the job's. */
  readonly pipeline?: readonly StepDocument[];
  readonly algorithm: AlgorithmDocument;
}

/** Scores by definition (`roc_auc_score@sklearn`, `mean_squared_error@sklearn`, …); null where undefined. */
export type Scores = Readonly<Record<string, number | null>>;

export interface FoldScores {
  readonly fold: number;
  readonly rows: number;
  readonly testRows: number;
  readonly scores: Scores;
  /** The fitted model's summary. */
  readonly summary: Readonly<Record<string, SummaryValue>>;
  /** Of nested validation: what the inner folds chose. */
  readonly chosen?: AlgorithmDocument;
  /** Milliseconds of fitting and of scoring the fold's test rows. */
  readonly fitMilliseconds: number;
  readonly scoreMilliseconds: number;
}

export interface CandidateContext {
  /** Throws where the run is cancelled or over a limit. */
  readonly checkpoint: () => void;
  /** Share of each fold's training rows that is fitted on, in (0, 1]; the first of a seeded order. Default 1. */
  readonly trainingFraction?: number;
  /** Called after each fold; `stop` ends the validation with the folds done so far. */
  readonly onFold?: (fold: FoldScores, done: number, total: number) => 'stop' | void;
}
