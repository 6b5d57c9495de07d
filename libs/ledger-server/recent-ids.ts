/** Where an event is. */
export interface EventPlace {
  readonly stream: string;
  readonly revision: bigint;
  readonly position: bigint;
}

const mostEvents = 50_000;
const buckets = 65_536;
/** Of the four words of an id. */
const words = 4;

/**
 * The places of the newest 50,000 events by their ids, in arrays that are made once: as objects in a map they outlived
 * the young generation, and collecting them cost more than writing them.
 */
export class RecentIds {
  readonly #ids: Uint32Array;
  readonly #streams: string[] = [];
  readonly #revisions: BigInt64Array;
  readonly #positions: BigInt64Array;
  /** Of each bucket the newest entry and of each entry the next older one of its bucket, counted from 1; 0: none. */
  readonly #newest = new Uint32Array(buckets);
  readonly #older: Uint32Array;
  /** Where the next entry goes. */
  #next = 0;
  #count = 0;

  constructor(private readonly capacity = mostEvents) {
    this.#ids = new Uint32Array(capacity * words);
    this.#revisions = new BigInt64Array(capacity);
    this.#positions = new BigInt64Array(capacity);
    this.#older = new Uint32Array(capacity);
  }

  add(id: string, stream: string, revision: bigint, position: bigint): void {
    const at = this.#next;
    if (this.#count === this.capacity) this.#unlink(at);
    else this.#count += 1;
    this.#next = (at + 1) % this.capacity;
    readWords(id);
    this.#ids.set(read, at * words);
    this.#streams[at] = stream;
    this.#revisions[at] = revision;
    this.#positions[at] = position;
    const bucket = read[0]! % buckets;
    this.#older[at] = this.#newest[bucket]!;
    this.#newest[bucket] = at + 1;
  }

  /** The newest event with this id. */
  find(id: string): EventPlace | undefined {
    readWords(id);
    for (let entry = this.#newest[read[0]! % buckets]!; entry > 0; entry = this.#older[entry - 1]!) {
      const at = entry - 1;
      if (!this.#isAt(at)) continue;
      return { stream: this.#streams[at]!, revision: this.#revisions[at]!, position: this.#positions[at]! };
    }
    return undefined;
  }

  /** Takes back what was added last: it was not written. */
  forget(count: number): void {
    for (let left = Math.min(count, this.#count); left > 0; left -= 1) {
      this.#next = (this.#next + this.capacity - 1) % this.capacity;
      this.#unlink(this.#next);
      this.#count -= 1;
    }
  }

  #isAt(at: number): boolean {
    const ids = this.#ids;
    const from = at * words;
    return ids[from] === read[0] && ids[from + 1] === read[1] && ids[from + 2] === read[2] && ids[from + 3] === read[3];
  }

  #unlink(at: number): void {
    const bucket = this.#ids[at * words]! % buckets;
    if (this.#newest[bucket] === at + 1) {
      this.#newest[bucket] = this.#older[at]!;
      return;
    }
    let entry = this.#newest[bucket]!;
    while (entry > 0 && this.#older[entry - 1] !== at + 1) entry = this.#older[entry - 1]!;
    if (entry > 0) this.#older[entry - 1] = this.#older[at]!;
  }
}

/** The words of the id that was read last. */
const read = new Uint32Array(words);
const dash = 0x2d;

/** The four words of a UUID, which was checked when it came. */
function readWords(id: string): void {
  let [word, digits, index] = [0, 0, 0];
  for (let place = 0; place < id.length && index < words; place += 1) {
    const code = id.charCodeAt(place);
    if (code === dash) continue;
    word = (word << 4) | (code & 0x0f) | 0;
    if (code > 0x39) word += 9;
    digits += 1;
    if (digits < 8) continue;
    read[index] = word;
    [word, digits] = [0, 0];
    index += 1;
  }
}
