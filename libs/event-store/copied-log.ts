import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import type { ReadItem } from './copy-appends.js';
import type { PlacedEvent } from './placed-event.js';
import type { StoredEvent } from './port.js';

/** Events of one digest. */
export const pageEvents = 1_000;

/** What waits to be hashed: a call of the hash for each field costs more than hashing it. */
const waitingBytes = 64 * 1024;
const headBytes = 6 * 8;
const shortText = 100;

/** Digests of events in their order, one for each thousand: of everything but position and time of recording. */
export class LogDigest {
  readonly pages: string[] = [];
  count = 0;
  #hash: Hash = createHash('sha256');
  readonly #waiting = Buffer.allocUnsafe(waitingBytes);
  #at = 0;

  add(item: ReadItem): void {
    if (item.kind === 'placed') this.#placed(item);
    else this.#stored(item.event);
    this.count += 1;
    if (this.count % pageEvents === 0) this.end();
  }

  #placed(event: PlacedEvent): void {
    const { bytes, type, idFrom, streamFrom, streamTo, metadataFrom, metadataTo, dataFrom, dataTo } = event;
    const [metadata, data, stream] = [metadataTo - metadataFrom, dataTo - dataFrom, streamTo - streamFrom];
    this.#head(36, event.revision, data, metadata, type.length, stream);
    this.#few(bytes, idFrom, idFrom + 36);
    this.#text(type);
    this.#few(bytes, streamFrom, streamTo);
    this.#many(bytes, dataFrom, dataTo);
    this.#many(bytes, metadataFrom, metadataTo);
  }

  /** The same bytes as of the same event in its place. */
  #stored({ id, stream, revision, type, data, metadata }: StoredEvent): void {
    const [name, kind] = [Buffer.from(stream, 'utf8'), Buffer.from(type, 'utf8')];
    this.#head(id.length, Number(revision), data.length, metadata.length, kind.length, name.length);
    this.#text(id);
    this.#many(kind, 0, kind.length);
    this.#many(name, 0, name.length);
    this.#many(data, 0, data.length);
    this.#many(metadata, 0, metadata.length);
  }

  /** Lengths make it one-to-one. */
  #head(...numbers: readonly number[]): void {
    if (headBytes > waitingBytes - this.#at) this.#flush();
    for (const number of numbers) this.#at = this.#waiting.writeDoubleLE(number, this.#at);
  }

  /** Closes the page that is open, if there is anything in it. */
  end(): void {
    if (this.pages.length * pageEvents >= this.count) return;
    this.#flush();
    this.pages.push(this.#hash.digest('base64'));
    this.#hash = createHash('sha256');
  }

  /** ASCII. */
  #text(text: string): void {
    if (text.length > shortText) return this.#many(Buffer.from(text, 'latin1'), 0, text.length);
    if (text.length > waitingBytes - this.#at) this.#flush();
    this.#at += this.#waiting.write(text, this.#at, 'latin1');
  }

  /** For so few a view costs more than the loop. */
  #few(bytes: Buffer, from: number, to: number): void {
    if (to - from > shortText) return this.#many(bytes, from, to);
    if (to - from > waitingBytes - this.#at) this.#flush();
    for (let index = from; index < to; index += 1) this.#waiting[this.#at++] = bytes[index]!;
  }

  #many(bytes: Uint8Array, from: number, to: number): void {
    if (to - from > waitingBytes - this.#at) this.#flush();
    if (to - from > waitingBytes) this.#hash.update(bytes.subarray(from, to));
    else {
      this.#waiting.set(bytes.subarray(from, to), this.#at);
      this.#at += to - from;
    }
  }

  #flush(): void {
    if (this.#at > 0) this.#hash.update(this.#waiting.subarray(0, this.#at));
    this.#at = 0;
  }
}

/** Where each event of the source was, and where it is in the target as far as that is known: 24 bytes an event. */
export class CopiedPlaces {
  count = 0;
  #from = new BigInt64Array(pageEvents);
  #to = new BigInt64Array(pageEvents);
  #recordedAt = new Float64Array(pageEvents);
  #lastTime = { text: '', time: 0 };

  add(position: bigint, recordedAt: string, to = -1n): void {
    if (this.count === this.#from.length) {
      this.#from = doubled(this.#from, (length) => new BigInt64Array(length));
      this.#to = doubled(this.#to, (length) => new BigInt64Array(length));
      this.#recordedAt = doubled(this.#recordedAt, (length) => new Float64Array(length));
    }
    this.#from[this.count] = position;
    this.#to[this.count] = to;
    // Events of one transaction have one time.
    if (recordedAt !== this.#lastTime.text) this.#lastTime = { text: recordedAt, time: Date.parse(recordedAt) };
    this.#recordedAt[this.count] = this.#lastTime.time;
    this.count += 1;
  }

  from(at: number): bigint {
    return this.#from[at]!;
  }

  to(at: number): bigint {
    return this.#to[at]!;
  }

  setTo(at: number, to: bigint): void {
    this.#to[at] = to;
  }

  /** Lines of the map, from one place to another (exclusive). */
  lines(from: number, to: number): string {
    let text = '';
    for (let at = from; at < to; at += 1) {
      const recordedAt = new Date(this.#recordedAt[at]!).toISOString();
      text += `{"from":"${this.#from[at]}","recordedAt":"${recordedAt}","to":"${this.#to[at]}"}\n`;
    }
    return text;
  }
}

function doubled<Values extends BigInt64Array | Float64Array>(
  values: Values,
  make: (length: number) => Values,
): Values {
  const larger = make(values.length * 2);
  larger.set(values as never);
  return larger;
}
