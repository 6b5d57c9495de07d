import type { StoredEvent } from '../event-store/port.js';
import { FetchedRecord } from './fetched-record.js';
import { plainEvent, uuid } from './plain-event.js';
import type { IncomingRecord, OutgoingRecord } from './port.js';

/** Which relay wrote a record, and in which of its terms. */
export interface RelayStamp {
  /** UUID of the lease in the product's database: consumers take no other relay's records. */
  readonly id: string;
  /** Rises with every holder of the lease. */
  readonly epoch: bigint;
}

/** One event of the store as a Kafka record: value = data bytes as stored, everything else in headers. */
export interface RelayedEvent extends RelayStamp {
  readonly kind: 'event';
  readonly event: StoredEvent;
}

/**
 * Ends a batch: every event of this partition after `after` and at or before `position` is among the `events` records
 * directly before this one. Who has seen everything up to `after` has then seen everything up to `position`; somebody
 * who has not, has missed records.
 */
export interface RelayedWatermark extends RelayStamp {
  readonly kind: 'watermark';
  /** -1: the beginning of the store. */
  readonly after: bigint;
  readonly position: bigint;
  readonly events: number;
}

export type RelayedItem = RelayedEvent | RelayedWatermark;

/** A record that the relay did not write. */
export class ForeignRecord extends Error {
  override readonly name = 'ForeignRecord';
  constructor(
    readonly header: string,
    rule: string,
  ) {
    super(`record header ${header}: ${rule}`);
  }
}

/** Most events of one batch: more than any relay publishes at once. */
export const mostEventsInBatch = 100_000n;
const decimal = /^(0|[1-9][0-9]{0,18})$/;

/** The header set of KurrentDB's Kafka sink in spirit: consumers deduplicate by stream and revision alone. */
export function eventRecord(event: StoredEvent, relay: RelayStamp, partition: number): OutgoingRecord {
  const { schemaVersion, correlationId, causationId } = metadataHeaders(event.metadata);
  return {
    partition,
    key: event.stream,
    value: event.data,
    headers: {
      kind: 'event',
      relay: relay.id,
      epoch: relay.epoch.toString(),
      'event-id': event.id,
      'event-type': event.type,
      ...(schemaVersion && { 'schema-version': schemaVersion }),
      stream: event.stream,
      revision: event.revision.toString(),
      position: event.position.toString(),
      'recorded-at': event.recordedAt,
      ...(correlationId && { 'correlation-id': correlationId }),
      ...(causationId && { 'causation-id': causationId }),
      metadata: event.metadata,
    },
  };
}

interface MetadataHeaders {
  readonly schemaVersion?: string;
  readonly correlationId?: string;
  readonly causationId?: string;
}

/**
 * What headers repeat of an event's metadata, for others' eyes. Of metadata that nobody can read, or that has something
 * else in these places, nothing: the event is relayed as it is stored, and who folds it says what is wrong with it.
 */
export function metadataHeaders(metadata: Uint8Array): MetadataHeaders {
  const fields = fieldsOf(metadata);
  if (fields === undefined) return {};
  const { schemaVersion = 1, correlationId, causationId } = fields;
  return {
    ...(typeof schemaVersion === 'number' && { schemaVersion: String(schemaVersion) }),
    ...(typeof correlationId === 'string' && { correlationId }),
    ...(typeof causationId === 'string' && { causationId }),
  };
}

function fieldsOf(metadata: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const text = Buffer.from(metadata.buffer, metadata.byteOffset, metadata.byteLength).toString('utf8');
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

export function watermarkRecord(
  { id, epoch, after, position, events }: Omit<RelayedWatermark, 'kind'>,
  partition: number,
): OutgoingRecord {
  return {
    partition,
    key: 'watermark',
    value: new Uint8Array(),
    headers: {
      kind: 'watermark',
      relay: id,
      epoch: epoch.toString(),
      after: after.toString(),
      position: position.toString(),
      events: String(events),
    },
  };
}

/** @throws ForeignRecord naming the header and the rule */
export function relayedItem(record: IncomingRecord): RelayedItem {
  const plain = record instanceof FetchedRecord ? plainEvent(record) : undefined;
  if (plain !== undefined) return plain;
  const kind = text(record, 'kind');
  const relay = text(record, 'relay');
  if (!uuid.test(relay)) throw new ForeignRecord('relay', 'a UUID');
  const stamp: RelayStamp = { id: relay, epoch: number(record, 'epoch') };
  if (kind === 'watermark') return watermark(record, stamp);
  if (kind !== 'event') throw new ForeignRecord('kind', `event or watermark, not ${JSON.stringify(kind)}`);
  const id = text(record, 'event-id');
  if (!uuid.test(id)) throw new ForeignRecord('event-id', 'a UUID');
  const stream = text(record, 'stream');
  if (record.key !== stream) throw new ForeignRecord('stream', 'equal to the record key');
  if (!record.value) throw new ForeignRecord('kind', 'an event, which has a value');
  const metadata = record.headers['metadata'];
  if (!metadata) throw new ForeignRecord('metadata', 'present');
  return {
    kind,
    ...stamp,
    event: {
      id,
      type: text(record, 'event-type'),
      stream,
      revision: number(record, 'revision'),
      position: number(record, 'position'),
      recordedAt: text(record, 'recorded-at'),
      data: record.value,
      metadata,
    },
  };
}

function watermark(record: IncomingRecord, stamp: RelayStamp): RelayedWatermark {
  const [after, position] = ['after', 'position'].map((name) =>
    text(record, name) === '-1' ? -1n : number(record, name),
  ) as [bigint, bigint];
  if (after > position) throw new ForeignRecord('after', 'not beyond the position');
  const events = number(record, 'events');
  if (events > mostEventsInBatch) throw new ForeignRecord('events', `at most ${mostEventsInBatch}`);
  return { kind: 'watermark', ...stamp, after, position, events: Number(events) };
}

function text({ headers }: IncomingRecord, name: string): string {
  const header = headers[name];
  if (!header || header.length === 0) throw new ForeignRecord(name, 'present and not empty');
  // No copy of the bytes, and where it can be no view of them: every record has ten.
  const bytes = header instanceof Buffer ? header : Buffer.from(header.buffer, header.byteOffset, header.byteLength);
  return bytes.toString('utf8');
}

function number(record: IncomingRecord, name: string): bigint {
  const value = text(record, name);
  if (!decimal.test(value)) throw new ForeignRecord(name, 'a decimal number of at most 19 digits');
  return BigInt(value);
}
