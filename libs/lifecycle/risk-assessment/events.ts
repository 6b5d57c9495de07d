import type { DomainEvent } from '../kernel.js';
import type { Definition, Id, RiskTier } from '../values.js';

/** Stream `riskAssessment-…` (id = modelVersionId). The tier is computed by a versioned function, never typed. */
export type RiskTierSet = DomainEvent<
  'RiskTierSet',
  {
    readonly modelVersionId: Id;
    /** e.g. `bias-and-variability@1`. */
    readonly function: Definition;
    readonly inputs: { readonly biasPotential: number | null; readonly performanceVariability: number | null };
    readonly evaluationIds: readonly Id[];
    readonly tier: RiskTier;
  }
>;

export type RiskAssessmentEvent = RiskTierSet;
