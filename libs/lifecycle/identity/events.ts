import type { DomainEvent } from '../kernel.js';
import type { Code, Disclosed, Id, Time } from '../values.js';

export type PersonRegistered = DomainEvent<
  'PersonRegistered',
  { readonly identityId: Id; readonly subject: Disclosed; readonly displayName?: Disclosed }
>;
/** A bot. Its owner counts as a contributor wherever it contributed; it can never sign. */
export type ServiceRegistered = DomainEvent<
  'ServiceRegistered',
  { readonly identityId: Id; readonly ownerId: Id; readonly displayName?: Disclosed }
>;
/** Two identities are one person: what one may not do, the other may not either. */
export type IdentityLinked = DomainEvent<'IdentityLinked', { readonly identityId: Id; readonly linkedId: Id }>;
export type ServiceKeyIssued = DomainEvent<
  'ServiceKeyIssued',
  { readonly identityId: Id; readonly keyId: Id; readonly scopes: readonly Code[]; readonly expiresAt: Time }
>;
export type ServiceKeyRevoked = DomainEvent<
  'ServiceKeyRevoked',
  { readonly identityId: Id; readonly keyId: Id; readonly reason?: Disclosed }
>;
export type IdentityErased = DomainEvent<'IdentityErased', { readonly identityId: Id; readonly reason?: Disclosed }>;

export type IdentityEvent =
  PersonRegistered | ServiceRegistered | IdentityLinked | ServiceKeyIssued | ServiceKeyRevoked | IdentityErased;
