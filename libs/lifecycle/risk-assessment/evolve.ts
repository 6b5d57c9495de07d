import type { RiskAssessmentEvent, RiskTierSet } from './events.js';

export type RiskAssessment = { readonly status: 'none' } | ({ readonly status: 'set' } & RiskTierSet['data']);

export const noRiskAssessment: RiskAssessment = { status: 'none' };

export function evolve(_state: RiskAssessment, event: RiskAssessmentEvent): RiskAssessment {
  return { status: 'set', ...event.data };
}
