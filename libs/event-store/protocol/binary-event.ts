import { typeAt } from './frame-reader.js';
import type { WireEvent } from './read.js';

/** Where the parts of an event are: numbers of 64 bits (big-endian), an id of sixteen bytes, and the rest as bytes. */
export interface EventPlaces {
  readonly position: number;
  readonly revision: number;
  readonly created: number;
  readonly id: number;
  readonly isJson: boolean;
  readonly typeFrom: number;
  readonly typeTo: number;
  readonly metadataFrom: number;
  readonly metadataTo: number;
  readonly dataFrom: number;
  readonly dataTo: number;
  /** UTF-8, as the type is. */
  readonly streamFrom: number;
  readonly streamTo: number;
}

/** An event as a store keeps it, in its place: `ReadFrames` writes it without taking it apart. */
export class BinaryEvent implements WireEvent {
  constructor(
    readonly bytes: Buffer,
    readonly places: EventPlaces,
  ) {}

  get position(): bigint {
    return this.bytes.readBigInt64BE(this.places.position);
  }

  get revision(): bigint {
    return this.bytes.readBigInt64BE(this.places.revision);
  }

  get created(): bigint {
    return this.bytes.readBigInt64BE(this.places.created);
  }

  get id(): string {
    const hex = this.bytes.toString('hex', this.places.id, this.places.id + 16);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  get isJson(): boolean {
    return this.places.isJson;
  }

  get type(): string {
    const { typeFrom, typeTo } = this.places;
    return typeAt(this.bytes, typeFrom, typeTo) ?? this.bytes.toString('utf8', typeFrom, typeTo);
  }

  get stream(): string {
    return this.bytes.toString('utf8', this.places.streamFrom, this.places.streamTo);
  }

  get metadata(): Buffer {
    return this.bytes.subarray(this.places.metadataFrom, this.places.metadataTo);
  }

  get data(): Buffer {
    return this.bytes.subarray(this.places.dataFrom, this.places.dataTo);
  }
}

/** A number of 64 bits as a double; -1: no double holds it exactly. */
export function smallNumber(bytes: Buffer, at: number): number {
  const high = bytes.readUInt32BE(at);
  return high < 0x200000 ? high * 0x1_0000_0000 + bytes.readUInt32BE(at + 4) : -1;
}
