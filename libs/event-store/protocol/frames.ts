import { FrameWriter, greatestNumber, varintSize } from './frame-writer.js';
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
    if (response.kind === 'event' && response.event && !response.link && this.form === 'string')
      if (isPlain(response.event)) return this.#event(response.event);
    this.whole(encodeReadResponse(response, this.form));
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
