import { roles, signingRoles } from '#libs/lifecycle';
import * as c from './checks.js';
import type { CommandInputs, CommandName } from './contract.js';
import { policyDocument } from './policy-document.js';

/** A check for each member of an input: a field that the contract gains and this table lacks does not compile. */
type Shape<Input> = {
  readonly [Field in keyof Required<Input>]: Input extends Record<Field, Input[Field & keyof Input]>
    ? c.Member
    : c.Optional;
};

const content = c.shape({ digest: c.digest, bytes: c.count, mediaType: c.mediaType });
const codeReference = c.shape({ repository: c.token, commit: c.commit, authors: c.distinct(c.id, 200) });
const grade = c.oneOf('measured', 'attested', 'imported', 'asserted');
const role = c.oneOf(...roles);
const signingRole = c.oneOf(...signingRoles);
const meaning = c.oneOf('authored', 'reviewed', 'validated', 'approved', 'accepted-risk', 'released');
const weight = c.integer(0, 10_000);
const group = c.record(c.label, c.label, 10);
const interval = c.shape({
  method: c.definition,
  level: c.number(Number.EPSILON, 1 - Number.EPSILON),
  low: c.nullable(c.number()),
  high: c.nullable(c.number()),
});
const measurement = c.shape({
  definition: c.definition,
  value: c.nullable(c.number()),
  undefined: c.optional(c.term),
  n: c.count,
  denominator: c.optional(c.number()),
  interval: c.optional(interval),
  group: c.optional(group),
  source: c.optional(c.digest),
});
const groupCount = c.shape({
  group,
  n: c.count,
  truePositives: c.count,
  falsePositives: c.count,
  trueNegatives: c.count,
  falseNegatives: c.count,
});
const column = c.shape({
  name: c.label,
  type: c.oneOf('number', 'integer', 'boolean', 'string', 'timestamp'),
  nulls: c.count,
  role: c.optional(c.oneOf('label', 'feature', 'protected', 'identifier', 'weight')),
  from: c.optional(c.list(c.label, 200)),
});
const condition = c.shape({ conditionId: c.id, ownerId: c.id, dueAt: c.time, text: c.text });
const reason = c.text;
const optionalReason = c.optional(c.text);

const inputs: { readonly [Name in CommandName]: Shape<CommandInputs[Name]> } = {
  RegisterPerson: { identityId: c.id, issuer: c.token, subject: c.label, displayName: c.optional(c.name) },
  RegisterService: { identityId: c.id, ownerId: c.id, displayName: c.optional(c.name) },
  LinkIdentities: { identityId: c.id, linkedId: c.id },
  IssueServiceKey: {
    identityId: c.id,
    keyId: c.id,
    scopes: c.distinct(c.code, 50, 1),
    expiresAt: c.time,
    secretHash: c.digest,
  },
  RevokeServiceKey: { identityId: c.id, keyId: c.id, reason: optionalReason },
  GrantAccess: { grantId: c.id, subjectId: c.id, role, scope: c.optional(c.id), validUntil: c.optional(c.time) },
  RevokeAccess: { grantId: c.id, reason: optionalReason },
  GrantDelegation: {
    grantId: c.id,
    delegateId: c.id,
    role,
    scope: c.optional(c.id),
    validFrom: c.time,
    validUntil: c.time,
  },
  EndDelegation: { grantId: c.id, reason: optionalReason },
  EraseIdentity: { identityId: c.id, reason },

  PublishPolicy: { policyId: c.id, name: c.name, document: policyDocument },

  RegisterDataset: {
    datasetId: c.id,
    name: c.name,
    purpose: c.term,
    legalBasis: c.term,
    licence: c.optional(c.term),
    description: c.optional(c.text),
  },
  SealDatasetVersion: {
    datasetVersionId: c.id,
    datasetId: c.id,
    content,
    rowDigest: c.hex,
    rows: c.count,
    columns: c.list(column, 2000, 1),
    profile: c.optional(content),
    derivedFrom: c.distinct(c.id, 100),
    code: c.optional(codeReference),
    grade,
  },
  WithdrawDatasetVersion: { datasetVersionId: c.id, reason },

  RegisterModel: {
    modelId: c.id,
    name: c.name,
    ownerId: c.id,
    policyId: c.id,
    intendedUse: c.term,
    prohibitedUses: c.list(c.term, 50),
    jurisdictions: c.distinct(c.jurisdiction, 100),
    description: c.optional(c.text),
  },
  MoveModelAlias: { modelId: c.id, alias: c.slug, modelVersionId: c.optional(c.id) },
  StartTraining: {
    trainingRunId: c.id,
    modelId: c.id,
    datasetVersionIds: c.distinct(c.id, 100, 1),
    engine: c.oneOf('assay', 'external'),
    algorithm: c.code,
    job: content,
    code: codeReference,
    seed: c.count,
    grade,
  },
  CompleteTraining: {
    trainingRunId: c.id,
    artifact: content,
    environment: c.digest,
    record: c.optional(content),
    measurements: c.list(measurement, 1000),
  },
  FailTraining: { trainingRunId: c.id, code: c.code, detail: c.optional(c.text) },
  CancelTraining: { trainingRunId: c.id, reason: optionalReason },
  RegisterModelVersion: {
    modelVersionId: c.id,
    modelId: c.id,
    trainingRunId: c.optional(c.id),
    datasetVersionIds: c.distinct(c.id, 100),
    code: c.optional(codeReference),
    artifact: content,
    features: c.distinct(c.label, 2000),
    grade,
  },
  RetireModelVersion: { modelVersionId: c.id, successorId: c.optional(c.id), reason },

  RecordEvaluation: {
    evaluationId: c.id,
    modelVersionId: c.id,
    datasetVersionId: c.id,
    kinds: c.distinct(c.oneOf('performance', 'fairness', 'robustness', 'behaviour', 'explanation', 'validation'), 6, 1),
    scheme: c.term,
    measurements: c.list(measurement, 1000),
    groups: c.list(groupCount, 1000),
    report: c.optional(content),
    collectedAt: c.time,
    grade,
  },
  WithdrawEvaluation: { evaluationId: c.id, reason, supersededBy: c.optional(c.id) },
  AssessRisk: { modelVersionId: c.id },

  RequestApproval: { approvalId: c.id, modelVersionId: c.id, environment: c.slug, cause: c.code },
  SignApproval: {
    approvalId: c.id,
    stage: c.slug,
    role: signingRole,
    meaning,
    evidenceDigest: c.digest,
    comment: c.optional(c.text),
    condition: c.optional(condition),
  },
  AbstainApproval: { approvalId: c.id, stage: c.slug, role: signingRole, reason },
  RejectApproval: { approvalId: c.id, stage: c.slug, role: signingRole, meaning, evidenceDigest: c.digest, reason },
  MeetCondition: { approvalId: c.id, conditionId: c.id, evidence: c.digest },
  RevokeApproval: { approvalId: c.id, reason },
  WithdrawApproval: { approvalId: c.id, reason: optionalReason },
  UseOverride: {
    overrideId: c.id,
    modelVersionId: c.id,
    environment: c.slug,
    reason,
    incidentId: c.id,
    evidenceDigest: c.digest,
  },
  ReviewOverride: { overrideId: c.id, verdict: c.oneOf('justified', 'not-justified'), reason },

  VoidApproval: {
    approvalId: c.id,
    cause: c.oneOf('evidence-changed', 'contributor-changed', 'policy-superseded', 'evidence-expired'),
    stream: c.token,
    eventId: c.id,
  },
  ExpireApproval: { approvalId: c.id, what: c.oneOf('request', 'stage', 'approval'), stage: c.optional(c.slug) },
  WarnOfExpiry: { approvalId: c.id, days: c.oneOf(90, 30, 7) },
  LapseCondition: { approvalId: c.id, conditionId: c.id },
  LapseOverrideReview: { overrideId: c.id },
  ExpireAccess: { grantId: c.id },
  IssuePermit: { permitId: c.id, basis: c.shape({ kind: c.oneOf('approval', 'override'), id: c.id }) },
  SuspendPermit: { permitId: c.id, cause: c.code },
  ResumePermit: { permitId: c.id, cause: c.code },
  RevokePermit: { permitId: c.id, cause: c.code },
  ExpirePermit: { permitId: c.id },

  StartDeployment: {
    deploymentId: c.id,
    endpoint: c.slug,
    environment: c.slug,
    modelId: c.id,
    modelVersionId: c.id,
    permitId: c.id,
    strategy: c.oneOf('blue-green', 'canary'),
    weight,
  },
  ShiftTraffic: { deploymentId: c.id, arms: c.list(c.shape({ modelVersionId: c.id, weight }), 20, 1) },
  PromoteDeployment: { deploymentId: c.id, modelVersionId: c.id },
  RollBackDeployment: { deploymentId: c.id, modelVersionId: c.id, cause: c.code, reason: optionalReason },
  StopDeployment: { deploymentId: c.id, cause: c.code, reason: optionalReason },

  SealPredictionSegment: {
    segmentId: c.id,
    deploymentId: c.id,
    rows: c.record(c.id, c.count, 100),
    permits: c.distinct(c.id, 100),
    content,
    from: c.time,
    to: c.time,
  },

  OpenIncident: {
    incidentId: c.id,
    kind: c.oneOf('override', 'drift', 'condition-lapsed', 'review-overdue', 'reported'),
    modelVersionId: c.optional(c.id),
    reference: c.optional(c.id),
    awareAt: c.time,
    description: c.optional(c.text),
  },
  CloseIncident: { incidentId: c.id, reason },
  RequestExport: { exportId: c.id, kind: c.oneOf('dossier'), modelVersionId: c.id, asOf: c.position },
  CompleteExport: { exportId: c.id, files: c.list(content, 20, 1) },
  FailExport: { exportId: c.id, code: c.code },
  RecordEvidenceAccess: { exportId: c.id, what: c.code },

  ReleasePartition: {
    view: c.slug,
    partition: c.integer(0, 1_023),
    eventId: c.id,
    position: c.position,
    decision: c.oneOf('retry', 'skip'),
    reason,
  },
};

export const commandNames = Object.keys(inputs) as CommandName[];
/** Most issues that an answer names. */
const maximumIssues = 20;

export function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(inputs, name);
}

/** What is wrong with an input, field by field; empty when nothing is. */
export function issuesOf(name: CommandName, input: unknown): readonly c.Issue[] {
  const issues: c.Issue[] = [];
  c.shape(inputs[name] as Readonly<Record<string, c.Member>>)(input, '', issues);
  return issues.slice(0, maximumIssues);
}
