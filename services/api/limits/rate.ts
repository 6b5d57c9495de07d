import type { Clock } from '#libs/runtime';

/** One bucket per key; keys that are full again are forgotten, and never more than `keys` are remembered. */
export class TokenBuckets {
  readonly #buckets = new Map<string, { level: number; at: number }>();

  constructor(
    private readonly clock: Clock,
    private readonly perSecond: number,
    private readonly burst: number,
    private readonly keys = 10_000,
  ) {}

  /** Takes `cost` units: undefined when they were there, else the seconds until they will be. */
  take(key: string, cost: number): number | undefined {
    const now = this.clock.monotonic();
    const bucket = this.#buckets.get(key);
    const level = bucket
      ? Math.min(this.burst, bucket.level + ((now - bucket.at) / 1000) * this.perSecond)
      : this.burst;
    // An operation dearer than the whole bucket may pass when the bucket is full, and leaves it in debt.
    if (level < Math.min(cost, this.burst)) return (Math.min(cost, this.burst) - level) / this.perSecond;
    this.#buckets.delete(key);
    this.#buckets.set(key, { level: level - cost, at: now });
    if (this.#buckets.size > this.keys) this.#forget(now);
    return undefined;
  }

  /** Whoever has a full bucket again loses nothing by being forgotten; beyond that the oldest go. */
  #forget(now: number): void {
    for (const [key, { level, at }] of this.#buckets)
      if (level + ((now - at) / 1000) * this.perSecond >= this.burst) this.#buckets.delete(key);
    for (const key of this.#buckets.keys()) {
      if (this.#buckets.size <= this.keys) break;
      this.#buckets.delete(key);
    }
  }
}
