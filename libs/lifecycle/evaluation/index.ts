import type { Decider } from '../kernel.js';
import type { EvaluationCommand } from './commands.js';
import { decide } from './decide.js';
import type { EvaluationEvent } from './events.js';
import { evolve, noEvaluation, type Evaluation } from './evolve.js';

export type { Evaluation } from './evolve.js';
export const evaluation: Decider<EvaluationCommand, EvaluationEvent, Evaluation> = {
  initial: noEvaluation,
  decide,
  evolve,
};
