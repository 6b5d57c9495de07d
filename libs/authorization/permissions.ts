import type { Role } from '#libs/lifecycle';

/** What can be done. One verb for one thing; commands and fields name theirs. */
export const actions = [
  'read',
  /** See the text behind a disclosure: a name, a reason, a comment. */
  'reveal',
  'administer',
  'publish',
  'register',
  'seal',
  'withdraw',
  'train',
  'evaluate',
  'request',
  'sign',
  'revoke',
  'override',
  'review',
  'deploy',
  'retire',
  'score',
  'report',
  'export',
  /** What follows from events and timers: the process manager's. */
  'automate',
] as const;
export type Action = (typeof actions)[number];

/** What it is done to. The GraphQL types of the same names ask with the same words. */
export const subjectTypes = [
  'Workspace',
  'Identity',
  'AccessGrant',
  'ServiceKey',
  'Policy',
  'Dataset',
  'DatasetVersion',
  'TrainingRun',
  'Model',
  'ModelVersion',
  'Evaluation',
  'RiskAssessment',
  'Approval',
  'Permit',
  'Deployment',
  'PredictionSegment',
  'Incident',
  'Export',
  'Denial',
  'Content',
  'Disclosure',
] as const;
export type SubjectType = (typeof subjectTypes)[number];

/** A grant that is limited to a model reaches these only where their `modelId` is that model. */
export const subjectsOfOneModel: ReadonlySet<SubjectType> = new Set<SubjectType>([
  'TrainingRun',
  'Model',
  'ModelVersion',
  'Evaluation',
  'RiskAssessment',
  'Approval',
  'Permit',
  'Deployment',
  'PredictionSegment',
  'Incident',
  'Export',
]);

export interface Permission {
  readonly may: readonly Action[];
  readonly on: readonly SubjectType[];
}

/** What belongs to the record of models: anybody who works here may read it. */
const record: readonly SubjectType[] = [
  'Workspace',
  'Policy',
  'Dataset',
  'DatasetVersion',
  'TrainingRun',
  'Model',
  'ModelVersion',
  'Evaluation',
  'RiskAssessment',
  'Approval',
  'Permit',
  'Deployment',
  'PredictionSegment',
  'Incident',
  'Export',
  'Content',
];
const oversight: readonly SubjectType[] = ['Identity', 'AccessGrant', 'ServiceKey', 'Denial'];

const readRecord: Permission = { may: ['read'], on: record };
const readNames: Permission = { may: ['read', 'reveal'], on: ['Identity'] };
const readReasons: Permission = { may: ['reveal'], on: ['Disclosure'] };
const readOversight: Permission = { may: ['read'], on: oversight };
const worker: readonly Permission[] = [readRecord, readNames, readReasons];
const signer: readonly Permission[] = [...worker, { may: ['sign'], on: ['Approval'] }];

/**
 * Who may do what, by business role. Default is deny: what is not in here is refused. What no grant can give stands
 * in `prohibitions` (ability.ts) and wins over everything in this table.
 */
export const permissions: Readonly<Record<Role, readonly Permission[]>> = {
  administrator: [
    ...worker,
    readOversight,
    { may: ['administer'], on: ['Workspace', 'Identity', 'AccessGrant', 'ServiceKey'] },
    { may: ['publish'], on: ['Policy'] },
  ],
  'data-steward': [
    ...worker,
    { may: ['register'], on: ['Dataset', 'Content'] },
    { may: ['seal', 'withdraw'], on: ['DatasetVersion'] },
    { may: ['report'], on: ['Incident'] },
  ],
  'model-developer': [
    ...worker,
    { may: ['register'], on: ['Model', 'ModelVersion', 'Content'] },
    { may: ['train'], on: ['TrainingRun'] },
    { may: ['evaluate', 'withdraw'], on: ['Evaluation'] },
    { may: ['request', 'withdraw'], on: ['Approval'] },
    { may: ['report'], on: ['Incident'] },
  ],
  evaluator: [
    ...worker,
    { may: ['register'], on: ['Content'] },
    { may: ['evaluate', 'withdraw'], on: ['Evaluation'] },
    { may: ['report'], on: ['Incident'] },
  ],
  validator: [...signer, { may: ['report'], on: ['Incident'] }],
  'risk-officer': [
    ...signer,
    readOversight,
    { may: ['revoke', 'review'], on: ['Approval'] },
    { may: ['report'], on: ['Incident'] },
    { may: ['export'], on: ['Export'] },
  ],
  'compliance-officer': [
    ...signer,
    readOversight,
    { may: ['revoke', 'review'], on: ['Approval'] },
    { may: ['report'], on: ['Incident'] },
    { may: ['export'], on: ['Export'] },
  ],
  'business-owner': [
    ...signer,
    { may: ['revoke', 'review'], on: ['Approval'] },
    { may: ['retire'], on: ['ModelVersion'] },
    { may: ['report'], on: ['Incident'] },
    { may: ['export'], on: ['Export'] },
  ],
  'release-manager': [
    ...signer,
    { may: ['deploy'], on: ['Deployment'] },
    { may: ['register'], on: ['Model'] },
    { may: ['retire'], on: ['ModelVersion'] },
    { may: ['report'], on: ['Incident'] },
    { may: ['export'], on: ['Export'] },
  ],
  'emergency-operator': [
    ...worker,
    { may: ['override'], on: ['Approval'] },
    { may: ['deploy'], on: ['Deployment'] },
    { may: ['report'], on: ['Incident'] },
  ],
  auditor: [...worker, readOversight, { may: ['export'], on: ['Export'] }],
  viewer: [readRecord],
  'trainer-service': [
    readRecord,
    { may: ['register'], on: ['Content', 'ModelVersion'] },
    { may: ['train'], on: ['TrainingRun'] },
  ],
  'serving-service': [
    readRecord,
    { may: ['register'], on: ['Content'] },
    { may: ['score'], on: ['PredictionSegment'] },
  ],
  'process-manager-service': [
    readRecord,
    readOversight,
    { may: ['register'], on: ['Content'] },
    {
      may: ['automate'],
      on: ['AccessGrant', 'Approval', 'Permit', 'RiskAssessment', 'Export', 'TrainingRun', 'Deployment'],
    },
    { may: ['deploy'], on: ['Deployment'] },
    { may: ['report'], on: ['Incident'] },
  ],
};
