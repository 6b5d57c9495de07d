import { canonicalDigest } from '../signing/index.js';
import { stages } from './mortgage-policy.test.js';
import { openWorld } from './mortgage-world.test.js';
import { Recorder, digestOf } from './mortgage.test.js';

/** A made-up life of a mortgage model: version 1 fails, version 2 passes, serves, is voided and retired. */

export interface Play {
  readonly recorder: Recorder;
  readonly version1: string;
  readonly version2: string;
}

export function play({
  segments = 6,
  recorder: r = new Recorder(),
}: { segments?: number; recorder?: Recorder } = {}): Play {
  const { ada, bo, chi, dev, eva, omar, manager, trainer, id, policyId, dataVersion, modelId, train, evaluate, deny } =
    openWorld(r);
  const first = train(1, 'all columns');
  const evaluation1 = evaluate(1, first.versionId, 0.6943, 0.6388, 0.7471);
  deny(bo, 'GateFailed', 'RequestApproval', `modelVersion-${r.workspace}.${first.versionId}`, {
    modelVersionId: first.versionId,
    gate: 'four-fifths',
    value: 0.6943,
    low: 0.6388,
    high: 0.7471,
    threshold: 0.8,
    evaluationId: evaluation1,
  });
  r.wait(60 * 26);

  const second = train(2, 'reweighed');
  const evaluation2 = evaluate(2, second.versionId, 0.8312, 0.7741, 0.8866);
  const approvalId = id('approval 2');
  const pins = [
    { kind: 'model-version' as const, ...r.head('modelVersion', second.versionId) },
    { kind: 'training-run' as const, ...r.head('trainingRun', second.runId) },
    { kind: 'dataset-version' as const, ...r.head('datasetVersion', dataVersion) },
    { kind: 'evaluation' as const, ...r.head('evaluation', evaluation2) },
    { kind: 'risk-assessment' as const, ...r.head('riskAssessment', second.versionId) },
  ];
  const evidenceDigest = canonicalDigest(pins);
  r.append(
    'approval',
    approvalId,
    'ApprovalRequested',
    {
      approvalId,
      modelVersionId: second.versionId,
      modelId,
      requesterId: ada,
      environment: 'production',
      policyId,
      policyVersion: 1,
      tier: 'medium',
      stages,
      approvalValidDays: 180,
      pins,
      evidenceDigest,
      contributors: [
        { identityId: bo, path: ['model version', 'training run', 'started by'] },
        { identityId: ada, path: ['approval', 'requested by'] },
      ],
      expiresAt: r.now(60 * 48),
      cause: 'new version',
    },
    ada,
  );
  const approvalStream = `approval-${r.workspace}.${approvalId}`;
  deny(bo, 'Contributor', 'SignApproval', approvalStream, {
    approvalId,
    path: ['model version', 'training run', 'started by'],
  });
  deny(chi, 'ReauthenticationRequired', 'SignApproval', approvalStream, { approvalId, requiredWithinSeconds: 120 });
  const sign = (
    stageId: string,
    signerId: string,
    role: 'validator' | 'risk-officer',
    meaning: 'validated' | 'accepted-risk',
    comment?: string,
  ) =>
    r.append(
      'approval',
      approvalId,
      'ApprovalSigned',
      {
        approvalId,
        stage: stageId,
        signature: {
          signerId,
          role,
          meaning,
          signedAt: r.now(),
          evidenceDigest,
          authentication: {
            acr: 'urn:assay:acr:strong',
            amr: ['pwd', 'otp'],
            authenticatedAt: r.now(-1),
            nonce: canonicalDigest({ approvalId, evidenceDigest, meaning }),
            tokenId: id(`token ${stageId}`),
          },
        },
        ...(comment ? { comment: r.text(comment) } : {}),
        decision: {
          policyId,
          policyVersion: 1,
          inputsDigest: digestOf(`decision ${stageId}`),
          result: 'allow',
          reasons: [],
        },
      },
      signerId,
      { roles: [role] },
    );
  sign(
    'validation',
    chi,
    'validator',
    'validated',
    'Ratio is above the threshold; its interval reaches below it. Watch the next quarter.',
  );
  r.append(
    'approval',
    approvalId,
    'ApprovalConditionSet',
    {
      approvalId,
      conditionId: id('condition'),
      ownerId: dev,
      dueAt: r.now(60 * 24 * 30),
      text: r.text('Report the ratio again after 30 days of service.'),
      onLapse: 'suspend',
    },
    dev,
    { roles: ['risk-officer'] },
  );
  sign('risk', dev, 'risk-officer', 'accepted-risk');
  r.append(
    'approval',
    approvalId,
    'ApprovalGranted',
    {
      approvalId,
      modelVersionId: second.versionId,
      environment: 'production',
      evidenceDigest,
      validUntil: r.now(60 * 24 * 180),
    },
    dev,
    { roles: ['risk-officer'] },
  );

  const permit = (name: string, kind: 'approval' | 'override', basisId: string, minutes: number) => {
    const permitId = id(`permit ${name}`);
    r.append(
      'permit',
      permitId,
      'PermitIssued',
      {
        permit: {
          permitId,
          workspace: r.workspace,
          modelVersionId: second.versionId,
          artifactDigest: digestOf('onnx 2 reweighed'),
          environment: 'production',
          basis: { kind, id: basisId },
          issuedAt: r.now(),
          validUntil: r.now(minutes),
        },
        signature: 'c2lnbmF0dXJl',
        keyId: digestOf('permit key').slice(0, 32),
      },
      manager,
      { kind: 'service', roles: ['process-manager-service'] },
    );
    return permitId;
  };
  const permitId = permit('2', 'approval', approvalId, 60 * 24 * 180);
  const deploymentId = id('deployment');
  const arm = (
    slot: 'blue' | 'green' | 'canary',
    weight: number,
    modelVersionId = second.versionId,
    armPermit = permitId,
  ) => ({ modelVersionId, permitId: armPermit, slot, weight });
  r.append(
    'deployment',
    deploymentId,
    'DeploymentStarted',
    {
      deploymentId,
      endpoint: 'mortgage',
      environment: 'production',
      modelId,
      modelVersionId: second.versionId,
      strategy: 'blue-green',
      arms: [arm('green', 0)],
      salt: digestOf('salt').slice(0, 16),
    },
    ada,
    { roles: ['release-manager'] },
  );
  r.wait(5);
  r.append(
    'deployment',
    deploymentId,
    'DeploymentPromoted',
    { deploymentId, modelVersionId: second.versionId, arms: [arm('green', 10_000)] },
    ada,
    { roles: ['release-manager'] },
  );
  for (let index = 0; index < segments; index += 1) {
    const segmentId = id(`segment ${index}`);
    r.append(
      'predictionSegment',
      segmentId,
      'PredictionSegmentSealed',
      {
        segmentId,
        deploymentId,
        rows: { [second.versionId]: 480 + index },
        permits: [permitId],
        content: { digest: digestOf(`log ${index}`), bytes: 90_000, mediaType: 'application/x-ndjson' },
        digest: digestOf(`segment ${index}`),
        from: r.now(-10),
        to: r.now(),
      },
      manager,
      { kind: 'service', roles: ['serving-service'], seconds: 600 },
    );
  }
  r.append(
    'deployment',
    deploymentId,
    'TrafficShifted',
    { deploymentId, arms: [arm('green', 9000), arm('canary', 1000, id('version 3'), id('permit 3'))] },
    ada,
    { roles: ['release-manager'] },
  );
  r.wait(60 * 8);
  r.append('model', modelId, 'ModelVersionNumbered', { modelId, modelVersionId: id('version 3'), number: 3 }, trainer, {
    kind: 'service',
    roles: ['trainer-service'],
  });
  const changed = r.append(
    'evaluation',
    evaluation2,
    'EvaluationAmended',
    {
      evaluationId: evaluation2,
      amendment: digestOf('amendment'),
      reason: r.text('Two rows were counted twice in the source file.'),
    },
    chi,
    { roles: ['validator'] },
  );
  r.append(
    'approval',
    approvalId,
    'ApprovalVoided',
    { approvalId, cause: 'evidence-changed', stream: `evaluation-${r.workspace}.${evaluation2}`, eventId: changed },
    manager,
    { kind: 'service', roles: ['process-manager-service'] },
  );
  r.append('permit', permitId, 'PermitRevoked', { permitId, cause: 'approval-voided' }, manager, {
    kind: 'service',
    roles: ['process-manager-service'],
  });
  deny(manager, 'PermitNotLive', 'Predict', `deployment-${r.workspace}.${deploymentId}`, {
    permitId,
    closedWithinSeconds: 1.2,
  });
  const overrideId = id('override');
  const incidentId = id('incident');
  r.append(
    'approval',
    overrideId,
    'OverrideUsed',
    {
      overrideId,
      modelVersionId: second.versionId,
      modelId,
      environment: 'production',
      operatorId: omar,
      reason: r.text('Branch offices cannot decide; manual queue above 400 files.'),
      authentication: {
        acr: 'urn:assay:acr:strong',
        authenticatedAt: r.now(-1),
        nonce: digestOf('nonce'),
        tokenId: id('token override'),
      },
      evidenceDigest,
      validUntil: r.now(60),
      reviewDueAt: r.now(60 * 72),
      reviewRole: 'risk-officer',
      incidentId,
      policyId,
      policyVersion: 1,
    },
    omar,
    { roles: ['emergency-operator'] },
  );
  r.append(
    'incident',
    incidentId,
    'IncidentOpened',
    { incidentId, kind: 'override', modelVersionId: second.versionId, reference: overrideId, awareAt: r.now() },
    manager,
    { kind: 'service', roles: ['process-manager-service'] },
  );
  permit('override', 'override', overrideId, 60);
  r.wait(60);
  r.append(
    'approval',
    overrideId,
    'OverrideReviewed',
    {
      overrideId,
      reviewerId: eva,
      verdict: 'not-justified',
      reason: r.text('The manual queue had capacity until the next morning.'),
    },
    eva,
    { roles: ['risk-officer'], occurredAt: r.now(-55) },
  );
  r.append('incident', incidentId, 'IncidentClosed', { incidentId, reason: r.text('Reviewed.') }, eva, {
    roles: ['risk-officer'],
  });
  r.append(
    'deployment',
    deploymentId,
    'DeploymentPromoted',
    { deploymentId, modelVersionId: id('version 3'), arms: [arm('green', 10_000, id('version 3'), id('permit 3'))] },
    ada,
    { roles: ['release-manager'] },
  );
  r.append(
    'modelVersion',
    second.versionId,
    'ModelVersionRetired',
    { modelVersionId: second.versionId, successorId: id('version 3'), reason: r.text('Replaced by version 3.') },
    ada,
  );
  return { recorder: r, version1: first.versionId, version2: second.versionId };
}
