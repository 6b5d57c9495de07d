/** Compression flag and length before every message (gRPC over HTTP/2, "Length-Prefixed-Message"). */
export const prefixBytes = 5;

/**
 * Messages one after the other as they stand on the wire, to be handed to grpc-js as one: a write, a TLS record and a
 * frame of HTTP/2 for each message cost more than the message. grpc-js allocates five bytes more than `byteLength` (a
 * server) or `length` (a client), writes a prefix there and has what follows copied: the copy here begins with the
 * prefixes themselves.
 */
export class FrameWriter {
  protected bytes: Buffer;
  protected at = 0;

  /** @param room bytes that are reserved at first */
  constructor(room = 1_024) {
    this.bytes = Buffer.allocUnsafe(room);
  }

  /** Bytes of the messages so far, with their prefixes. */
  get size(): number {
    return this.at;
  }

  get byteLength(): number {
    return this.at - prefixBytes;
  }

  get length(): number {
    return this.byteLength;
  }

  copy(target: Buffer, at: number): number {
    return this.bytes.copy(target, at - prefixBytes, 0, this.at);
  }

  /** A message that is encoded already. */
  protected whole(message: Buffer): void {
    this.begin(message.length);
    this.at += message.copy(this.bytes, this.at);
  }

  /** Makes room for a message of so many bytes and writes its prefix. */
  protected begin(length: number): void {
    const wanted = this.at + prefixBytes + length;
    if (wanted > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, wanted));
      this.bytes.copy(larger, 0, 0, this.at);
      this.bytes = larger;
    }
    this.bytes[this.at] = 0;
    this.bytes.writeUInt32BE(length, this.at + 1);
    this.at += prefixBytes;
  }

  /** A tag of one byte and a number that a double holds exactly: a field, or the length of one. */
  protected tagged(tag: number, value: number): void {
    this.bytes[this.at++] = tag;
    let rest = value;
    while (rest > 0x7f) {
      this.bytes[this.at++] = (rest & 0x7f) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.bytes[this.at++] = rest;
  }

  protected put(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** Some bytes from place to place: for so few a view costs more than the loop. */
  protected few(source: Buffer, from: number, to: number): void {
    const { bytes } = this;
    let { at } = this;
    for (let index = from; index < to; index += 1) bytes[at++] = source[index]!;
    this.at = at;
  }

  /** The text of a UUID of sixteen bytes. */
  protected hexId(source: Buffer, from: number): void {
    const { bytes } = this;
    let { at } = this;
    for (let index = 0; index < 16; index += 1) {
      if (index === 4 || index === 6 || index === 8 || index === 10) bytes[at++] = 0x2d;
      const byte = source[from + index]!;
      bytes[at++] = hexDigits[byte >> 4]!;
      bytes[at++] = hexDigits[byte & 15]!;
    }
    this.at = at;
  }

  protected many(source: Buffer, from: number, to: number): void {
    this.at += source.copy(this.bytes, this.at, from, to);
  }

  protected ascii(text: string): void {
    this.at += this.bytes.write(text, this.at, 'latin1');
  }

  protected text(text: string): void {
    this.at += this.bytes.write(text, this.at, 'utf8');
  }
}

const hexDigits = Uint8Array.from(Buffer.from('0123456789abcdef', 'latin1'));

/** Bytes of a number that a double holds exactly. */
export function varintSize(value: number): number {
  if (value < 128) return 1;
  if (value < 16_384) return 2;
  let size = 3;
  for (let rest = Math.floor(value / 2_097_152); rest > 0; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

/** Bytes of a field with a tag of one byte, a length, and so many bytes. */
export const fieldSize = (length: number): number => 1 + varintSize(length) + length;

/** What a double holds exactly. */
export const greatestNumber = BigInt(Number.MAX_SAFE_INTEGER);
