import { IdentitySubjectRow, ReauthenticationRow, ServiceKeyRow } from './identity.entities.js';
import { CreateIdentity1764000000001 } from './migrations.js';

export { AccessIndex } from './access-index.js';
export type { ActiveGrant, IndexedIdentity, IndexedKey } from './access-index.js';
export { InvalidCredentials, IssuerUnavailable } from './errors.js';
export type { CredentialRule } from './errors.js';
export { anonymous, createIdentification, withinScopes } from './identify.js';
export type { Credentials, Identification, IdentificationPorts, Identified } from './identify.js';
export { discoverIssuerKeys, isSafeIssuer } from './issuer-keys.js';
export type { IssuerKeys } from './issuer-keys.js';
export { createServiceKey, hashServiceKey, keyPrefix, matchesServiceKey, serviceKeyId } from './keys.js';
export type { NewServiceKey } from './keys.js';
export { generatePassword, localAcr, startLocalIssuer } from './local-issuer.js';
export type { DemoPerson, LocalIssuer, LocalIssuerOptions } from './local-issuer.js';
export { signInAs } from './sign-in-as.js';
export type { SignedIn, SignInOptions } from './sign-in-as.js';
export { createIdentityStore } from './store.js';
export type { IdentityStore, ReauthenticationStore, ServiceKeyStore, StoredServiceKey, SubjectStore } from './store.js';
export { allowedAlgorithms, clockToleranceSeconds, maximumTokenLength, verifyToken } from './tokens.js';
export type { TokenRules, VerifiedToken } from './tokens.js';

/** For the process's TypeORM data source. */
export const identityEntities = [IdentitySubjectRow, ServiceKeyRow, ReauthenticationRow] as const;
export const identityMigrations = [CreateIdentity1764000000001] as const;
