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

/**
 * An event that lies where this dossier looks and that this build cannot read. No fact rests on it, and its bytes are
 * not handed on: nobody could say what is in them.
 */
export interface UnreadableEvidence {
  readonly id: Id;
  /** As stated, cut to 100 characters. */
  readonly type: string;
  readonly stream: string;
  readonly revision: bigint;
  readonly position: bigint;
  readonly recordedAt: string;
  /** SHA-256 over the stored bytes: data, one zero byte, metadata. */
  readonly digest: Sha256;
  /** Field and rule, never a value. */
  readonly error: string;
  /** False where nobody can tell which version its stream is about. */
  readonly isPlaced: boolean;
}

export interface DossierInput {
  readonly modelVersionId: Id;
  /** The dossier is a picture of the record up to and including this position. */
  readonly asOf: bigint;
  /** `recordedAt` of the last event at or before `asOf`. */
  readonly asOfTime: string;
  readonly audience: string;
  /** In $all order. */
  readonly events: readonly DossierEvent[];
  /** In $all order; the decisions about them are among `events`. */
  readonly unreadable: readonly UnreadableEvidence[];
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
