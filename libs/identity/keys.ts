import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';

/** Marks a leaked key as Assay's, for secret scanners. */
export const keyPrefix = 'assay_sk_';
const pattern = /^assay_sk_([0-9a-f]{32})_([A-Za-z0-9_-]{43})$/;

export interface NewServiceKey {
  readonly keyId: string;
  /** Shown once and kept nowhere: `assay_sk_<key id>_<32 random bytes, base64url>`. */
  readonly secret: string;
  /** SHA-256 of the whole secret, hex: all that is stored. The secret has 256 random bits, so no stretching. */
  readonly secretHash: string;
}

export function createServiceKey(keyId: string = randomUUID()): NewServiceKey {
  const secret = `${keyPrefix}${keyId.replaceAll('-', '')}_${randomBytes(32).toString('base64url')}`;
  return { keyId, secret, secretHash: hashServiceKey(secret) };
}

export function hashServiceKey(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** The id inside a key; undefined when the text has not the shape of a key. */
export function serviceKeyId(secret: string): string | undefined {
  const hex = pattern.exec(secret)?.[1];
  if (hex === undefined) return undefined;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Compares in constant time. */
export function matchesServiceKey(secret: string, secretHash: string): boolean {
  const expected = Buffer.from(secretHash, 'hex');
  const actual = createHash('sha256').update(secret).digest();
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}
