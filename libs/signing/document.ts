import { canonicalBytes } from './canonical.js';
import { type SignatureDomain, type SigningKey, type VerifyingKey, sign, verify } from './keys.js';

export interface DocumentSignature {
  /** Ed25519, base64 with padding. */
  readonly signature: string;
  readonly keyId: string;
}

/** Why a signature does not hold. */
export type SignatureFault = 'UnknownKey' | 'BadSignature';

/** Signs the canonical JSON (RFC 8785) of a document. */
export function signDocument(domain: SignatureDomain, document: object, key: SigningKey): DocumentSignature {
  return { signature: sign(key, domain, canonicalBytes(document)), keyId: key.keyId };
}

/** Undefined when the document was signed, in this domain, by one of the trusted keys; else the reason. */
export function verifyDocument(
  domain: SignatureDomain,
  document: object,
  { signature, keyId }: DocumentSignature,
  trusted: readonly VerifyingKey[],
): SignatureFault | undefined {
  const key = trusted.find((candidate) => candidate.keyId === keyId);
  if (!key) return 'UnknownKey';
  let bytes: Uint8Array;
  try {
    bytes = canonicalBytes(document);
  } catch {
    return 'BadSignature';
  }
  return verify(key, domain, bytes, signature) ? undefined : 'BadSignature';
}

/** A permit as `PermitIssued` carries it. The permit's shape is the lifecycle's; here it is any document. */
export interface SignedPermit<Document extends object> extends DocumentSignature {
  readonly permit: Document;
}

export function signPermit<Permit extends object>(permit: Permit, key: SigningKey): SignedPermit<Permit> {
  return { permit, ...signDocument('assay-permit-v1', permit, key) };
}

export function verifyPermit(
  signed: SignedPermit<object>,
  trusted: readonly VerifyingKey[],
): SignatureFault | undefined {
  return verifyDocument('assay-permit-v1', signed.permit, signed, trusted);
}
