import { createHash } from 'node:crypto';
import { errors, jwtVerify, type JWTPayload } from 'jose';
import type { Clock } from '#libs/runtime';
import { InvalidCredentials, IssuerUnavailable } from './errors.js';
import type { IssuerKeys } from './issuer-keys.js';

/** Asymmetric signatures only: neither `none` nor a shared secret can be mistaken for the issuer's key. */
export const allowedAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

/** Longest token that is looked at, in characters. */
export const maximumTokenLength = 16 * 1024;
/** How far the issuer's clock may be off ours, in seconds, in both directions. */
export const clockToleranceSeconds = 60;
/** Logout, DPoP and security-event tokens are signed by the same key and are no proof of who calls (RFC 8725, 3.11). */
const acceptedTypes = new Set(['jwt', 'at+jwt', 'application/at+jwt']);
const maximumGroups = 50;
const maximumClaimLength = 255;

export interface TokenRules {
  /** The `iss` claim, exactly. */
  readonly issuer: string;
  /** Must be the `aud` claim or one of its values. */
  readonly audience: string;
}

/** What a verified token says. Times are RFC 3339 UTC. */
export interface VerifiedToken {
  readonly issuer: string;
  readonly subject: string;
  /** `jti`, or `sha256:` and the digest of the token where the issuer gives none. */
  readonly tokenId: string;
  readonly issuedAt: string;
  readonly expiresAt: string;
  /** When the person last proved who they are (`auth_time`). */
  readonly authenticatedAt?: string;
  readonly acr?: string;
  readonly amr?: readonly string[];
  readonly nonce?: string;
  readonly groups: readonly string[];
}

/**
 * Verifies a JWT of the given issuer for the given audience (RFC 7519, RFC 8725). Access tokens (RFC 9068) and ID
 * tokens are both JWTs of the issuer; which is asked for where stands in `libs/identity/README.md`.
 * Throws {@link InvalidCredentials} naming rule and claim, {@link IssuerUnavailable} when no key can be had.
 */
export async function verifyToken(
  token: string,
  rules: TokenRules,
  keys: IssuerKeys,
  clock: Clock,
): Promise<VerifiedToken> {
  if (token.length > maximumTokenLength) throw new InvalidCredentials('MalformedToken', 'length');
  const now = clock.now();
  let payload: JWTPayload;
  try {
    const verified = await jwtVerify(token, (header, input) => keys.key(header, input), {
      issuer: rules.issuer,
      audience: rules.audience,
      algorithms: [...allowedAlgorithms],
      clockTolerance: clockToleranceSeconds,
      requiredClaims: ['iss', 'aud', 'sub', 'exp', 'iat'],
      currentDate: now,
    });
    payload = verified.payload;
    if (!acceptedTypes.has(String(verified.protectedHeader.typ ?? 'jwt').toLowerCase()))
      throw new InvalidCredentials('MalformedToken', 'typ');
  } catch (error) {
    throw credentialsError(error);
  }
  const latest = now.getTime() / 1000 + clockToleranceSeconds;
  if (payload.iat! > latest) throw new InvalidCredentials('TokenNotYetValid', 'iat');
  const authTime = payload['auth_time'];
  if (authTime !== undefined && (typeof authTime !== 'number' || !Number.isFinite(authTime) || authTime < 0))
    throw new InvalidCredentials('MalformedToken', 'auth_time');
  if (authTime !== undefined && authTime > latest) throw new InvalidCredentials('TokenNotYetValid', 'auth_time');
  // Shapes that an event can hold: printable ASCII for machine names, one line without control characters for groups.
  const tokenId =
    matching(printable, text(payload.jti, 'jti')) ?? `sha256:${createHash('sha256').update(token).digest('hex')}`;
  return {
    issuer: rules.issuer,
    subject: subjectOf(payload.sub),
    tokenId,
    issuedAt: rfc3339(payload.iat!, 'iat'),
    expiresAt: rfc3339(payload.exp!, 'exp'),
    ...(authTime !== undefined && { authenticatedAt: rfc3339(authTime, 'auth_time') }),
    ...optional('acr', text(payload['acr'], 'acr', printable)),
    ...optional('amr', texts(payload['amr'], 'amr', printable)),
    ...optional('nonce', text(payload['nonce'], 'nonce', printable)),
    groups: texts(payload['groups'], 'groups', oneLine) ?? [],
  };
}

function credentialsError(error: unknown): Error {
  if (error instanceof InvalidCredentials || error instanceof IssuerUnavailable) return error;
  if (error instanceof errors.JWTExpired) return new InvalidCredentials('TokenExpired', error.claim);
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.reason === 'missing') return new InvalidCredentials('MissingClaim', error.claim);
    const rule = ({ iss: 'WrongIssuer', aud: 'WrongAudience', nbf: 'TokenNotYetValid' } as const)[error.claim];
    return new InvalidCredentials(rule ?? 'MalformedToken', error.claim);
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return new InvalidCredentials('UnsupportedAlgorithm', 'alg');
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return new InvalidCredentials('BadSignature', 'signature');
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return new InvalidCredentials('UnknownSigningKey', 'kid');
  if (error instanceof errors.JOSENotSupported) return new InvalidCredentials('UnsupportedAlgorithm', 'alg');
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid)
    return new IssuerUnavailable('the token issuer gave no key set', { cause: error });
  // Anything else that verification throws is about the token: a wrong shape, a key of the wrong kind for its `alg`.
  return new InvalidCredentials('MalformedToken', 'token');
}

function subjectOf(value: unknown): string {
  const subject = text(value, 'sub');
  if (subject === undefined || subject.length === 0) throw new InvalidCredentials('MissingClaim', 'sub');
  return subject;
}

const printable = /^[!-~]+$/;
const oneLine = /^[^\p{C}\p{Zl}\p{Zp}]{0,200}$/u;

function matching(pattern: RegExp, value: string | undefined): string | undefined {
  return value !== undefined && pattern.test(value) ? value : undefined;
}

function text(value: unknown, claim: string, pattern?: RegExp): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value.length > maximumClaimLength || !value.isWellFormed() || value.includes('\0'))
    throw new InvalidCredentials('MalformedToken', claim);
  if (pattern && !pattern.test(value)) throw new InvalidCredentials('MalformedToken', claim);
  return value;
}

function texts(value: unknown, claim: string, pattern: RegExp): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || value.length > maximumGroups) throw new InvalidCredentials('MalformedToken', claim);
  return value.map((item) => text(item ?? null, claim, pattern)!);
}

function rfc3339(seconds: number, claim: string): string {
  const time = new Date(seconds * 1000);
  if (Number.isNaN(time.getTime())) throw new InvalidCredentials('MalformedToken', claim);
  return time.toISOString();
}

function optional<Key extends string, Value>(key: Key, value: Value | undefined): { readonly [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]?: Value });
}
