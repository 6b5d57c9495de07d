import { canonicalJson } from '../../signing/canonical.js';
import { accept } from '../kernel.js';
import type { Decision } from '../kernel.js';
import type { RiskAssessmentCommand } from './commands.js';
import type { RiskAssessmentEvent } from './events.js';
import type { RiskAssessment } from './evolve.js';

/** An assessment is a pinned piece of evidence: saying the same again must not move its stream. */
export function decide({ data }: RiskAssessmentCommand, state: RiskAssessment): Decision<RiskAssessmentEvent> {
  const { status, ...before } = state;
  if (status === 'set' && canonicalJson(before) === canonicalJson(data)) return accept();
  return accept({ type: 'RiskTierSet', data });
}
