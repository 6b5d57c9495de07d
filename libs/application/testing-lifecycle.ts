import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApprovalRequested, Actor, Id, Measurement, PolicyDocument, SigningMeaning } from '#libs/lifecycle';
import { signingNonce } from '#libs/policy';
import { newId, repositoryRoot } from '#libs/runtime';
import { sha256 } from '#libs/signing';
import type { CommandInputs, CommandResult } from './contract.js';
import type { TestApplication } from './testing.js';

export interface MadeVersion {
  readonly modelId: Id;
  readonly modelVersionId: Id;
  readonly datasetVersionId: Id;
  readonly trainingRunId: Id;
  readonly evaluationId: Id;
  readonly policyId: Id;
}

/** People by what they do. Nobody has two jobs, so that each rule can be tried alone. */
export interface Cast {
  readonly steward: Actor;
  readonly developer: Actor;
  readonly trainer: Actor;
  readonly author: Actor;
  readonly evaluator: Actor;
  readonly validator: Actor;
  readonly risk: Actor;
  readonly release: Actor;
  readonly operator: Actor;
  readonly compliance: Actor;
}

export async function castOf(app: TestApplication): Promise<Cast> {
  return {
    steward: await app.person(['data-steward']),
    developer: await app.person(['model-developer']),
    trainer: await app.person(['model-developer']),
    author: await app.person([]),
    evaluator: await app.person(['evaluator']),
    validator: await app.person(['validator']),
    risk: await app.person(['risk-officer']),
    release: await app.person(['release-manager']),
    operator: await app.person(['emergency-operator']),
    compliance: await app.person(['compliance-officer']),
  };
}

export function mortgagePolicy(changes: Partial<PolicyDocument> = {}): PolicyDocument {
  const path = join(repositoryRoot(), 'examples', 'boston-mortgage', 'policy.json');
  return { ...(JSON.parse(readFileSync(path, 'utf8')) as PolicyDocument), ...changes };
}

/** A model version made by the cast: data by the steward, code by the author, training by the developer. */
export async function makeVersion(
  app: TestApplication,
  cast: Cast,
  {
    ratio = 0.85,
    document = mortgagePolicy(),
    trainer = cast.trainer,
    collectedAt,
  }: {
    readonly ratio?: number;
    readonly document?: PolicyDocument;
    readonly trainer?: Actor;
    readonly collectedAt?: string;
  } = {},
): Promise<MadeVersion> {
  const [policyId, datasetId, datasetVersionId, modelId, trainingRunId, modelVersionId] = Array.from(
    { length: 6 },
    newId,
  );
  const made = {
    policyId: policyId!,
    modelId: modelId!,
    datasetVersionId: datasetVersionId!,
    trainingRunId: trainingRunId!,
    modelVersionId: modelVersionId!,
  };
  await app.done(app.administrator, 'PublishPolicy', { policyId: made.policyId, name: `policy ${policyId}`, document });
  await app.done(cast.steward, 'RegisterDataset', {
    datasetId: datasetId!,
    name: `data ${datasetId}`,
    purpose: 'credit decisions',
    legalBasis: 'contract',
  });
  await app.done(cast.steward, 'SealDatasetVersion', {
    datasetVersionId: made.datasetVersionId,
    datasetId: datasetId!,
    content: content('rows.csv', 'text/csv'),
    rowDigest: 'ab'.repeat(32),
    rows: 100,
    columns: [{ name: 'deny', type: 'string', nulls: 0, role: 'label' }],
    derivedFrom: [],
    grade: 'measured',
  });
  await app.done(cast.developer, 'RegisterModel', {
    modelId: made.modelId,
    name: `model ${modelId}`,
    ownerId: cast.release.id,
    policyId: made.policyId,
    intendedUse: 'mortgage applications',
    prohibitedUses: [],
    jurisdictions: ['US-MA'],
  });
  const code = { repository: 'https://example.org/repository.git', commit: 'abcdef1', authors: [cast.author.id] };
  const artifact = content(`${modelVersionId}.onnx`, 'application/octet-stream');
  await app.done(trainer, 'StartTraining', {
    trainingRunId: made.trainingRunId,
    modelId: made.modelId,
    datasetVersionIds: [made.datasetVersionId],
    engine: 'assay',
    algorithm: 'logistic-regression',
    job: content('job.json', 'application/json'),
    code,
    seed: 7,
    grade: 'measured',
  });
  await app.done(app.service('trainer-service'), 'CompleteTraining', {
    trainingRunId: made.trainingRunId,
    artifact,
    environment: sha256('environment'),
    measurements: [],
  });
  await app.done(cast.developer, 'RegisterModelVersion', {
    modelVersionId: made.modelVersionId,
    modelId: made.modelId,
    trainingRunId: made.trainingRunId,
    datasetVersionIds: [made.datasetVersionId],
    artifact,
    features: ['loan_to_value'],
    grade: 'measured',
  });
  const evaluationId = await evaluate(app, cast.evaluator, made, ratio, collectedAt);
  return { ...made, evaluationId };
}

export async function evaluate(
  app: TestApplication,
  actor: Actor,
  { modelVersionId, datasetVersionId }: Pick<MadeVersion, 'modelVersionId' | 'datasetVersionId'>,
  ratio: number,
  collectedAt = app.clock.now().toISOString(),
): Promise<Id> {
  const evaluationId = newId();
  await app.done(
    actor,
    'RecordEvaluation',
    evaluation(evaluationId, modelVersionId, datasetVersionId, ratio, collectedAt),
  );
  return evaluationId;
}

export function evaluation(
  evaluationId: Id,
  modelVersionId: Id,
  datasetVersionId: Id,
  ratio: number,
  collectedAt: string,
): CommandInputs['RecordEvaluation'] {
  const interval = (low: number, high: number): Measurement['interval'] => ({
    method: 'wilson@assay',
    level: 0.95,
    low,
    high,
  });
  return {
    evaluationId,
    modelVersionId,
    datasetVersionId,
    kinds: ['performance', 'fairness'],
    scheme: 'cross-validation(5, stratified, pooled)',
    measurements: [
      {
        definition: 'demographic_parity_ratio@fairlearn',
        value: ratio,
        n: 200,
        group: { afam: '*' },
        interval: interval(ratio - 0.05, ratio + 0.05),
      },
      { definition: 'accuracy_score@sklearn', value: 0.87, n: 200, interval: interval(0.86, 0.88) },
    ],
    groups: ['yes', 'no'].map((afam) => ({
      group: { afam },
      n: 100,
      truePositives: 70,
      falsePositives: 10,
      trueNegatives: 10,
      falseNegatives: 10,
    })),
    collectedAt,
    grade: 'measured',
  };
}

/** Requests approval and returns what the request pinned. */
export async function request(
  app: TestApplication,
  actor: Actor,
  modelVersionId: Id,
  environment = 'production',
): Promise<ApprovalRequested['data']> {
  const approvalId = newId();
  await app.done(actor, 'RequestApproval', { approvalId, modelVersionId, environment, cause: 'first-release' });
  for await (const { data } of app.ledger.store.readStream(`approval-${app.workspace}.${approvalId}`))
    return JSON.parse(Buffer.from(data).toString('utf8')) as ApprovalRequested['data'];
  throw new Error('the request is not there');
}

/** The actor as `identify` gives them after a fresh re-authentication for exactly this. */
export function reauthenticated(
  app: TestApplication,
  actor: Actor,
  over: { readonly approval: Id; readonly evidence: string; readonly meaning: SigningMeaning },
  changes: Partial<Actor['authentication']> = {},
): Actor {
  const time = app.clock.now().toISOString();
  const proof = { nonce: signingNonce(over), tokenId: newId(), acr: 'urn:assay:acr:password', amr: ['pwd'] };
  return { ...actor, authentication: { method: 'oidc', time, ...proof, ...changes } };
}

export const stages = {
  validation: { stage: 'validation', role: 'validator', meaning: 'validated' },
  risk: { stage: 'risk', role: 'risk-officer', meaning: 'accepted-risk' },
} as const;

export function sign(
  app: TestApplication,
  actor: Actor,
  { approvalId, evidenceDigest }: Pick<ApprovalRequested['data'], 'approvalId' | 'evidenceDigest'>,
  stage: (typeof stages)[keyof typeof stages],
  changes: Partial<CommandInputs['SignApproval']> = {},
): Promise<CommandResult> {
  const over = { approval: approvalId, evidence: evidenceDigest, meaning: stage.meaning };
  const input = { approvalId, evidenceDigest, ...stage, ...changes };
  return app.execute(reauthenticated(app, actor, over), 'SignApproval', input);
}

/** Requested, and signed by validator and risk officer. */
export async function approve(
  app: TestApplication,
  cast: Cast,
  modelVersionId: Id,
): Promise<ApprovalRequested['data']> {
  const requested = await request(app, cast.developer, modelVersionId);
  for (const [actor, stage] of [
    [cast.validator, stages.validation],
    [cast.risk, stages.risk],
  ] as const) {
    const result = await sign(app, actor, requested, stage);
    if (result.outcome === 'refused') throw new Error(`${result.code} ${JSON.stringify(result.details)}`);
  }
  return requested;
}

export async function issuePermit(app: TestApplication, kind: 'approval' | 'override', id: Id): Promise<Id> {
  const permitId = newId();
  await app.done(app.service('process-manager-service'), 'IssuePermit', { permitId, basis: { kind, id } });
  return permitId;
}

export function content(name: string, mediaType: string): { digest: string; bytes: number; mediaType: string } {
  return { digest: sha256(name), bytes: 10, mediaType };
}
