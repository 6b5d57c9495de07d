import type { PredictionSegmentEvent, PredictionSegmentSealed } from './events.js';

export type PredictionSegment =
  { readonly status: 'none' } | ({ readonly status: 'sealed' } & PredictionSegmentSealed['data']);

export const noPredictionSegment: PredictionSegment = { status: 'none' };

export function evolve(_state: PredictionSegment, event: PredictionSegmentEvent): PredictionSegment {
  return { status: 'sealed', ...event.data };
}
