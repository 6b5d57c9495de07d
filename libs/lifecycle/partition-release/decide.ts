import { accept, refuse } from '../kernel.js';
import type { Decision } from '../kernel.js';
import type { PartitionReleaseCommand } from './commands.js';
import type { PartitionReleaseEvent } from './events.js';
import type { PartitionReleases } from './evolve.js';

export function decide(command: PartitionReleaseCommand, state: PartitionReleases): Decision<PartitionReleaseEvent> {
  const { data } = command;
  switch (command.type) {
    case 'RetryPartition':
      return accept({ type: 'PartitionRetried', data });
    case 'SkipPartition':
      // What is passed by is passed by: saying so twice adds nothing.
      return state.skipped.has(data.eventId) ? accept() : accept({ type: 'PartitionSkipped', data });
    default:
      command satisfies never;
      return refuse('UnknownCommand');
  }
}
