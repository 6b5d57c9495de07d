import { digestOf, example, examples, id, time } from './examples.js';
import { overriding, requestExample, signing } from './examples-commands.js';
import type { EventType } from './events.js';
import * as lifecycle from './index.js';

type Data = Readonly<Record<string, unknown>>;

function without<Whole extends object, Key extends string>(whole: Whole, ...keys: readonly Key[]): Omit<Whole, Key> {
  return Object.fromEntries(Object.entries(whole).filter(([key]) => !keys.includes(key as Key))) as Omit<Whole, Key>;
}

const reason = digestOf('reason');
const permits = [
  {
    permitId: id('permit'),
    status: 'active',
    modelVersionId: id('version'),
    environment: 'production',
    validUntil: time(9e4),
  },
  {
    permitId: id('next-permit'),
    status: 'active',
    modelVersionId: id('next-version'),
    environment: 'production',
    validUntil: time(9e4),
  },
];
const datasets = [{ datasetVersionId: id('data'), status: 'sealed' }];
const me = { identities: [id('ana')] };
const signingData = signing('vera', 'validation').data as unknown as Data;
const rejection = without(signingData, 'comment', 'condition');
const evaluated = without(example('EvaluationRecorded').data, 'expiresAt');
const gate = without(example('GateDecided').data, 'evaluationId');
const delegation = without(example('DelegationGranted').data, 'delegatorId');
const grant = without(example('AccessGranted').data, 'validFrom');
const sealed = without(example('PredictionSegmentSealed').data, 'digest');
const started = without(example('DeploymentStarted').data, 'arms');
const arms = example('TrafficShifted').data.arms;

/** Test data. Every aggregate: its decider, its events, and each of its commands once, with facts that let it through. */
export const aggregateExamples: Readonly<
  Record<string, { decider: unknown; events: readonly EventType[]; commands: Readonly<Record<string, Data>> }>
> = {
  workspace: {
    decider: lifecycle.workspace,
    events: ['WorkspaceOpened'],
    commands: { OpenWorkspace: example('WorkspaceOpened').data },
  },
  identity: {
    decider: lifecycle.identity,
    events: [
      'PersonRegistered',
      'ServiceRegistered',
      'IdentityLinked',
      'ServiceKeyIssued',
      'ServiceKeyRevoked',
      'IdentityErased',
    ],
    commands: {
      RegisterPerson: examples.PersonRegistered,
      RegisterService: { ...examples.ServiceRegistered, facts: { owner: 'person' } },
      LinkIdentities: { ...examples.IdentityLinked, facts: { linked: 'person' } },
      IssueServiceKey: examples.ServiceKeyIssued,
      RevokeServiceKey: examples.ServiceKeyRevoked,
      EraseIdentity: examples.IdentityErased,
    },
  },
  accessGrant: {
    decider: lifecycle.accessGrant,
    events: ['AccessGranted', 'AccessRevoked', 'AccessExpired', 'DelegationGranted', 'DelegationEnded'],
    commands: {
      GrantAccess: { ...grant, facts: { subject: 'person', granterIdentities: [id('adam')] } },
      RevokeAccess: examples.AccessRevoked,
      ExpireAccess: examples.AccessExpired,
      GrantDelegation: {
        ...delegation,
        facts: {
          delegate: 'person',
          delegateIdentities: [],
          delegatorIdentities: [],
          held: [{ role: 'validator', byDelegation: false }],
        },
      },
      EndDelegation: examples.DelegationEnded,
    },
  },
  policy: {
    decider: lifecycle.policy,
    events: ['PolicyPublished', 'PolicySuperseded'],
    commands: {
      PublishPolicy: { policyId: id('policy'), name: 'mortgage', document: examples.PolicyPublished.document },
    },
  },
  dataset: {
    decider: lifecycle.dataset,
    events: ['DatasetRegistered'],
    commands: { RegisterDataset: examples.DatasetRegistered },
  },
  datasetVersion: {
    decider: lifecycle.datasetVersion,
    events: ['DatasetVersionSealed', 'DataQualityFound', 'DatasetVersionWithdrawn'],
    commands: {
      SealDatasetVersion: {
        ...examples.DatasetVersionSealed,
        facts: {
          dataset: 'registered',
          parents: [{ datasetVersionId: id('raw'), status: 'sealed', ancestors: [] }],
          findings: [{ rule: 'range', detail: reason }],
        },
      },
      WithdrawDatasetVersion: examples.DatasetVersionWithdrawn,
    },
  },
  trainingRun: {
    decider: lifecycle.trainingRun,
    events: ['TrainingRunStarted', 'TrainingRunCompleted', 'TrainingRunFailed', 'TrainingRunCancelled'],
    commands: {
      StartTraining: { ...examples.TrainingRunStarted, facts: { model: 'registered', datasets } },
      CompleteTraining: examples.TrainingRunCompleted,
      FailTraining: examples.TrainingRunFailed,
      CancelTraining: examples.TrainingRunCancelled,
    },
  },
  model: {
    decider: lifecycle.model,
    events: ['ModelRegistered', 'ModelVersionNumbered', 'ModelAliasMoved'],
    commands: {
      RegisterModel: { ...examples.ModelRegistered, facts: { owner: 'person', policy: 'published' } },
      NumberModelVersion: { modelId: id('model'), modelVersionId: id('next-version') },
      MoveModelAlias: examples.ModelAliasMoved,
    },
  },
  modelVersion: {
    decider: lifecycle.modelVersion,
    events: ['ModelVersionRegistered', 'ModelVersionRetired'],
    commands: {
      RegisterModelVersion: {
        ...examples.ModelVersionRegistered,
        facts: {
          datasets,
          trainingRun: {
            status: 'completed',
            modelId: id('model'),
            grade: 'measured',
            artifactDigest: examples.ModelVersionRegistered.artifact.digest,
          },
        },
      },
      RetireModelVersion: {
        ...examples.ModelVersionRetired,
        facts: { serving: [], successor: { modelId: id('model'), status: 'registered' } },
      },
    },
  },
  evaluation: {
    decider: lifecycle.evaluation,
    events: ['EvaluationRecorded', 'GateDecided', 'EvaluationWithdrawn', 'EvaluationAmended'],
    commands: {
      RecordEvaluation: {
        ...evaluated,
        facts: { modelVersion: 'registered', datasetVersion: 'sealed', evidenceValidDays: 90, gates: [gate] },
      },
      WithdrawEvaluation: examples.EvaluationWithdrawn,
      AmendEvaluation: examples.EvaluationAmended,
    },
  },
  riskAssessment: {
    decider: lifecycle.riskAssessment,
    events: ['RiskTierSet'],
    commands: { AssessRisk: examples.RiskTierSet },
  },
  approval: {
    decider: lifecycle.approval,
    events: [
      'ApprovalRequested',
      'ApprovalSigned',
      'ApprovalAbstained',
      'ApprovalRejected',
      'ApprovalConditionSet',
      'ApprovalConditionMet',
      'ApprovalConditionLapsed',
      'ApprovalGranted',
      'ApprovalRevoked',
      'ApprovalVoided',
      'ApprovalExpired',
      'ApprovalExpiryWarned',
      'ApprovalWithdrawn',
    ],
    commands: {
      RequestApproval: requestExample.data as unknown as Data,
      SignApproval: {
        ...signingData,
        comment: reason,
        condition: { conditionId: id('condition'), ownerId: id('ana'), dueAt: time(60), text: reason },
      },
      'SignApproval#risk': signing('rolf', 'risk').data as unknown as Data,
      RejectApproval: { ...rejection, reason },
      AbstainApproval: {
        approvalId: id('approval'),
        stage: 'validation',
        role: 'validator',
        reason,
        facts: signingData['facts'],
      },
      MeetCondition: { ...examples.ApprovalConditionMet, facts: { actor: { identities: [id('olga')] } } },
      LapseCondition: { approvalId: id('approval'), conditionId: id('condition') },
      RevokeApproval: { approvalId: id('approval'), reason },
      WithdrawApproval: { approvalId: id('approval'), facts: { actor: me } },
      VoidApproval: examples.ApprovalVoided,
      ExpireApproval: examples.ApprovalExpired,
      WarnOfExpiry: { approvalId: id('approval'), days: 30 },
    },
  },
  override: {
    decider: lifecycle.override,
    events: ['OverrideUsed', 'OverrideReviewed', 'OverrideReviewLapsed'],
    commands: {
      UseOverride: overriding('vera').data as unknown as Data,
      ReviewOverride: {
        overrideId: id('override'),
        verdict: 'justified',
        reason,
        facts: { reviewer: { identities: [] }, operatorIdentities: [] },
      },
      LapseOverrideReview: examples.OverrideReviewLapsed,
    },
  },
  permit: {
    decider: lifecycle.permit,
    events: ['PermitIssued', 'PermitSuspended', 'PermitResumed', 'PermitRevoked', 'PermitExpired'],
    commands: {
      IssuePermit: {
        ...examples.PermitIssued,
        facts: {
          basis: {
            kind: 'approval',
            id: id('approval'),
            status: 'granted',
            suspended: false,
            modelVersionId: id('version'),
            environment: 'production',
            validUntil: time(9e5),
            changed: [],
          },
          modelVersion: 'registered',
          artifactDigest: examples.PermitIssued.permit.artifactDigest,
        },
      },
      SuspendPermit: examples.PermitSuspended,
      ResumePermit: examples.PermitResumed,
      RevokePermit: examples.PermitRevoked,
      ExpirePermit: examples.PermitExpired,
    },
  },
  deployment: {
    decider: lifecycle.deployment,
    events: ['DeploymentStarted', 'TrafficShifted', 'DeploymentPromoted', 'DeploymentRolledBack', 'DeploymentStopped'],
    commands: {
      StartDeployment: {
        ...started,
        permitId: id('next-permit'),
        weight: 1000,
        facts: {
          permit: permits[1],
          versionModelId: id('model'),
          incumbent: { modelVersionId: id('version'), permitId: id('permit') },
        },
      },
      ShiftTraffic: { deploymentId: id('deployment'), arms, facts: { permits, blockedBy: [] } },
      PromoteDeployment: {
        deploymentId: id('deployment'),
        modelVersionId: id('next-version'),
        facts: { permits, blockedBy: [] },
      },
      RollBackDeployment: {
        deploymentId: id('deployment'),
        modelVersionId: id('version'),
        cause: 'drift',
        reason,
        facts: { permits },
      },
      StopDeployment: examples.DeploymentStopped,
    },
  },
  predictionSegment: {
    decider: lifecycle.predictionSegment,
    events: ['PredictionSegmentSealed'],
    commands: { SealPredictionSegment: { ...sealed, facts: { versions: [id('version'), id('next-version')] } } },
  },
  incident: {
    decider: lifecycle.incident,
    events: ['IncidentOpened', 'IncidentClosed'],
    commands: { OpenIncident: examples.IncidentOpened, CloseIncident: examples.IncidentClosed },
  },
  partitionRelease: {
    decider: lifecycle.partitionRelease,
    events: ['PartitionRetried', 'PartitionSkipped'],
    commands: { RetryPartition: examples.PartitionRetried, SkipPartition: examples.PartitionSkipped },
  },
  export: {
    decider: lifecycle.exportRequest,
    events: ['ExportRequested', 'ExportBuilt', 'ExportFailed', 'EvidenceAccessed'],
    commands: {
      RequestExport: {
        exportId: id('export'),
        kind: 'dossier',
        modelVersionId: id('version'),
        asOf: '7',
        facts: { modelVersion: 'registered', head: '9' },
      },
      CompleteExport: examples.ExportBuilt,
      FailExport: examples.ExportFailed,
      RecordEvidenceAccess: { exportId: id('export'), what: 'dossier.pdf' },
    },
  },
};
