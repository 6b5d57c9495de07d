import type { Actor, DomainEvent } from '../lifecycle/kernel.js';
import type { EventOf, EventType } from '../lifecycle/events.js';
import type { WorkspaceId } from '../lifecycle/streams.js';
import type {
  Code,
  ContentReference,
  EvidenceGrade,
  Id,
  Ordinal,
  Sha256,
  Slug,
  StreamName,
  Time,
} from '../lifecycle/values.js';

/**
 * The envelope, stored as the event's metadata in RFC 8785 bytes. It repeats id, type and stream so that the
 * digest binds them. Position, revision and recordedAt are the store's and never in here.
 */
export interface EventMetadata {
  readonly id: Id;
  readonly type: Code;
  readonly schemaVersion: Ordinal;
  readonly stream: StreamName;
  readonly workspace: WorkspaceId;
  /** RFC 3339 with offset. */
  readonly occurredAt: Time;
  readonly actor: Actor;
  readonly onBehalfOf?: Id;
  readonly commandId: Id;
  /** SHA-256 of the command's canonical content: the same id with other content is IdempotencyConflict. */
  readonly commandDigest: Sha256;
  readonly correlationId: Id;
  readonly causationId?: Id;
  /**
   * `<policyId>@<version>` where a policy decided.
   * @schema {"type":"string","maxLength":60,"pattern":"^[0-9a-f-]{36}@[1-9][0-9]{0,9}$"}
   */
  readonly policy?: string;
  readonly content: readonly ContentReference[];
  readonly evidenceGrade: EvidenceGrade;
  readonly retentionClass: Slug;
}

/** An event as the domain reads it back: decoded, upcast to the newest schema version, with what the store assigned. */
export interface RecordedEvent<E extends DomainEvent = DomainEvent> {
  readonly id: string;
  readonly type: E['type'];
  readonly data: E['data'];
  readonly metadata: EventMetadata;
  readonly stream: string;
  readonly revision: bigint;
  readonly position: bigint;
  readonly recordedAt: string;
  /** SHA-256 (hex) over `data bytes ‖ 0x00 ‖ metadata bytes` as stored, before any upcasting. */
  readonly digest: string;
}

/** Any event of Assay's own, decoded: `switch (event.type)` narrows `event.data`. */
export type RecordedAssayEvent = { [Type in EventType]: RecordedEvent<EventOf<Type>> }[EventType];
