import type { Command } from '../kernel.js';
import type { RiskTierSet } from './events.js';

/** The tier and its inputs come from `riskTier` of `libs/policy`; the same assessment twice changes nothing. */
export type AssessRisk = Command<'AssessRisk', RiskTierSet['data']>;

export type RiskAssessmentCommand = AssessRisk;
