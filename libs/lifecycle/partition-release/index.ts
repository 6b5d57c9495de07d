import type { Decider } from '../kernel.js';
import type { PartitionReleaseCommand } from './commands.js';
import { decide } from './decide.js';
import type { PartitionReleaseEvent } from './events.js';
import { evolve, noReleases, type PartitionReleases } from './evolve.js';

export type { PartitionReleases } from './evolve.js';
export const partitionRelease: Decider<PartitionReleaseCommand, PartitionReleaseEvent, PartitionReleases> = {
  initial: noReleases,
  decide,
  evolve,
};
