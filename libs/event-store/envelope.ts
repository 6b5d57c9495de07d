import type { Actor, DomainEvent } from '../lifecycle/kernel.js';
import type { ContentReference, EvidenceGrade } from '../lifecycle/values.js';

/**
 * The envelope, stored as the event's metadata in RFC 8785 bytes. It repeats id, type and stream so that the
 * digest binds them. Position, revision and recordedAt are the store's and never in here.
 */
export interface EventMetadata {
  readonly id: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly stream: string;
  readonly workspace: string;
  /** RFC 3339 with offset. */
  readonly occurredAt: string;
  readonly actor: Actor;
  readonly onBehalfOf?: string;
  readonly commandId: string;
  /** SHA-256 of the command's canonical content: the same id with other content is IdempotencyConflict. */
  readonly commandDigest: string;
  readonly correlationId: string;
  readonly causationId?: string;
  /** `<policyId>@<version>` where a policy decided. */
  readonly policy?: string;
  readonly content: readonly ContentReference[];
  readonly evidenceGrade: EvidenceGrade;
  readonly retentionClass: string;
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
