export { canonicalBytes, canonicalDigest, canonicalJson, sha256 } from './canonical.js';
export type { Json } from './canonical.js';
