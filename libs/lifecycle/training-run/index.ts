import type { Decider } from '../kernel.js';
import type { TrainingRunCommand } from './commands.js';
import { decide } from './decide.js';
import type { TrainingRunEvent } from './events.js';
import { evolve, noTrainingRun, type TrainingRun } from './evolve.js';

export type { TrainingRun } from './evolve.js';
export const trainingRun: Decider<TrainingRunCommand, TrainingRunEvent, TrainingRun> = {
  initial: noTrainingRun,
  decide,
  evolve,
};
