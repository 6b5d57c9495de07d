import type { Decider } from '../kernel.js';
import type { PredictionSegmentCommand } from './commands.js';
import { decide } from './decide.js';
import type { PredictionSegmentEvent } from './events.js';
import { evolve, noPredictionSegment, type PredictionSegment } from './evolve.js';

export type { PredictionSegment } from './evolve.js';
export const predictionSegment: Decider<PredictionSegmentCommand, PredictionSegmentEvent, PredictionSegment> = {
  initial: noPredictionSegment,
  decide,
  evolve,
};
