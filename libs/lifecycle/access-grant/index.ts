import type { Decider } from '../kernel.js';
import type { AccessGrantCommand } from './commands.js';
import { decide } from './decide.js';
import type { AccessGrantEvent } from './events.js';
import { evolve, noAccessGrant, type AccessGrant } from './evolve.js';

export type { AccessGrant } from './evolve.js';
export { maximumAuditorDays, maximumDelegationDays } from './decide.js';
export const accessGrant: Decider<AccessGrantCommand, AccessGrantEvent, AccessGrant> = {
  initial: noAccessGrant,
  decide,
  evolve,
};
