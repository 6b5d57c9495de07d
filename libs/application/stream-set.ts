const emptySlot = 0;

/**
 * Names of streams, 8 bytes each, for one question: is this one surely not among them? Two names of the same 53-bit
 * hash count as one, which costs a needless look at the store and nothing else.
 */
export class StreamSet {
  #slots = new Float64Array(1024);
  #size = 0;

  add(stream: string): void {
    if (2 * this.#size >= this.#slots.length) this.#grow();
    this.#size += insert(this.#slots, hashOf(stream));
  }

  mayHave(stream: string): boolean {
    const hash = hashOf(stream);
    return this.#slots[slotOf(this.#slots, hash)] === hash;
  }

  #grow(): void {
    const larger = new Float64Array(2 * this.#slots.length);
    for (const hash of this.#slots) if (hash !== emptySlot) insert(larger, hash);
    this.#slots = larger;
  }
}

/** 1 when the hash is new. */
function insert(slots: Float64Array, hash: number): number {
  const slot = slotOf(slots, hash);
  if (slots[slot] === hash) return 0;
  slots[slot] = hash;
  return 1;
}

/** Where the hash is, or would be. The length is a power of two and half of the slots are free. */
function slotOf(slots: Float64Array, hash: number): number {
  const mask = slots.length - 1;
  let slot = (hash % slots.length) & mask;
  while (slots[slot] !== emptySlot && slots[slot] !== hash) slot = (slot + 1) & mask;
  return slot;
}

/** 53 bits out of two multiplicative hashes; never the empty slot's. */
function hashOf(text: string): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return (high >>> 11) * 2 ** 32 + (low >>> 0) || 1;
}
