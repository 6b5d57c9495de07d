import { beforeAll, describe, expect, test } from '@jest/globals';
import { createLocalJWKSet, exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey } from 'jose';
import { ManualClock } from '#libs/runtime';
import type { IssuerKeys } from './issuer-keys.js';
import { maximumTokenLength, verifyToken } from './tokens.js';

const rules = { issuer: 'https://issuer.example', audience: 'assay' };
const clock = new ManualClock('2026-11-22T12:00:00Z');
const now = Date.parse('2026-11-22T12:00:00Z') / 1000;
let privateKey: CryptoKey;
let publicPem: string;
let keys: IssuerKeys;

beforeAll(async () => {
  const pair = await generateKeyPair('ES256', { extractable: true });
  privateKey = pair.privateKey;
  publicPem = await exportSPKI(pair.publicKey);
  const set = createLocalJWKSet({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'ES256' }] });
  keys = { key: (header, input) => set(header, input) };
});

const claims = { iss: rules.issuer, aud: rules.audience, sub: 'ana', iat: now, exp: now + 300 };

function signed(changes: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> {
  const payload = Object.fromEntries(
    Object.entries({ ...claims, ...changes }).filter(([, value]) => value !== undefined),
  );
  return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: 'k1', ...header }).sign(privateKey);
}

const verify = (token: string): ReturnType<typeof verifyToken> => verifyToken(token, rules, keys, clock);

test('what the token says comes back in our words', async () => {
  const said = { jti: 't1', auth_time: now - 5, acr: 'loa2', amr: ['pwd', 'otp'], nonce: 'n', groups: ['risk'] };
  expect(await verify(await signed(said))).toEqual({
    issuer: rules.issuer,
    subject: 'ana',
    tokenId: 't1',
    issuedAt: '2026-11-22T12:00:00.000Z',
    expiresAt: '2026-11-22T12:05:00.000Z',
    authenticatedAt: '2026-11-22T11:59:55.000Z',
    acr: 'loa2',
    amr: ['pwd', 'otp'],
    nonce: 'n',
    groups: ['risk'],
  });
});

test('a token without an id is known by its digest', async () => {
  expect((await verify(await signed())).tokenId).toMatch(/^sha256:[0-9a-f]{64}$/);
});

describe('forged tokens', () => {
  test('alg none', async () => {
    const none = new UnsecuredJWT(claims).encode();
    await expect(verify(none)).rejects.toMatchObject({ rule: 'UnsupportedAlgorithm', field: 'alg' });
  });

  test('a shared secret made of the public key (RS/HS confusion)', async () => {
    const confused = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
      .sign(new TextEncoder().encode(publicPem));
    await expect(verify(confused)).rejects.toMatchObject({ rule: 'UnsupportedAlgorithm' });
  });

  test('a key of somebody else under the issuer’s key id', async () => {
    const { privateKey: other } = await generateKeyPair('ES256');
    const forged = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'k1' }).sign(other);
    await expect(verify(forged)).rejects.toMatchObject({ rule: 'BadSignature' });
  });

  test('a changed payload', async () => {
    const [header, , signature] = (await signed()).split('.');
    const payload = Buffer.from(JSON.stringify({ ...claims, sub: 'eve' })).toString('base64url');
    await expect(verify(`${header}.${payload}.${signature}`)).rejects.toMatchObject({ rule: 'BadSignature' });
  });

  test('an unknown key id, an embedded key, a token of another kind', async () => {
    await expect(verify(await signed({}, { kid: 'k9' }))).rejects.toMatchObject({ rule: 'UnknownSigningKey' });
    const { publicKey, privateKey: own } = await generateKeyPair('ES256', { extractable: true });
    const embedded = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', jwk: await exportJWK(publicKey) })
      .sign(own);
    await expect(verify(embedded)).rejects.toMatchObject({ rule: 'BadSignature' });
    await expect(verify(await signed({}, { typ: 'logout+jwt' }))).rejects.toMatchObject({ field: 'typ' });
  });
});

describe('tokens that are not for us, or not now', () => {
  test.each([
    ['another issuer', { iss: 'https://evil.example' }, 'WrongIssuer', 'iss'],
    ['an issuer that only begins alike', { iss: 'https://issuer.example/' }, 'WrongIssuer', 'iss'],
    ['another audience', { aud: 'other' }, 'WrongAudience', 'aud'],
    ['expired', { exp: now - 61 }, 'TokenExpired', 'exp'],
    ['not yet valid', { nbf: now + 61 }, 'TokenNotYetValid', 'nbf'],
    ['issued in the future', { iat: now + 61 }, 'TokenNotYetValid', 'iat'],
    ['signed in in the future', { auth_time: now + 61 }, 'TokenNotYetValid', 'auth_time'],
    ['no subject', { sub: undefined }, 'MissingClaim', 'sub'],
    ['an empty subject', { sub: '' }, 'MissingClaim', 'sub'],
    ['no expiry', { exp: undefined }, 'MissingClaim', 'exp'],
    ['no time of issue', { iat: undefined }, 'MissingClaim', 'iat'],
    ['a time that is none', { exp: 'tomorrow' }, 'MalformedToken', 'exp'],
    ['a time beyond all calendars', { exp: 1e300 }, 'MalformedToken', 'exp'],
    ['a nonce that is an object', { nonce: {} }, 'MalformedToken', 'nonce'],
    ['a subject with U+0000', { sub: 'ana\0' }, 'MalformedToken', 'sub'],
    ['a nonce with a line break', { nonce: 'a\nb' }, 'MalformedToken', 'nonce'],
    ['a group with a direction override', { groups: ['risk\u202e'] }, 'MalformedToken', 'groups'],
    ['groups that are no list', { groups: 'admins' }, 'MalformedToken', 'groups'],
  ])('%s', async (_, changes, rule, field) => {
    await expect(verify(await signed(changes))).rejects.toMatchObject({ name: 'InvalidCredentials', rule, field });
  });

  test('a clock that is a minute off is tolerated in both directions', async () => {
    await expect(verify(await signed({ exp: now - 59 }))).resolves.toBeDefined();
    await expect(verify(await signed({ iat: now + 59, nbf: now + 59 }))).resolves.toBeDefined();
  });

  test('rubbish and oversize', async () => {
    for (const token of ['', 'a.b.c', '..', '{}', 'é'.repeat(10)])
      await expect(verify(token)).rejects.toMatchObject({ name: 'InvalidCredentials' });
    await expect(verify('a'.repeat(maximumTokenLength + 1))).rejects.toMatchObject({ field: 'length' });
  });
});
