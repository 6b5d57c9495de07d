import type { Command } from '../kernel.js';
import type { Disclosed, Id } from '../values.js';
import type { IncidentOpened } from './events.js';

export type OpenIncident = Command<'OpenIncident', IncidentOpened['data']>;
export type CloseIncident = Command<'CloseIncident', { readonly incidentId: Id; readonly reason: Disclosed }>;

export type IncidentCommand = OpenIncident | CloseIncident;
