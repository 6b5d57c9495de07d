import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import {
  MalformedKey,
  generateSigningKey,
  loadOrCreateSigningKey,
  privateKeyPem,
  sign,
  signPermit,
  signingKeyFromPem,
  verify,
  verifyPermit,
  verifyingKey,
} from '#libs/signing';

const folder = mkdtempSync(join(tmpdir(), 'assay-keys-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** RFC 8032 section 7.1, test 1: the seed and its public key. */
const seed = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
const known = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';

describe('Ed25519 keys', () => {
  test('derive the public key of RFC 8032 test 1', () => {
    const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.from(seed, 'hex')]);
    const pem = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ format: 'pem', type: 'pkcs8' });
    expect(Buffer.from(signingKeyFromPem(pem.toString()).publicKeyBase64, 'base64').toString('hex')).toBe(known);
  });

  test('a signature holds for its bytes and its domain only', () => {
    const key = generateSigningKey();
    const bytes = Buffer.from('{"a":1}');
    const signature = sign(key, 'assay-permit-v1', bytes);
    const reader = verifyingKey(key.publicKeyBase64);
    expect(reader.keyId).toBe(key.keyId);
    expect(verify(reader, 'assay-permit-v1', bytes, signature)).toBe(true);
    expect(verify(reader, 'assay-lease-v1', bytes, signature)).toBe(false);
    expect(verify(reader, 'assay-permit-v1', Buffer.from('{"a":2}'), signature)).toBe(false);
    expect(verify(generateSigningKey(), 'assay-permit-v1', bytes, signature)).toBe(false);
  });

  test('a malformed encoding of a good signature is refused', () => {
    const key = generateSigningKey();
    const bytes = Buffer.from('x');
    const signature = sign(key, 'assay-lease-v1', bytes);
    const raw = Buffer.from(signature, 'base64');
    // S + L: the same point equation, a second encoding.
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const scalar = BigInt(`0x${Buffer.from(raw.subarray(32)).reverse().toString('hex')}`) + order;
    const malleable = Buffer.concat([
      raw.subarray(0, 32),
      Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex').reverse(),
    ]);
    for (const broken of [
      signature.replace(/=+$/, ''),
      ` ${signature}`,
      `${signature}\n`,
      raw.toString('hex'),
      raw.subarray(0, 63).toString('base64'),
      Buffer.concat([raw, Buffer.from([0])]).toString('base64'),
      malleable.toString('base64'),
      '',
    ])
      expect(verify(key, 'assay-lease-v1', bytes, broken)).toBe(false);
    expect(verify(key, 'assay-lease-v1', bytes, undefined as unknown as string)).toBe(false);
  });

  test('keys that are not Ed25519, not canonical or of small order are refused', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const spki = rsa.publicKey.export({ format: 'pem', type: 'spki' }).toString();
    const identity = Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]);
    const orderEight = Buffer.from('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', 'hex');
    const beyondPrime = Buffer.from('eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', 'hex');
    for (const text of ['', 'AAAA', spki, identity.toString('base64'), orderEight.toString('base64')])
      expect(() => verifyingKey(text)).toThrow(MalformedKey);
    expect(() => verifyingKey(beyondPrime.toString('base64'))).toThrow(MalformedKey);
    expect(() => verifyingKey(privateKeyPem(generateSigningKey()))).toThrow(MalformedKey);
    expect(() => signingKeyFromPem(rsa.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString())).toThrow(
      MalformedKey,
    );
  });
});

describe('the key file', () => {
  test('is made once, readable by its owner only, and leaves nothing beside it', () => {
    const path = join(folder, 'made', 'signing.pem');
    const key = loadOrCreateSigningKey(path);
    expect(loadOrCreateSigningKey(path).keyId).toBe(key.keyId);
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'made'))).toEqual(['signing.pem']);
    expect(readFileSync(path, 'utf8')).toContain('BEGIN PRIVATE KEY');
  });

  test('a damaged file or one that others can read is refused, not replaced', () => {
    const damaged = join(folder, 'damaged.pem');
    writeFileSync(damaged, 'not a key', { mode: 0o600 });
    expect(() => loadOrCreateSigningKey(damaged)).toThrow(MalformedKey);
    expect(readFileSync(damaged, 'utf8')).toBe('not a key');
    if (process.platform === 'win32') return;
    const open = join(folder, 'open.pem');
    loadOrCreateSigningKey(open);
    chmodSync(open, 0o644);
    expect(() => loadOrCreateSigningKey(open)).toThrow(/readable by others/);
  });
});

describe('signed permits', () => {
  const key = generateSigningKey();
  const permit = { permitId: 'p', environment: 'production', validUntil: '2026-01-01T00:00:00Z' };

  test('hold whatever the order of the members', () => {
    const { signature, keyId } = signPermit(permit, key);
    const reordered = { validUntil: permit.validUntil, permitId: 'p', environment: 'production' };
    expect(verifyPermit({ permit: reordered, signature, keyId }, [key])).toBeUndefined();
  });

  test('do not hold under another key or with another content', () => {
    const signed = signPermit(permit, key);
    expect(verifyPermit(signed, [generateSigningKey()])).toBe('UnknownKey');
    expect(verifyPermit({ ...signed, permit: { ...permit, environment: 'test' } }, [key])).toBe('BadSignature');
    expect(verifyPermit({ ...signed, permit: { ...permit, extra: Number.NaN } }, [key])).toBe('BadSignature');
  });
});
