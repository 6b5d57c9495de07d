import { createHash, randomBytes } from 'node:crypto';

export interface SignInOptions {
  /** Digest of what is to be signed: comes back inside the ID token. */
  readonly nonce?: string;
  /** Seconds; 0 asks for the password again (re-authentication). */
  readonly maxAge?: number;
}

export interface SignedIn {
  readonly accessToken: string;
  readonly idToken: string;
}

/**
 * Walks the authorization code flow with PKCE as a browser would, typing the password into the login page of the
 * local issuer. For the demonstration and for tests. Throws when a step answers otherwise than the protocol says.
 */
export async function signInAs(
  issuer: { readonly issuer: string; readonly audience: string; readonly redirectUris: readonly string[] },
  person: { readonly username: string; readonly password: string },
  options: SignInOptions = {},
): Promise<SignedIn> {
  const found = await fetch(`${issuer.issuer}/.well-known/openid-configuration`);
  const { authorization_endpoint: authorize, token_endpoint: token } = (await found.json()) as Record<string, string>;
  const verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(16).toString('base64url');
  const redirectUri = issuer.redirectUris[0]!;
  const request = new URLSearchParams({
    response_type: 'code',
    client_id: issuer.audience,
    redirect_uri: redirectUri,
    scope: 'openid',
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...(options.nonce !== undefined && { nonce: options.nonce }),
    ...(options.maxAge !== undefined && { max_age: String(options.maxAge), prompt: 'login' }),
  });
  const page = await fetch(`${authorize!}?${request}`, { redirect: 'manual' });
  if (page.status !== 200) throw new Error(`the login page answered ${page.status}: ${await page.text()}`);
  await page.text();

  const login = await fetch(authorize!, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams([...request, ['username', person.username], ['password', person.password]]),
  });
  await login.text();
  if (login.status !== 303) throw new Error(`signing in as ${person.username} answered ${login.status}`);
  const returned = new URL(login.headers.get('location') ?? '');
  if (returned.searchParams.get('state') !== state) throw new Error('the state came back changed');

  const answer = await fetch(token!, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: issuer.audience,
      code: returned.searchParams.get('code') ?? '',
      redirect_uri: redirectUri,
      code_verifier: verifier,
    }),
  });
  if (!answer.ok) throw new Error(`the token endpoint answered ${answer.status}`);
  const tokens = (await answer.json()) as { access_token: string; id_token: string };
  return { accessToken: tokens.access_token, idToken: tokens.id_token };
}
