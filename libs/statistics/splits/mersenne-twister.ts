/**
 * MT19937 (M. Matsumoto and T. Nishimura, ACM TOMACS 8, 1998, with the 2002 initialisation), and a shuffle that draws
 * as numpy's `RandomState` does, so that seeded splits agree with scikit-learn's. Not for secrets.
 */
export class MersenneTwister {
  private readonly state = new Uint32Array(624);
  private index = 624;

  /** @param seed integer in [0, 2^32) */
  constructor(seed: number) {
    this.state[0] = seed >>> 0;
    for (let i = 1; i < 624; i += 1) {
      const previous = this.state[i - 1]! ^ (this.state[i - 1]! >>> 30);
      this.state[i] = Math.imul(previous, 1_812_433_253) + i;
    }
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
