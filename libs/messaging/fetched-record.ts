import { isAt, Reader } from './fetch-reader.js';
import type { IncomingRecord } from './port.js';

/** Lengths below 0 stand for null. */
export interface RecordPlaces {
  readonly keyFrom: number;
  readonly keyLength: number;
  readonly valueFrom: number;
  readonly valueLength: number;
  /** Where the number of headers stands. */
  readonly headersFrom: number;
}

const nothing = Buffer.alloc(0);

/**
 * A record, and what kafkajs asks of one: places in the answer that it came in. A fetch brings thousands, each with a
 * dozen headers; as objects they would outlive the engine's young generation, which costs more than reading them.
 */
export class FetchedRecord implements IncomingRecord {
  readonly isControlRecord = false;
  readonly #keyFrom: number;
  readonly #keyLength: number;
  readonly #valueFrom: number;
  readonly #valueLength: number;
  readonly #headersFrom: number;

  constructor(
    readonly partition: number,
    readonly offset: bigint,
    readonly timestamp: number,
    /** The whole answer. */
    readonly bytes: Buffer,
    places: RecordPlaces,
  ) {
    this.#keyFrom = places.keyFrom;
    this.#keyLength = places.keyLength;
    this.#valueFrom = places.valueFrom;
    this.#valueLength = places.valueLength;
    this.#headersFrom = places.headersFrom;
  }

  get key(): string | undefined {
    return this.#keyLength < 0
      ? undefined
      : this.bytes.toString('utf8', this.#keyFrom, this.#keyFrom + this.#keyLength);
  }

  get value(): Buffer | undefined {
    return this.#valueLength < 0
      ? undefined
      : this.bytes.subarray(this.#valueFrom, this.#valueFrom + this.#valueLength);
  }

  /** A header given twice is kept as its last value. */
  get headers(): Readonly<Record<string, Uint8Array>> {
    const headers: Record<string, Uint8Array> = {};
    const reader = new Reader(this.bytes, this.#headersFrom);
    for (let left = reader.varint(); left > 0; left -= 1) {
      const name = reader.text(reader.varint());
      const length = reader.varint();
      headers[name] = length <= 0 ? nothing : this.bytes.subarray(reader.pass(length), reader.at);
    }
    return headers;
  }

  /** Whether the key is these bytes of the answer. */
  isKey(from: number, to: number): boolean {
    const { bytes } = this;
    if (to - from !== this.#keyLength) return false;
    for (let at = from, key = this.#keyFrom; at < to; at += 1, key += 1) if (bytes[at] !== bytes[key]) return false;
    return true;
  }

  get valueFrom(): number {
    return this.#valueFrom;
  }

  get valueTo(): number {
    return this.#valueFrom + this.#valueLength;
  }

  /** Writes where the values of these headers begin and end: two numbers for each name, 0 and 0 where there is none. */
  locate(names: HeaderNames, into: Int32Array): void {
    into.fill(0);
    const reader = new Reader(this.bytes, this.#headersFrom);
    for (let left = reader.varint(); left > 0; left -= 1) {
      const length = reader.varint();
      const index = names.at(this.bytes, reader.pass(length), length);
      const from = reader.pass(Math.max(0, reader.varint()));
      if (index < 0) continue;
      into[2 * index] = from;
      into[2 * index + 1] = reader.at;
    }
  }
}

/** Names that are found by their length and two of their bytes. */
export class HeaderNames {
  readonly #byPlace = new Map<number, { readonly index: number; readonly bytes: Buffer }>();

  constructor(names: readonly string[]) {
    for (const [index, name] of names.entries()) {
      const bytes = Buffer.from(name);
      const place = placeOf(bytes, 0, bytes.length);
      if (this.#byPlace.has(place)) throw new Error(`header names ${name} and another one look the same`);
      this.#byPlace.set(place, { index, bytes });
    }
  }

  /** The index of the name that stands there; -1: none of them. */
  at(bytes: Buffer, from: number, length: number): number {
    const found = length === 0 ? undefined : this.#byPlace.get(placeOf(bytes, from, length));
    return found !== undefined && isAt(bytes, from, found.bytes) ? found.index : -1;
  }
}

function placeOf(bytes: Buffer, from: number, length: number): number {
  return length * 65_536 + bytes[from]! * 256 + bytes[from + length - 1]!;
}

const mostKnown = 512;
/** What is longer is no type or stamp of ours, and is not kept. */
const longestKnown = 256;
const known = new Map<number, { readonly text: string; readonly bytes: Buffer }>();

/** The text that stands there: types and stamps repeat with every record, and one string serves all of them. */
export function repeatedText(bytes: Buffer, from: number, to: number): string {
  const place = placeOf(bytes, from, to - from);
  const found = known.get(place);
  if (found !== undefined && isAt(bytes, from, found.bytes)) return found.text;
  const text = bytes.toString('utf8', from, to);
  if (known.size < mostKnown && to - from <= longestKnown)
    known.set(place, { text, bytes: Buffer.from(bytes.subarray(from, to)) });
  return text;
}
