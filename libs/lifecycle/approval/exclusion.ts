import type { Contribution, Id } from '../values.js';

/**
 * Rule 1: who helped to make it does not check it, under whatever identity. The contributions that exclude, the one
 * with the shortest way first; empty where none does.
 */
export function exclusionsOf(
  identities: readonly Id[],
  contributors: readonly Contribution[],
): readonly Contribution[] {
  const ways = new Map<string, Contribution>();
  for (const contribution of contributors)
    if (identities.includes(contribution.identityId)) ways.set(JSON.stringify(contribution.path), contribution);
  return [...ways.values()].sort((a, b) => a.path.length - b.path.length);
}

/** The shortest of {@link exclusionsOf}. */
export function exclusionOf(
  identities: readonly Id[],
  contributors: readonly Contribution[],
): Contribution | undefined {
  return exclusionsOf(identities, contributors)[0];
}
