import type { CommandInputs, CommandResult } from '#libs/application';
import { type Actor, type Id, type PolicyDocument, signingNonce } from '#libs/lifecycle';
import { newId } from '#libs/runtime';
import { examples } from '../../libs/lifecycle/examples.js';
import type { Installation } from './installation.js';

export const document: PolicyDocument = {
  ...examples.PolicyPublished.document,
  gates: [{ id: 'accuracy', measure: 'accuracy_score@sklearn', operator: '>=', threshold: 0.5, reads: 'point' }],
};

const accuracy = {
  definition: 'accuracy_score@sklearn',
  value: 0.9,
  n: 1000,
  interval: { method: 'wilson@assay', level: 0.95, low: 0.88, high: 0.92 },
};

/** People, a model and the steps of an approval, through the application, on an {@link Installation}. */
export async function governance(all: Installation) {
  const [steward, developer, evaluator, validator, risk, operator, compliance, release] = (await Promise.all(
    (
      [
        'data-steward',
        'model-developer',
        'evaluator',
        'validator',
        'risk-officer',
        'emergency-operator',
        'compliance-officer',
        'release-manager',
      ] as const
    ).map((role) => all.person([role])),
  )) as [Actor, Actor, Actor, Actor, Actor, Actor, Actor, Actor];
  const owner = await all.person(['business-owner']);
  const policyId = newId();
  const modelId = newId();
  const datasetVersionId = newId();
  const datasetId = newId();
  await all.done(all.administrator, 'PublishPolicy', { policyId, name: `policy ${policyId}`, document });
  await all.done(steward, 'RegisterDataset', {
    datasetId,
    name: `data ${datasetId}`,
    purpose: 'credit decisions',
    legalBasis: 'public data',
  });
  await all.done(steward, 'SealDatasetVersion', {
    datasetVersionId,
    datasetId,
    content: { digest: 'a'.repeat(64), bytes: 10, mediaType: 'text/csv' },
    rowDigest: 'ab'.repeat(32),
    rows: 1000,
    columns: [{ name: 'deny', type: 'string', nulls: 0, role: 'label' }],
    derivedFrom: [],
    grade: 'asserted',
  });
  await all.done(developer, 'RegisterModel', {
    modelId,
    name: `model ${modelId}`,
    ownerId: owner.id,
    policyId,
    intendedUse: 'tests',
    prohibitedUses: [],
    jurisdictions: ['EU'],
  });

  async function version(artifact = { digest: 'b'.repeat(64), bytes: 10, mediaType: 'application/onnx' }): Promise<Id> {
    const modelVersionId = newId();
    await all.done(developer, 'RegisterModelVersion', {
      modelVersionId,
      modelId,
      datasetVersionIds: [datasetVersionId],
      artifact,
      features: ['pirat'],
      grade: 'asserted',
    });
    return modelVersionId;
  }

  async function evaluate(modelVersionId: Id): Promise<Id> {
    const evaluationId = newId();
    await all.done(evaluator, 'RecordEvaluation', {
      evaluationId,
      modelVersionId,
      datasetVersionId,
      kinds: ['performance'],
      scheme: 'hold-out',
      measurements: [accuracy],
      groups: [],
      collectedAt: all.clock.now().toISOString(),
      grade: 'asserted',
    });
    return evaluationId;
  }

  async function request(modelVersionId: Id): Promise<Id> {
    const approvalId = newId();
    const input = { approvalId, modelVersionId, environment: 'production', cause: 'first-approval' };
    await all.done(developer, 'RequestApproval', input);
    return approvalId;
  }

  /** With a re-authentication that is fresh and made for this signature. */
  function reauthenticated(
    actor: Actor,
    approval: Id,
    evidence: string,
    meaning: Parameters<typeof signingNonce>[0]['meaning'],
  ): Actor {
    const time = all.clock.now().toISOString();
    const nonce = signingNonce({ approval, evidence, meaning });
    return {
      ...actor,
      authentication: { method: 'oidc', acr: 'urn:assay:acr:password', time, nonce, tokenId: newId() },
    };
  }

  async function sign(
    approvalId: Id,
    who: 'validation' | 'risk',
    condition?: CommandInputs['SignApproval']['condition'],
  ): Promise<bigint> {
    const [actor, role, meaning] =
      who === 'validation'
        ? ([validator, 'validator', 'validated'] as const)
        : ([risk, 'risk-officer', 'accepted-risk'] as const);
    const [requested] = await all.events(`approval-${all.workspace}.${approvalId}`);
    const evidenceDigest = requested!.data['evidenceDigest'] as string;
    return all.done(reauthenticated(actor, approvalId, evidenceDigest, meaning), 'SignApproval', {
      approvalId,
      stage: who,
      role,
      meaning,
      evidenceDigest,
      ...(condition ? { condition } : {}),
    });
  }

  async function useOverride(modelVersionId: Id): Promise<Id> {
    const overrideId = newId();
    const { evidenceDigest } = (await all.application.evidenceOf(all.workspace, modelVersionId))!;
    await all.done(reauthenticated(operator, overrideId, evidenceDigest, 'override'), 'UseOverride', {
      overrideId,
      modelVersionId,
      environment: 'production',
      reason: 'the other model is down',
      incidentId: newId(),
      evidenceDigest,
    });
    return overrideId;
  }

  /** Evaluated, requested and signed by both stages. */
  async function approved(modelVersionId?: Id, condition?: CommandInputs['SignApproval']['condition']) {
    const id = modelVersionId ?? (await version());
    const evaluationId = await evaluate(id);
    const approvalId = await request(id);
    await sign(approvalId, 'validation', condition);
    const position = await sign(approvalId, 'risk');
    return { modelVersionId: id, evaluationId, approvalId, position };
  }

  function deploy(
    modelVersionId: Id,
    permitId: Id,
    more: Partial<CommandInputs['StartDeployment']> = {},
  ): Promise<CommandResult> {
    return all.execute(release, 'StartDeployment', {
      deploymentId: newId(),
      endpoint: 'mortgage',
      environment: 'production',
      modelId,
      modelVersionId,
      permitId,
      strategy: 'blue-green',
      weight: 0,
      ...more,
    });
  }

  return {
    approved,
    compliance,
    datasetVersionId,
    deploy,
    developer,
    evaluate,
    evaluator,
    modelId,
    owner,
    policyId,
    release,
    request,
    risk,
    sign,
    steward,
    useOverride,
    validator,
    version,
  };
}

export type Governance = Awaited<ReturnType<typeof governance>>;
