import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import type { Clock } from '#libs/runtime';
import { loginPage } from './login-page.js';

export interface DemoPerson {
  /** `sub` of the tokens and login name. */
  readonly username: string;
  readonly displayName: string;
  readonly password: string;
  readonly groups?: readonly string[];
}

export interface LocalIssuerOptions {
  readonly people: readonly DemoPerson[];
  /** `aud` of the tokens and the one client id. */
  readonly audience: string;
  /** Where the browser may be sent back to, exactly. */
  readonly redirectUris: readonly string[];
  readonly clock: Clock;
  /** 0 (default) takes a free port. Listens on 127.0.0.1 only. */
  readonly port?: number;
  /** Seconds that a token lives. */
  readonly tokenSeconds?: number;
}

export interface LocalIssuer {
  /** `http://127.0.0.1:PORT`: the `iss` of every token. */
  readonly issuer: string;
  readonly audience: string;
  readonly redirectUris: readonly string[];
  close(): Promise<void>;
}

interface AuthorizationRequest {
  readonly redirectUri: string;
  readonly state: string | undefined;
  readonly nonce: string | undefined;
  readonly challenge: string;
}

interface Grant extends AuthorizationRequest {
  readonly person: DemoPerson;
  readonly authenticatedAt: number;
  readonly expiresAt: number;
}

interface Session {
  readonly person: DemoPerson;
  readonly authenticatedAt: number;
}

/** What this issuer says about a password typed just now. */
export const localAcr = 'urn:assay:acr:password';
const codeSeconds = 60;
const maximumBodyBytes = 16 * 1024;
const maximumEntries = 10_000;

/** Passwords that exist nowhere but in the process that made them and on the terminal that shows them. */
export function generatePassword(): string {
  return randomBytes(12).toString('base64url');
}

/**
 * An OpenID provider for demonstration people, in standalone and only when asked for: discovery, JWKS, authorization
 * code flow with PKCE (S256 only), `prompt=login`, `max_age` and `nonce`, ID and access tokens signed with ES256.
 * Its keys live as long as the process. It is no identity provider for anybody's real people.
 */
export async function startLocalIssuer(options: LocalIssuerOptions): Promise<LocalIssuer> {
  const { clock, audience, people, redirectUris, tokenSeconds = 3600 } = options;
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const kid = randomBytes(8).toString('hex');
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid, use: 'sig', alg: 'ES256' };
  const codes = new Map<string, Grant>();
  const sessions = new Map<string, Session>();
  const seconds = (): number => Math.floor(clock.now().getTime() / 1000);

  const server = createServer((request, response) => {
    route(request, response).catch(() => reply(response, 500, { error: 'server_error' }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  server.unref();
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', issuer);
    const line = `${request.method} ${url.pathname}`;
    if (line === 'GET /.well-known/openid-configuration') return reply(response, 200, discovery(issuer));
    if (line === 'GET /jwks') return reply(response, 200, { keys: [jwk] });
    if (line === 'GET /authorize') return authorize(request, response, url.searchParams);
    if (line === 'POST /authorize') return login(response, await form(request));
    if (line === 'POST /token') return token(response, await form(request));
    return reply(response, 404, { error: 'not_found' });
  }

  function authorize(request: IncomingMessage, response: ServerResponse, parameters: URLSearchParams): void {
    const wanted = requestOf(parameters);
    if (typeof wanted === 'string')
      return reply(response, 400, { error: 'invalid_request', error_description: wanted });
    const session = sessions.get(cookie(request) ?? '');
    const age = parameters.get('max_age');
    const freshEnough = session && (age === null || seconds() - session.authenticatedAt < Number(age));
    if (freshEnough && parameters.get('prompt') !== 'login')
      return finish(response, wanted, session.person, session.authenticatedAt);
    if (parameters.get('prompt') === 'none') return back(response, wanted, { error: 'login_required' });
    return page(response, 200, loginPage(parameters));
  }

  function login(response: ServerResponse, parameters: URLSearchParams): void {
    const wanted = requestOf(parameters);
    if (typeof wanted === 'string')
      return reply(response, 400, { error: 'invalid_request', error_description: wanted });
    const person = people.find(({ username }) => username === parameters.get('username'));
    const given = parameters.get('password') ?? '';
    // Compared also for an unknown name: the answer takes the same time.
    if (!sameText(given, person?.password ?? randomBytes(12).toString('hex')) || !person)
      return page(response, 401, loginPage(parameters, 'Wrong name or password.'));
    const at = seconds();
    const id = randomBytes(32).toString('base64url');
    bounded(sessions).set(id, { person, authenticatedAt: at });
    response.setHeader('set-cookie', `assay_issuer=${id}; HttpOnly; SameSite=Lax; Path=/authorize; Max-Age=3600`);
    return finish(response, wanted, person, at);
  }

  function finish(response: ServerResponse, wanted: AuthorizationRequest, person: DemoPerson, at: number): void {
    const code = randomBytes(32).toString('base64url');
    bounded(codes).set(code, { ...wanted, person, authenticatedAt: at, expiresAt: seconds() + codeSeconds });
    return back(response, wanted, { code });
  }

  async function token(response: ServerResponse, parameters: URLSearchParams): Promise<void> {
    const code = parameters.get('code') ?? '';
    const grant = codes.get(code);
    codes.delete(code);
    const verifier = parameters.get('code_verifier') ?? '';
    const valid =
      parameters.get('grant_type') === 'authorization_code' &&
      parameters.get('client_id') === audience &&
      grant !== undefined &&
      seconds() <= grant.expiresAt &&
      parameters.get('redirect_uri') === grant.redirectUri &&
      sameText(createHash('sha256').update(verifier).digest('base64url'), grant.challenge);
    if (!valid) return reply(response, 400, { error: 'invalid_grant' });
    const claims = { acr: localAcr, amr: ['pwd'], auth_time: grant.authenticatedAt, groups: grant.person.groups ?? [] };
    const nonce = grant.nonce === undefined ? {} : { nonce: grant.nonce };
    return reply(response, 200, {
      token_type: 'Bearer',
      expires_in: tokenSeconds,
      access_token: await sign(privateKey, 'at+jwt', grant.person, claims),
      id_token: await sign(privateKey, 'JWT', grant.person, { ...claims, ...nonce }),
    });
  }

  function sign(key: CryptoKey, typ: string, person: DemoPerson, claims: Record<string, unknown>): Promise<string> {
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid, typ })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(person.username)
      .setJti(randomBytes(16).toString('hex'))
      .setIssuedAt(seconds())
      .setExpirationTime(seconds() + tokenSeconds)
      .sign(key);
  }

  function requestOf(parameters: URLSearchParams): AuthorizationRequest | string {
    const redirectUri = parameters.get('redirect_uri') ?? '';
    if (parameters.get('client_id') !== audience) return 'client_id';
    if (!redirectUris.includes(redirectUri)) return 'redirect_uri';
    if (parameters.get('response_type') !== 'code') return 'response_type';
    if (parameters.get('code_challenge_method') !== 'S256') return 'code_challenge_method';
    const challenge = parameters.get('code_challenge') ?? '';
    if (!/^[A-Za-z0-9_-]{43}$/.test(challenge)) return 'code_challenge';
    const age = parameters.get('max_age');
    if (age !== null && !/^\d{1,9}$/.test(age)) return 'max_age';
    const state = parameters.get('state') ?? undefined;
    return { redirectUri, state, nonce: parameters.get('nonce') ?? undefined, challenge };
  }

  return { issuer, audience, redirectUris, close: () => closed(server) };
}

function discovery(issuer: string): object {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['none'],
    scopes_supported: ['openid'],
    claims_supported: ['sub', 'auth_time', 'acr', 'amr', 'nonce', 'groups'],
    acr_values_supported: [localAcr],
  };
}

function back(response: ServerResponse, wanted: AuthorizationRequest, parameters: Record<string, string>): void {
  const target = new URL(wanted.redirectUri);
  for (const [name, value] of Object.entries(parameters)) target.searchParams.set(name, value);
  if (wanted.state !== undefined) target.searchParams.set('state', wanted.state);
  response.writeHead(303, { location: target.href, 'cache-control': 'no-store' }).end();
}

function reply(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

function page(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
  });
  response.end(html);
}

async function form(request: IncomingMessage): Promise<URLSearchParams> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > maximumBodyBytes) throw new Error('body too large');
    parts.push(part);
  }
  return new URLSearchParams(Buffer.concat(parts).toString('utf8'));
}

function cookie(request: IncomingMessage): string | undefined {
  return /(?:^|;\s*)assay_issuer=([A-Za-z0-9_-]+)/.exec(request.headers.cookie ?? '')?.[1];
}

function sameText(a: string, b: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}

/** Drops the oldest entry when full: codes and sessions of a demonstration must not fill the memory. */
function bounded<Value>(map: Map<string, Value>): Map<string, Value> {
  if (map.size >= maximumEntries) map.delete(map.keys().next().value!);
  return map;
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
