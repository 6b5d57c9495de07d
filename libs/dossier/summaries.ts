import type { AssayEvent, EventType } from '../lifecycle/events.js';
import {
  basisPoints,
  count,
  decimal,
  group,
  integer,
  interval,
  measureName,
  measurementValue,
  relation,
  shortId,
} from './format.js';
import type { Scribe } from './scribe.js';
import type { DossierEvent } from './source.js';

type Data<Type extends EventType> = Extract<AssayEvent, { type: Type }>['data'];
type Summaries = { readonly [Type in EventType]: (data: Data<Type>, scribe: Scribe) => string };

const version = (id: string, { history, input }: Scribe): string => {
  const number = history.of('ModelVersionNumbered').find(({ data }) => data.modelVersionId === id)?.data.number;
  if (id === input.modelVersionId) return number === undefined ? 'this version' : `version ${number} (this version)`;
  return number === undefined ? `version ${shortId(id)}` : `version ${number}`;
};
export { version as versionName };

const split = (arms: Data<'TrafficShifted'>['arms'], scribe: Scribe): string =>
  arms.length === 0
    ? 'no arm'
    : arms.map((arm) => `${version(arm.modelVersionId, scribe)} ${basisPoints(arm.weight)} (${arm.slot})`).join(', ');

/** One template sentence per event type; no sentence is written by hand for one dossier. */
const summaries: Summaries = {
  WorkspaceOpened: (data) => `Workspace ${data.workspace} opened.`,
  PersonRegistered: (data, { nameOf }) => `${nameOf(data.identityId)} registered as a person.`,
  ServiceRegistered: (data, { nameOf }) =>
    `Service ${nameOf(data.identityId)} registered, owner ${nameOf(data.ownerId)}.`,
  IdentityLinked: (data, { nameOf }) =>
    `${nameOf(data.identityId)} and ${nameOf(data.linkedId)} recorded as one person.`,
  ServiceKeyIssued: (data, { nameOf }) => `Key issued to ${nameOf(data.identityId)}.`,
  ServiceKeyRevoked: (data, { nameOf }) => `Key of ${nameOf(data.identityId)} revoked.`,
  IdentityErased: (data) => `Personal data of identity ${shortId(data.identityId)} erased.`,
  AccessGranted: (data, { nameOf }) =>
    `${nameOf(data.subjectId)} given the role ${data.role}${data.scope ? ' for one model' : ''}.`,
  AccessRevoked: () => 'Role taken away.',
  AccessExpired: () => 'Role expired.',
  DelegationGranted: (data, { nameOf }) =>
    `${nameOf(data.delegatorId)} delegated the role ${data.role} to ${nameOf(data.delegateId)}.`,
  DelegationEnded: () => 'Delegation ended.',
  PolicyPublished: (data) => `Policy “${data.name}” version ${data.version} published.`,
  PolicySuperseded: (data) => `Policy version ${data.version} superseded by version ${data.by}.`,
  DatasetRegistered: (data) => `Data set “${data.name}” registered.`,
  DatasetVersionSealed: (data) =>
    `Data set version ${data.number} sealed: ${integer(data.rows)} rows, ${count(data.columns.length, 'column')}.`,
  DataQualityFound: (data) => `Data quality finding ${data.rule}${data.column ? ` on column ${data.column}` : ''}.`,
  DatasetVersionWithdrawn: () => 'Data set version withdrawn.',
  ModelRegistered: (data) => `Model “${data.name}” registered.`,
  ModelVersionNumbered: (data, scribe) => `Number ${data.number} given to ${version(data.modelVersionId, scribe)}.`,
  ModelAliasMoved: (data, scribe) =>
    data.modelVersionId
      ? `Alias “${data.alias}” moved to ${version(data.modelVersionId, scribe)}.`
      : `Alias “${data.alias}” removed.`,
  ModelVersionRegistered: (data, scribe) =>
    `Model ${version(data.modelVersionId, scribe)} registered, evidence ${data.grade}.`,
  ModelVersionRetired: (data, scribe) =>
    `Retired; successor: ${data.successorId ? version(data.successorId, scribe) : 'none recorded'}.`,
  TrainingRunStarted: (data) => `Training started: ${data.algorithm}, seed ${data.seed}.`,
  TrainingRunCompleted: () => 'Training completed.',
  TrainingRunFailed: (data) => `Training failed: ${data.code}.`,
  TrainingRunCancelled: () => 'Training cancelled.',
  EvaluationRecorded: (data) =>
    `Evaluation (${data.kinds.join(', ')}) recorded: ${count(data.measurements.length, 'measurement')}, ${count(data.groups.length, 'group')}.`,
  GateDecided: (data) =>
    `Gate ${data.gateId}: ${data.verdict.toUpperCase()}. ${measureName(data.measurement.definition)} ${measurementValue(data.measurement)}${withInterval(data)}, required ${relation[data.operator]} ${decimal(data.threshold)}.`,
  EvaluationWithdrawn: () => 'Evaluation withdrawn.',
  EvaluationAmended: () => 'Evaluation amended.',
  RiskTierSet: (data) => `Risk tier ${data.tier} by ${data.function}.`,
  ApprovalRequested: (data) =>
    `Approval requested for ${data.environment}: ${count(data.stages.length, 'stage')}, tier ${data.tier}.`,
  ApprovalSigned: (data, { nameOf }) =>
    `Stage ${data.stage} signed by ${nameOf(data.signature.signerId)} as ${data.signature.role}, meaning “${data.signature.meaning}”.`,
  ApprovalAbstained: (data, { nameOf }) => `${nameOf(data.signerId)} abstained in stage ${data.stage}.`,
  ApprovalRejected: (data, { nameOf }) => `REJECTED in stage ${data.stage} by ${nameOf(data.signature.signerId)}.`,
  ApprovalConditionSet: (data, { nameOf }) => `Condition set; owner ${nameOf(data.ownerId)}.`,
  ApprovalConditionMet: () => 'Condition met.',
  ApprovalConditionLapsed: (data) => `Condition LAPSED: ${data.effect}.`,
  ApprovalGranted: (data) => `Approval granted for ${data.environment}.`,
  ApprovalRevoked: (data, { nameOf }) => `Approval REVOKED by ${nameOf(data.revokerId)}.`,
  ApprovalVoided: (data) => `Approval VOIDED: ${data.cause} in ${data.stream}.`,
  ApprovalExpired: (data) => `${data.what === 'approval' ? 'Approval' : `Approval ${data.what}`} expired.`,
  ApprovalExpiryWarned: (data) => `Approval ends in ${data.days} days.`,
  ApprovalWithdrawn: () => 'Request for approval withdrawn.',
  OverrideUsed: (data, { nameOf }) => `EMERGENCY OVERRIDE for ${data.environment} by ${nameOf(data.operatorId)}.`,
  OverrideReviewed: (data, { nameOf }) => `Override reviewed by ${nameOf(data.reviewerId)}: ${data.verdict}.`,
  OverrideReviewLapsed: () => 'Override review OVERDUE.',
  PermitIssued: (data) => `Permit issued for ${data.permit.environment} on the basis of an ${data.permit.basis.kind}.`,
  PermitSuspended: (data) => `Permit SUSPENDED: ${data.cause}.`,
  PermitResumed: (data) => `Permit resumed: ${data.cause}.`,
  PermitRevoked: (data) => `Permit REVOKED: ${data.cause}.`,
  PermitExpired: () => 'Permit expired.',
  DeploymentStarted: (data, scribe) =>
    `Deployment at ${data.endpoint} (${data.strategy}) started: ${split(data.arms, scribe)}.`,
  TrafficShifted: (data, scribe) => `Traffic: ${split(data.arms, scribe)}.`,
  DeploymentPromoted: (data, scribe) =>
    `Promoted ${version(data.modelVersionId, scribe)}: ${split(data.arms, scribe)}.`,
  DeploymentRolledBack: (data, scribe) =>
    `ROLLED BACK ${version(data.modelVersionId, scribe)} (${data.cause}): ${split(data.arms, scribe)}.`,
  DeploymentStopped: (data) => `Deployment stopped: ${data.cause}.`,
  PredictionSegmentSealed: (data) =>
    `Prediction segment sealed: ${integer(Object.values(data.rows).reduce((sum, rows) => sum + rows, 0))} rows.`,
  IncidentOpened: (data) => `Incident opened: ${data.kind}.`,
  IncidentClosed: () => 'Incident closed.',
  ExportRequested: (data) => `Dossier requested as of position ${data.asOf}.`,
  ExportBuilt: (data) => `Dossier built: ${count(data.files.length, 'file')}.`,
  ExportFailed: (data) => `Dossier FAILED: ${data.code}.`,
  EvidenceAccessed: (data, { nameOf }) => `${nameOf(data.readerId)} read ${data.what}.`,
  DenialCounted: (data, { nameOf }) =>
    `REFUSED: ${data.action} by ${nameOf(data.actorId)}, rule ${data.rule}${data.count > 1 ? `, ${integer(data.count)} times in a minute` : ''}.`,
  NameReserved: (data) => `Name of a ${data.kind} taken.`,
  PartitionRetried: (data) => `View ${data.view}, partition ${data.partition}: event applied again by decision.`,
  PartitionSkipped: (data) => `View ${data.view}, partition ${data.partition}: event PASSED OVER by decision.`,
};

function withInterval({ measurement }: Data<'GateDecided'>): string {
  const doubt = interval(measurement);
  const about = measurement.group ? ` for ${group(measurement.group)}` : '';
  return `${about}${doubt ? ` [${doubt}]` : ''}`;
}

/** What an event says, as one template sentence. A type that this release does not know is printed by its name. */
export function summaryOf(event: DossierEvent, scribe: Scribe): string {
  const write = summaries[event.type] as ((data: object, scribe: Scribe) => string) | undefined;
  return write ? write(event.data, scribe) : `${event.type as string} (unknown to this release).`;
}
