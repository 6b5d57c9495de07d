import type { Actor, Role } from '#libs/lifecycle';
import type { Clock } from '#libs/runtime';
import type { AccessIndex, ActiveGrant } from './access-index.js';
import { InvalidCredentials } from './errors.js';
import { discoverIssuerKeys, type IssuerKeys } from './issuer-keys.js';
import { keyPrefix, matchesServiceKey, serviceKeyId } from './keys.js';
import { RecentBearers } from './recent-bearers.js';
import type { IdentityStore } from './store.js';
import { verifyToken, type VerifiedToken } from './tokens.js';

export interface Credentials {
  /** The Authorization header: `Bearer <JWT>` or `Bearer assay_sk_…`. Absent: anonymous. */
  readonly authorization?: string | undefined;
  /**
   * ID token of a fresh re-authentication (OIDC `prompt=login`, `max_age=0`, `nonce` = digest of what is signed),
   * of the same issuer and subject. Absent: the nonce and times of the bearer token itself count.
   */
  readonly reauthentication?: string | undefined;
}

export interface Identified {
  readonly workspace: string;
  readonly actor: Actor;
  /** Grants that count now; of a service key only those within its scopes. */
  readonly grants: readonly ActiveGrant[];
}

export interface Identification {
  /**
   * Who calls, with roles from the grants in force now. Throws InvalidCredentials (refuse, count the denial) or
   * IssuerUnavailable (answer 503). Without credentials the actor is `anonymous` and holds no role.
   */
  identify(credentials: Credentials): Promise<Identified>;
}

const refreshEveryMs = 1_000;

export interface IdentificationPorts {
  readonly index: AccessIndex;
  readonly store: IdentityStore;
  readonly clock: Clock;
  /**
   * Brings the index up to what the store holds now. Asked before somebody is refused as unknown, at most once a
   * second: another process may have registered them a moment ago.
   */
  readonly refresh?: () => Promise<void>;
  /** For tests; by default OpenID discovery. */
  readonly issuerKeys?: (issuer: string) => IssuerKeys;
}

export function createIdentification(ports: IdentificationPorts): Identification {
  const { index, store, clock, issuerKeys = discoverIssuerKeys } = ports;
  const keysByIssuer = new Map<string, IssuerKeys>();
  let refreshedAt = -Infinity;

  /** What is known at second sight, where the first found nothing. */
  const known = async <Found>(look: () => Found | undefined): Promise<Found | undefined> => {
    const found = look();
    if (found !== undefined || !ports.refresh || clock.monotonic() - refreshedAt < refreshEveryMs) return found;
    refreshedAt = clock.monotonic();
    await ports.refresh();
    return look();
  };

  const recent = new RecentBearers(clock);

  const verify = (token: string, issuer: string, audience: string): Promise<VerifiedToken> => {
    let keys = keysByIssuer.get(issuer);
    if (!keys) keysByIssuer.set(issuer, (keys = issuerKeys(issuer)));
    return verifyToken(token, { issuer, audience }, keys, clock);
  };

  return {
    async identify({ authorization, reauthentication }) {
      const opened = await known(() => index.workspace);
      const now = clock.now().toISOString();
      if (authorization === undefined) {
        if (reauthentication !== undefined) throw new InvalidCredentials('MalformedCredentials', 'authorization');
        return { workspace: opened?.workspace ?? '', actor: anonymous(now), grants: [] };
      }
      if (!opened) throw new InvalidCredentials('NotInitialised', 'workspace');
      const bearer = /^Bearer ([^\s]+)$/i.exec(authorization)?.[1];
      if (bearer === undefined) throw new InvalidCredentials('MalformedCredentials', 'authorization');
      const { workspace, issuer, audience } = opened;
      if (bearer.startsWith(keyPrefix)) {
        if (reauthentication !== undefined)
          throw new InvalidCredentials('ReauthenticationMismatch', 'reauthentication');
        return { workspace, ...(await identifyService(bearer, workspace, now)) };
      }
      const seen = recent.get(bearer);
      const token = seen?.token ?? (await verify(bearer, issuer, audience));
      const identityId = seen?.identityId ?? (await store.subjects.find(workspace, token.issuer, token.subject));
      const identity = identityId === undefined ? undefined : await known(() => index.identity(identityId));
      // The subject row is written before the event: without the event nobody is registered.
      if (!identity || identity.kind !== 'person') throw new InvalidCredentials('UnknownSubject', 'sub');
      if (identity.erased) {
        recent.forget(bearer);
        throw new InvalidCredentials('IdentityErased', 'sub');
      }
      if (!seen) recent.put(bearer, { token, identityId: identity.id });
      const fresh = reauthentication === undefined ? undefined : await verify(reauthentication, issuer, audience);
      if (fresh && fresh.subject !== token.subject) throw new InvalidCredentials('ReauthenticationMismatch', 'sub');
      if (fresh && fresh.authenticatedAt === undefined) throw new InvalidCredentials('MissingClaim', 'auth_time');
      if (fresh && fresh.nonce === undefined) throw new InvalidCredentials('MissingClaim', 'nonce');
      const proof = fresh ?? token;
      const grants = index.grantsOf(identity.id, now);
      return {
        workspace,
        grants,
        actor: {
          id: identity.id,
          kind: 'person',
          roles: rolesOf(grants),
          groups: token.groups,
          authentication: {
            method: 'oidc',
            ...(proof.acr !== undefined && { acr: proof.acr }),
            ...(proof.amr !== undefined && { amr: proof.amr }),
            time: proof.authenticatedAt ?? proof.issuedAt,
            // A nonce without auth_time proves no re-authentication: the rule that needs it must not see it.
            ...(proof.nonce !== undefined && proof.authenticatedAt !== undefined && { nonce: proof.nonce }),
            tokenId: proof.tokenId,
          },
        },
      };
    },
  };

  async function identifyService(
    secret: string,
    workspace: string,
    now: string,
  ): Promise<Omit<Identified, 'workspace'>> {
    const keyId = serviceKeyId(secret);
    if (keyId === undefined) throw new InvalidCredentials('MalformedKey', 'authorization');
    const stored = await store.keys.find(workspace, keyId);
    const key = stored && (await known(() => index.key(keyId)));
    // One answer for an unknown key and a wrong secret: an attacker learns nothing about which keys exist.
    if (!stored || !key || key.identityId !== stored.identityId || !matchesServiceKey(secret, stored.secretHash))
      throw new InvalidCredentials('UnknownKey', 'authorization');
    if (key.revoked) throw new InvalidCredentials('KeyRevoked', 'authorization');
    if (Date.parse(key.expiresAt) <= Date.parse(now)) throw new InvalidCredentials('KeyExpired', 'authorization');
    const identity = index.identity(key.identityId);
    if (!identity || identity.kind !== 'service') throw new InvalidCredentials('UnknownKey', 'authorization');
    if (identity.erased) throw new InvalidCredentials('IdentityErased', 'authorization');
    await store.keys.touch(workspace, keyId);
    const grants = index.grantsOf(identity.id, now).filter((grant) => withinScopes(grant, key.scopes));
    return {
      grants,
      actor: {
        id: identity.id,
        kind: 'service',
        roles: rolesOf(grants),
        groups: [],
        authentication: { method: 'service-key', time: now, tokenId: keyId },
      },
    };
  }
}

/**
 * The scopes of a service key: `<role>`, or `<role>:<model id>` for one model. The key acts with the grants of its
 * identity that its scopes cover, and can hand on nothing beyond its scopes.
 */
export function withinScopes(
  grant: { readonly role: Role; readonly scope?: string },
  scopes: readonly string[],
): boolean {
  if (scopes.includes(grant.role)) return true;
  return grant.scope !== undefined && scopes.includes(`${grant.role}:${grant.scope}`);
}

function rolesOf(grants: readonly ActiveGrant[]): readonly Role[] {
  return [...new Set(grants.map(({ role }) => role))].sort();
}

/** Nobody in particular, as recorded in the one daily stream of anonymous denials. */
export function anonymous(now: string): Actor {
  return { id: 'anonymous', kind: 'anonymous', roles: [], groups: [], authentication: { method: 'none', time: now } };
}
