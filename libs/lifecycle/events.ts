import type { AccessGrantEvent } from './access-grant/events.js';
import type { ApprovalEvent } from './approval/events.js';
import type { DatasetEvent, DatasetVersionEvent } from './dataset/events.js';
import type { DenialEvent } from './denial/events.js';
import type { DeploymentEvent } from './deployment/events.js';
import type { EvaluationEvent } from './evaluation/events.js';
import type { ExportEvent } from './export/events.js';
import type { IdentityEvent } from './identity/events.js';
import type { IncidentEvent } from './incident/events.js';
import type { ModelEvent, ModelVersionEvent } from './model/events.js';
import type { PartitionReleaseEvent } from './partition-release/events.js';
import type { PermitEvent } from './permit/events.js';
import type { PolicyEvent } from './policy/events.js';
import type { PredictionSegmentEvent } from './prediction-segment/events.js';
import type { RiskAssessmentEvent } from './risk-assessment/events.js';
import type { TrainingRunEvent } from './training-run/events.js';
import type { WorkspaceEvent } from './workspace/events.js';
import type { DomainEvent } from './kernel.js';
import type { Id, Slug } from './values.js';

/** A name taken: stream `name-…`, appended with "no stream". */
export type NameReserved = DomainEvent<'NameReserved', { readonly kind: Slug; readonly ownerId: Id }>;

/** Every event that Assay writes. */
export type AssayEvent =
  | WorkspaceEvent
  | IdentityEvent
  | AccessGrantEvent
  | PolicyEvent
  | DatasetEvent
  | DatasetVersionEvent
  | TrainingRunEvent
  | ModelEvent
  | ModelVersionEvent
  | EvaluationEvent
  | RiskAssessmentEvent
  | ApprovalEvent
  | PermitEvent
  | DeploymentEvent
  | PredictionSegmentEvent
  | IncidentEvent
  | ExportEvent
  | DenialEvent
  | PartitionReleaseEvent
  | NameReserved;

export type EventType = AssayEvent['type'];
export type EventOf<Type extends EventType> = Extract<AssayEvent, { type: Type }>;
