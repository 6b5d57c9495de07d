import { decodeReadResponse } from './read.js';
import type { ReadResponse, WireEvent } from './read.js';
import type { PlacedEvent } from '../placed-event.js';
import {
  ascii,
  eachMessage,
  isAscii,
  isAt,
  isId,
  jsonEntry,
  numberAt,
  numberEnd,
  startsAt,
  typeAt,
  typeKey,
} from './frame-reader.js';
import { isoTime } from './wire.js';

/** Answers of a read: one message, or several with their prefixes. */
export function decodeReadResponses(bytes: Buffer): readonly ReadResponse[] {
  const answers: ReadResponse[] = [];
  eachMessage(bytes, (from, to) => {
    answers.push(
      isPlainEvent(bytes, from, to)
        ? { kind: 'event', event: foundEvent(bytes) }
        : decodeReadResponse(bytes.subarray(from, to)),
    );
  });
  return answers;
}

/** The same, where events of the usual form stay in their place. */
export function placeReadResponses(bytes: Buffer): readonly (ReadResponse | PlacedEvent)[] {
  const answers: (ReadResponse | PlacedEvent)[] = [];
  eachMessage(bytes, (from, to) => {
    answers.push(isPlainEvent(bytes, from, to) ? foundPlaces(bytes) : decodeReadResponse(bytes.subarray(from, to)));
  });
  return answers;
}

/** Where the reading of an event is. */
let at = 0;

/** The parts of the event that was read last. */
const found = {
  type: '',
  revision: 0,
  position: 0,
  isJson: false,
  idFrom: 0,
  streamFrom: 0,
  streamTo: 0,
  metadataFrom: 0,
  metadataTo: 0,
  dataFrom: 0,
  dataTo: 0,
};

/**
 * An event of the usual form (lower-case id, names in ASCII, the three properties that a store sets, no link), read in
 * one pass and without a call for each field; false for everything else, which the long way reads or refuses.
 */
function isPlainEvent(bytes: Buffer, from: number, to: number): boolean {
  at = from;
  if (bytes[at++] !== 0x0a || varint(bytes) !== to - at) return false;
  if (bytes[at++] !== 0x0a) return false;
  const length = varint(bytes);
  const end = at + length;
  if (length < 0 || end > to) return false;
  if (!isRecorded(bytes, end)) return false;
  // The event's position once more.
  if (at < to && (bytes[at++] !== 0x18 || varint(bytes) < 0)) return false;
  return at === to;
}

function isRecorded(bytes: Buffer, end: number): boolean {
  let type: string | undefined;
  let [idFrom, streamFrom, streamTo] = [-1, -1, -1];
  let [revision, position] = [0, 0];
  let [isJson, created] = [false, unknownTime];
  let [metadataFrom, metadataTo, dataFrom, dataTo] = [at, at, at, at];
  while (at < end) {
    const tag = bytes[at++]!;
    if (tag === 0x0a) {
      if (bytes[at] !== 38 || bytes[at + 1] !== 0x12 || bytes[at + 2] !== 36 || !isId(bytes, at + 3)) return false;
      idFrom = at + 3;
      at += 39;
    } else if (tag === 0x18 || tag === 0x20 || tag === 0x28) {
      const value = varint(bytes);
      if (value < 0) return false;
      if (tag === 0x18) revision = value;
      else if (tag === 0x28) position = value;
    } else {
      const length = varint(bytes);
      const next = at + length;
      if (length < 0 || next > end) return false;
      if (tag === 0x42) [dataFrom, dataTo] = [at, next];
      else if (tag === 0x3a) [metadataFrom, metadataTo] = [at, next];
      else if (tag === 0x12) {
        if (bytes[at++] !== 0x1a || varint(bytes) !== next - at || !isAscii(bytes, at, next)) return false;
        [streamFrom, streamTo] = [at, next];
      } else if (tag !== 0x32) return false;
      else if (isAt(bytes, at, next, jsonEntry)) isJson = true;
      else if (isAt(bytes, at, next, lastCreated.bytes)) created = lastCreated;
      else if (startsAt(bytes, at, next, typeKey)) {
        at += typeKey.length;
        if (varint(bytes) !== next - at) return false;
        type = typeAt(bytes, at, next);
        if (type === undefined) return false;
      } else if (startsAt(bytes, at, next, createdKey)) {
        const known = createdAt(bytes, at, next);
        if (known === undefined) return false;
        created = known;
      } else return false;
      at = next;
    }
  }
  if (at !== end || idFrom < 0 || streamFrom < 0 || type === undefined) return false;
  found.type = type;
  found.revision = revision;
  found.position = position;
  found.isJson = isJson;
  found.idFrom = idFrom;
  found.streamFrom = streamFrom;
  found.streamTo = streamTo;
  found.metadataFrom = metadataFrom;
  found.metadataTo = metadataTo;
  found.dataFrom = dataFrom;
  found.dataTo = dataTo;
  foundCreated = created;
  return true;
}

function foundEvent(bytes: Buffer): WireEvent {
  return {
    id: bytes.toString('latin1', found.idFrom, found.idFrom + 36),
    stream: bytes.toString('latin1', found.streamFrom, found.streamTo),
    revision: BigInt(found.revision),
    position: BigInt(found.position),
    type: found.type,
    isJson: found.isJson,
    created: foundCreated.ticks,
    data: bytes.subarray(found.dataFrom, found.dataTo),
    metadata: bytes.subarray(found.metadataFrom, found.metadataTo),
  };
}

function foundPlaces(bytes: Buffer): PlacedEvent {
  return {
    kind: 'placed',
    bytes,
    idFrom: found.idFrom,
    streamFrom: found.streamFrom,
    streamTo: found.streamTo,
    type: found.type,
    revision: found.revision,
    position: found.position,
    recordedAt: foundCreated.time,
    metadataFrom: found.metadataFrom,
    metadataTo: found.metadataTo,
    dataFrom: found.dataFrom,
    dataTo: found.dataTo,
  };
}

/** A number that a double holds exactly; -1: another one, or the bytes are over. */
function varint(bytes: Buffer): number {
  const value = numberAt(bytes, at);
  at = numberEnd;
  return value;
}

const createdKey = ascii('\n\x07created\x12');

interface Created {
  readonly bytes: Uint8Array;
  readonly ticks: bigint;
  /** ISO 8601. */
  readonly time: string;
}

const unknownTime: Created = { bytes: new Uint8Array(1), ticks: 0n, time: isoTime(0n) };
/** Events of one transaction have one time. */
let lastCreated = unknownTime;
let foundCreated = unknownTime;

function createdAt(bytes: Buffer, from: number, to: number): Created | undefined {
  const digits = from + createdKey.length + 1;
  if (bytes[digits - 1] !== to - digits) return undefined;
  const text = bytes.toString('latin1', digits, to);
  if (!/^[0-9]{1,19}$/.test(text)) return undefined;
  const ticks = BigInt(text);
  return (lastCreated = { bytes: Uint8Array.from(bytes.subarray(from, to)), ticks, time: isoTime(ticks) });
}
