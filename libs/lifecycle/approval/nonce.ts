import { canonicalDigest } from '../../signing/canonical.js';
import type { SigningMeaning } from '../facts.js';
import type { Id, Sha256 } from '../values.js';

/**
 * What the `nonce` of a fresh ID token must be, so that it can sign exactly one thing (rule 8): SHA-256, hex, of the
 * canonical JSON of {approval, evidence, meaning}. For an override `approval` is its id and `meaning` is `override`.
 */
export function signingNonce(over: {
  readonly approval: Id;
  readonly evidence: Sha256;
  readonly meaning: SigningMeaning;
}): Sha256 {
  return canonicalDigest({ approval: over.approval, evidence: over.evidence, meaning: over.meaning });
}
