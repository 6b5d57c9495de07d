import type { AssayEvent, EventOf, EventType } from './events.js';
import type { StagePolicy } from './policy/document.js';
import { approvalExamples } from './examples-approval.js';
import { boston, contentExample, digestOf, id, time } from './examples-values.js';
import type { Measurement, PolicyDecision } from './values.js';

export { boston, contentExample, digestOf, id, time } from './examples-values.js';

/** Test data: one valid event of every type, about one mortgage model. Specs and the schema test read it. */
export type Examples = { readonly [Type in EventType]: EventOf<Type>['data'] };

export const ratioExample: Measurement = {
  definition: 'demographic_parity_ratio@fairlearn',
  value: 0.83,
  n: 2381,
  interval: { method: 'newcombe@assay', level: 0.95, low: 0.76, high: 0.91 },
  source: digestOf('predictions'),
};

export const decisionExample: PolicyDecision = {
  policyId: id('policy'),
  policyVersion: 1,
  inputsDigest: digestOf('inputs'),
  result: 'pass',
  reasons: ['0.83 >= 0.8'],
};

export const stageExamples: readonly StagePolicy[] = [
  {
    id: 'validation',
    quorum: [{ role: 'validator', minimum: 1 }],
    meaning: 'validated',
    timeoutHours: 72,
    acr: ['urn:assay:acr:password'],
    onConditionLapse: 'suspend',
  },
  {
    id: 'risk',
    quorum: [{ role: 'risk-officer', minimum: 1 }],
    meaning: 'accepted-risk',
    timeoutHours: 72,
    acr: ['urn:assay:acr:password'],
    onConditionLapse: 'suspend',
  },
];

const code = { repository: 'https://example.org/mortgage.git', commit: digestOf('code'), authors: [id('ana')] };
const arms = [
  { modelVersionId: id('version'), permitId: id('permit'), slot: 'blue', weight: 9000 },
  { modelVersionId: id('next-version'), permitId: id('next-permit'), slot: 'canary', weight: 1000 },
] as const;

const releaseExample = {
  view: 'lineage',
  partition: 3,
  eventId: id('poison'),
  position: '77',
  reason: digestOf('reason'),
};

export const examples: Examples = {
  ...approvalExamples({ stages: stageExamples, decision: { ...decisionExample, result: 'allow' } }),

  WorkspaceOpened: {
    workspace: boston,
    issuer: 'https://id.example.org',
    audience: 'assay',
    administrator: id('administrator'),
    grantId: id('grant'),
    serviceKeyId: id('key'),
  },

  PersonRegistered: { identityId: id('ana'), subject: digestOf('subject'), displayName: digestOf('name') },
  ServiceRegistered: { identityId: id('bot'), ownerId: id('ana') },
  IdentityLinked: { identityId: id('ana'), linkedId: id('ana-too') },
  ServiceKeyIssued: {
    identityId: id('bot'),
    keyId: id('key'),
    scopes: ['training:write'],
    expiresAt: time(90 * 24 * 60),
  },
  ServiceKeyRevoked: { identityId: id('bot'), keyId: id('key'), reason: digestOf('reason') },
  IdentityErased: { identityId: id('ana'), reason: digestOf('reason') },

  AccessGranted: {
    grantId: id('grant'),
    subjectId: id('vera'),
    role: 'validator',
    scope: id('model'),
    validFrom: time(0),
    validUntil: time(60 * 24 * 30),
  },
  AccessRevoked: { grantId: id('grant'), reason: digestOf('reason') },
  AccessExpired: { grantId: id('grant') },
  DelegationGranted: {
    grantId: id('delegation'),
    delegatorId: id('vera'),
    delegateId: id('dora'),
    role: 'validator',
    validFrom: time(0),
    validUntil: time(60 * 24 * 7),
  },
  DelegationEnded: { grantId: id('delegation') },

  PolicyPublished: {
    policyId: id('policy'),
    name: 'mortgage',
    version: 1,
    document: {
      decision: { label: 'deny', favourable: 'no', scored: 'yes', threshold: 0.3 },
      gates: [
        {
          id: 'four-fifths',
          measure: ratioExample.definition,
          attribute: 'afam',
          operator: '>=',
          threshold: 0.8,
          reads: 'point',
        },
      ],
      riskFunction: 'bias-and-variability@1',
      tiers: {
        low: { stages: stageExamples.slice(0, 1), approvalValidDays: 365 },
        medium: { stages: stageExamples, approvalValidDays: 180 },
        high: { stages: stageExamples, approvalValidDays: 90 },
      },
      evidenceValidDays: 90,
      override: {
        validMinutes: 60,
        reviewHours: 72,
        reviewRole: 'compliance-officer',
        acr: ['urn:assay:acr:password'],
      },
      minimumGroupSize: 30,
    },
    digest: digestOf('policy document'),
  },
  PolicySuperseded: { policyId: id('policy'), version: 1, by: 2 },

  DatasetRegistered: {
    datasetId: id('dataset'),
    name: 'Boston mortgage applications 1990',
    purpose: 'credit-decision research',
    legalBasis: 'public data (HMDA)',
    licence: 'GPL-2.0-or-later',
    description: digestOf('description'),
  },
  DatasetVersionSealed: {
    datasetVersionId: id('data'),
    datasetId: id('dataset'),
    number: 1,
    content: contentExample('data', 'text/csv'),
    rowDigest: digestOf('rows'),
    rows: 2381,
    columns: [
      { name: 'deny', type: 'string', nulls: 0, role: 'label' },
      { name: 'afam', type: 'string', nulls: 0, role: 'protected', from: [`${id('raw')}#afam`] },
      { name: 'pirat', type: 'number', nulls: 0, role: 'feature' },
    ],
    profile: contentExample('profile', 'application/json'),
    derivedFrom: [id('raw')],
    code,
    grade: 'measured',
  },
  DataQualityFound: {
    datasetVersionId: id('data'),
    rule: 'range',
    column: 'pirat',
    detail: digestOf('finding'),
  },
  DatasetVersionWithdrawn: { datasetVersionId: id('data'), reason: digestOf('reason') },

  TrainingRunStarted: {
    trainingRunId: id('run'),
    modelId: id('model'),
    datasetVersionIds: [id('data')],
    engine: 'assay',
    algorithm: 'logistic-regression',
    job: contentExample('job', 'application/json'),
    code,
    seed: 42,
    grade: 'measured',
  },
  TrainingRunCompleted: {
    trainingRunId: id('run'),
    artifact: contentExample('model.onnx', 'application/octet-stream'),
    environment: digestOf('environment'),
    record: contentExample('run.json', 'application/json'),
    measurements: [{ definition: 'accuracy@assay', value: 0.88, n: 2381 }],
  },
  TrainingRunFailed: { trainingRunId: id('run'), code: 'NotConverged', detail: digestOf('detail') },
  TrainingRunCancelled: { trainingRunId: id('run') },

  ModelRegistered: {
    modelId: id('model'),
    name: 'mortgage denial',
    ownerId: id('olga'),
    policyId: id('policy'),
    intendedUse: 'decision support for mortgage applications',
    prohibitedUses: ['employment decisions'],
    jurisdictions: ['US-MA'],
    description: digestOf('description'),
  },
  ModelVersionNumbered: { modelId: id('model'), modelVersionId: id('version'), number: 1 },
  ModelAliasMoved: { modelId: id('model'), alias: 'champion', modelVersionId: id('version') },
  ModelVersionRegistered: {
    modelVersionId: id('version'),
    modelId: id('model'),
    number: 1,
    trainingRunId: id('run'),
    datasetVersionIds: [id('data')],
    code,
    artifact: contentExample('model.onnx', 'application/octet-stream'),
    features: ['pirat', 'hirat'],
    grade: 'measured',
  },
  ModelVersionRetired: {
    modelVersionId: id('version'),
    successorId: id('next-version'),
    reason: digestOf('reason'),
  },

  EvaluationRecorded: {
    evaluationId: id('evaluation'),
    modelVersionId: id('version'),
    datasetVersionId: id('data'),
    kinds: ['performance', 'fairness'],
    scheme: 'cross-validation(5, stratified, pooled)',
    measurements: [ratioExample],
    groups: [
      {
        group: { afam: 'yes' },
        n: 339,
        truePositives: 200,
        falsePositives: 40,
        trueNegatives: 55,
        falseNegatives: 44,
      },
    ],
    report: contentExample('report', 'application/json'),
    collectedAt: time(0),
    expiresAt: time(90 * 24 * 60),
    grade: 'measured',
  },
  GateDecided: {
    evaluationId: id('evaluation'),
    gateId: 'four-fifths',
    measurement: ratioExample,
    threshold: 0.8,
    operator: '>=',
    reads: 'point',
    verdict: 'pass',
    decision: decisionExample,
  },
  EvaluationWithdrawn: { evaluationId: id('evaluation'), reason: digestOf('reason') },
  EvaluationAmended: { evaluationId: id('evaluation'), amendment: digestOf('more'), reason: digestOf('reason') },

  RiskTierSet: {
    modelVersionId: id('version'),
    function: 'bias-and-variability@1',
    inputs: { biasPotential: 0.17, performanceVariability: 0.02 },
    evaluationIds: [id('evaluation')],
    tier: 'high',
  },

  PermitIssued: {
    permit: {
      permitId: id('permit'),
      workspace: boston,
      modelVersionId: id('version'),
      artifactDigest: digestOf('model.onnx'),
      environment: 'production',
      basis: { kind: 'approval', id: id('approval') },
      issuedAt: time(60),
      validUntil: time(90 * 24 * 60),
    },
    signature: 'c2lnbmF0dXJlLW9mLXRoZS1wZXJtaXQ=',
    keyId: 'permit-1',
  },
  PermitSuspended: { permitId: id('permit'), cause: 'condition-lapsed' },
  PermitResumed: { permitId: id('permit'), cause: 'condition-lapsed' },
  PermitRevoked: { permitId: id('permit'), cause: 'approval-voided' },
  PermitExpired: { permitId: id('permit') },

  DeploymentStarted: {
    deploymentId: id('deployment'),
    endpoint: 'mortgage',
    environment: 'production',
    modelId: id('model'),
    modelVersionId: id('next-version'),
    strategy: 'canary',
    arms,
    salt: 'salt-of-the-split',
  },
  TrafficShifted: { deploymentId: id('deployment'), arms },
  DeploymentPromoted: { deploymentId: id('deployment'), modelVersionId: id('next-version'), arms },
  DeploymentRolledBack: {
    deploymentId: id('deployment'),
    modelVersionId: id('version'),
    arms,
    cause: 'override-review-lapsed',
  },
  DeploymentStopped: { deploymentId: id('deployment'), cause: 'retired' },

  PredictionSegmentSealed: {
    segmentId: id('segment'),
    deploymentId: id('deployment'),
    rows: { [id('version')]: 90, [id('next-version')]: 10 },
    permits: [id('permit'), id('next-permit')],
    content: contentExample('segment', 'application/x-ndjson'),
    digest: digestOf('segment'),
    from: time(0),
    to: time(1),
  },

  IncidentOpened: {
    incidentId: id('incident'),
    kind: 'override',
    modelVersionId: id('version'),
    reference: id('override'),
    awareAt: time(0),
  },
  IncidentClosed: { incidentId: id('incident'), reason: digestOf('reason') },

  ExportRequested: {
    exportId: id('export'),
    kind: 'dossier',
    modelVersionId: id('version'),
    asOf: '18446744073709551615',
    requesterId: id('rita'),
  },
  ExportBuilt: { exportId: id('export'), files: [contentExample('dossier.pdf', 'application/pdf')] },
  ExportFailed: { exportId: id('export'), code: 'NotYet' },
  EvidenceAccessed: { exportId: id('export'), readerId: id('rita'), what: 'dossier.pdf' },

  PartitionRetried: releaseExample,
  PartitionSkipped: releaseExample,

  DenialCounted: {
    actorId: id('ana'),
    rule: 'Contributor',
    action: 'SignApproval',
    subject: `approval-${boston}.${id('approval')}`,
    minute: time(0),
    count: 1,
    details: { path: [`training-run:${id('run')}`, 'started-by'], ratio: 0.69 },
  },

  NameReserved: { kind: 'model', ownerId: id('model') },
};

/** The example of a type with some of its fields changed. */
export function example<Type extends EventType>(type: Type, changes: Partial<Examples[Type]> = {}): EventOf<Type> {
  return { type, data: { ...examples[type], ...changes } } as unknown as EventOf<Type>;
}

export const exampleEvents: readonly AssayEvent[] = (Object.keys(examples) as EventType[]).map(
  (type) => ({ type, data: examples[type] }) as AssayEvent,
);
