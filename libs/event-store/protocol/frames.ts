import type { ReadResponse, WireEvent } from './read.js';
import { encodeReadResponse } from './read.js';
import type { UuidForm } from './wire.js';
import { finish, writeMapEntry, writer } from './wire.js';

/** Compression flag and length before every message (gRPC over HTTP/2, "Length-Prefixed-Message"). */
const prefixBytes = 5;

/**
 * Answers of a read one after the other as they stand on the wire, to be handed to grpc-js as one message: a write, a
 * TLS record and a frame of HTTP/2 for each event cost more than the event. grpc-js allocates five bytes more than
 * `byteLength`, writes a prefix there and has what follows copied: the copy here begins with the prefixes themselves.
 */
export class ReadFrames {
  #bytes: Buffer;
  #at = 0;

  /** @param room bytes that are reserved at first */
  constructor(
    private readonly form: UuidForm,
    room = 1_024,
  ) {
    this.#bytes = Buffer.allocUnsafe(room);
  }

  /** Bytes of the messages so far, with their prefixes. */
  get size(): number {
    return this.#at;
  }

  get byteLength(): number {
    return this.#at - prefixBytes;
  }

  copy(target: Buffer, at: number): number {
    return this.#bytes.copy(target, at - prefixBytes, 0, this.#at);
  }

  add(response: ReadResponse): void {
    if (response.kind === 'event' && response.event && !response.link && this.form === 'string')
      if (isPlain(response.event)) return this.#event(response.event);
    const message = encodeReadResponse(response, this.form);
    this.#room(message.length + prefixBytes);
    this.#prefix(message.length);
    this.#at += message.copy(this.#bytes, this.#at);
  }

  #prefix(length: number): void {
    this.#bytes[this.#at] = 0;
    this.#bytes.writeUInt32BE(length, this.#at + 1);
    this.#at += prefixBytes;
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + bytes));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
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
    this.#room(message + prefixBytes);
    this.#prefix(message);
    this.#tagged(0x0a, read);
    this.#tagged(0x0a, recorded);
    this.#tagged(0x0a, 38);
    this.#tagged(0x12, 36);
    this.#at += this.#bytes.write(event.id, this.#at, 'latin1');
    this.#tagged(0x12, identifier);
    this.#tagged(0x1a, name);
    this.#at += this.#bytes.write(stream, this.#at, 'utf8');
    this.#tagged(0x18, revision);
    this.#tagged(0x20, position);
    this.#tagged(0x28, position);
    this.#put(type);
    this.#put(content);
    this.#put(created);
    this.#tagged(0x3a, metadata.length);
    this.#put(metadata);
    this.#tagged(0x42, data.length);
    this.#put(data);
    this.#tagged(0x18, position);
  }

  #tagged(tag: number, value: number): void {
    this.#bytes[this.#at++] = tag;
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#at++] = (rest & 0x7f) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#at++] = rest;
  }

  #put(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }
}

/** Numbers that a double holds exactly, and an id in its usual form: what is not goes the long way. */
function isPlain({ id, revision, position }: WireEvent): boolean {
  return id.length === 36 && revision <= greatest && position <= greatest;
}

const greatest = BigInt(Number.MAX_SAFE_INTEGER);

function varintSize(value: number): number {
  if (value < 128) return 1;
  if (value < 16_384) return 2;
  let size = 3;
  for (let rest = Math.floor(value / 2_097_152); rest > 0; rest = Math.floor(rest / 128)) size += 1;
  return size;
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
