import type { Decider } from '../kernel.js';
import type { DeploymentCommand } from './commands.js';
import { decide } from './decide.js';
import type { DeploymentEvent } from './events.js';
import { evolve, noDeployment, type Deployment } from './evolve.js';

export type { Deployment } from './evolve.js';
export { wholeTraffic } from './decide.js';
export const deployment: Decider<DeploymentCommand, DeploymentEvent, Deployment> = {
  initial: noDeployment,
  decide,
  evolve,
};
