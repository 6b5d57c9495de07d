import type { StoredEvent } from '../event-store/port.js';
import type { IncomingRecord, OutgoingRecord } from './port.js';

/** One event of the store as a Kafka record: value = data bytes as stored, everything else in headers. */
export interface RelayedEvent {
  readonly kind: 'event';
  readonly epoch: bigint;
  readonly event: StoredEvent;
}

/** Every event at or before `position` that belongs to this partition has been relayed. */
export interface RelayedWatermark {
  readonly kind: 'watermark';
  readonly epoch: bigint;
  readonly position: bigint;
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

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const decimal = /^(0|[1-9][0-9]{0,18})$/;

/** The header set of KurrentDB's Kafka sink in spirit: consumers deduplicate by stream and revision alone. */
export function eventRecord(event: StoredEvent, epoch: bigint, partition: number): OutgoingRecord {
  const metadata = JSON.parse(Buffer.from(event.metadata).toString('utf8')) as {
    schemaVersion?: number;
    correlationId?: string;
    causationId?: string;
  };
  return {
    partition,
    key: event.stream,
    value: event.data,
    headers: {
      kind: 'event',
      epoch: epoch.toString(),
      'event-id': event.id,
      'event-type': event.type,
      'schema-version': String(metadata.schemaVersion ?? 1),
      stream: event.stream,
      revision: event.revision.toString(),
      position: event.position.toString(),
      'recorded-at': event.recordedAt,
      ...(metadata.correlationId && { 'correlation-id': metadata.correlationId }),
      ...(metadata.causationId && { 'causation-id': metadata.causationId }),
      metadata: event.metadata,
    },
  };
}

export function watermarkRecord(position: bigint, epoch: bigint, partition: number): OutgoingRecord {
  return {
    partition,
    key: 'watermark',
    value: new Uint8Array(),
    headers: { kind: 'watermark', epoch: epoch.toString(), position: position.toString() },
  };
}

/** @throws ForeignRecord naming the header and the rule */
export function relayedItem(record: IncomingRecord): RelayedItem {
  const kind = text(record, 'kind');
  const epoch = number(record, 'epoch');
  const position = number(record, 'position');
  if (kind === 'watermark') return { kind, epoch, position };
  if (kind !== 'event') throw new ForeignRecord('kind', `event or watermark, not ${JSON.stringify(kind)}`);
  const id = text(record, 'event-id');
  if (!uuid.test(id)) throw new ForeignRecord('event-id', 'a UUID');
  const stream = text(record, 'stream');
  if (record.key !== stream) throw new ForeignRecord('stream', 'equal to the record key');
  if (!record.value) throw new ForeignRecord('kind', 'an event has a value');
  const metadata = record.headers['metadata'];
  if (!metadata) throw new ForeignRecord('metadata', 'present');
  return {
    kind,
    epoch,
    event: {
      id,
      type: text(record, 'event-type'),
      stream,
      revision: number(record, 'revision'),
      position,
      recordedAt: text(record, 'recorded-at'),
      data: record.value,
      metadata,
    },
  };
}

function text({ headers }: IncomingRecord, name: string): string {
  const header = headers[name];
  if (!header || header.length === 0) throw new ForeignRecord(name, 'present and not empty');
  return Buffer.from(header).toString('utf8');
}

function number(record: IncomingRecord, name: string): bigint {
  const value = text(record, name);
  if (!decimal.test(value)) throw new ForeignRecord(name, 'a decimal number of at most 19 digits');
  return BigInt(value);
}
