import type { Decider } from '../kernel.js';
import type { IdentityCommand } from './commands.js';
import { decide } from './decide.js';
import type { IdentityEvent } from './events.js';
import { evolve, noIdentity, type Identity } from './evolve.js';

export type { Identity, ServiceKey } from './evolve.js';
export { maximumKeyDays } from './decide.js';
export const identity: Decider<IdentityCommand, IdentityEvent, Identity> = { initial: noIdentity, decide, evolve };
