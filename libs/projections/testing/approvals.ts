import { later, decision, signature, issuePermit, type Step } from './world.js';
import { testStages } from './writer.js';

export const approvals: Step[] = [
  (world, w) => {
    const version = w.random.pick(world.versions);
    if (version === undefined) return;
    const approvalId = w.random.uuid();
    const evaluations = version.evaluations.slice(-2);
    w.append(world.workspace, 'approval', approvalId, 'ApprovalRequested', {
      approvalId,
      modelVersionId: version.id,
      modelId: version.modelId,
      requesterId: w.random.pick(world.people),
      environment: 'production',
      policyId: w.random.uuid(),
      policyVersion: 1,
      tier: 'high',
      stages: testStages,
      approvalValidDays: 180,
      pins: [
        { kind: 'model-version', ...w.head('modelVersion', world.workspace, version.id) },
        ...evaluations.map((id) => ({ kind: 'evaluation' as const, ...w.head('evaluation', world.workspace, id) })),
      ],
      evidenceDigest: w.random.hex(64),
      contributors: w.random
        .some(world.people, 3)
        .map((identityId) => ({ identityId, path: ['training-run', 'started'] })),
      expiresAt: later(w, 14),
      cause: 'new-version',
    });
    world.requests.push({ id: approvalId, version, signed: 0, isOpen: true, conditions: [] });
  },
  (world, w) => {
    const request = w.random.pick(world.requests.filter(({ isOpen }) => isOpen));
    if (request === undefined) return;
    const approvalId = request.id;
    const stage = testStages[request.signed]!.id;
    const append = w.append.bind(w, world.workspace, 'approval', approvalId);
    const way = w.random.whole(10);
    const reason = w.random.hex(64);
    if (way === 0) {
      append('ApprovalRejected', {
        approvalId,
        stage,
        signature: signature(w, request.signed, w.random.pick(world.people)),
        reason,
      });
      request.isOpen = false;
    } else if (way === 1) {
      append('ApprovalAbstained', {
        approvalId,
        stage,
        signerId: w.random.pick(world.people),
        role: 'validator',
        reason,
      });
    } else if (way === 2) {
      append('ApprovalExpired', { approvalId, what: 'stage', stage });
      request.isOpen = false;
    } else if (way === 3) {
      append('ApprovalWithdrawn', { approvalId });
      request.isOpen = false;
    } else {
      append('ApprovalSigned', {
        approvalId,
        stage,
        signature: signature(w, request.signed, w.random.pick(world.people)),
        decision: decision(w, world),
      });
      request.signed += 1;
      if (request.signed < testStages.length) return;
      request.isOpen = false;
      const { version } = request;
      append('ApprovalGranted', {
        approvalId,
        modelVersionId: version.id,
        environment: 'production',
        evidenceDigest: w.random.hex(64),
        validUntil: later(w, 180),
      });
      issuePermit(world, w, version.id, { kind: 'approval', id: approvalId });
      append('ApprovalExpiryWarned', { approvalId, validUntil: later(w, 7), days: 7 });
    }
  },
  (world, w) => {
    const request = w.random.pick(world.requests);
    if (request === undefined) return;
    const conditionId = w.random.uuid();
    const approvalId = request.id;
    w.append(world.workspace, 'approval', approvalId, 'ApprovalConditionSet', {
      approvalId,
      conditionId,
      ownerId: w.random.pick(world.people),
      dueAt: later(w, 10 - w.random.whole(20)),
      text: w.random.hex(64),
      onLapse: 'suspend',
    });
    request.conditions.push(conditionId);
  },
  (world, w) => {
    const request = w.random.pick(world.requests.filter(({ conditions }) => conditions.length > 0));
    const conditionId = request?.conditions.pop();
    if (request === undefined || conditionId === undefined) return;
    const approvalId = request.id;
    const evidence = w.random.hex(64);
    if (w.random.whole(2) === 0)
      w.append(world.workspace, 'approval', approvalId, 'ApprovalConditionMet', { approvalId, conditionId, evidence });
    else
      w.append(world.workspace, 'approval', approvalId, 'ApprovalConditionLapsed', {
        approvalId,
        conditionId,
        effect: 'suspend',
      });
  },
  (world, w) => {
    const request = w.random.pick(world.requests.filter(({ signed }) => signed === testStages.length));
    if (request === undefined || w.random.whole(2) === 0) return;
    const approvalId = request.id;
    const reason = w.random.hex(64);
    if (w.random.whole(2) === 0)
      w.append(world.workspace, 'approval', approvalId, 'ApprovalRevoked', {
        approvalId,
        revokerId: w.random.pick(world.people),
        reason,
      });
    else {
      const stream = `modelVersion-${world.workspace}.${request.version.id}`;
      w.append(world.workspace, 'approval', approvalId, 'ApprovalVoided', {
        approvalId,
        cause: 'evidence-changed',
        stream,
        eventId: w.random.uuid(),
      });
    }
  },
  (world, w) => {
    const version = w.random.pick(world.versions);
    if (version === undefined) return;
    const [overrideId, incidentId] = [w.random.uuid(), w.random.uuid()];
    w.append(world.workspace, 'approval', overrideId, 'OverrideUsed', {
      overrideId,
      modelVersionId: version.id,
      modelId: version.modelId,
      environment: 'production',
      operatorId: w.random.pick(world.people),
      reason: w.random.hex(64),
      authentication: signature(w, 0, w.random.uuid()).authentication,
      evidenceDigest: w.random.hex(64),
      validUntil: later(w, 1),
      reviewDueAt: later(w, 3),
      reviewRole: 'risk-officer',
      incidentId,
      policyId: w.random.uuid(),
      policyVersion: 1,
    });
    world.overrides.push({ id: overrideId, isReviewed: false });
    issuePermit(world, w, version.id, { kind: 'override', id: overrideId });
  },
  (world, w) => {
    const override = w.random.pick(world.overrides.filter(({ isReviewed }) => !isReviewed));
    if (override === undefined) return;
    const overrideId = override.id;
    override.isReviewed = true;
    if (w.random.whole(3) === 0)
      return void w.append(world.workspace, 'approval', overrideId, 'OverrideReviewLapsed', { overrideId });
    w.append(world.workspace, 'approval', overrideId, 'OverrideReviewed', {
      overrideId,
      reviewerId: w.random.pick(world.people),
      verdict: w.random.pick(['justified', 'not-justified'] as const),
      reason: w.random.hex(64),
    });
  },
];
