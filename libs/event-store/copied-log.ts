import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import type { StoredEvent } from './port.js';

/** Events of one digest. */
export const pageEvents = 1_000;

/** What waits to be hashed: a call of the hash for each field costs more than hashing it. */
const waitingBytes = 64 * 1024;

/** Digests of events in their order, one for each thousand: of everything but position and time of recording. */
export class LogDigest {
  readonly pages: string[] = [];
  count = 0;
  #hash: Hash = createHash('sha256');
  readonly #waiting = Buffer.allocUnsafe(waitingBytes);
  #at = 0;

  add({ id, stream, revision, type, data, metadata }: StoredEvent): void {
    // Lengths make it one-to-one.
    const head = `${id} ${revision} ${data.length} ${metadata.length} ${type.length} ${type}${stream.length} ${stream}`;
    const headRoom = head.length * 3;
    if (headRoom > waitingBytes - this.#at) this.#flush();
    if (headRoom > waitingBytes) this.#hash.update(head);
    else this.#at += this.#waiting.write(head, this.#at, 'utf8');
    this.#bytes(data);
    this.#bytes(metadata);
    this.count += 1;
    if (this.count % pageEvents === 0) this.end();
  }

  /** Closes the page that is open, if there is anything in it. */
  end(): void {
    if (this.pages.length * pageEvents >= this.count) return;
    this.#flush();
    this.pages.push(this.#hash.digest('base64'));
    this.#hash = createHash('sha256');
  }

  #bytes(bytes: Uint8Array): void {
    if (bytes.length > waitingBytes - this.#at) this.#flush();
    if (bytes.length > waitingBytes) this.#hash.update(bytes);
    else {
      this.#waiting.set(bytes, this.#at);
      this.#at += bytes.length;
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

  add({ position, recordedAt }: StoredEvent, to = -1n): void {
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
