import type { Decider } from '../kernel.js';
import type { IncidentCommand } from './commands.js';
import { decide } from './decide.js';
import type { IncidentEvent } from './events.js';
import { evolve, noIncident, type Incident } from './evolve.js';

export type { Incident } from './evolve.js';
export const incident: Decider<IncidentCommand, IncidentEvent, Incident> = { initial: noIncident, decide, evolve };
