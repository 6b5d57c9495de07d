import type { Role } from '../roles.js';
import type { Definition, Label, Ordinal, RiskTier, SignatureMeaning, Slug, Token } from '../values.js';

/** What a policy says. Dates, thresholds and field lists live here, never in code (design rule 7). */
export interface PolicyDocument {
  /** How a probability becomes a decision: `negative` is decided at or above `threshold`. */
  readonly decision: {
    readonly label: Label;
    /** The favourable label value (e.g. `no` for `deny`). */
    readonly favourable: Label;
    /** The label value whose probability the model gives (e.g. `yes`). */
    readonly scored: Label;
    /**
     * Scored label is decided when its probability ≥ threshold.
     * @schema {"type":"number","minimum":0,"maximum":1}
     */
    readonly threshold: number;
  };
  /** Evaluation gates: all must pass before approval may be requested. */
  readonly gates: readonly Gate[];
  /** `name@version` of the tier function in `libs/policy/risk-tier`. */
  readonly riskFunction: Definition;
  readonly tiers: Readonly<Record<RiskTier, TierPolicy>>;
  /** Days an evaluation stays fresh (rule 14). */
  readonly evidenceValidDays: Ordinal;
  readonly override: OverridePolicy;
  readonly minimumGroupSize: Ordinal;
}

export interface Gate {
  readonly id: Slug;
  /** `name@profile` of the measurement. */
  readonly measure: Definition;
  /** Protected attribute that it is grouped by; absent for an overall measure. */
  readonly attribute?: Label;
  readonly operator: '>=' | '<=';
  readonly threshold: number;
  /** What is compared: the point value, or the bound of the interval that is worse for the model. */
  readonly reads: 'point' | 'bound';
}

export interface TierPolicy {
  /** In order; a stage opens when the one before is complete (rule 4, 2). */
  readonly stages: readonly StagePolicy[];
  /** Days that a granted approval is valid (rule 11). */
  readonly approvalValidDays: Ordinal;
}

export interface StagePolicy {
  readonly id: Slug;
  /** k of n by role, distinct persons (rule 3). */
  readonly quorum: readonly { readonly role: Role; readonly minimum: Ordinal }[];
  readonly meaning: SignatureMeaning;
  /** Hours until the request times out in this stage (rule 25). */
  readonly timeoutHours: Ordinal;
  /** `acr` values of which a signature in this stage needs one (rule 8). */
  readonly acr: readonly Token[];
  /** Stages whose signers may sign here too; default none (rule 2). */
  readonly mayRepeatSignersOf?: readonly Slug[];
  /** What a lapsed condition does (rule 10). */
  readonly onConditionLapse: 'suspend' | 'escalate';
}

export interface OverridePolicy {
  /** Minutes that an override permit lives. */
  readonly validMinutes: Ordinal;
  /** Hours within which somebody else must review (rule 18). */
  readonly reviewHours: Ordinal;
  readonly reviewRole: Role;
  /** `acr` values of which the override needs one. */
  readonly acr: readonly Token[];
}
