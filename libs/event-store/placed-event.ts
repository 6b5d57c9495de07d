import type { StoredEvent } from './port.js';

/**
 * A stored event as it lies in a piece of what the store sent: its parts are places in `bytes`, which nobody changes, and
 * nothing is copied or made a string. For who hands events on and does not look at them.
 */
export interface PlacedEvent {
  readonly kind: 'placed';
  readonly bytes: Buffer;
  /** 36 bytes of ASCII. */
  readonly idFrom: number;
  /** ASCII. */
  readonly streamFrom: number;
  readonly streamTo: number;
  /** ASCII. */
  readonly type: string;
  /** As the position, a number that a double holds exactly. */
  readonly revision: number;
  readonly position: number;
  /** As `StoredEvent.recordedAt`. */
  readonly recordedAt: string;
  readonly metadataFrom: number;
  readonly metadataTo: number;
  readonly dataFrom: number;
  readonly dataTo: number;
}

export function streamOf({ bytes, streamFrom, streamTo }: PlacedEvent): string {
  return bytes.toString('latin1', streamFrom, streamTo);
}

/** Of the store's own: of a system stream, or of a system type. */
export const isPlacedSystem = ({ bytes, streamFrom, type }: PlacedEvent): boolean =>
  bytes[streamFrom] === dollar || type.startsWith('$');

const dollar = 0x24;

/** The same event with its parts taken out. */
export function storedEvent(placed: PlacedEvent): StoredEvent {
  const { bytes, idFrom, type, revision, position, recordedAt } = placed;
  return {
    id: bytes.toString('latin1', idFrom, idFrom + 36),
    type,
    data: bytes.subarray(placed.dataFrom, placed.dataTo),
    metadata: bytes.subarray(placed.metadataFrom, placed.metadataTo),
    stream: streamOf(placed),
    revision: BigInt(revision),
    position: BigInt(position),
    recordedAt,
  };
}
