/**
 * What may be asked of Assay: every command by name with its input. Inputs carry plain text where people write text
 * (reasons, comments, names); the application puts it into the vault and only its digest into the event.
 * Who acts, when and under which command id comes in the {@link CommandContext}.
 */
import type { CommandContext } from '../lifecycle/kernel.js';
import type { Arm } from '../lifecycle/deployment/events.js';
import type { EvaluationKind, GroupCount } from '../lifecycle/evaluation/events.js';
import type { PolicyDocument } from '../lifecycle/policy/document.js';
import type { Role } from '../lifecycle/roles.js';
import type {
  CodeReference,
  Column,
  ContentReference,
  EvidenceGrade,
  Id,
  Measurement,
  SignatureMeaning,
  Time,
} from '../lifecycle/values.js';

export interface CommandInputs {
  // People, services and what they may do
  RegisterPerson: { identityId: Id; issuer: string; subject: string; displayName?: string };
  RegisterService: { identityId: Id; ownerId: Id; displayName?: string };
  LinkIdentities: { identityId: Id; linkedId: Id };
  /** The secret is made by the caller of the application and only its hash is kept (`libs/identity`). */
  IssueServiceKey: { identityId: Id; keyId: Id; scopes: readonly string[]; expiresAt: Time; secretHash: string };
  RevokeServiceKey: { identityId: Id; keyId: Id; reason?: string };
  GrantAccess: { grantId: Id; subjectId: Id; role: Role; scope?: Id; validUntil?: Time };
  RevokeAccess: { grantId: Id; reason?: string };
  GrantDelegation: {
    grantId: Id;
    delegateId: Id;
    role: Role;
    scope?: Id;
    validFrom: Time;
    validUntil: Time;
  };
  EndDelegation: { grantId: Id; reason?: string };
  EraseIdentity: { identityId: Id; reason: string };

  // Policies
  PublishPolicy: { policyId: Id; name: string; document: PolicyDocument };

  // Data
  RegisterDataset: {
    datasetId: Id;
    name: string;
    purpose: string;
    legalBasis: string;
    licence?: string;
    description?: string;
  };
  SealDatasetVersion: {
    datasetVersionId: Id;
    datasetId: Id;
    content: ContentReference;
    rowDigest: string;
    rows: number;
    columns: readonly Column[];
    profile?: ContentReference;
    derivedFrom: readonly Id[];
    code?: CodeReference;
    grade: EvidenceGrade;
  };
  WithdrawDatasetVersion: { datasetVersionId: Id; reason: string };

  // Models
  RegisterModel: {
    modelId: Id;
    name: string;
    ownerId: Id;
    policyId: Id;
    intendedUse: string;
    prohibitedUses: readonly string[];
    jurisdictions: readonly string[];
    description?: string;
  };
  MoveModelAlias: { modelId: Id; alias: string; modelVersionId?: Id };
  StartTraining: {
    trainingRunId: Id;
    modelId: Id;
    datasetVersionIds: readonly Id[];
    engine: 'assay' | 'external';
    algorithm: string;
    job: ContentReference;
    code: CodeReference;
    seed: number;
    grade: EvidenceGrade;
  };
  CompleteTraining: {
    trainingRunId: Id;
    artifact: ContentReference;
    environment: string;
    record?: ContentReference;
    measurements: readonly Measurement[];
  };
  FailTraining: { trainingRunId: Id; code: string; detail?: string };
  CancelTraining: { trainingRunId: Id; reason?: string };
  RegisterModelVersion: {
    modelVersionId: Id;
    modelId: Id;
    trainingRunId?: Id;
    datasetVersionIds: readonly Id[];
    code?: CodeReference;
    artifact: ContentReference;
    features: readonly string[];
    grade: EvidenceGrade;
  };
  RetireModelVersion: { modelVersionId: Id; successorId?: Id; reason: string };

  // Evaluations. Gates are decided in the same append; the risk tier follows.
  RecordEvaluation: {
    evaluationId: Id;
    modelVersionId: Id;
    datasetVersionId: Id;
    kinds: readonly EvaluationKind[];
    scheme: string;
    measurements: readonly Measurement[];
    groups: readonly GroupCount[];
    report?: ContentReference;
    collectedAt: Time;
    grade: EvidenceGrade;
  };
  WithdrawEvaluation: { evaluationId: Id; reason: string; supersededBy?: Id };
  AssessRisk: { modelVersionId: Id };

  // Approvals
  RequestApproval: { approvalId: Id; modelVersionId: Id; environment: string; cause: string };
  SignApproval: {
    approvalId: Id;
    stage: string;
    role: Role;
    meaning: SignatureMeaning;
    /** What the signer saw: refused with EvidenceChanged when it is not what stands now. */
    evidenceDigest: string;
    comment?: string;
    condition?: { conditionId: Id; ownerId: Id; dueAt: Time; text: string };
  };
  AbstainApproval: { approvalId: Id; stage: string; role: Role; reason: string };
  RejectApproval: {
    approvalId: Id;
    stage: string;
    role: Role;
    meaning: SignatureMeaning;
    evidenceDigest: string;
    reason: string;
  };
  MeetCondition: { approvalId: Id; conditionId: Id; evidence: string };
  RevokeApproval: { approvalId: Id; reason: string };
  WithdrawApproval: { approvalId: Id; reason?: string };
  UseOverride: {
    overrideId: Id;
    modelVersionId: Id;
    environment: string;
    reason: string;
    incidentId: Id;
    /** Digest of what the operator saw; the re-authentication's nonce binds {override, evidence, `override`}. */
    evidenceDigest: string;
  };
  ReviewOverride: { overrideId: Id; verdict: 'justified' | 'not-justified'; reason: string };

  // The process manager's (service identity `process-manager-service`)
  VoidApproval: { approvalId: Id; cause: string; stream: string; eventId: Id };
  ExpireApproval: { approvalId: Id; what: 'request' | 'stage' | 'approval'; stage?: string };
  WarnOfExpiry: { approvalId: Id; days: 90 | 30 | 7 };
  LapseCondition: { approvalId: Id; conditionId: Id };
  LapseOverrideReview: { overrideId: Id };
  ExpireAccess: { grantId: Id };
  IssuePermit: { permitId: Id; basis: { kind: 'approval' | 'override'; id: Id } };
  SuspendPermit: { permitId: Id; cause: string };
  ResumePermit: { permitId: Id; cause: string };
  RevokePermit: { permitId: Id; cause: string };
  ExpirePermit: { permitId: Id };

  // Deployments
  StartDeployment: {
    deploymentId: Id;
    endpoint: string;
    environment: string;
    modelId: Id;
    modelVersionId: Id;
    permitId: Id;
    strategy: 'blue-green' | 'canary';
    /** Weight of the new arm in basis points: 0 for blue-green, the fixed share for a canary. */
    weight: number;
  };
  ShiftTraffic: { deploymentId: Id; arms: readonly Pick<Arm, 'modelVersionId' | 'weight'>[] };
  PromoteDeployment: { deploymentId: Id; modelVersionId: Id };
  RollBackDeployment: { deploymentId: Id; modelVersionId: Id; cause: string; reason?: string };
  StopDeployment: { deploymentId: Id; cause: string; reason?: string };

  // Serving
  SealPredictionSegment: {
    segmentId: Id;
    deploymentId: Id;
    rows: Readonly<Record<Id, number>>;
    permits: readonly Id[];
    content: ContentReference;
    from: Time;
    to: Time;
  };

  // Incidents and exports
  OpenIncident: {
    incidentId: Id;
    kind: 'override' | 'drift' | 'condition-lapsed' | 'review-overdue' | 'reported';
    modelVersionId?: Id;
    reference?: Id;
    awareAt: Time;
    description?: string;
  };
  CloseIncident: { incidentId: Id; reason: string };
  RequestExport: { exportId: Id; kind: 'dossier'; modelVersionId: Id; asOf: bigint };
  CompleteExport: { exportId: Id; files: readonly ContentReference[] };
  FailExport: { exportId: Id; code: string };
  RecordEvidenceAccess: { exportId: Id; what: string };

  // Operation
  /** What becomes of an event that has stopped a partition of a view; `assay views release` carries it out. */
  ReleasePartition: {
    view: string;
    partition: number;
    eventId: Id;
    position: bigint;
    decision: 'retry' | 'skip';
    reason: string;
  };
}

export type CommandName = keyof CommandInputs;

export interface CommandAccepted {
  readonly outcome: 'accepted';
  /** Position of the last event written: a query may wait for it. */
  readonly position: bigint;
  readonly positions: readonly bigint[];
  /** True when this command id had been carried out before. */
  readonly repeated: boolean;
}

/** Nothing was written but the counted denial, at `position`. */
export interface CommandRefused {
  readonly outcome: 'refused';
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly position?: bigint;
}

export type CommandResult = CommandAccepted | CommandRefused;

/** Load, fold, decide, append; throws only for faults (store away, bug), never for a rule. */
export interface Application {
  execute<Name extends CommandName>(
    name: Name,
    input: CommandInputs[Name],
    context: CommandContext,
  ): Promise<CommandResult>;
}
