import type { RequestApproval, SignApproval, UseOverride } from './approval/commands.js';
import type { ApprovalRequested, ApprovalSigned } from './approval/events.js';
import { signingNonce } from './approval/nonce.js';
import { boston, digestOf, example, id, ratioExample, stageExamples, time } from './examples.js';
import type { DelegationFacts, EvidenceFacts, RequestFacts, SigningFacts, SigningMeaning } from './facts.js';
import type { CommandContext } from './kernel.js';
import type { Role } from './roles.js';

/** Test data: somebody who acts, `minutes` after the examples' noon. */
export function by(
  name: string,
  options: {
    readonly roles?: readonly Role[];
    readonly kind?: 'person' | 'service';
    readonly minutes?: number;
    readonly onBehalfOf?: string;
    readonly authentication?: Partial<CommandContext['actor']['authentication']>;
  } = {},
): CommandContext {
  const now = time(options.minutes ?? 0);
  return {
    workspace: boston,
    actor: {
      id: id(name),
      kind: options.kind ?? 'person',
      roles: options.roles ?? [],
      groups: [],
      authentication: {
        method: options.kind === 'service' ? 'service-key' : 'oidc',
        acr: 'urn:assay:acr:password',
        amr: ['pwd'],
        time: now,
        tokenId: `token-of-${name}-at-${options.minutes ?? 0}`,
        ...options.authentication,
      },
    },
    ...(options.onBehalfOf === undefined ? {} : { onBehalfOf: id(options.onBehalfOf) }),
    commandId: id(`command of ${name}`),
    correlationId: id('correlation'),
    now,
  };
}

/** What the example's request pins, as its stream stands now. */
export const freshEvidence: readonly EvidenceFacts[] = example('ApprovalRequested').data.pins.map((pin) => ({
  pin,
  status: 'current',
  expiresAt: time(90 * 24 * 60),
}));

export const requestExample: RequestApproval = {
  type: 'RequestApproval',
  context: by('ana'),
  data: {
    approvalId: id('approval'),
    modelVersionId: id('version'),
    modelId: id('model'),
    environment: 'production',
    cause: 'first-approval',
    tierPolicy: { stages: stageExamples, approvalValidDays: 90 },
    facts: {
      policyId: id('policy'),
      policyVersion: 1,
      tier: 'high',
      requiredGates: ['four-fifths'],
      verdicts: [
        {
          gateId: 'four-fifths',
          evaluationId: id('evaluation'),
          verdict: 'pass',
          measurement: ratioExample,
          operator: '>=',
          threshold: 0.8,
        },
      ],
      evidence: freshEvidence,
      contributors: example('ApprovalRequested').data.contributors,
      modelVersion: 'registered',
      pending: [],
    },
  },
};

/** The event of a request, with other stages, contributors or the like. */
export function requested(changes: Partial<ApprovalRequested['data']> = {}) {
  return example('ApprovalRequested', changes);
}

/** A signature as it should be: right role, fresh re-authentication over exactly this. */
export function signing(
  name: string,
  stage: 'validation' | 'risk',
  changes: {
    readonly data?: Partial<SignApproval['data']>;
    readonly facts?: Partial<SigningFacts>;
    readonly context?: Parameters<typeof by>[1];
  } = {},
): SignApproval {
  const meaning = changes.data?.meaning ?? (stage === 'validation' ? 'validated' : 'accepted-risk');
  const role: Role = changes.data?.role ?? (stage === 'validation' ? 'validator' : 'risk-officer');
  const { data: request } = example('ApprovalRequested');
  const evidence = changes.data?.evidenceDigest ?? request.evidenceDigest;
  const minutes = changes.context?.minutes ?? 30;
  return {
    type: 'SignApproval',
    context: by(name, {
      roles: [role],
      minutes,
      ...changes.context,
      authentication: {
        time: time(minutes - 1),
        nonce: nonceOver(request.approvalId, evidence, meaning),
        ...changes.context?.authentication,
      },
    }),
    data: {
      approvalId: request.approvalId,
      stage,
      role,
      meaning,
      evidenceDigest: evidence,
      ...changes.data,
      facts: {
        evidence: freshEvidence,
        contributors: request.contributors,
        signer: { identities: [id(name)] },
        usedTokens: [],
        ...changes.facts,
      },
    },
  };
}

export function nonceOver(approval: string, evidence: string, meaning: SigningMeaning): string {
  return signingNonce({ approval, evidence, meaning });
}

/** An override as it should be. */
export function overriding(
  name: string,
  changes: {
    readonly data?: Partial<UseOverride['data']>;
    readonly facts?: Partial<UseOverride['data']['facts']>;
    readonly context?: Parameters<typeof by>[1];
  } = {},
): UseOverride {
  const overrideId = id('override');
  const evidence = digestOf('evidence');
  const minutes = changes.context?.minutes ?? 30;
  return {
    type: 'UseOverride',
    context: by(name, {
      roles: ['emergency-operator'],
      minutes,
      ...changes.context,
      authentication: {
        time: time(minutes - 1),
        nonce: nonceOver(overrideId, evidence, 'override'),
        ...changes.context?.authentication,
      },
    }),
    data: {
      overrideId,
      modelVersionId: id('version'),
      modelId: id('model'),
      environment: 'production',
      reason: digestOf('reason'),
      incidentId: id('incident'),
      evidenceDigest: evidence,
      ...changes.data,
      facts: {
        policyId: id('policy'),
        policyVersion: 1,
        override: {
          validMinutes: 60,
          reviewHours: 72,
          reviewRole: 'compliance-officer',
          acr: ['urn:assay:acr:password'],
        },
        evidenceDigest: evidence,
        modelVersion: 'registered',
        usedTokens: [],
        ...changes.facts,
      },
    },
  };
}

/** A request with other facts. */
export const requesting = (
  facts: Partial<RequestFacts> = {},
  data: Partial<RequestApproval['data']> = {},
): RequestApproval => ({
  ...requestExample,
  data: { ...requestExample.data, ...data, facts: { ...requestExample.data.facts, ...facts } },
});

/** The event of a signature that the decider itself would have written. */
export const signed = (signerId: string, stage: 'validation' | 'risk', minutes = 30): ApprovalSigned =>
  example('ApprovalSigned', {
    stage,
    signature: {
      ...example('ApprovalSigned').data.signature,
      signerId: id(signerId),
      role: stage === 'validation' ? 'validator' : 'risk-officer',
      signedAt: time(minutes),
    },
  });

/** Vera's role, given to Dora for a day. */
const delegation: DelegationFacts = {
  grantId: id('delegation'),
  delegatorId: id('vera'),
  delegatorIdentities: [id('vera')],
  delegateId: id('dora'),
  role: 'validator',
  validFrom: time(0),
  validUntil: time(60 * 24),
  status: 'active',
  delegatorHoldsRole: true,
};
/** Dora signs for Vera. */
export const delegated = (changes: Partial<DelegationFacts> = {}) =>
  signing('dora', 'validation', {
    facts: { delegation: { ...delegation, ...changes } },
    context: { roles: [], onBehalfOf: 'vera' },
  });
