/**
 * MT19937 (M. Matsumoto and T. Nishimura, ACM TOMACS 8, 1998, with the 2002 initialisation), and a shuffle that draws
 * as numpy's `RandomState` does, so that seeded splits agree with scikit-learn's. Not for secrets.
 */
export class MersenneTwister {
  private readonly state = new Uint32Array(624);
  private index = 624;

  /** @param seed integer in [0, 2^32); a list of them seeds by array, as Python's `random.Random` does */
  constructor(seed: number | readonly number[]) {
    this.state[0] = (typeof seed === 'number' ? seed : 19_650_218) >>> 0;
    for (let i = 1; i < 624; i += 1) {
      const previous = this.state[i - 1]! ^ (this.state[i - 1]! >>> 30);
      this.state[i] = Math.imul(previous, 1_812_433_253) + i;
    }
    if (typeof seed !== 'number') this.mix(seed);
  }

  private mix(key: readonly number[]): void {
    const { state } = this;
    let [i, j] = [1, 0];
    const step = (factor: number, added: (place: number) => number): void => {
      const previous = state[i - 1]! ^ (state[i - 1]! >>> 30);
      state[i] = (state[i]! ^ Math.imul(previous, factor)) + added(i);
      i += 1;
      if (i === 624) {
        state[0] = state[623]!;
        i = 1;
      }
    };
    for (let k = Math.max(624, key.length); k > 0; k -= 1) {
      step(1_664_525, () => key[j]! + j);
      j = (j + 1) % key.length;
    }
    for (let k = 623; k > 0; k -= 1) step(1_566_083_941, (place) => -place);
    state[0] = 0x80000000;
  }

  /** Uniform over [0, bound), from the upper bits, by rejection: Python's `randrange`. */
  below(bound: number): number {
    const bits = 32 - Math.clz32(bound);
    for (;;) {
      const value = this.next() >>> (32 - bits);
      if (value < bound) return value;
    }
  }

  /** `k` different items in the order of their draw: Python's `random.sample`. */
  sample<Item>(items: readonly Item[], k: number): Item[] {
    const n = items.length;
    const poolSize = 21 + (k > 5 ? 4 ** Math.ceil(Math.log(k * 3) / Math.log(4)) : 0);
    if (n <= poolSize) {
      const pool = [...items];
      return Array.from({ length: k }, (_, i) => {
        const j = this.below(n - i);
        const drawn = pool[j]!;
        pool[j] = pool[n - i - 1]!;
        return drawn;
      });
    }
    const taken = new Set<number>();
    return Array.from({ length: k }, () => {
      let j = this.below(n);
      while (taken.has(j)) j = this.below(n);
      taken.add(j);
      return items[j]!;
    });
  }

  /** Uniform over [0, 2^32). */
  next(): number {
    if (this.index === 624) this.twist();
    let y = this.state[this.index++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** Uniform over [0, maximum], by masked rejection. */
  interval(maximum: number): number {
    if (maximum === 0) return 0;
    const mask = 0xffffffff >>> Math.clz32(maximum);
    for (;;) {
      const value = (this.next() & mask) >>> 0;
      if (value <= maximum) return value;
    }
  }

  /** Fisher and Yates from the end, in place. */
  shuffle(items: Int32Array): void {
    for (let i = items.length - 1; i > 0; i -= 1) {
      const j = this.interval(i);
      const kept = items[i]!;
      items[i] = items[j]!;
      items[j] = kept;
    }
  }

  private twist(): void {
    const { state } = this;
    for (let i = 0; i < 624; i += 1) {
      const y = (state[i]! & 0x80000000) | (state[(i + 1) % 624]! & 0x7fffffff);
      state[i] = state[(i + 397) % 624]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.index = 0;
  }
}
