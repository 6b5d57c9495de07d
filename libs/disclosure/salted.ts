import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Bytes of a salt: as long as the digest, so that a digest says nothing about a short or guessable text. */
export const saltBytes = 32;
/** Longest text that may be disclosed, in UTF-8 bytes. */
export const maximumTextBytes = 64 * 1024;

export interface Disclosure {
  /** SHA-256 over `salt ‖ UTF-8 of the text`, 64 lower-case hex digits: what an event holds. */
  readonly digest: string;
  /** 32 random bytes as hex: what the vault holds, together with the text. */
  readonly salt: string;
}

/**
 * Commits to a text without saying it. The salt has a fixed length, so salt and text cannot be shifted against each
 * other; without the salt the digest can be neither guessed nor linked to another digest of the same text.
 * Check by hand: `printf '%s' "$SALT" | xxd -r -p | cat - text.txt | sha256sum`.
 * Throws TypeError when the text is no well-formed Unicode, holds U+0000 (Postgres cannot) or is longer than {@link maximumTextBytes}.
 */
export function disclose(text: string, salt: Uint8Array = randomBytes(saltBytes)): Disclosure {
  if (salt.length !== saltBytes) throw new TypeError(`salt: ${saltBytes} bytes, not ${salt.length}`);
  if (!text.isWellFormed()) throw new TypeError('disclosed text: lone surrogate');
  if (text.includes('\0')) throw new TypeError('disclosed text: U+0000');
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length > maximumTextBytes) throw new TypeError(`disclosed text: longer than ${maximumTextBytes} bytes`);
  const digest = createHash('sha256').update(salt).update(bytes).digest('hex');
  return { digest, salt: Buffer.from(salt).toString('hex') };
}

/** True when `text` and `salt` are what the digest in the event commits to. */
export function verifyDisclosure(digest: string, salt: string, text: string): boolean {
  if (!/^[0-9a-f]{64}$/.test(digest) || !/^[0-9a-f]{64}$/.test(salt) || !text.isWellFormed()) return false;
  const expected = createHash('sha256').update(Buffer.from(salt, 'hex')).update(Buffer.from(text, 'utf8')).digest();
  return timingSafeEqual(expected, Buffer.from(digest, 'hex'));
}
