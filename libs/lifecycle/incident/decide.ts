import { accept, refuse } from '../kernel.js';
import type { Decision } from '../kernel.js';
import { clockSkewSeconds } from '../limits.js';
import { after, instant } from '../time.js';
import type { IncidentCommand } from './commands.js';
import type { IncidentEvent } from './events.js';
import type { Incident } from './evolve.js';

export function decide(command: IncidentCommand, state: Incident): Decision<IncidentEvent> {
  const { incidentId } = command.data;
  switch (command.type) {
    case 'OpenIncident': {
      if (state.status !== 'none') return refuse('AlreadyExists', { incidentId });
      const latest = after(command.context.now, { seconds: clockSkewSeconds });
      if (!(instant(command.data.awareAt) <= instant(latest)))
        return refuse('InvalidField', { field: 'awareAt', rule: `at most ${clockSkewSeconds} s ahead of the clock` });
      return accept({ type: 'IncidentOpened', data: command.data });
    }
    case 'CloseIncident':
      if (state.status === 'none') return refuse('NotFound', { incidentId });
      return state.status === 'closed' ? accept() : accept({ type: 'IncidentClosed', data: command.data });
    default:
      command satisfies never;
      return refuse('UnknownCommand');
  }
}
