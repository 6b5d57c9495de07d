import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { systemClock } from '#libs/runtime';
import { discoverIssuerKeys } from './issuer-keys.js';
import { generatePassword, localAcr, startLocalIssuer, type LocalIssuer } from './local-issuer.js';
import { signInAs } from './sign-in-as.js';
import { verifyToken } from './tokens.js';

const ana = { username: 'ana', displayName: 'Ana', password: generatePassword(), groups: ['risk'] };
let issuer: LocalIssuer;

beforeAll(async () => {
  const redirectUris = ['http://127.0.0.1:9/callback'];
  issuer = await startLocalIssuer({ people: [ana], audience: 'assay', redirectUris, clock: systemClock });
});
afterAll(() => issuer.close());

const verify = (token: string): ReturnType<typeof verifyToken> =>
  verifyToken(token, issuer, discoverIssuerKeys(issuer.issuer), systemClock);

test('the real flow ends in tokens that discovery and JWKS verify', async () => {
  const { accessToken, idToken } = await signInAs(issuer, ana);
  expect(await verify(accessToken)).toMatchObject({ subject: 'ana', groups: ['risk'], acr: localAcr });
  expect((await verify(idToken)).nonce).toBeUndefined();
});

test('a re-authentication carries the nonce and the time of the password', async () => {
  const before = Date.now();
  const { idToken, accessToken } = await signInAs(issuer, ana, { nonce: 'ab'.repeat(32), maxAge: 0 });
  const proof = await verify(idToken);
  expect(proof).toMatchObject({ nonce: 'ab'.repeat(32), amr: ['pwd'] });
  expect(Math.abs(Date.parse(proof.authenticatedAt!) - before)).toBeLessThan(5_000);
  expect((await verify(accessToken)).nonce).toBeUndefined();
});

describe('refusals', () => {
  const parameters = (changes: Record<string, string>): URLSearchParams =>
    new URLSearchParams({
      response_type: 'code',
      client_id: 'assay',
      redirect_uri: 'http://127.0.0.1:9/callback',
      code_challenge: 'a'.repeat(43),
      code_challenge_method: 'S256',
      ...changes,
    });

  test('a wrong password, an unknown name', async () => {
    await expect(signInAs(issuer, { ...ana, password: 'guess' })).rejects.toThrow('401');
    await expect(signInAs(issuer, { ...ana, username: 'eve' })).rejects.toThrow('401');
  });

  test.each([
    ['redirect_uri', 'https://evil.example/'],
    ['client_id', 'other'],
    ['response_type', 'token'],
    ['code_challenge_method', 'plain'],
    ['code_challenge', 'short'],
    ['max_age', '-1'],
  ])('%s', async (name, value) => {
    const answer = await fetch(`${issuer.issuer}/authorize?${parameters({ [name]: value })}`, { redirect: 'manual' });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error_description: name });
  });

  test('a code is used once and only with its verifier', async () => {
    const body = { grant_type: 'authorization_code', client_id: 'assay', redirect_uri: 'http://127.0.0.1:9/callback' };
    const login = await fetch(`${issuer.issuer}/authorize`, {
      method: 'POST',
      redirect: 'manual',
      body: parameters({ username: 'ana', password: ana.password }),
    });
    const code = new URL(login.headers.get('location')!).searchParams.get('code')!;
    const exchange = (): Promise<Response> =>
      fetch(`${issuer.issuer}/token`, {
        method: 'POST',
        body: new URLSearchParams({ ...body, code, code_verifier: 'wrong' }),
      });
    expect((await exchange()).status).toBe(400);
    expect((await exchange()).status).toBe(400);
  });

  test('the page escapes what it is given', async () => {
    const hostile = parameters({ state: '"><script>alert(1)</script>' });
    const page = await (await fetch(`${issuer.issuer}/authorize?${hostile}`)).text();
    expect(page).not.toContain('<script>');
  });
});

test('an issuer that names itself otherwise, or does not answer, is a fault and not a verdict', async () => {
  const { idToken } = await signInAs(issuer, ana);
  const localhost = issuer.issuer.replace('127.0.0.1', 'localhost');
  const rules = { issuer: localhost, audience: 'assay' };
  await expect(verifyToken(idToken, rules, discoverIssuerKeys(localhost), systemClock)).rejects.toMatchObject({
    name: 'IssuerUnavailable',
  });
  const nowhere = discoverIssuerKeys('http://127.0.0.1:1');
  await expect(verifyToken(idToken, issuer, nowhere, systemClock)).rejects.toMatchObject({ name: 'IssuerUnavailable' });
  const plain = discoverIssuerKeys('http://issuer.example');
  await expect(verifyToken(idToken, issuer, plain, systemClock)).rejects.toThrow('https');
});
