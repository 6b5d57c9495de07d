import type { Role } from '../roles.js';
import type { RiskTier, SignatureMeaning } from '../values.js';

/** What a policy says. Dates, thresholds and field lists live here, never in code (design rule 7). */
export interface PolicyDocument {
  /** How a probability becomes a decision: `negative` is decided at or above `threshold`. */
  readonly decision: {
    readonly label: string;
    /** The favourable label value (e.g. `no` for `deny`). */
    readonly favourable: string;
    /** The label value whose probability the model gives (e.g. `yes`). */
    readonly scored: string;
    /** Scored label is decided when its probability ≥ threshold. */
    readonly threshold: number;
  };
  /** Evaluation gates: all must pass before approval may be requested. */
  readonly gates: readonly Gate[];
  /** `name@version` of the tier function in `libs/policy/risk-tier`. */
  readonly riskFunction: string;
  readonly tiers: Readonly<Record<RiskTier, TierPolicy>>;
  /** Days an evaluation stays fresh (rule 14). */
  readonly evidenceValidDays: number;
  readonly override: OverridePolicy;
  readonly minimumGroupSize: number;
}

export interface Gate {
  readonly id: string;
  /** `name@profile` of the measurement. */
  readonly measure: string;
  /** Protected attribute that it is grouped by; absent for an overall measure. */
  readonly attribute?: string;
  readonly operator: '>=' | '<=';
  readonly threshold: number;
  /** What is compared: the point value, or the bound of the interval that is worse for the model. */
  readonly reads: 'point' | 'bound';
}

export interface TierPolicy {
  /** In order; a stage opens when the one before is complete (rule 4, 2). */
  readonly stages: readonly StagePolicy[];
  /** Days that a granted approval is valid (rule 11). */
  readonly approvalValidDays: number;
}

export interface StagePolicy {
  readonly id: string;
  /** k of n by role, distinct persons (rule 3). */
  readonly quorum: readonly { readonly role: Role; readonly minimum: number }[];
  readonly meaning: SignatureMeaning;
  /** Hours until the request times out in this stage (rule 25). */
  readonly timeoutHours: number;
  /** Stages whose signers may sign here too; default none (rule 2). */
  readonly mayRepeatSignersOf?: readonly string[];
  /** What a lapsed condition does (rule 10). */
  readonly onConditionLapse: 'suspend' | 'escalate';
}

export interface OverridePolicy {
  /** Minutes that an override permit lives. */
  readonly validMinutes: number;
  /** Hours within which somebody else must review (rule 18). */
  readonly reviewHours: number;
  readonly reviewRole: Role;
  /** `acr` values of which the override needs one. */
  readonly acr: readonly string[];
}
