import { expect, test } from '@jest/globals';
import { createServiceKey, hashServiceKey, matchesServiceKey, serviceKeyId } from './keys.js';

test('a key carries its id and 256 random bits, and only its hash is kept', () => {
  const { keyId, secret, secretHash } = createServiceKey();
  expect(secret).toMatch(/^assay_sk_[0-9a-f]{32}_[A-Za-z0-9_-]{43}$/);
  expect(serviceKeyId(secret)).toBe(keyId);
  expect(secretHash).toBe(hashServiceKey(secret));
  expect(secretHash).not.toContain(secret.slice(-43));
  expect(matchesServiceKey(secret, secretHash)).toBe(true);
});

test('another secret under the same id does not match', () => {
  const { keyId, secretHash } = createServiceKey();
  expect(matchesServiceKey(createServiceKey(keyId).secret, secretHash)).toBe(false);
});

test('what is no key has no id', () => {
  const { secret } = createServiceKey();
  for (const text of ['', 'assay_sk_', secret.slice(1), `${secret}x`, secret.toUpperCase(), `${secret}\n`])
    expect(serviceKeyId(text)).toBeUndefined();
});
