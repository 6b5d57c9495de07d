export { canonicalBytes, canonicalDigest, canonicalJson, sha256 } from './canonical.js';
export type { Json } from './canonical.js';
export { signDocument, signPermit, verifyDocument, verifyPermit } from './document.js';
export type { DocumentSignature, SignatureFault, SignedPermit } from './document.js';
export { loadOrCreateSigningKey } from './key-file.js';
export {
  MalformedKey,
  generateSigningKey,
  privateKeyPem,
  sign,
  signatureDomains,
  signingKeyFromPem,
  verify,
  verifyingKey,
} from './keys.js';
export type { SignatureDomain, SigningKey, VerifyingKey } from './keys.js';
