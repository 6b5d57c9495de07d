import type { DomainEvent } from '../kernel.js';
import type {
  Code,
  CodeReference,
  ContentReference,
  Count,
  Disclosed,
  EvidenceGrade,
  Id,
  Measurement,
  Sha256,
} from '../values.js';

/** Stream `trainingRun-…`. The trainer picks up a started run whose `engine` is `assay`. */
export type TrainingRunStarted = DomainEvent<
  'TrainingRunStarted',
  {
    readonly trainingRunId: Id;
    readonly modelId: Id;
    readonly datasetVersionIds: readonly Id[];
    readonly engine: 'assay' | 'external';
    readonly algorithm: Code;
    /** The job document (schemas/cli/job), in the content store. */
    readonly job: ContentReference;
    readonly code: CodeReference;
    readonly seed: Count;
    readonly grade: EvidenceGrade;
  }
>;
export type TrainingRunCompleted = DomainEvent<
  'TrainingRunCompleted',
  {
    readonly trainingRunId: Id;
    readonly artifact: ContentReference;
    /** Environment signature digest. */
    readonly environment: Sha256;
    /** `run.json` in the content store. */
    readonly record?: ContentReference;
    readonly measurements: readonly Measurement[];
  }
>;
export type TrainingRunFailed = DomainEvent<
  'TrainingRunFailed',
  { readonly trainingRunId: Id; readonly code: Code; readonly detail?: Disclosed }
>;
export type TrainingRunCancelled = DomainEvent<
  'TrainingRunCancelled',
  { readonly trainingRunId: Id; readonly reason?: Disclosed }
>;

export type TrainingRunEvent = TrainingRunStarted | TrainingRunCompleted | TrainingRunFailed | TrainingRunCancelled;
