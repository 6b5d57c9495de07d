import type { EventType } from '../lifecycle/events.js';
import { parseStreamName } from '../lifecycle/streams.js';
import type { DossierEvent, DossierEventOf } from './source.js';

/** The events of a dossier, to be asked by type, stream and id. */
export interface History {
  readonly events: readonly DossierEvent[];
  of<Type extends EventType>(type: Type): readonly DossierEventOf<Type>[];
  /** All events of a stream, in order. */
  stream(name: string): readonly DossierEvent[];
  /** Events of one aggregate's streams, stream by stream in order of their first event. */
  streams(aggregate: string): readonly (readonly DossierEvent[])[];
  byId(id: string): DossierEvent | undefined;
}

export function createHistory(events: readonly DossierEvent[]): History {
  const byType = new Map<string, DossierEvent[]>();
  const byStream = new Map<string, DossierEvent[]>();
  const byId = new Map<string, DossierEvent>();
  const add = (map: Map<string, DossierEvent[]>, key: string, event: DossierEvent) => {
    const list = map.get(key);
    if (list) list.push(event);
    else map.set(key, [event]);
  };
  for (const event of events) {
    add(byType, event.type, event);
    add(byStream, event.stream, event);
    byId.set(event.id, event);
  }
  return {
    events,
    of: <Type extends EventType>(type: Type) => (byType.get(type) ?? []) as unknown as readonly DossierEventOf<Type>[],
    stream: (name) => byStream.get(name) ?? [],
    streams: (aggregate) =>
      [...byStream.entries()]
        .filter(([name]) => parseStreamName(name)?.aggregate === aggregate)
        .map(([, list]) => list),
    byId: (id) => byId.get(id),
  };
}

/** The first event of a type in one stream's events. */
export function firstOf<Type extends EventType>(
  events: readonly DossierEvent[],
  type: Type,
): DossierEventOf<Type> | undefined {
  return events.find((event) => event.type === type) as DossierEventOf<Type> | undefined;
}

export function allOf<Type extends EventType>(
  events: readonly DossierEvent[],
  type: Type,
): readonly DossierEventOf<Type>[] {
  return events.filter((event) => event.type === type) as unknown as readonly DossierEventOf<Type>[];
}
