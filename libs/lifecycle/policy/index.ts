import type { Decider } from '../kernel.js';
import type { PolicyCommand } from './commands.js';
import { decide } from './decide.js';
import type { PolicyEvent } from './events.js';
import { evolve, noPolicy, type Policy } from './evolve.js';

export type { Policy } from './evolve.js';
export { policyFaults, policyLimits } from './faults.js';
export type { PolicyFault } from './faults.js';
export const policy: Decider<PolicyCommand, PolicyEvent, Policy> = { initial: noPolicy, decide, evolve };
