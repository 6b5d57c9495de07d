/** What this decoder leaves to kafkajs's own: unusual, not necessarily wrong. */
export class Unusual extends Error {}

const proto = Buffer.from('__proto__');

/** Reads the bytes of an answer to a fetch forwards; what goes beyond the end throws. */
export class Reader {
  constructor(
    readonly bytes: Buffer,
    public at = 0,
  ) {}

  int16(): number {
    return this.bytes.readInt16BE(this.pass(2));
  }

  int32(): number {
    return this.bytes.readInt32BE(this.pass(4));
  }

  int64(): bigint {
    return this.bytes.readBigInt64BE(this.pass(8));
  }

  array<Item>(item: () => Item): Item[] {
    const items: Item[] = [];
    for (let left = this.int32(); left > 0; left -= 1) items.push(item());
    return items;
  }

  /** A zigzag varint of at most 53 bits. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let length = 1; length <= 8; length += 1) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw new Unusual('no end');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      scale *= 128;
    }
    throw new Unusual('a number beyond 53 bits');
  }

  /** Where what begins with its length ends. */
  end(limit: number): number {
    const length = this.varint();
    if (length < 0 || length > limit - this.at) throw new Unusual('beyond the end of its batch');
    return this.at + length;
  }

  text(length: number): string {
    const from = this.pass(length);
    return this.bytes.toString('utf8', from, this.at);
  }

  /** A record's headers, which are looked at when somebody asks for them. */
  passHeaders(): void {
    for (let left = this.varint(); left > 0; left -= 1) {
      const length = this.varint();
      const from = this.pass(length);
      // Set on an object it would be something else.
      if (length === proto.length && isAt(this.bytes, from, proto)) throw new Unusual('a name');
      const value = this.varint();
      if (value > 0) this.pass(value);
    }
  }

  /** @returns where the next `length` bytes begin, which are passed */
  pass(length: number): number {
    const from = this.at;
    if (length < 0 || length > this.bytes.length - from) throw new Unusual('beyond the end');
    this.at += length;
    return from;
  }
}

export function isAt(bytes: Uint8Array, from: number, wanted: Uint8Array): boolean {
  for (let index = 0; index < wanted.length; index += 1) if (bytes[from + index] !== wanted[index]) return false;
  return true;
}
