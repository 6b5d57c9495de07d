import { sorted } from '../significance/ordered.js';
import { largestGap } from '../significance/spans.js';
import { ks2Sample } from '../significance/two-samples.js';
import { MersenneTwister } from '../splits/mersenne-twister.js';

/** A detector that is fed one value at a time. */
export interface Detector {
  /** @returns true where drift is found at this value */
  update(value: number): boolean;
}

/**
 * DDM (J. Gama et al., SBIA 2004; River 0.26.1 `drift.binary.DDM`): fed 1 for an error, 0 else; drift where
 * p + s > p_min + 3 s_min (after `warmUp` values), then starts anew.
 */
export class Ddm implements Detector {
  private n = 0;
  private p = 0;
  private pMin = Infinity;
  private sMin = Infinity;
  private sumMin = Infinity;

  constructor(
    private readonly warmUp = 30,
    private readonly threshold = 3,
  ) {}

  update(value: number): boolean {
    this.n += 1;
    this.p += (value - this.p) / this.n;
    const s = Math.sqrt((this.p * (1 - this.p)) / this.n);
    if (this.n <= this.warmUp) return false;
    if (this.p + s <= this.sumMin) {
      this.pMin = this.p;
      this.sMin = s;
      this.sumMin = this.p + s;
    }
    if (!(this.p + s > this.pMin + this.threshold * this.sMin)) return false;
    this.n = 0;
    this.p = 0;
    this.pMin = this.sMin = this.sumMin = Infinity;
    return true;
  }
}

/**
 * EDDM (M. Baena-García et al. 2006; River 0.26.1 `drift.binary.EDDM`): the distance between errors, drift where
 * (p' + 2 s') over its maximum falls below `beta`, after more than
 * `warmUp` errors; the maximum counts from more than `warmUp` values on.
 */
export class Eddm implements Detector {
  private n = 0;
  private errors = 0;
  private last = 0;
  private mean = 0;
  private m2 = 0;
  private maximum = 0;

  constructor(
    private readonly warmUp = 30,
    private readonly beta = 0.9,
  ) {}

  update(value: number): boolean {
    this.n += 1;
    if (value === 0) return false;
    this.errors += 1;
    const distance = this.n - this.last;
    this.last = this.n;
    const before = this.mean;
    this.mean += (distance - before) / this.errors;
    this.m2 += (distance - this.mean) * (distance - before);
    const level = this.mean + 2 * Math.sqrt(this.errors > 1 ? this.m2 / (this.errors - 1) : 0);
    if (this.n <= this.warmUp) return false;
    if (level > this.maximum) {
      this.maximum = level;
      return false;
    }
    if (this.errors <= this.warmUp || level / this.maximum >= this.beta) return false;
    this.n = this.errors = this.last = this.mean = this.m2 = this.maximum = 0;
    return true;
  }
}

/** Page-Hinkley (E. S. Page 1954; River 0.26.1 `drift.PageHinkley`), upwards, downwards or both, then starts anew. */
export class PageHinkley implements Detector {
  private n = 0;
  private mean = 0;
  private up = 0;
  private down = 0;
  private upMinimum = Infinity;
  private downMaximum = -1;

  constructor(
    private readonly minimum = 30,
    private readonly delta = 0.005,
    private readonly threshold = 50,
    private readonly alpha = 0.9999,
    private readonly mode: 'up' | 'down' | 'both' = 'both',
  ) {}

  update(value: number): boolean {
    this.n += 1;
    this.mean += (value - this.mean) / this.n;
    const deviation = value - this.mean;
    this.up = this.alpha * this.up + deviation - this.delta;
    this.down = this.alpha * this.down + deviation + this.delta;
    this.upMinimum = Math.min(this.upMinimum, this.up);
    this.downMaximum = Math.max(this.downMaximum, this.down);
    if (this.n < this.minimum) return false;
    const rose = this.up - this.upMinimum > this.threshold;
    const fell = this.downMaximum - this.down > this.threshold;
    if (!((this.mode !== 'down' && rose) || (this.mode !== 'up' && fell))) return false;
    this.n = this.mean = this.up = this.down = 0;
    this.upMinimum = Infinity;
    this.downMaximum = -1;
    return true;
  }
}

/**
 * KSWIN (C. Raab, M. Heusinger, F.-M. Schleif, Neurocomputing 416, 2020; River 0.26.1 `drift.KSWIN`): the last `statSize` values against as
 * many drawn from the rest of the window by the two-sample Kolmogorov-Smirnov test; drift where p ≤ `alpha` and D > 0.1; then window and
 * draw start anew. The draw is Python's `random.Random(seed).sample`: to the digit.
 */
export class Kswin implements Detector {
  private window: number[] = [];
  private readonly pvalues = new Map<number, number>();
  private random: MersenneTwister;

  constructor(
    private readonly alpha = 0.005,
    private readonly windowSize = 100,
    private readonly statSize = 30,
    private readonly seed = 0,
  ) {
    this.random = new MersenneTwister([seed]);
  }

  update(value: number): boolean {
    this.window.push(value);
    if (this.window.length > this.windowSize) this.window.shift();
    if (this.window.length < this.windowSize) return false;
    const recent = this.window.slice(-this.statSize);
    const drawn = this.random.sample(this.window.slice(0, -this.statSize), this.statSize);
    const gap = largestGap(sorted(drawn), sorted(recent), 'two-sided');
    if (!(gap / this.statSize ** 2 > 0.1)) return false;
    // Samples of one size: p is a function of the gap.
    const pvalue = this.pvalues.get(gap) ?? ks2Sample(drawn, recent).pvalue;
    this.pvalues.set(gap, pvalue);
    if (!(pvalue <= this.alpha)) return false;
    this.window = [];
    this.random = new MersenneTwister([this.seed]);
    return true;
  }
}

interface Bucket {
  total: number;
  variance: number;
}

/**
 * ADWIN (A. Bifet and R. Gavaldà, SDM 2007; River 0.26.1 `drift.ADWIN`): a window in exponential histograms of at most
 * `maxBuckets` buckets a level, cut where two parts differ by more than √(2 m v d) + ⅔ d m, d = ln(2 ln W / δ),
 * m = 1/(n0 − w + 1) + 1/(n1 − w + 1).
 */
export class Adwin implements Detector {
  /** rows[level] holds buckets of 2^level values, oldest first. */
  private rows: Bucket[][] = [[]];
  private width = 0;
  private total = 0;
  private variance = 0;
  private ticks = 0;
  private found = false;

  constructor(
    private readonly delta = 0.002,
    private readonly clock = 32,
    private readonly maxBuckets = 5,
    private readonly minWindow = 5,
    private readonly grace = 10,
  ) {}

  get windowWidth(): number {
    return this.width;
  }

  get estimate(): number {
    return this.width > 0 ? this.total / this.width : 0;
  }

  update(value: number): boolean {
    // River forgets everything after a drift; the paper keeps the newer part of the window.
    if (this.found) {
      this.rows = [[]];
      this.width = this.total = this.variance = this.ticks = 0;
    }
    this.insert(value);
    this.ticks += 1;
    this.found = this.detect();
    return this.found;
  }

  private insert(value: number): void {
    this.width += 1;
    this.rows[0]!.push({ total: value, variance: 0 });
    if (this.width > 1) this.variance += ((this.width - 1) * (value - this.total / (this.width - 1)) ** 2) / this.width;
    this.total += value;
    for (let level = 0; level < this.rows.length && this.rows[level]!.length > this.maxBuckets; level += 1) {
      const [a, b] = this.rows[level]!.splice(0, 2) as [Bucket, Bucket];
      const n = 2 ** level;
      const gap = a.total / n - b.total / n;
      const merged = { total: a.total + b.total, variance: a.variance + b.variance + (n * n * gap * gap) / (n + n) };
      (this.rows[level + 1] ??= []).push(merged);
    }
  }

  private detect(): boolean {
    if (this.ticks % this.clock !== 0 || this.width <= this.grace) return false;
    let changed = false;
    for (let again = true; again;) {
      again = false;
      let [n0, n1] = [0, this.width];
      let [u0, u1] = [0, this.total];
      scan: for (let level = this.rows.length - 1; level >= 0; level -= 1) {
        const row = this.rows[level]!;
        const n = 2 ** level;
        for (let k = 0; k < row.length; k += 1) {
          n0 += n;
          n1 -= n;
          u0 += row[k]!.total;
          u1 -= row[k]!.total;
          if (level === 0 && k === row.length - 1) break scan;
          if (n1 >= this.minWindow && n0 >= this.minWindow && this.differs(n0, n1, u0 / n0 - u1 / n1)) {
            changed = true;
            again = this.width > 0;
            if (this.width > 0) this.dropOldest();
            break scan;
          }
        }
      }
    }
    return changed;
  }

  private differs(n0: number, n1: number, gap: number): boolean {
    const d = Math.log((2 * Math.log(this.width)) / this.delta);
    const v = this.variance / this.width;
    const m = 1 / (n0 - this.minWindow + 1) + 1 / (n1 - this.minWindow + 1);
    return Math.abs(gap) > Math.sqrt(2 * m * v * d) + (2 / 3) * d * m;
  }

  private dropOldest(): void {
    const level = this.rows.length - 1;
    const bucket = this.rows[level]!.shift()!;
    const n = 2 ** level;
    const mean = bucket.total / n;
    this.width -= n;
    this.total -= bucket.total;
    if (this.width > 0) {
      const rest = this.total / this.width;
      this.variance -= bucket.variance + (n * this.width * (mean - rest) ** 2) / (n + this.width);
    }
    if (this.rows[level]!.length === 0 && level > 0) this.rows.pop();
  }
}
