import { canonicalDigest } from '../../signing/canonical.js';
import type { Id, PolicyDecision } from '../values.js';

/** Rule 23: the decision itself is logged, with the version of the policy and the digest of what it was fed. */
export function policyDecision(made: {
  readonly policyId: Id;
  readonly policyVersion: number;
  readonly inputs: unknown;
  readonly result: PolicyDecision['result'];
  readonly reasons: readonly string[];
}): PolicyDecision {
  const { inputs, ...decision } = made;
  return { ...decision, inputsDigest: canonicalDigest(inputs) };
}
