import {
  type KeyObject,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign as signBytes,
  verify as verifyBytes,
} from 'node:crypto';

/** What a signature is for. The first line of the signed bytes, so that one kind never passes for another. */
export const signatureDomains = ['assay-permit-v1', 'assay-lease-v1', 'assay-dossier-v1'] as const;
export type SignatureDomain = (typeof signatureDomains)[number];

export class MalformedKey extends Error {
  override readonly name = 'MalformedKey';
}

/** An Ed25519 public key (RFC 8032). */
export interface VerifyingKey {
  /** First 32 hex digits of the SHA-256 of the raw public key. */
  readonly keyId: string;
  readonly publicKeyPem: string;
  /** The 32 raw bytes, base64 with padding. */
  readonly publicKeyBase64: string;
  readonly publicKey: KeyObject;
}

export interface SigningKey extends VerifyingKey {
  readonly privateKey: KeyObject;
}

const rawBytes = 32;
/** DER of SubjectPublicKeyInfo for Ed25519 up to the key itself (RFC 8410 section 4). */
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex');
const fieldPrime = 2n ** 255n - 19n;

export function generateSigningKey(): SigningKey {
  return signingKey(generateKeyPairSync('ed25519').privateKey);
}

/** From a PKCS #8 PEM; throws {@link MalformedKey} for anything but an Ed25519 private key. */
export function signingKeyFromPem(pem: string): SigningKey {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw new MalformedKey('private key: not a PKCS #8 PEM');
  }
  if (key.asymmetricKeyType !== 'ed25519') throw new MalformedKey(`private key: ${key.asymmetricKeyType}, not ed25519`);
  return signingKey(key);
}

export function privateKeyPem(key: SigningKey): string {
  return key.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/**
 * From 32 raw bytes in base64, or from a SubjectPublicKeyInfo PEM. Refuses a non-canonical y (RFC 8032 section 5.1.3)
 * and the eight points of small order, under which a signature binds nobody.
 */
export function verifyingKey(text: string): VerifyingKey {
  const raw = text.includes('-----BEGIN') ? rawOfPem(text) : strictBase64(text, rawBytes);
  if (!raw) throw new MalformedKey('public key: neither 32 bytes in base64 nor an Ed25519 PEM');
  if (isWeak(raw)) throw new MalformedKey('public key: non-canonical or of small order');
  return fromRaw(raw);
}

/** Ed25519 over `<domain>\n` followed by `bytes`; the signature as base64 with padding. */
export function sign(key: SigningKey, domain: SignatureDomain, bytes: Uint8Array): string {
  return signBytes(null, separated(domain, bytes), key.privateKey).toString('base64');
}

/**
 * False for a wrong signature and for every malformed encoding: other lengths, URL-safe or unpadded base64, white
 * space, stray bits in the last digit. OpenSSL refuses S ≥ L (RFC 8032 section 5.1.7), so no second form verifies.
 */
export function verify(key: VerifyingKey, domain: SignatureDomain, bytes: Uint8Array, signature: string): boolean {
  const decoded = strictBase64(signature, 64);
  return decoded !== undefined && verifyBytes(null, separated(domain, bytes), key.publicKey, decoded);
}

function separated(domain: SignatureDomain, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${domain}\n`, 'ascii'), bytes]);
}

function signingKey(privateKey: KeyObject): SigningKey {
  const publicKey = createPublicKey(privateKey);
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(publicPrefix.length);
  return { ...fromRaw(raw), privateKey };
}

function fromRaw(raw: Uint8Array): VerifyingKey {
  const publicKey = createPublicKey({ key: Buffer.concat([publicPrefix, raw]), format: 'der', type: 'spki' });
  return {
    keyId: createHash('sha256').update(raw).digest('hex').slice(0, 32),
    publicKeyPem: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    publicKeyBase64: Buffer.from(raw).toString('base64'),
    publicKey,
  };
}

function rawOfPem(pem: string): Buffer | undefined {
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType !== 'ed25519' || pem.includes('PRIVATE')) return undefined;
    return key.export({ format: 'der', type: 'spki' }).subarray(publicPrefix.length);
  } catch {
    return undefined;
  }
}

function strictBase64(text: unknown, length: number): Buffer | undefined {
  if (typeof text !== 'string') return undefined;
  const decoded = Buffer.from(text, 'base64');
  return decoded.length === length && decoded.toString('base64') === text ? decoded : undefined;
}

/**
 * y of the eight points of small order on edwards25519: 1 (identity), −1 (order two), 0 (order four), and ±y with
 * d·y⁴ + 2·y² − 1 = 0 (order eight).
 */
const orderEightY = 2707385501144840649318225287225658788936804267575313519463743609750303402022n;
const smallOrderY = new Set([0n, 1n, fieldPrime - 1n, orderEightY, fieldPrime - orderEightY]);

function isWeak(raw: Uint8Array): boolean {
  const littleEndian = Buffer.from(raw);
  littleEndian[31] = littleEndian[31]! & 0x7f;
  const y = BigInt(`0x${Buffer.from(littleEndian).reverse().toString('hex')}`);
  return y >= fieldPrime || smallOrderY.has(y);
}
