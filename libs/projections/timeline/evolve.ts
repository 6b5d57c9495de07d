import type { RecordedAssayEvent } from '../../event-store/envelope.js';
import { streamName } from '../../lifecycle/streams.js';
import { insert, view, type Operation } from '../core/view.js';
import { timelineEvent, timelineSubject } from './tables.js';

export type SubjectKind = 'model' | 'model-version' | 'dataset' | 'dataset-version' | 'training-run';

type Subjects = Partial<Record<SubjectKind, readonly (string | undefined)[]>>;

/** What this event says that its own stream is about. */
function subjectsOf(event: RecordedAssayEvent): Subjects {
  switch (event.type) {
    case 'DatasetVersionSealed':
      return { dataset: [event.data.datasetId] };
    case 'TrainingRunStarted':
      return { model: [event.data.modelId], 'dataset-version': event.data.datasetVersionIds };
    case 'ModelVersionRegistered':
      return { model: [event.data.modelId], 'training-run': [event.data.trainingRunId] };
    case 'EvaluationRecorded':
      return { 'model-version': [event.data.modelVersionId], 'dataset-version': [event.data.datasetVersionId] };
    case 'RiskTierSet':
      return { 'model-version': [event.data.modelVersionId] };
    case 'ApprovalRequested':
    case 'OverrideUsed':
      return { model: [event.data.modelId], 'model-version': [event.data.modelVersionId] };
    case 'PermitIssued':
      return { 'model-version': [event.data.permit.modelVersionId] };
    case 'DeploymentStarted':
      return { model: [event.data.modelId], 'model-version': served(event.data) };
    case 'TrafficShifted':
    case 'DeploymentPromoted':
    case 'DeploymentRolledBack':
      return { 'model-version': served(event.data) };
    case 'PredictionSegmentSealed':
      return { 'model-version': Object.keys(event.data.rows) };
    case 'IncidentOpened':
    case 'ExportRequested':
      return { 'model-version': [event.data.modelVersionId] };
    case 'AccessGranted':
    case 'DelegationGranted':
      return { model: [event.data.scope] };
    default:
      return {};
  }
}

function served(data: { readonly modelVersionId?: string; readonly arms: readonly { modelVersionId: string }[] }) {
  return [data.modelVersionId, ...data.arms.map((arm) => arm.modelVersionId)];
}

/** Streams of a version's making, that cannot know what came of them. */
function madeFrom(event: RecordedAssayEvent): Operation[] {
  if (event.type !== 'ModelVersionRegistered') return [];
  const { workspace } = event.metadata;
  const { modelVersionId, trainingRunId, datasetVersionIds } = event.data;
  const streams = [
    ...(trainingRunId === undefined ? [] : [streamName('trainingRun', workspace, trainingRunId)]),
    ...datasetVersionIds.map((id) => streamName('datasetVersion', workspace, id)),
  ];
  return streams.map((stream) =>
    insert(timelineSubject, { stream, subject_kind: 'model-version', subject_id: modelVersionId }),
  );
}

/** The stream of what the event is about, where that is not its own: a version's number, an alias, a denial. */
function subjectStream(event: RecordedAssayEvent): string {
  const { workspace } = event.metadata;
  switch (event.type) {
    case 'ModelVersionNumbered':
      return streamName('modelVersion', workspace, event.data.modelVersionId);
    case 'ModelAliasMoved':
      return event.data.modelVersionId === undefined
        ? event.stream
        : streamName('modelVersion', workspace, event.data.modelVersionId);
    case 'DenialCounted':
      return event.data.subject ?? event.stream;
    default:
      return event.stream;
  }
}

/** Every event of everything's life, in the order of the store; refusals among them. */
export const timeline = view({
  name: 'timeline',
  version: 2,
  tables: [timelineEvent, timelineSubject],
  evolve: (event) => {
    const { metadata } = event;
    const denial = event.type === 'DenialCounted' ? event.data : undefined;
    const subjects = Object.entries(subjectsOf(event)).flatMap(([kind, ids]) =>
      [...new Set(ids)]
        .filter((id) => id !== undefined)
        .map((id) => insert(timelineSubject, { stream: event.stream, subject_kind: kind, subject_id: id })),
    );
    return [
      insert(timelineEvent, {
        event_id: event.id,
        type: event.type,
        schema_version: metadata.schemaVersion,
        stream: event.stream,
        subject_stream: subjectStream(event),
        revision: event.revision,
        occurred_at: metadata.occurredAt,
        recorded_at: event.recordedAt,
        actor_id: metadata.actor.id,
        actor_kind: metadata.actor.kind,
        on_behalf_of: metadata.onBehalfOf,
        command_id: metadata.commandId,
        correlation_id: metadata.correlationId,
        causation_id: metadata.causationId,
        policy: metadata.policy,
        grade: metadata.evidenceGrade,
        retention: metadata.retentionClass,
        digest: event.digest,
        count: denial?.count,
        rule: denial?.rule,
        action: denial?.action,
      }),
      ...subjects,
      ...madeFrom(event),
    ];
  },
});
