import type { EventType } from '../lifecycle/events.js';
import type { Aggregate } from '../lifecycle/streams.js';
import type { EvidenceGrade } from '../lifecycle/values.js';

/**
 * How long an event must and may be kept is data of an obligation pack, by class (design rule 7):
 * `record`: technical documentation and decisions about a model; `approval`: signatures and what became of them;
 * `access`: who could do what, and who read evidence; `log`: what served when; `security`: denials.
 */
export type RetentionClass = 'record' | 'approval' | 'access' | 'log' | 'security';

export interface CatalogueEntry {
  readonly aggregate: Aggregate;
  /** Newest schema version: the only one that is written. */
  readonly version: number;
  readonly retention: RetentionClass;
  /** Grade where the event's data names none. */
  readonly grade: EvidenceGrade;
}

const entry = (
  aggregate: Aggregate,
  retention: RetentionClass,
  grade: EvidenceGrade = 'attested',
  version = 1,
): CatalogueEntry => ({ aggregate, version, retention, grade });

/** Every event type that Assay knows. `attested`: said by a signed-in actor; `measured`: computed by Assay. */
export const catalogue: Readonly<Record<EventType, CatalogueEntry>> = {
  WorkspaceOpened: entry('workspace', 'access'),

  PersonRegistered: entry('identity', 'access'),
  ServiceRegistered: entry('identity', 'access'),
  IdentityLinked: entry('identity', 'access'),
  ServiceKeyIssued: entry('identity', 'access'),
  ServiceKeyRevoked: entry('identity', 'access'),
  IdentityErased: entry('identity', 'access'),

  AccessGranted: entry('accessGrant', 'access'),
  AccessRevoked: entry('accessGrant', 'access'),
  AccessExpired: entry('accessGrant', 'access', 'measured'),
  DelegationGranted: entry('accessGrant', 'access'),
  DelegationEnded: entry('accessGrant', 'access'),

  PolicyPublished: entry('policy', 'record'),
  PolicySuperseded: entry('policy', 'record', 'measured'),

  DatasetRegistered: entry('dataset', 'record'),
  DatasetVersionSealed: entry('datasetVersion', 'record', 'asserted'),
  DataQualityFound: entry('datasetVersion', 'record', 'measured'),
  DatasetVersionWithdrawn: entry('datasetVersion', 'record'),

  TrainingRunStarted: entry('trainingRun', 'record'),
  TrainingRunCompleted: entry('trainingRun', 'record'),
  TrainingRunFailed: entry('trainingRun', 'record'),
  TrainingRunCancelled: entry('trainingRun', 'record'),

  ModelRegistered: entry('model', 'record', 'attested', 2),
  ModelVersionNumbered: entry('model', 'record', 'measured'),
  ModelAliasMoved: entry('model', 'record'),
  ModelVersionRegistered: entry('modelVersion', 'record', 'asserted'),
  ModelVersionRetired: entry('modelVersion', 'record'),

  EvaluationRecorded: entry('evaluation', 'record', 'asserted'),
  GateDecided: entry('evaluation', 'record', 'measured'),
  EvaluationWithdrawn: entry('evaluation', 'record'),
  EvaluationAmended: entry('evaluation', 'record'),

  RiskTierSet: entry('riskAssessment', 'record', 'measured'),

  ApprovalRequested: entry('approval', 'approval'),
  ApprovalSigned: entry('approval', 'approval'),
  ApprovalAbstained: entry('approval', 'approval'),
  ApprovalRejected: entry('approval', 'approval'),
  ApprovalConditionSet: entry('approval', 'approval'),
  ApprovalConditionMet: entry('approval', 'approval'),
  ApprovalConditionLapsed: entry('approval', 'approval', 'measured'),
  ApprovalGranted: entry('approval', 'approval', 'measured'),
  ApprovalRevoked: entry('approval', 'approval'),
  ApprovalVoided: entry('approval', 'approval', 'measured'),
  ApprovalExpired: entry('approval', 'approval', 'measured'),
  ApprovalExpiryWarned: entry('approval', 'approval', 'measured'),
  ApprovalWithdrawn: entry('approval', 'approval'),
  OverrideUsed: entry('approval', 'approval'),
  OverrideReviewed: entry('approval', 'approval'),
  OverrideReviewLapsed: entry('approval', 'approval', 'measured'),

  PermitIssued: entry('permit', 'approval', 'measured'),
  PermitSuspended: entry('permit', 'approval', 'measured'),
  PermitResumed: entry('permit', 'approval', 'measured'),
  PermitRevoked: entry('permit', 'approval', 'measured'),
  PermitExpired: entry('permit', 'approval', 'measured'),

  DeploymentStarted: entry('deployment', 'log'),
  TrafficShifted: entry('deployment', 'log'),
  DeploymentPromoted: entry('deployment', 'log'),
  DeploymentRolledBack: entry('deployment', 'log'),
  DeploymentStopped: entry('deployment', 'log'),

  PredictionSegmentSealed: entry('predictionSegment', 'log', 'measured'),

  IncidentOpened: entry('incident', 'record'),
  IncidentClosed: entry('incident', 'record'),

  ExportRequested: entry('export', 'access'),
  ExportBuilt: entry('export', 'access', 'measured'),
  ExportFailed: entry('export', 'access', 'measured'),
  EvidenceAccessed: entry('export', 'access', 'measured'),

  DenialCounted: entry('denial', 'security', 'measured'),

  PartitionRetried: entry('partitionRelease', 'record'),
  PartitionSkipped: entry('partitionRelease', 'record'),

  NameReserved: entry('name', 'record', 'measured'),
};

export function isEventType(type: string): type is EventType {
  return Object.hasOwn(catalogue, type);
}
