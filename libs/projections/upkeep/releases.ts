import { decodeEvent, type EventStore } from '#libs/event-store';
import { parseStreamName, streamName, type PartitionReleaseEvent } from '#libs/lifecycle';
import { partitionRelease } from '#libs/lifecycle/partition-release';

/**
 * The recorded decisions about events that stop a view, read from the store itself and not through a partition that
 * may be stopped (design rule 9): by view the ids of the events that it passes by. Read again when a decision has been
 * made.
 */
export async function skippedEvents(
  store: Pick<EventStore, 'readAll' | 'readStream'>,
  views: readonly string[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const workspace = await workspaceOf(store);
  const skipped = new Map<string, ReadonlySet<string>>();
  if (workspace === undefined) return skipped;
  for (const view of views) {
    let state = partitionRelease.initial;
    for await (const stored of store.readStream(streamName('partitionRelease', workspace, view))) {
      const event = decodeEvent(stored);
      if (event?.type === 'PartitionRetried' || event?.type === 'PartitionSkipped')
        state = partitionRelease.evolve(state, event as PartitionReleaseEvent);
    }
    skipped.set(view, state.skipped);
  }
  return skipped;
}

/** The same as a question. */
export async function readSkipped(
  store: Pick<EventStore, 'readAll' | 'readStream'>,
  views: readonly string[],
): Promise<(event: { readonly id: string }, view: string) => boolean> {
  const skipped = await skippedEvents(store, views);
  return ({ id }, view) => skipped.get(view)?.has(id) === true;
}

/** The workspace that is open: that of the first event (`assay init` writes event 0). */
async function workspaceOf(store: Pick<EventStore, 'readAll'>): Promise<string | undefined> {
  for await (const { stream } of store.readAll({ maxCount: 1 })) return parseStreamName(stream)?.workspace;
  return undefined;
}
