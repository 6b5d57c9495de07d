import type { RecordedAssayEvent } from '#libs/event-store';
import type { ContentReference, Id, PolicyDocument, Time } from '#libs/lifecycle';

export interface Run {
  readonly trainingRunId: Id;
  readonly workspace: string;
  readonly correlationId: Id;
  readonly eventId: Id;
  readonly modelId: Id;
  readonly datasetVersionIds: readonly Id[];
  readonly job: ContentReference;
  readonly engine: 'assay' | 'external';
  readonly status: 'started' | 'ended';
  readonly endedAt?: Time;
  readonly record?: ContentReference;
}

export interface SealedData {
  readonly content: ContentReference;
  /** Columns that the seal declares protected. */
  readonly protectedColumns: readonly string[];
}

/** What the trainer needs of the ledger: a fold of $all. Keeps runs for good: evaluations come later. */
export class TrainingFold {
  readonly runs = new Map<Id, Run>();
  /** Runs of our engine that have neither completed, failed nor been cancelled, oldest first. */
  readonly open = new Set<Id>();
  readonly datasets = new Map<Id, SealedData>();
  readonly versions = new Map<Id, { readonly modelId: Id; readonly trainingRunId?: Id }>();
  readonly policies = new Map<Id, { readonly version: number; readonly document: PolicyDocument }>();
  readonly modelPolicies = new Map<Id, Id>();
  position: bigint | undefined;

  apply(event: RecordedAssayEvent): void {
    if (this.position !== undefined && event.position <= this.position) return;
    this.position = event.position;
    switch (event.type) {
      case 'DatasetVersionSealed': {
        const { datasetVersionId, content, columns } = event.data;
        const protectedColumns = columns.filter(({ role }) => role === 'protected').map(({ name }) => name);
        this.datasets.set(datasetVersionId, { content, protectedColumns });
        break;
      }
      case 'ModelRegistered':
        this.modelPolicies.set(event.data.modelId, event.data.policyId);
        break;
      case 'PolicyPublished':
        this.policies.set(event.data.policyId, { version: event.data.version, document: event.data.document });
        break;
      case 'ModelVersionRegistered': {
        const { modelVersionId, modelId, trainingRunId } = event.data;
        this.versions.set(modelVersionId, { modelId, ...(trainingRunId === undefined ? {} : { trainingRunId }) });
        break;
      }
      case 'TrainingRunStarted': {
        const { trainingRunId, modelId, datasetVersionIds, job, engine } = event.data;
        const { workspace, correlationId } = event.metadata;
        const run = {
          trainingRunId,
          workspace,
          correlationId,
          eventId: event.id,
          modelId,
          datasetVersionIds,
          job,
          engine,
        };
        this.runs.set(trainingRunId, { ...run, status: 'started' });
        if (engine === 'assay') this.open.add(trainingRunId);
        break;
      }
      case 'TrainingRunCompleted':
        this.#end(event.data.trainingRunId, event.metadata.occurredAt, event.data.record);
        break;
      case 'TrainingRunFailed':
      case 'TrainingRunCancelled':
        this.#end(event.data.trainingRunId, event.metadata.occurredAt);
        break;
      default:
    }
  }

  #end(trainingRunId: Id, endedAt: Time, record?: ContentReference): void {
    this.open.delete(trainingRunId);
    const run = this.runs.get(trainingRunId);
    if (!run) return;
    this.runs.set(trainingRunId, { ...run, status: 'ended', endedAt, ...(record === undefined ? {} : { record }) });
  }
}
