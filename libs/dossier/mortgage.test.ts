import { createHash } from 'node:crypto';
import { disclose } from '../disclosure/salted.js';
import type { EventMetadata } from '../event-store/envelope.js';
import type { StoredEvent } from '../event-store/port.js';
import type { AssayEvent, EventOf, EventType } from '../lifecycle/events.js';
import type { Actor } from '../lifecycle/kernel.js';
import type { Role } from '../lifecycle/roles.js';
import { streamName } from '../lifecycle/streams.js';
import type { Aggregate } from '../lifecycle/streams.js';
import { canonicalJson, sha256 } from '../signing/index.js';
import type { Revealed } from './source.js';

/** Made-up histories of real event types for the specs and the bench of this room. Not part of the product. */

export const uuid = (name: string): string => {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};
export const digestOf = (text: string): string => sha256(text);

export interface Record {
  readonly stored: readonly StoredEvent[];
  readonly people: ReadonlyMap<string, string | 'erased'>;
  readonly disclosures: ReadonlyMap<string, Revealed>;
}

/** Appends events with running positions and times, as a store would. */
export class Recorder {
  readonly stored: StoredEvent[] = [];
  readonly people = new Map<string, string | 'erased'>();
  readonly disclosures = new Map<string, Revealed>();
  readonly #revisions = new Map<string, bigint>();
  #clock: number;

  constructor(
    readonly workspace = 'demo',
    start = '2026-03-02T08:00:00.000Z',
  ) {
    this.#clock = Date.parse(start);
  }

  wait(minutes: number): void {
    this.#clock += minutes * 60_000;
  }

  now(offsetMinutes = 0): string {
    return new Date(this.#clock + offsetMinutes * 60_000).toISOString();
  }

  person(name: string, registered = true): string {
    const id = uuid(`person ${name}`);
    if (!this.people.has(id)) {
      this.people.set(id, name);
      if (registered)
        this.append('identity', id, 'PersonRegistered', { identityId: id, subject: digestOf(`subject ${name}`) }, id);
    }
    return id;
  }

  text(text: string): string {
    const { digest, salt } = disclose(text, Buffer.from(digestOf(`salt ${text}`), 'hex'));
    this.disclosures.set(digest, { text, salt });
    return digest;
  }

  append<Type extends EventType>(
    aggregate: Aggregate,
    id: string,
    type: Type,
    data: EventOf<Type>['data'],
    actorId: string,
    options: { roles?: readonly Role[]; kind?: Actor['kind']; occurredAt?: string; seconds?: number } = {},
  ): string {
    this.#clock += (options.seconds ?? 37) * 1000;
    const recordedAt = this.now();
    const eventId = uuid(`event ${this.stored.length} ${type}`);
    const stream = streamName(aggregate, this.workspace, id);
    const revision = (this.#revisions.get(stream) ?? -1n) + 1n;
    this.#revisions.set(stream, revision);
    const metadata: EventMetadata = {
      id: eventId,
      type,
      schemaVersion: 1,
      stream,
      workspace: this.workspace,
      occurredAt: options.occurredAt ?? new Date(this.#clock - 120).toISOString().replace('Z', '+00:00'),
      actor: {
        id: actorId,
        kind: options.kind ?? 'person',
        roles: options.roles ?? ['model-developer'],
        groups: [],
        authentication: { method: options.kind === 'service' ? 'service-key' : 'oidc', time: recordedAt },
      },
      commandId: uuid(`command ${this.stored.length}`),
      commandDigest: digestOf(`command ${this.stored.length}`),
      correlationId: uuid(`correlation ${this.stored.length}`),
      content: [],
      evidenceGrade: 'measured',
      retentionClass: 'model-record',
    };
    this.stored.push({
      id: eventId,
      type,
      data: Buffer.from(canonicalJson(data)),
      metadata: Buffer.from(canonicalJson(metadata)),
      stream,
      revision,
      position: BigInt(this.stored.length + 1) * 128n,
      recordedAt,
    });
    return eventId;
  }

  /** Head of a stream as an evidence pin. */
  head(aggregate: Aggregate, id: string): { stream: string; revision: string; digest: string } {
    const stream = streamName(aggregate, this.workspace, id);
    const last = this.stored.findLast((event) => event.stream === stream)!;
    return { stream, revision: String(last.revision), digest: digestOfStored(last) };
  }
}

export function digestOfStored({ data, metadata }: Pick<StoredEvent, 'data' | 'metadata'>): string {
  return createHash('sha256').update(data).update(Uint8Array.of(0)).update(metadata).digest('hex');
}

export const decode = (event: StoredEvent) => ({
  id: event.id,
  type: event.type as AssayEvent['type'],
  data: JSON.parse(Buffer.from(event.data).toString('utf8')),
  metadata: JSON.parse(Buffer.from(event.metadata).toString('utf8')),
  stream: event.stream,
  revision: event.revision,
  position: event.position,
  recordedAt: event.recordedAt,
  digest: digestOfStored(event),
});
