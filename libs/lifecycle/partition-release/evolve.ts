import type { PartitionReleaseEvent } from './events.js';

/** Of one view. */
export interface PartitionReleases {
  /** Ids of the events that the view passes by. */
  readonly skipped: ReadonlySet<string>;
}

export const noReleases: PartitionReleases = { skipped: new Set() };

export function evolve(state: PartitionReleases, event: PartitionReleaseEvent): PartitionReleases {
  const skipped = new Set(state.skipped);
  switch (event.type) {
    case 'PartitionRetried':
      skipped.delete(event.data.eventId);
      return { skipped };
    case 'PartitionSkipped':
      return { skipped: skipped.add(event.data.eventId) };
    default:
      event satisfies never;
      return state;
  }
}
