import type { Contribution, Id } from '../values.js';

/**
 * Rule 1: who helped to make it does not check it, under whatever identity. The contribution that excludes with the
 * shortest way; undefined where none does.
 */
export function exclusionOf(
  identities: readonly Id[],
  contributors: readonly Contribution[],
): Contribution | undefined {
  return contributors
    .filter(({ identityId }) => identities.includes(identityId))
    .reduce<Contribution | undefined>(
      (best, next) => (best === undefined || next.path.length < best.path.length ? next : best),
      undefined,
    );
}
