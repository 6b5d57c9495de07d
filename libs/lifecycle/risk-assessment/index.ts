import type { Decider } from '../kernel.js';
import type { RiskAssessmentCommand } from './commands.js';
import { decide } from './decide.js';
import type { RiskAssessmentEvent } from './events.js';
import { evolve, noRiskAssessment, type RiskAssessment } from './evolve.js';

export type { RiskAssessment } from './evolve.js';
export const riskAssessment: Decider<RiskAssessmentCommand, RiskAssessmentEvent, RiskAssessment> = {
  initial: noRiskAssessment,
  decide,
  evolve,
};
