import type { StagePolicy } from '../../lifecycle/policy/document.js';
import type { Signature } from '../../lifecycle/approval/events.js';
import type { Contribution, EvidencePin, PolicyDecision, RiskTier } from '../../lifecycle/values.js';
import type { SignatureRow } from './stages.js';

export const approvalStatuses = [
  'pending',
  'granted',
  'rejected',
  'revoked',
  'voided',
  'expired',
  'withdrawn',
] as const;
export type ApprovalStatus = (typeof approvalStatuses)[number];

export interface ApprovalItem {
  readonly approvalId: string;
  readonly status: ApprovalStatus;
  readonly modelVersionId?: string;
  readonly modelVersionNumber?: number;
  readonly modelId?: string;
  readonly modelName?: string;
  readonly requesterId?: string;
  readonly environment?: string;
  readonly policyId?: string;
  readonly policyVersion?: number;
  readonly tier?: RiskTier;
  readonly stages?: readonly StagePolicy[];
  readonly pins?: readonly EvidencePin[];
  readonly evidenceDigest?: string;
  readonly contributors?: readonly Contribution[];
  readonly cause?: string;
  readonly requestedAt?: string;
  readonly expiresAt?: string;
  /** The stage that asks somebody now, since when and until when. */
  readonly openStage?: string;
  readonly stageOpenedAt?: string;
  readonly stageDeadline?: string;
  readonly signatures: readonly SignatureRow[];
  readonly abstentions: readonly {
    readonly stage: string;
    readonly signerId: string;
    readonly role: string;
    readonly eventId: string;
  }[];
  readonly grantedAt?: string;
  readonly validUntil?: string;
  readonly endedAt?: string;
  readonly endedBy?: string;
  readonly endCause?: string;
  readonly position: bigint;
}

/** A pinned piece of evidence as it stands at the reader's position. */
export interface EvidenceItem {
  readonly approvalId: string;
  readonly kind: EvidencePin['kind'];
  readonly stream: string;
  readonly digest: string;
  readonly pinnedRevision: string;
  /** Greater than the pinned one: the evidence has changed since. Absent: the stream is not in the timeline. */
  readonly headRevision?: string;
  /** Of an evaluation. */
  readonly expiresAt?: string;
  /** Of an evaluation or a data set version: `recorded`, `sealed` or `withdrawn`. */
  readonly status?: string;
}

export type ApprovalActName =
  | 'requested'
  | 'signed'
  | 'abstained'
  | 'rejected'
  | 'condition-set'
  | 'condition-met'
  | 'condition-lapsed'
  | 'granted'
  | 'revoked'
  | 'voided'
  | 'expired'
  | 'withdrawn'
  | 'override-used'
  | 'override-reviewed'
  | 'override-review-lapsed';

export interface ApprovalActItem {
  /** Of an approval, or of an override for acts on one. */
  readonly approvalId: string;
  readonly modelVersionId?: string;
  readonly modelId?: string;
  readonly act: ApprovalActName;
  readonly stage?: string;
  readonly actorId: string;
  readonly role?: string;
  readonly meaning?: string;
  readonly onBehalfOf?: string;
  readonly evidenceDigest?: string;
  readonly decision?: PolicyDecision;
  readonly authentication?: Signature['authentication'];
  /** Digest of a disclosure. */
  readonly reason?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly at: string;
  readonly eventId: string;
  readonly digest: string;
  readonly position: bigint;
}

export interface ConditionItem {
  readonly approvalId: string;
  readonly conditionId: string;
  readonly modelVersionId?: string;
  readonly modelId?: string;
  readonly status: 'open' | 'met' | 'lapsed';
  readonly ownerId?: string;
  readonly dueAt?: string;
  readonly text?: string;
  readonly onLapse?: 'suspend' | 'escalate';
  readonly evidence?: string;
  readonly setAt?: string;
  readonly endedAt?: string;
  readonly position: bigint;
}

export interface OverrideItem {
  readonly overrideId: string;
  readonly status: 'unreviewed' | 'reviewed' | 'review-lapsed';
  readonly modelVersionId?: string;
  readonly modelId?: string;
  readonly environment?: string;
  readonly operatorId?: string;
  readonly reason?: string;
  readonly evidenceDigest?: string;
  readonly usedAt?: string;
  readonly validUntil?: string;
  readonly reviewDueAt?: string;
  readonly reviewRole?: string;
  readonly incidentId?: string;
  readonly reviewerId?: string;
  readonly verdict?: 'justified' | 'not-justified';
  readonly reviewReason?: string;
  readonly reviewedAt?: string;
  readonly position: bigint;
}
