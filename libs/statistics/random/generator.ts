/**
 * xoshiro128** (D. Blackman and S. Vigna 2018), seeded by splitmix32: fast, seedable, the same on every machine. Its
 * name and seed stand beside every number that was drawn. Not for secrets.
 */
export class Generator {
  static readonly algorithm = 'xoshiro128**';
  private readonly state = new Uint32Array(4);

  /** @param seed integer in [0, 2^32) */
  constructor(seed: number) {
    let z = seed >>> 0;
    for (let i = 0; i < 4; i += 1) {
      z = (z + 0x9e3779b9) >>> 0;
      let t = z ^ (z >>> 16);
      t = Math.imul(t, 0x21f0aaad);
      t ^= t >>> 15;
      t = Math.imul(t, 0x735a2d97);
      this.state[i] = t ^ (t >>> 15);
    }
  }

  /** Uniform over [0, 2^32). */
  next(): number {
    const s = this.state;
    const x = Math.imul(s[1]!, 5);
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0;
    const t = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = (s[3]! << 11) | (s[3]! >>> 21);
    return result;
  }

  /** Uniform over (0, 1), 53 bits. */
  uniform(): number {
    return ((this.next() >>> 5) * 67_108_864 + (this.next() >>> 6) + 0.5) / 9_007_199_254_740_992;
  }

  /** Uniform integer in [0, bound). */
  integer(bound: number): number {
    return Math.floor(this.uniform() * bound);
  }

  /** Standard normal, by Box and Muller (the second value is thrown away: state stays one number of draws). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Binomial(n, p): inversion where n·min(p, 1 − p) < 10, else the rejection BTRS of W. Hörmann (1993). Exact. */
  binomial(n: number, p: number): number {
    if (n === 0 || p <= 0) return 0;
    if (p >= 1) return n;
    if (p > 0.5) return n - this.binomial(n, 1 - p);
    return n * p < 10 ? this.inversion(n, p) : this.rejection(n, p);
  }

  /** As many draws as the counts hold, with replacement, counted by cell: conditional binomials. Exact. */
  multinomial(counts: Float64Array): Float64Array {
    const drawn = new Float64Array(counts.length);
    let weight = counts.reduce((sum, count) => sum + count, 0);
    let left = weight;
    for (let cell = 0; cell < counts.length && left > 0; cell += 1) {
      drawn[cell] = weight > counts[cell]! ? this.binomial(left, counts[cell]! / weight) : left;
      left -= drawn[cell]!;
      weight -= counts[cell]!;
    }
    return drawn;
  }

  private inversion(n: number, p: number): number {
    // Waiting times: geometric gaps between successes.
    const logarithm = Math.log1p(-p);
    let count = 0;
    let position = 0;
    for (;;) {
      position += Math.floor(Math.log(this.uniform()) / logarithm) + 1;
      if (position > n) return count;
      count += 1;
    }
  }

  private rejection(n: number, p: number): number {
    const sd = Math.sqrt(n * p * (1 - p));
    const b = 1.15 + 2.53 * sd;
    const a = -0.0873 + 0.0248 * b + 0.01 * p;
    const c = n * p + 0.5;
    const vr = 0.92 - 4.2 / b;
    const alpha = (2.83 + 5.1 / b) * sd;
    const logOdds = Math.log(p / (1 - p));
    const mode = Math.floor((n + 1) * p);
    const h = logFactorial(mode) + logFactorial(n - mode);
    for (;;) {
      const u = this.uniform() - 0.5;
      let v = this.uniform();
      const us = 0.5 - Math.abs(u);
      const k = Math.floor(((2 * a) / us + b) * u + c);
      if (k < 0 || k > n) continue;
      if (us >= 0.07 && v <= vr) return k;
      v = Math.log((v * alpha) / (a / (us * us) + b));
      if (v <= h - logFactorial(k) - logFactorial(n - k) + (k - mode) * logOdds) return k;
    }
  }
}

/** ln n!, Stirling's series from 16 on. */
function logFactorial(n: number): number {
  if (n < 16) {
    let product = 1;
    for (let i = 2; i <= n; i += 1) product *= i;
    return Math.log(product);
  }
  const r = 1 / n;
  return (n + 0.5) * Math.log(n) - n + 0.9189385332046727 + r * (1 / 12 - r * r * (1 / 360 - (r * r) / 1260));
}
