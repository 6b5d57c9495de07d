import type { DomainEvent } from '../kernel.js';
import type { Disclosed, Id, Time } from '../values.js';

export type IncidentOpened = DomainEvent<
  'IncidentOpened',
  {
    readonly incidentId: Id;
    readonly kind: 'override' | 'drift' | 'condition-lapsed' | 'review-overdue' | 'reported';
    readonly modelVersionId?: Id;
    readonly reference?: Id;
    readonly awareAt: Time;
    readonly description?: Disclosed;
  }
>;
export type IncidentClosed = DomainEvent<'IncidentClosed', { readonly incidentId: Id; readonly reason: Disclosed }>;

export type IncidentEvent = IncidentOpened | IncidentClosed;
