import {
  createRemoteJWKSet,
  errors,
  type CompactJWSHeaderParameters,
  type CryptoKey,
  type FlattenedJWSInput,
  type RemoteJWKSet,
} from 'jose';
import { IssuerUnavailable } from './errors.js';

/** Where the verifying keys of one issuer come from. */
export interface IssuerKeys {
  key(header: CompactJWSHeaderParameters, input: FlattenedJWSInput): Promise<CryptoKey>;
}

const discoveryTimeoutMs = 5_000;
/** A failed discovery is not tried again sooner: a dead issuer must not be hammered by every request. */
const discoveryCooldownMs = 2_000;
const maximumDiscoveryBytes = 256 * 1024;

/**
 * The keys of any OpenID provider: discovery (OpenID Connect Discovery 1.0 section 4), then its JWKS, both cached,
 * the JWKS fetched again (at most every 30 s) when a token names an unknown key. Plain http is accepted from
 * loopback only. Throws {@link IssuerUnavailable} while the provider does not answer.
 */
export function discoverIssuerKeys(issuer: string): IssuerKeys {
  let keys: Promise<RemoteJWKSet> | undefined;
  let failedAt = -Infinity;

  const discovered = async (): Promise<RemoteJWKSet> => {
    if (keys) return keys;
    if (performance.now() - failedAt < discoveryCooldownMs)
      throw new IssuerUnavailable('the token issuer did not answer a moment ago');
    keys = jwksUri(issuer).then((uri) => createRemoteJWKSet(uri, { timeoutDuration: discoveryTimeoutMs }));
    keys.catch(() => {
      failedAt = performance.now();
      keys = undefined;
    });
    return keys;
  };

  return {
    async key(header, input) {
      const set = await discovered();
      try {
        return await set(header, input);
      } catch (error) {
        if (error instanceof errors.JOSEError && error.code !== 'ERR_JOSE_GENERIC') throw error;
        throw new IssuerUnavailable('the token issuer gave no key set', { cause: error });
      }
    },
  };
}

async function jwksUri(issuer: string): Promise<URL> {
  const base = assertSafe(issuer);
  const address = new URL(`${base.pathname.replace(/\/$/, '')}/.well-known/openid-configuration`, base);
  let document: unknown;
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(discoveryTimeoutMs), redirect: 'error' });
    if (!response.ok) throw new Error(`discovery answered ${response.status}`);
    const body = await response.text();
    if (body.length > maximumDiscoveryBytes) throw new Error('discovery document too large');
    document = JSON.parse(body);
  } catch (error) {
    throw new IssuerUnavailable('the token issuer does not answer discovery', { cause: error });
  }
  const { issuer: said, jwks_uri: uri } = (document ?? {}) as { issuer?: unknown; jwks_uri?: unknown };
  // Section 4.3: the issuer in the document must be the one that was asked for, exactly.
  if (said !== issuer) throw new IssuerUnavailable('the discovery document names another issuer');
  if (typeof uri !== 'string') throw new IssuerUnavailable('the discovery document has no jwks_uri');
  return assertSafe(uri);
}

/** https, or http on loopback. Throws {@link IssuerUnavailable} otherwise. */
function assertSafe(address: string): URL {
  if (!isSafeIssuer(address)) throw new IssuerUnavailable('issuer and jwks_uri: https, or http on loopback');
  return new URL(address);
}

/** What `assay init --issuer` may be given. */
export function isSafeIssuer(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname, username, password, search, hash } = new URL(address);
  if (username !== '' || password !== '' || search !== '' || hash !== '') return false;
  const loopback = hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
  return protocol === 'https:' || (protocol === 'http:' && loopback);
}
