import type { Command } from '../kernel.js';
import type { Role } from '../roles.js';
import type { Disclosed, Id, Time } from '../values.js';

export type GrantAccess = Command<
  'GrantAccess',
  {
    readonly grantId: Id;
    readonly subjectId: Id;
    readonly role: Role;
    readonly scope?: Id;
    readonly validUntil?: Time;
    readonly facts: {
      readonly subject: 'person' | 'service' | 'erased' | 'missing';
      /** The granter under all identities; for a service, its owner under all identities too. */
      readonly granterIdentities: readonly Id[];
    };
  }
>;
export type RevokeAccess = Command<'RevokeAccess', { readonly grantId: Id; readonly reason?: Disclosed }>;
export type ExpireAccess = Command<'ExpireAccess', { readonly grantId: Id }>;

/** A grant that the delegator holds now. */
export interface HeldGrant {
  readonly role: Role;
  readonly scope?: Id;
  readonly validUntil?: Time;
  /** Held by delegation: it cannot be passed on. */
  readonly byDelegation: boolean;
}

export type GrantDelegation = Command<
  'GrantDelegation',
  {
    readonly grantId: Id;
    readonly delegateId: Id;
    readonly role: Role;
    readonly scope?: Id;
    readonly validFrom: Time;
    readonly validUntil: Time;
    readonly facts: {
      readonly delegate: 'person' | 'service' | 'erased' | 'missing';
      readonly delegateIdentities: readonly Id[];
      /** The delegator (the actor) under all identities. */
      readonly delegatorIdentities: readonly Id[];
      readonly held: readonly HeldGrant[];
    };
  }
>;
export type EndDelegation = Command<'EndDelegation', { readonly grantId: Id; readonly reason?: Disclosed }>;

export type AccessGrantCommand = GrantAccess | RevokeAccess | ExpireAccess | GrantDelegation | EndDelegation;
