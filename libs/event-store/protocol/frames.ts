import { BinaryEvent, smallNumber } from './binary-event.js';
import { typeAt } from './frame-reader.js';
import { fieldSize, FrameWriter, greatestNumber, varintSize } from './frame-writer.js';
import type { ReadResponse, WireEvent } from './read.js';
import { encodeReadResponse } from './read.js';
import type { UuidForm } from './wire.js';
import { finish, writeMapEntry, writer } from './wire.js';

/** Answers of a read in one piece. */
export class ReadFrames extends FrameWriter {
  /** @param room bytes that are reserved at first */
  constructor(
    private readonly form: UuidForm,
    room?: number,
  ) {
    super(room);
  }

  add(response: ReadResponse): void {
    if (response.kind === 'event' && response.event && !response.link && this.form === 'string') {
      if (response.event instanceof BinaryEvent) {
        if (this.#binary(response.event)) return;
      } else if (isPlain(response.event)) return this.#event(response.event);
    }
    this.whole(encodeReadResponse(response, this.form));
  }

  /** The same as `#event`, from place to place; false: it has numbers that no double holds. */
  #binary({ bytes, places }: BinaryEvent): boolean {
    const position = smallNumber(bytes, places.position);
    const revision = smallNumber(bytes, places.revision);
    const type = typeAt(bytes, places.typeFrom, places.typeTo);
    if (position < 0 || revision < 0 || type === undefined) return false;
    const { metadataFrom, metadataTo, dataFrom, dataTo, streamFrom, streamTo } = places;
    const kind = typeEntry(type);
    const created = createdEntryAt(bytes, places.created);
    const content = places.isJson ? jsonEntry : binaryEntry;
    const [metadata, data, name] = [metadataTo - metadataFrom, dataTo - dataFrom, streamTo - streamFrom];
    const positionSize = 1 + varintSize(position);
    const identifier = fieldSize(name);
    const recorded =
      idSize +
      fieldSize(identifier) +
      1 +
      varintSize(revision) +
      2 * positionSize +
      kind.length +
      content.length +
      created.length +
      fieldSize(metadata) +
      fieldSize(data);
    const read = fieldSize(recorded) + positionSize;
    this.begin(fieldSize(read));
    this.tagged(0x0a, read);
    this.tagged(0x0a, recorded);
    this.tagged(0x0a, 38);
    this.tagged(0x12, 36);
    this.hexId(bytes, places.id);
    this.tagged(0x12, identifier);
    this.tagged(0x1a, name);
    this.few(bytes, streamFrom, streamTo);
    this.tagged(0x18, revision);
    this.tagged(0x20, position);
    this.tagged(0x28, position);
    this.put(kind);
    this.put(content);
    this.put(created);
    this.tagged(0x3a, metadata);
    this.many(bytes, metadataFrom, metadataTo);
    this.tagged(0x42, data);
    this.many(bytes, dataFrom, dataTo);
    this.tagged(0x18, position);
    return true;
  }

  /** What `encodeReadResponse` writes of an event, in one pass: sizes first, as protobuf wants them. */
  #event(event: WireEvent): void {
    const { stream, data, metadata } = event;
    const type = typeEntry(event.type);
    const created = createdEntry(event.created);
    const content = event.isJson ? jsonEntry : binaryEntry;
    const revision = Number(event.revision);
    const position = Number(event.position);
    const name = Buffer.byteLength(stream);
    const [revisionSize, positionSize] = [varintSize(revision), varintSize(position)];
    const identifier = 1 + varintSize(name) + name;
    const recorded =
      40 + // id
      1 +
      varintSize(identifier) +
      identifier +
      1 +
      revisionSize +
      2 * (1 + positionSize) +
      type.length +
      content.length +
      created.length +
      1 +
      varintSize(metadata.length) +
      metadata.length +
      1 +
      varintSize(data.length) +
      data.length;
    const read = 1 + varintSize(recorded) + recorded + 1 + positionSize;
    const message = 1 + varintSize(read) + read;
    this.begin(message);
    this.tagged(0x0a, read);
    this.tagged(0x0a, recorded);
    this.tagged(0x0a, 38);
    this.tagged(0x12, 36);
    this.ascii(event.id);
    this.tagged(0x12, identifier);
    this.tagged(0x1a, name);
    this.text(stream);
    this.tagged(0x18, revision);
    this.tagged(0x20, position);
    this.tagged(0x28, position);
    this.put(type);
    this.put(content);
    this.put(created);
    this.tagged(0x3a, metadata.length);
    this.put(metadata);
    this.tagged(0x42, data.length);
    this.put(data);
    this.tagged(0x18, position);
  }
}

/** An id as text, with its tags and lengths. */
const idSize = 40;

/** Numbers that a double holds exactly, and an id in its usual form: what is not goes the long way. */
function isPlain({ id, revision, position }: WireEvent): boolean {
  return id.length === 36 && revision <= greatestNumber && position <= greatestNumber;
}

function entry(key: string, value: string): Buffer {
  const target = writer();
  writeMapEntry(target, 6, key, value);
  return finish(target);
}

const jsonEntry = entry('content-type', 'application/json');
const binaryEntry = entry('content-type', 'application/octet-stream');

const mostTypes = 1_000;
const types = new Map<string, Buffer>();

function typeEntry(type: string): Buffer {
  const known = types.get(type);
  if (known) return known;
  const made = entry('type', type);
  if (types.size < mostTypes) types.set(type, made);
  return made;
}

let lastCreated: { readonly created: bigint; readonly bytes: Buffer } | undefined;

/** Events of one transaction have one time. */
function createdEntry(created: bigint): Buffer {
  if (lastCreated?.created !== created) lastCreated = { created, bytes: entry('created', created.toString()) };
  return lastCreated!.bytes;
}

const lastTicks = { high: -1, low: -1, bytes: jsonEntry };

/** The same for ticks of 64 bits in their place. */
function createdEntryAt(bytes: Buffer, at: number): Buffer {
  const [high, low] = [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)];
  if (high === lastTicks.high && low === lastTicks.low) return lastTicks.bytes;
  lastTicks.high = high;
  lastTicks.low = low;
  return (lastTicks.bytes = createdEntry(bytes.readBigInt64BE(at)));
}
