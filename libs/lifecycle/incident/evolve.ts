import type { IncidentEvent, IncidentOpened } from './events.js';

export type Incident = { readonly status: 'none' } | ({ readonly status: 'open' | 'closed' } & IncidentOpened['data']);

export const noIncident: Incident = { status: 'none' };

export function evolve(state: Incident, event: IncidentEvent): Incident {
  switch (event.type) {
    case 'IncidentOpened':
      return { status: 'open', ...event.data };
    case 'IncidentClosed':
      return state.status === 'none' ? state : { ...state, status: 'closed' };
    default:
      event satisfies never;
      return state;
  }
}
