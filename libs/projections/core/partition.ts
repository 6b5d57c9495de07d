import { hash } from 'node:crypto';
import { parseStreamName, type Aggregate } from '../../lifecycle/streams.js';
import { Remembered } from './remembered.js';

export interface Place {
  /** The stream's name: the same string for all events of the stream, which maps find without comparing letters. */
  readonly stream: string;
  readonly key: string;
  /** The first 32 bits of the same hash: modulo the number of partitions it is the stream's partition. */
  readonly number: number;
  /** undefined: not a stream of Assay. */
  readonly aggregate: Aggregate | undefined;
  readonly workspace: string;
}

const places = new Remembered<Place>(10_000);

/** What a stream's name says, looked at once. */
export function placeOf(stream: string): Place {
  const known = places.get(stream);
  if (known !== undefined) return known;
  const hex = hash('sha256', stream, 'hex');
  const parts = parseStreamName(stream);
  const place = {
    stream,
    key: `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`,
    number: Number.parseInt(hex.slice(0, 8), 16),
    aggregate: parts?.aggregate,
    workspace: parts?.workspace ?? '',
  };
  places.set(stream, place);
  return place;
}

/** The stream's name as 128 bits of its SHA-256, in UUID form: the narrow key of revisions and partitions. */
export function streamKey(stream: string): string {
  return placeOf(stream).key;
}

/**
 * The partition of a stream: the first 32 bits of its SHA-256, modulo the count. The relay sets a record's Kafka
 * partition with this same function, so that virtual and real partitions hold the same streams.
 */
export function partitionOf(stream: string, partitions: number): number {
  return placeOf(stream).number % partitions;
}
