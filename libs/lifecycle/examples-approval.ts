import type { ApprovalEvent, Signature } from './approval/events.js';
import { boston, digestOf, id, time } from './examples-values.js';
import type { StagePolicy } from './policy/document.js';
import type { PolicyDecision } from './values.js';

type ApprovalExamples = {
  readonly [Type in ApprovalEvent['type']]: Extract<ApprovalEvent, { type: Type }>['data'];
};

export const evidenceExample = digestOf('evidence');

export const signatureExample: Signature = {
  signerId: id('vera'),
  role: 'validator',
  meaning: 'validated',
  signedAt: time(30),
  evidenceDigest: evidenceExample,
  authentication: {
    acr: 'urn:assay:acr:password',
    amr: ['pwd', 'otp'],
    authenticatedAt: time(29),
    nonce: digestOf('nonce'),
    tokenId: 'token-1',
  },
};

/** The approval and override events of the examples. */
export function approvalExamples(parts: {
  readonly stages: readonly StagePolicy[];
  readonly decision: PolicyDecision;
}): ApprovalExamples {
  const approvalId = id('approval');
  return {
    ApprovalRequested: {
      approvalId,
      modelVersionId: id('version'),
      modelId: id('model'),
      requesterId: id('ana'),
      environment: 'production',
      policyId: id('policy'),
      policyVersion: 1,
      tier: 'high',
      stages: parts.stages,
      approvalValidDays: 90,
      pins: [
        {
          kind: 'evaluation',
          stream: `evaluation-${boston}.${id('evaluation')}`,
          revision: '1',
          digest: digestOf('event'),
        },
      ],
      evidenceDigest: evidenceExample,
      contributors: [
        { identityId: id('ana'), path: [`model-version:${id('version')}`, `training-run:${id('run')}`, 'started-by'] },
      ],
      expiresAt: time(144 * 60),
      cause: 'first-approval',
    },
    ApprovalSigned: {
      approvalId,
      stage: 'validation',
      signature: signatureExample,
      comment: digestOf('comment'),
      decision: parts.decision,
    },
    ApprovalAbstained: {
      approvalId,
      stage: 'validation',
      signerId: id('dora'),
      role: 'validator',
      reason: digestOf('reason'),
    },
    ApprovalRejected: { approvalId, stage: 'validation', signature: signatureExample, reason: digestOf('reason') },
    ApprovalConditionSet: {
      approvalId,
      conditionId: id('condition'),
      ownerId: id('olga'),
      dueAt: time(60 * 24 * 14),
      text: digestOf('text'),
      onLapse: 'suspend',
    },
    ApprovalConditionMet: { approvalId, conditionId: id('condition'), evidence: digestOf('evidence of it') },
    ApprovalConditionLapsed: { approvalId, conditionId: id('condition'), effect: 'suspend' },
    ApprovalGranted: {
      approvalId,
      modelVersionId: id('version'),
      environment: 'production',
      evidenceDigest: evidenceExample,
      validUntil: time(90 * 24 * 60),
    },
    ApprovalRevoked: { approvalId, revokerId: id('rita'), reason: digestOf('reason') },
    ApprovalVoided: {
      approvalId,
      cause: 'evidence-changed',
      stream: `evaluation-${boston}.${id('evaluation')}`,
      eventId: id('event'),
    },
    ApprovalExpired: { approvalId, what: 'stage', stage: 'validation' },
    ApprovalExpiryWarned: { approvalId, validUntil: time(90 * 24 * 60), days: 30 },
    ApprovalWithdrawn: { approvalId },

    OverrideUsed: {
      overrideId: id('override'),
      modelVersionId: id('version'),
      modelId: id('model'),
      environment: 'production',
      operatorId: id('emil'),
      reason: digestOf('reason'),
      authentication: signatureExample.authentication,
      evidenceDigest: evidenceExample,
      validUntil: time(90),
      reviewDueAt: time(72 * 60),
      reviewRole: 'compliance-officer',
      incidentId: id('incident'),
      policyId: id('policy'),
      policyVersion: 1,
    },
    OverrideReviewed: {
      overrideId: id('override'),
      reviewerId: id('cora'),
      verdict: 'justified',
      reason: digestOf('reason'),
    },
    OverrideReviewLapsed: { overrideId: id('override') },
  };
}
