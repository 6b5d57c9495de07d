import type { EventMetadata } from '../event-store/envelope.js';
import type { AssayEvent, EventOf, EventType } from '../lifecycle/events.js';
import type { Id, Sha256 } from '../lifecycle/values.js';

/** An event with the bytes that its digest is over: what a dossier is made of. */
export interface DossierEvent<E extends AssayEvent = AssayEvent> {
  readonly id: Id;
  readonly type: E['type'];
  /** Decoded and upcast. */
  readonly data: E['data'];
  readonly metadata: EventMetadata;
  readonly stream: string;
  readonly revision: bigint;
  readonly position: bigint;
  readonly recordedAt: string;
  readonly digest: Sha256;
  /** Canonical JSON texts as stored. */
  readonly stored: { readonly data: string; readonly metadata: string };
}

export type DossierEventOf<Type extends EventType> = DossierEvent<EventOf<Type>>;

/** A disclosed text, or why it is not there. */
export type Revealed = { readonly text: string; readonly salt?: string } | 'erased' | 'withheld';

export interface DossierInput {
  readonly modelVersionId: Id;
  /** The dossier is a picture of the record up to and including this position. */
  readonly asOf: bigint;
  /** `recordedAt` of the last event at or before `asOf`. */
  readonly asOfTime: string;
  readonly audience: string;
  /** In $all order. */
  readonly events: readonly DossierEvent[];
  readonly disclosures: ReadonlyMap<Sha256, Revealed>;
  /** Names by identity id, joined when read; `erased` where the vault row is gone. */
  readonly people: ReadonlyMap<Id, string | 'erased'>;
  /** `recordedAt − occurredAt` above this is listed as a late entry. */
  readonly lateEntryLimitSeconds: number;
}

export const defaultLateEntryLimitSeconds = 300;

/** Narrows an event by its type. */
export function isOf<Type extends EventType>(event: DossierEvent, type: Type): event is DossierEventOf<Type> {
  return event.type === type;
}
