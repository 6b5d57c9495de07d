import { hash } from 'node:crypto';
import type { AssayEvent, EventType } from '../lifecycle/events.js';
import type { CommandContext } from '../lifecycle/kernel.js';
import type { ContentReference, EvidenceGrade } from '../lifecycle/values.js';
import { parseStreamName } from '../lifecycle/streams.js';
import { canonicalBytes } from '../signing/canonical.js';
import { catalogue, isEventType } from './catalogue.js';
import type { EventMetadata, RecordedAssayEvent } from './envelope.js';
import { InvalidEvent } from './invalid-event.js';
import { plainEnvelope } from './plain-envelope.js';
import type { EventToAppend, StoredEvent } from './port.js';
import { explain, validator } from './schemas.js';
import { JsonRefused, maximumDepth, parseCanonical } from './strict-json.js';
import { upcast } from './upcasters.js';

/** Most bytes of an event, data and metadata together. */
export const maximumEventBytes = 256 * 1024;

/** What the codec cannot know by itself about an event that is to be written. */
export interface EventFacts {
  /** Event id, UUID. */
  readonly id: string;
  readonly stream: string;
  readonly context: CommandContext;
  readonly commandDigest: string;
  /** `<policyId>@<version>` where a policy decided. */
  readonly policy?: string;
  readonly evidenceGrade?: EvidenceGrade;
}

/** The envelope of a new event: newest version, grade and retention of the catalogue, content found in the data. */
export function eventMetadata(event: AssayEvent, facts: EventFacts): EventMetadata {
  if (!isEventType(event.type)) throw new InvalidEvent('UnknownType', cut(event.type), '/type', 'is not an event type');
  const { version, grade, retention } = catalogue[event.type];
  const { context } = facts;
  const stated = (event.data as { readonly grade?: EvidenceGrade }).grade;
  return {
    id: facts.id,
    type: event.type,
    schemaVersion: version,
    stream: facts.stream,
    workspace: context.workspace,
    occurredAt: context.now,
    actor: context.actor,
    ...(context.onBehalfOf === undefined ? {} : { onBehalfOf: context.onBehalfOf }),
    commandId: context.commandId,
    commandDigest: facts.commandDigest,
    correlationId: context.correlationId,
    ...(context.causationId === undefined ? {} : { causationId: context.causationId }),
    ...(facts.policy === undefined ? {} : { policy: facts.policy }),
    content: contentOf(event.data),
    evidenceGrade: facts.evidenceGrade ?? stated ?? grade,
    retentionClass: retention,
  };
}

/**
 * An event as bytes to append: RFC 8785 data and metadata, both checked against their schemas.
 * @throws InvalidEvent for an unknown type or field, a version that is not the newest, a value that breaks its rule,
 *   a string or number that JSON cannot hold, metadata that disagrees with the event, or more than 256 KiB.
 */
export function encodeEvent(event: AssayEvent, metadata: EventMetadata): EventToAppend {
  const { type } = event;
  if (typeof type !== 'string' || !isEventType(type))
    throw new InvalidEvent('UnknownType', cut(type), '/type', 'is not an event type');
  refuseDepth(event.data, type, '/data');
  refuseDepth(metadata, type, '/metadata');
  check(type, 'envelope.v1', metadata, '/metadata');
  const newest = catalogue[type].version;
  if (metadata.schemaVersion !== newest)
    throw new InvalidEvent('UnknownVersion', type, '/metadata/schemaVersion', `only version ${newest} is written`);
  refuseMismatch(type, metadata);
  check(type, `${type}.v${newest}`, event.data, '/data');
  const data = bytesOf(type, event.data, '/data');
  const envelope = bytesOf(type, metadata, '/metadata');
  refuseSize(type, data, envelope);
  return { id: metadata.id, type, data, metadata: envelope };
}

/**
 * An event as the domain reads it: checked against the schema of its own version, then upcast to the newest one.
 * Digest and bytes stay those that were stored.
 * @param handled The types that the reader handles (default: all). Others come back as undefined, whatever their
 *   version and content, so that a view can ignore them.
 * @throws InvalidEvent for a handled type of unknown version, and for bytes that no codec of ours has written.
 */
export function decodeEvent(stored: StoredEvent, handled?: ReadonlySet<string>): RecordedAssayEvent | undefined {
  const { type } = stored;
  if (!isEventType(type) || (handled && !handled.has(type))) return undefined;
  let event = decoded.get(stored);
  if (!event) decoded.set(stored, (event = decode(stored, type)));
  return event;
}

/**
 * The same for a reader that has the event to itself and keeps the answer: to remember it costs a quarter as much as to
 * decode it.
 */
export function decodeOwn(stored: StoredEvent): RecordedAssayEvent | undefined {
  const { type } = stored;
  return isEventType(type) ? decode(stored, type) : undefined;
}

/**
 * An event whose bytes have been decoded before, by whatever build: schemas never change once they are published, so
 * that it is parsed and upcast and not checked again. Only for those who know that (a rebuild of what a view has folded).
 * @throws SyntaxError for bytes that are not JSON
 */
export function decodeAgain(stored: StoredEvent): RecordedAssayEvent | undefined {
  const { type } = stored;
  if (!isEventType(type)) return undefined;
  return decoded.get(stored) ?? (new DecodedAgain(stored, type) as unknown as RecordedAssayEvent);
}

/** Parses only what is asked for: more than half of an event's bytes are metadata, of which a view wants little. */
class DecodedAgain {
  readonly id: string;
  readonly stream: string;
  readonly revision: bigint;
  readonly position: bigint;
  readonly recordedAt: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly #stored: StoredEvent;
  #metadata: EventMetadata | undefined;

  constructor(
    stored: StoredEvent,
    readonly type: EventType,
  ) {
    ({
      id: this.id,
      stream: this.stream,
      revision: this.revision,
      position: this.position,
      recordedAt: this.recordedAt,
    } = stored);
    this.#stored = stored;
    const version = catalogue[type].version === 1 ? 1 : this.metadata.schemaVersion;
    this.data = upcast(type, version, JSON.parse(textOf(stored.data)) as Record<string, unknown>);
  }

  get metadata(): EventMetadata {
    return (this.#metadata ??= JSON.parse(textOf(this.#stored.metadata)) as EventMetadata);
  }

  get digest(): string {
    return eventDigest(this.#stored);
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** One stored event goes to every subscriber of a process as one object: it is decoded once for all of them. */
const decoded = new WeakMap<StoredEvent, RecordedAssayEvent>();

function decode(stored: StoredEvent, type: EventType): RecordedAssayEvent {
  refuseSize(type, stored.data, stored.metadata);
  const metadata = plainEnvelope(stored.metadata) ?? envelopeOf(type, stored.metadata);
  if (metadata.type !== type) throw mismatch(type, 'type', 'the type that the store holds');
  if (metadata.id !== stored.id) throw mismatch(type, 'id', 'the id that the store holds');
  if (metadata.stream !== stored.stream) throw mismatch(type, 'stream', 'the stream that it lies in');
  refuseMismatch(type, metadata);
  if (metadata.schemaVersion > catalogue[type].version)
    throw new InvalidEvent(
      'UnknownVersion',
      type,
      '/metadata/schemaVersion',
      `version ${metadata.schemaVersion} is not known, the newest is ${catalogue[type].version}`,
    );
  const data = parse(type, stored.data, '/data');
  check(type, `${type}.v${metadata.schemaVersion}`, data, '/data');
  return new Decoded(
    stored,
    type,
    upcast(type, metadata.schemaVersion, data),
    metadata,
  ) as unknown as RecordedAssayEvent;
}

class Decoded {
  readonly id: string;
  readonly stream: string;
  readonly revision: bigint;
  readonly position: bigint;
  readonly recordedAt: string;
  readonly #stored: StoredEvent;

  constructor(
    stored: StoredEvent,
    readonly type: EventType,
    readonly data: Readonly<Record<string, unknown>>,
    readonly metadata: EventMetadata,
  ) {
    this.id = stored.id;
    this.stream = stored.stream;
    this.revision = stored.revision;
    this.position = stored.position;
    this.recordedAt = stored.recordedAt;
    this.#stored = stored;
  }

  /** The bytes never change; most readers never ask. */
  get digest(): string {
    return eventDigest(this.#stored);
  }
}

function envelopeOf(type: string, bytes: Uint8Array): EventMetadata {
  const metadata = parse(type, bytes, '/metadata');
  check(type, 'envelope.v1', metadata, '/metadata');
  return metadata as unknown as EventMetadata;
}

/** SHA-256 (hex) over `data ‖ 0x00 ‖ metadata`, the bytes as stored. */
export function eventDigest(event: Pick<EventToAppend, 'data' | 'metadata'>): string {
  return hash('sha256', Buffer.concat([event.data, separator, event.metadata]), 'hex');
}

const separator = Uint8Array.of(0);

function check(type: string, schema: string, value: unknown, place: '/data' | '/metadata'): void {
  const validate = validator(schema);
  if (!validate) throw new InvalidEvent('UnknownVersion', type, '/metadata/schemaVersion', `${schema} is not known`);
  if (validate(value)) return;
  const { field, rule, unknown } = explain(validate.errors?.[0]);
  throw new InvalidEvent(unknown ? 'UnknownField' : 'InvalidField', type, cut(place + field, 300), rule);
}

function refuseMismatch(type: string, metadata: EventMetadata): void {
  const parts = parseStreamName(metadata.stream);
  if (metadata.type !== type) throw mismatch(type, 'type', 'the type of the event');
  if (parts?.aggregate !== catalogue[type as AssayEvent['type']].aggregate)
    throw mismatch(type, 'stream', `a stream of ${catalogue[type as AssayEvent['type']].aggregate}`);
  if (parts.workspace !== metadata.workspace) throw mismatch(type, 'workspace', 'the workspace of its stream');
}

function mismatch(type: string, field: string, rule: string): InvalidEvent {
  return new InvalidEvent('MetadataMismatch', type, `/metadata/${field}`, `must be ${rule}`);
}

function refuseSize(type: string, data: Uint8Array, metadata: Uint8Array): void {
  const bytes = data.length + metadata.length;
  if (bytes > maximumEventBytes)
    throw new InvalidEvent('TooLarge', type, '', `${bytes} bytes, at most ${maximumEventBytes}`);
}

function bytesOf(type: string, value: object, place: string): Uint8Array {
  try {
    return canonicalBytes(value);
  } catch (error) {
    throw new InvalidEvent('NotJson', type, place, error instanceof Error ? error.message : 'is not JSON');
  }
}

function parse(type: string, bytes: Uint8Array, place: string): Record<string, unknown> {
  try {
    return parseCanonical(bytes);
  } catch (error) {
    if (!(error instanceof JsonRefused)) throw error;
    const duplicate = error.fault === 'DuplicateKey';
    const rule = duplicate ? 'appears twice' : error.detail;
    throw new InvalidEvent(error.fault, type, duplicate ? cut(place + error.detail, 300) : place, rule);
  }
}

/** Cycles and bombs end here, before anything recurses into them. */
function refuseDepth(value: unknown, type: string, place: string, depth = 0): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth >= maximumDepth) throw new InvalidEvent('TooDeep', type, place, `nested deeper than ${maximumDepth}`);
  for (const member of Object.values(value)) refuseDepth(member, type, place, depth + 1);
}

/** Every content reference in the data, each digest once, in the order of the data. */
function contentOf(data: object): readonly ContentReference[] {
  const found = new Map<string, ContentReference>();
  const visit = (value: unknown, depth: number): void => {
    if (typeof value !== 'object' || value === null || depth > maximumDepth) return;
    const { digest, bytes, mediaType } = value as Partial<ContentReference>;
    if (typeof digest === 'string' && typeof bytes === 'number' && typeof mediaType === 'string')
      found.set(digest, { digest, bytes, mediaType });
    else for (const member of Object.values(value)) visit(member, depth + 1);
  };
  visit(data, 0);
  return [...found.values()];
}

function cut(text: unknown, length = 100): string {
  return String(text).slice(0, length);
}
