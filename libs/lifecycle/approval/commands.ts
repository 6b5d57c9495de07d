import type { Command } from '../kernel.js';
import type { PersonFacts, RequestFacts, SigningFacts } from '../facts.js';
import type { OverridePolicy, TierPolicy } from '../policy/document.js';
import type { Role } from '../roles.js';
import type { Code, Disclosed, Id, Sha256, SignatureMeaning, Slug, StreamName, Time } from '../values.js';
import type { ApprovalVoided } from './events.js';

export type RequestApproval = Command<
  'RequestApproval',
  {
    readonly approvalId: Id;
    readonly modelVersionId: Id;
    readonly modelId: Id;
    readonly environment: Slug;
    readonly cause: Code;
    /** Stages and validity of the tier, snapshot into the request (rule 4). */
    readonly tierPolicy: TierPolicy;
    readonly facts: RequestFacts;
  }
>;

export interface NewCondition {
  readonly conditionId: Id;
  readonly ownerId: Id;
  readonly dueAt: Time;
  readonly text: Disclosed;
}

/** Who signs is the context's actor; `context.actor.authentication` carries acr, time, nonce and token id. */
export type SignApproval = Command<
  'SignApproval',
  {
    readonly approvalId: Id;
    readonly stage: Slug;
    readonly role: Role;
    readonly meaning: SignatureMeaning;
    /** What the signer saw. */
    readonly evidenceDigest: Sha256;
    readonly comment?: Disclosed;
    readonly condition?: NewCondition;
    readonly facts: SigningFacts;
  }
>;
export type RejectApproval = Command<
  'RejectApproval',
  {
    readonly approvalId: Id;
    readonly stage: Slug;
    readonly role: Role;
    readonly meaning: SignatureMeaning;
    readonly evidenceDigest: Sha256;
    readonly reason: Disclosed;
    readonly facts: SigningFacts;
  }
>;
export type AbstainApproval = Command<
  'AbstainApproval',
  {
    readonly approvalId: Id;
    readonly stage: Slug;
    readonly role: Role;
    readonly reason: Disclosed;
    readonly facts: Pick<SigningFacts, 'contributors' | 'signer' | 'delegation'>;
  }
>;
export type MeetCondition = Command<
  'MeetCondition',
  {
    readonly approvalId: Id;
    readonly conditionId: Id;
    readonly evidence: Sha256;
    readonly facts: { readonly actor: PersonFacts };
  }
>;
export type LapseCondition = Command<'LapseCondition', { readonly approvalId: Id; readonly conditionId: Id }>;
export type RevokeApproval = Command<'RevokeApproval', { readonly approvalId: Id; readonly reason: Disclosed }>;
export type WithdrawApproval = Command<
  'WithdrawApproval',
  { readonly approvalId: Id; readonly reason?: Disclosed; readonly facts: { readonly actor: PersonFacts } }
>;
export type VoidApproval = Command<
  'VoidApproval',
  {
    readonly approvalId: Id;
    readonly cause: ApprovalVoided['data']['cause'];
    readonly stream: StreamName;
    readonly eventId: Id;
  }
>;
export type ExpireApproval = Command<
  'ExpireApproval',
  { readonly approvalId: Id; readonly what: 'request' | 'stage' | 'approval'; readonly stage?: Slug }
>;

export type WarnOfExpiry = Command<'WarnOfExpiry', { readonly approvalId: Id; readonly days: 90 | 30 | 7 }>;

export type ApprovalCommand =
  | RequestApproval
  | SignApproval
  | RejectApproval
  | AbstainApproval
  | MeetCondition
  | LapseCondition
  | RevokeApproval
  | WithdrawApproval
  | VoidApproval
  | ExpireApproval
  | WarnOfExpiry;

export type UseOverride = Command<
  'UseOverride',
  {
    readonly overrideId: Id;
    readonly modelVersionId: Id;
    readonly modelId: Id;
    readonly environment: Slug;
    readonly reason: Disclosed;
    readonly incidentId: Id;
    /** What the operator saw. */
    readonly evidenceDigest: Sha256;
    readonly facts: {
      readonly policyId: Id;
      readonly policyVersion: number;
      readonly override: OverridePolicy;
      /** SHA-256 over the canonical JSON of the pins as they stand now. */
      readonly evidenceDigest: Sha256;
      readonly modelVersion: 'registered' | 'retired' | 'missing';
      readonly usedTokens: readonly string[];
    };
  }
>;
export type ReviewOverride = Command<
  'ReviewOverride',
  {
    readonly overrideId: Id;
    readonly verdict: 'justified' | 'not-justified';
    readonly reason: Disclosed;
    readonly facts: {
      readonly reviewer: PersonFacts;
      /** The operator of the override under all identities. */
      readonly operatorIdentities: readonly Id[];
    };
  }
>;
export type LapseOverrideReview = Command<'LapseOverrideReview', { readonly overrideId: Id }>;

export type OverrideCommand = UseOverride | ReviewOverride | LapseOverrideReview;
