import type { Decider } from '../kernel.js';
import type { PermitCommand } from './commands.js';
import { decide } from './decide.js';
import type { PermitEvent } from './events.js';
import { evolve, noPermit, type PermitState } from './evolve.js';

export type { PermitState } from './evolve.js';
export const permit: Decider<PermitCommand, PermitEvent, PermitState> = { initial: noPermit, decide, evolve };
