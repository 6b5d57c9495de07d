import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { disclose, maximumTextBytes, verifyDisclosure } from './salted.js';

test('the digest is SHA-256 over salt and text, as any other tool computes it', () => {
  const salt = Buffer.alloc(32, 7);
  const { digest } = disclose('Ana Núñez', salt);
  expect(digest).toBe(
    createHash('sha256')
      .update(Buffer.concat([salt, Buffer.from('Ana Núñez', 'utf8')]))
      .digest('hex'),
  );
});

test('the same text never gives the same digest twice', () => {
  expect(disclose('ana').digest).not.toBe(disclose('ana').digest);
});

test('every text verifies against its own salt and against nothing else', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (text, other) => {
      fc.pre(text.isWellFormed() && other.isWellFormed() && !text.includes('\0'));
      const { digest, salt } = disclose(text);
      expect(verifyDisclosure(digest, salt, text)).toBe(true);
      if (other !== text) expect(verifyDisclosure(digest, salt, other)).toBe(false);
      expect(verifyDisclosure(digest, disclose(text).salt, text)).toBe(false);
    }),
  );
});

test('hostile input is refused: lone surrogates, oversize, short salts, digests that are none', () => {
  expect(() => disclose('\uD800')).toThrow('lone surrogate');
  expect(() => disclose('a\0b')).toThrow('U+0000');
  expect(() => disclose('x'.repeat(maximumTextBytes + 1))).toThrow('longer than');
  expect(() => disclose('x', Buffer.alloc(16))).toThrow('32 bytes');
  expect(verifyDisclosure('not hex', 'f'.repeat(64), 'x')).toBe(false);
});
