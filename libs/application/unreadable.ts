import { decodeEvent, InvalidEvent, isEventType, type RecordedAssayEvent, type StoredEvent } from '#libs/event-store';
import { parseStreamName, type Aggregate } from '#libs/lifecycle';

/** The name under which it is recorded that decisions pass an event by: `assay views release decisions EVENT --skip`. */
export const decisionsView = 'decisions';

/** An event that lies in a stream of ours and that no decision can read. */
export interface Unreadable {
  readonly eventId: string;
  readonly type: string;
  readonly stream: string;
  readonly aggregate: Aggregate;
  /** Of the stream. */
  readonly id: string;
  readonly revision: bigint;
  readonly position: bigint;
  /** Names field and rule, never a value. */
  readonly error: string;
}

/**
 * An event as decisions read it. A view ignores what it does not handle; who decides on a stream reads all of it.
 * @returns undefined for what lies in no stream of ours. @throws InvalidEvent
 */
export function readEvent(stored: StoredEvent): RecordedAssayEvent | undefined {
  const event = decodeEvent(stored);
  if (event || !parseStreamName(stored.stream)) return event;
  throw new InvalidEvent('UnknownType', stored.type.slice(0, 100), '/type', 'is not known to this build');
}

/**
 * What cannot be read, in the order of $all. A fold goes on as if such an event were not there, and nothing that rests
 * on its stream is decided until somebody has recorded that it is passed by (design rule 9): all else goes on.
 */
export class UnreadableEvents {
  readonly #events = new Map<string, Unreadable>();
  readonly #byPlace = new Map<string, Unreadable[]>();
  readonly #passed = new Set<string>();

  /** Nothing when the stream is none of ours: no decision rests on it. */
  add(stored: StoredEvent, error: unknown): Unreadable | undefined {
    const parts = parseStreamName(stored.stream);
    if (!parts) return undefined;
    const unreadable = {
      eventId: stored.id,
      type: stored.type,
      stream: stored.stream,
      aggregate: parts.aggregate,
      id: parts.id,
      revision: stored.revision,
      position: stored.position,
      error: error instanceof Error ? error.message : String(error),
    };
    if (this.#events.has(stored.id)) return this.#events.get(stored.id);
    this.#events.set(stored.id, unreadable);
    const place = placeOf(unreadable.aggregate, unreadable.id);
    this.#byPlace.set(place, [...(this.#byPlace.get(place) ?? []), unreadable]);
    return unreadable;
  }

  /** True when the event is a recorded decision about one of these. */
  apply(event: RecordedAssayEvent): boolean {
    if (event.type !== 'PartitionSkipped' && event.type !== 'PartitionRetried') return false;
    if (event.data.view !== decisionsView) return false;
    if (event.type === 'PartitionSkipped') this.#passed.add(event.data.eventId);
    else this.#passed.delete(event.data.eventId);
    return true;
  }

  isPassed(eventId: string): boolean {
    return this.#passed.has(eventId);
  }

  /** Known here, whether it is passed by or not. */
  find(eventId: string): Unreadable | undefined {
    return this.#events.get(eventId);
  }

  /** Those that wait for a decision, oldest first. */
  waiting(): readonly Unreadable[] {
    if (this.#events.size === 0) return [];
    return [...this.#events.values()].filter(({ eventId }) => !this.#passed.has(eventId));
  }

  of(aggregate: Aggregate, id: string): Unreadable | undefined {
    if (this.#events.size === 0) return undefined;
    return this.#byPlace.get(placeOf(aggregate, id))?.find(({ eventId }) => !this.#passed.has(eventId));
  }

  ofStream(stream: string): Unreadable | undefined {
    const parts = this.#events.size === 0 ? undefined : parseStreamName(stream);
    return parts && this.of(parts.aggregate, parts.id);
  }

  /**
   * What may make one person of any two identities. One link that cannot be read leads to the identity in whose stream
   * it lies, and {@link of} tells of that; two may join others over a third one that nobody looks at, and so may a type
   * that this build does not know.
   */
  hiddenLink(): Unreadable | undefined {
    const links = this.in('identity').filter(({ type }) => type === 'IdentityLinked' || !isEventType(type));
    return links.find(({ type }) => !isEventType(type)) ?? (links.length > 1 ? links[0] : undefined);
  }

  in(aggregate: Aggregate): readonly Unreadable[] {
    return this.waiting().filter((one) => one.aggregate === aggregate);
  }
}

/** For the log: an event that waits for a decision. */
class UnreadableEvent extends Error {
  override readonly name = 'UnreadableEvent';
}

/**
 * To be called when the end of the log has been reached, and for what comes after it: tells of each event that waits,
 * once. Not before: what stands there may have been passed by long ago.
 */
export function tellingOnce(events: UnreadableEvents, tell: (error: Error) => void): () => void {
  const told = new Set<string>();
  return () => {
    for (const unreadable of events.waiting()) {
      if (told.has(unreadable.eventId)) continue;
      told.add(unreadable.eventId);
      tell(new UnreadableEvent(describeUnreadable(unreadable)));
    }
  };
}

/**
 * Jobs that wait while something that they rest on cannot be read: who answers them leaves them alone, answers the
 * others, and takes them up when somebody has recorded a decision.
 */
export class WaitingJobs {
  readonly #unreadable = new UnreadableEvents();
  /** Of each event that waits once, when the end of the log has been reached. */
  readonly tell: () => void;
  readonly #refused = new Set<string>();
  #decisions = 0;

  constructor(
    private readonly aggregate: Aggregate,
    tell: (error: Error) => void,
  ) {
    this.tell = tellingOnce(this.#unreadable, tell);
  }

  /** To be noted before a job is begun: a decision that is recorded meanwhile counts for it. */
  get decisions(): number {
    return this.#decisions;
  }

  add(stored: StoredEvent, error: unknown): void {
    this.#unreadable.add(stored, error);
  }

  apply(event: RecordedAssayEvent): void {
    if (!this.#unreadable.apply(event)) return;
    this.#decisions += 1;
    this.#refused.clear();
  }

  /** Its answer was refused with `StreamUnreadable`. */
  refused(id: string, decisions: number): void {
    if (decisions === this.#decisions) this.#refused.add(id);
  }

  has(id: string): boolean {
    return this.#refused.has(id) || this.#unreadable.of(this.aggregate, id) !== undefined;
  }
}

const placeOf = (aggregate: Aggregate, id: string): string => `${aggregate}.${id}`;

/** For people: what waits, and for what. */
export function describeUnreadable({ type, eventId, stream, position, error }: Unreadable): string {
  // The error last: where it is told in a denial, what is too long is cut off.
  return (
    `${type} ${eventId} in ${stream} at position ${position} cannot be read: nothing that rests on it is decided ` +
    `until a newer build reads it or assay views release ${decisionsView} ${eventId} passes it by (${error})`
  );
}
