import type { DomainEvent } from '../kernel.js';
import type { Role } from '../roles.js';
import type { StagePolicy } from '../policy/document.js';
import type {
  Code,
  Contribution,
  Disclosed,
  EvidencePin,
  Id,
  Ordinal,
  PolicyDecision,
  RiskTier,
  Sha256,
  SignatureMeaning,
  Slug,
  StreamName,
  Time,
  Token,
} from '../values.js';

/** Stream `approval-…`. Pins all evidence by stream, revision and digest; snapshots stages and contributors. */
export type ApprovalRequested = DomainEvent<
  'ApprovalRequested',
  {
    readonly approvalId: Id;
    readonly modelVersionId: Id;
    readonly modelId: Id;
    readonly requesterId: Id;
    readonly environment: Slug;
    readonly policyId: Id;
    readonly policyVersion: Ordinal;
    readonly tier: RiskTier;
    readonly stages: readonly StagePolicy[];
    readonly approvalValidDays: Ordinal;
    readonly pins: readonly EvidencePin[];
    /** SHA-256 over the canonical JSON of `pins`. */
    readonly evidenceDigest: Sha256;
    /** Everybody who helped to make it, with the way (rule 1). */
    readonly contributors: readonly Contribution[];
    readonly expiresAt: Time;
    /** The request says what made it necessary (rule 12). */
    readonly cause: Code;
  }
>;

/** The signature's manifestation (21 CFR 11.50): who, when, in which meaning, over what. */
export interface Signature {
  readonly signerId: Id;
  readonly role: Role;
  readonly meaning: SignatureMeaning;
  readonly onBehalfOf?: Id;
  readonly signedAt: Time;
  readonly evidenceDigest: Sha256;
  readonly authentication: {
    readonly acr?: Token;
    readonly amr?: readonly Token[];
    readonly authenticatedAt: Time;
    /** SHA-256 of {approval, evidence, meaning}. */
    readonly nonce: Sha256;
    readonly tokenId: Token;
  };
}

export type ApprovalSigned = DomainEvent<
  'ApprovalSigned',
  {
    readonly approvalId: Id;
    readonly stage: Slug;
    readonly signature: Signature;
    readonly comment?: Disclosed;
    readonly decision: PolicyDecision;
  }
>;
export type ApprovalAbstained = DomainEvent<
  'ApprovalAbstained',
  {
    readonly approvalId: Id;
    readonly stage: Slug;
    readonly signerId: Id;
    readonly role: Role;
    readonly reason: Disclosed;
  }
>;
export type ApprovalRejected = DomainEvent<
  'ApprovalRejected',
  { readonly approvalId: Id; readonly stage: Slug; readonly signature: Signature; readonly reason: Disclosed }
>;
export type ApprovalConditionSet = DomainEvent<
  'ApprovalConditionSet',
  {
    readonly approvalId: Id;
    readonly conditionId: Id;
    readonly ownerId: Id;
    readonly dueAt: Time;
    readonly text: Disclosed;
    readonly onLapse: 'suspend' | 'escalate';
  }
>;
export type ApprovalConditionMet = DomainEvent<
  'ApprovalConditionMet',
  { readonly approvalId: Id; readonly conditionId: Id; readonly evidence: Sha256 }
>;
export type ApprovalConditionLapsed = DomainEvent<
  'ApprovalConditionLapsed',
  { readonly approvalId: Id; readonly conditionId: Id; readonly effect: 'suspend' | 'escalate' }
>;
export type ApprovalGranted = DomainEvent<
  'ApprovalGranted',
  {
    readonly approvalId: Id;
    readonly modelVersionId: Id;
    readonly environment: Slug;
    readonly evidenceDigest: Sha256;
    readonly validUntil: Time;
  }
>;
export type ApprovalRevoked = DomainEvent<
  'ApprovalRevoked',
  { readonly approvalId: Id; readonly revokerId: Id; readonly reason: Disclosed }
>;
/** Written by the process manager when a pinned stream moved. */
export type ApprovalVoided = DomainEvent<
  'ApprovalVoided',
  {
    readonly approvalId: Id;
    readonly cause: 'evidence-changed' | 'contributor-changed' | 'policy-superseded' | 'evidence-expired';
    readonly stream: StreamName;
    /** Event that caused it. */
    readonly eventId: Id;
  }
>;
export type ApprovalExpired = DomainEvent<
  'ApprovalExpired',
  { readonly approvalId: Id; readonly what: 'request' | 'stage' | 'approval'; readonly stage?: Slug }
>;
/** It ends in so many days (rule 11): who is to renew it has the time to. */
export type ApprovalExpiryWarned = DomainEvent<
  'ApprovalExpiryWarned',
  { readonly approvalId: Id; readonly validUntil: Time; readonly days: 90 | 30 | 7 }
>;
export type ApprovalWithdrawn = DomainEvent<
  'ApprovalWithdrawn',
  { readonly approvalId: Id; readonly reason?: Disclosed }
>;

/** Stream `approval-…` of its own id: an override is never an approval (rule 18). */
export type OverrideUsed = DomainEvent<
  'OverrideUsed',
  {
    readonly overrideId: Id;
    readonly modelVersionId: Id;
    readonly modelId: Id;
    readonly environment: Slug;
    readonly operatorId: Id;
    readonly reason: Disclosed;
    readonly authentication: Signature['authentication'];
    readonly evidenceDigest: Sha256;
    readonly validUntil: Time;
    readonly reviewDueAt: Time;
    readonly reviewRole: Role;
    readonly incidentId: Id;
    readonly policyId: Id;
    readonly policyVersion: Ordinal;
  }
>;
export type OverrideReviewed = DomainEvent<
  'OverrideReviewed',
  {
    readonly overrideId: Id;
    readonly reviewerId: Id;
    readonly verdict: 'justified' | 'not-justified';
    readonly reason: Disclosed;
  }
>;
/** Not reviewed in time: roll back, block the next promotion. */
export type OverrideReviewLapsed = DomainEvent<'OverrideReviewLapsed', { readonly overrideId: Id }>;

export type ApprovalEvent =
  | ApprovalRequested
  | ApprovalSigned
  | ApprovalAbstained
  | ApprovalRejected
  | ApprovalConditionSet
  | ApprovalConditionMet
  | ApprovalConditionLapsed
  | ApprovalGranted
  | ApprovalRevoked
  | ApprovalVoided
  | ApprovalExpired
  | ApprovalExpiryWarned
  | ApprovalWithdrawn
  | OverrideUsed
  | OverrideReviewed
  | OverrideReviewLapsed;
