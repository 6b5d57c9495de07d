/** Two megabytes; with a million names one of 400 is taken for known that is not. */
const bits = 1 << 24;
const probes = 4;

/**
 * Names that may exist: what is not among them does not, and nobody has to ask the storage. (A Bloom filter: it can err
 * to the other side, then the storage is asked.)
 */
export class KnownNames {
  readonly #bits = new Uint8Array(bits >> 3);

  add(name: string): void {
    hash(name);
    for (let probe = 0, at = first; probe < probes; probe += 1, at += second) {
      const bit = (at >>> 0) & (bits - 1);
      this.#bits[bit >> 3]! |= 1 << (bit & 7);
    }
  }

  mayHave(name: string): boolean {
    hash(name);
    for (let probe = 0, at = first; probe < probes; probe += 1, at += second) {
      const bit = (at >>> 0) & (bits - 1);
      if ((this.#bits[bit >> 3]! & (1 << (bit & 7))) === 0) return false;
    }
    return true;
  }
}

let [first, second] = [0, 0];

/** Two mixed multiplicative hashes of 32 bits (after MurmurHash3's finalizer). */
function hash(name: string): void {
  let [left, right] = [0x811c9dc5, 0x9747b28c];
  for (let index = 0; index < name.length; index += 1) {
    const code = name.charCodeAt(index);
    left = Math.imul(left ^ code, 0x01000193);
    right = Math.imul(right, 0x5bd1e995) + code;
  }
  first = mixed(left);
  second = mixed(right) | 1;
}

function mixed(value: number): number {
  let mix = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2ae35);
  return mix ^ (mix >>> 16);
}
