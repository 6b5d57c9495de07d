import { describe, expect, test } from '@jest/globals';
import { ManualClock } from '#libs/runtime';
import { TokenBuckets } from './rate.js';

describe('a rate limit', () => {
  test('lets a burst through, then what refills, and says how long to wait', () => {
    const clock = new ManualClock();
    const buckets = new TokenBuckets(clock, 10, 20);
    expect(buckets.take('ana', 20)).toBeUndefined();
    expect(buckets.take('ana', 1)).toBeCloseTo(0.1);
    expect(buckets.take('ben', 20)).toBeUndefined();
    clock.advance(500);
    expect(buckets.take('ana', 5)).toBeUndefined();
    expect(buckets.take('ana', 1)).toBeCloseTo(0.1);
  });

  test('what is dearer than the bucket passes when it is full, and is paid for afterwards', () => {
    const clock = new ManualClock();
    const buckets = new TokenBuckets(clock, 10, 20);
    expect(buckets.take('ana', 40)).toBeUndefined();
    clock.advance(2_000);
    expect(buckets.take('ana', 1)).toBeCloseTo(0.1);
    clock.advance(100);
    expect(buckets.take('ana', 1)).toBeUndefined();
  });

  test('callers are forgotten, those in debt last: memory stays bounded', () => {
    const clock = new ManualClock();
    const buckets = new TokenBuckets(clock, 1, 10, 100);
    buckets.take('in debt', 10);
    for (let caller = 0; caller < 1_000; caller += 1) buckets.take(`caller ${caller}`, 0);
    expect(buckets.take('in debt', 10)).toBeCloseTo(10);
    for (let caller = 0; caller < 1_000; caller += 1) buckets.take(`also in debt ${caller}`, 10);
    expect(buckets.take('in debt', 10)).toBeUndefined();
  });
});
