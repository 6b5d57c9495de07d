/**
 * What the application has loaded from other streams before it asks a decider: facts, as they stood when the command
 * was handled. `decide` trusts them and refuses on what they say; it never loads anything itself.
 */
import type {
  RiskTier,
  SignatureMeaning,
  Code,
  Contribution,
  EvidencePin,
  Id,
  Measurement,
  Slug,
  StreamName,
  Time,
} from './values.js';
import type { Role } from './roles.js';

/** One human or bot under all its identities: its own id first, then everything linked to it. */
export interface PersonFacts {
  readonly identities: readonly Id[];
}

/** The delegation that the actor acts by (rule 17), loaded from its accessGrant stream. */
export interface DelegationFacts {
  readonly grantId: Id;
  readonly delegatorId: Id;
  /** The delegator under all identities. */
  readonly delegatorIdentities: readonly Id[];
  readonly delegateId: Id;
  readonly role: Role;
  readonly scope?: Id;
  readonly validFrom: Time;
  readonly validUntil: Time;
  readonly status: 'active' | 'ended' | 'expired' | 'revoked';
  /** The delegator holds the role directly at this moment (not by delegation). */
  readonly delegatorHoldsRole: boolean;
}

/** A pinned or to-be-pinned piece of evidence as its stream stands now. */
export interface EvidenceFacts {
  readonly pin: EvidencePin;
  readonly status: 'current' | 'withdrawn';
  /** Where the evidence ages (evaluations: rule 14). */
  readonly expiresAt?: Time;
}

/** The newest verdict of one gate of the policy over this model version. */
export interface GateFacts {
  readonly gateId: Slug;
  readonly evaluationId: Id;
  readonly verdict: 'pass' | 'fail' | 'insufficient' | 'undefined';
  readonly measurement: Measurement;
  readonly operator: '>=' | '<=';
  readonly threshold: number;
}

export interface RequestFacts {
  readonly policyId: Id;
  readonly policyVersion: number;
  readonly tier: RiskTier;
  /** Gate ids of the policy: each needs a verdict `pass`. */
  readonly requiredGates: readonly Slug[];
  readonly verdicts: readonly GateFacts[];
  readonly evidence: readonly EvidenceFacts[];
  readonly contributors: readonly Contribution[];
  readonly modelVersion: 'registered' | 'retired' | 'missing';
  /** Approvals that are pending for the same version and environment. */
  readonly pending: readonly Id[];
}

/** Re-read from the event store (never from a view) immediately before signing. */
export interface SigningFacts {
  /** The evidence of the pinned streams as it stands now, one for each pin. */
  readonly evidence: readonly EvidenceFacts[];
  /**
   * The newest verdict of each gate over this version, as in the request: an evaluation that came after it is pinned
   * by nobody, and one that fails must not be signed past.
   */
  readonly verdicts?: readonly GateFacts[];
  /** Recomputed from lineage now; may hold more than the request did. */
  readonly contributors: readonly Contribution[];
  readonly signer: PersonFacts;
  readonly delegation?: DelegationFacts;
  /** Ids of tokens that have already been used for a signature or an override. */
  readonly usedTokens: readonly string[];
}

/** A permit as the deployment decider needs it. */
export interface PermitFacts {
  readonly permitId: Id;
  readonly status: 'active' | 'suspended' | 'revoked' | 'expired' | 'missing';
  readonly modelVersionId: Id;
  readonly environment: Slug;
  readonly validUntil: Time;
}

/** Why a promotion may not happen: an override whose review is overdue, a pending incident. */
export interface PromotionBlock {
  readonly code: Code;
  readonly stream?: StreamName;
  readonly id: Id;
}

/** What is signed over: an approval's meaning, or the word for an override. */
export type SigningMeaning = SignatureMeaning | 'override';
