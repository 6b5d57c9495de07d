import { createHash } from 'node:crypto';
import type { Arm } from '../lifecycle/deployment/events.js';

/** Number of buckets: weights are basis points. */
export const buckets = 10_000;

/** SHA-256 of the UTF-8 bytes of salt ‖ key, as a big-endian number, modulo 10,000. The same for ever. */
export function bucketOf(salt: string, key: string): number {
  const digest = createHash('sha256').update(salt, 'utf8').update(key, 'utf8').digest();
  let rest = 0;
  for (const byte of digest) rest = (rest * 256 + byte) % buckets;
  return rest;
}

/**
 * The arm that a bucket belongs to. A canary takes its share from the top of the range downwards, the others from the
 * bottom upwards in the order of the split: with two arms, growing one moves keys only towards it, so that a key that
 * has met the canary stays there until the canary shrinks. With three or more, keys may also move between the arms
 * that lie beside the one that grows. Undefined when the weights are all 0 (nothing is served yet).
 */
export function armOf(arms: readonly Arm[], bucket: number): Arm | undefined {
  let low = 0;
  let high = buckets;
  for (const arm of arms) {
    if (arm.slot === 'canary') {
      high -= arm.weight;
      if (arm.weight > 0 && bucket >= high && bucket < high + arm.weight) return arm;
    } else {
      if (bucket >= low && bucket < low + arm.weight) return arm;
      low += arm.weight;
    }
  }
  return undefined;
}
