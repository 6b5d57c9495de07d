import { describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import type { Arm } from '../lifecycle/deployment/events.js';
import { armOf, bucketOf } from '#libs/serving';

const arm = (modelVersionId: string, slot: Arm['slot'], weight: number): Arm => ({
  modelVersionId,
  permitId: `permit-${modelVersionId}`,
  slot,
  weight,
});
const split = (weight: number): readonly Arm[] => [
  arm('stable', 'blue', 10_000 - weight),
  arm('new', 'canary', weight),
];
const weights = fc.integer({ min: 0, max: 10_000 });

describe('the traffic split', () => {
  test('a bucket is SHA-256(salt ‖ key) mod 10,000, as anybody can compute it', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: 'grapheme' }), (salt, key) => {
        const digest = createHash('sha256')
          .update(Buffer.from(salt + key, 'utf8'))
          .digest('hex');
        fc.pre(salt.isWellFormed() && key.isWellFormed());
        expect(bucketOf(salt, key)).toBe(Number(BigInt(`0x${digest}`) % 10_000n));
      }),
    );
    expect(bucketOf('salt', 'key')).toBe(
      Number(BigInt(`0x${createHash('sha256').update('saltkey').digest('hex')}`) % 10_000n),
    );
  });

  test('every bucket belongs to exactly one arm, and each arm gets exactly its weight', () => {
    fc.assert(
      fc.property(weights, weights, (first, second) => {
        const canary = Math.min(first, second);
        const green = Math.abs(first - second);
        const arms = [arm('a', 'blue', 10_000 - canary - green), arm('c', 'canary', canary), arm('b', 'green', green)];
        const seen = new Map<string, number>();
        for (let bucket = 0; bucket < 10_000; bucket += 1) {
          const { modelVersionId } = armOf(arms, bucket)!;
          seen.set(modelVersionId, (seen.get(modelVersionId) ?? 0) + 1);
        }
        for (const { modelVersionId, weight } of arms) expect(seen.get(modelVersionId) ?? 0).toBe(weight);
      }),
      { numRuns: 30 },
    );
  });

  test('growing the canary moves keys only towards it', () => {
    fc.assert(
      fc.property(weights, weights, fc.string(), fc.string(), (one, other, salt, key) => {
        const bucket = bucketOf(salt, key);
        const before = armOf(split(Math.min(one, other)), bucket)!.modelVersionId;
        const after = armOf(split(Math.max(one, other)), bucket)!.modelVersionId;
        expect(before === after || after === 'new').toBe(true);
      }),
    );
  });

  test('keys spread over the buckets: 10 % of 20,000 keys within five standard deviations', () => {
    const keys = Array.from({ length: 20_000 }, (_, index) => `customer-${index}`);
    const met = keys.filter((key) => armOf(split(1000), bucketOf('salt-1', key))!.modelVersionId === 'new').length;
    expect(Math.abs(met - 2000)).toBeLessThan(5 * Math.sqrt(20_000 * 0.1 * 0.9));
  });

  test('another salt is another draw', () => {
    const keys = Array.from({ length: 1000 }, (_, index) => `customer-${index}`);
    expect(keys.filter((key) => bucketOf('one', key) === bucketOf('two', key)).length).toBeLessThan(10);
  });

  test('with all weights 0 nothing is served', () => {
    expect(armOf([arm('a', 'blue', 0), arm('b', 'canary', 0)], 0)).toBeUndefined();
    expect(armOf([], 5000)).toBeUndefined();
  });
});
