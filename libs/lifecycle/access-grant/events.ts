import type { DomainEvent } from '../kernel.js';
import type { Disclosed, Id, Time } from '../values.js';
import type { Role } from '../roles.js';

/** `scope`: a model's id, or absent for the whole workspace. Stream id = grantId. */
export type AccessGranted = DomainEvent<
  'AccessGranted',
  {
    readonly grantId: Id;
    readonly subjectId: Id;
    readonly role: Role;
    readonly scope?: Id;
    readonly validFrom: Time;
    /** Obligatory for `auditor` (rule 26). */
    readonly validUntil?: Time;
  }
>;
export type AccessRevoked = DomainEvent<'AccessRevoked', { readonly grantId: Id; readonly reason?: Disclosed }>;
export type AccessExpired = DomainEvent<'AccessExpired', { readonly grantId: Id }>;

/** Rule 17: bounded scope and time, no re-delegation, no self-benefit, visible in the signature. */
export type DelegationGranted = DomainEvent<
  'DelegationGranted',
  {
    readonly grantId: Id;
    readonly delegatorId: Id;
    readonly delegateId: Id;
    readonly role: Role;
    readonly scope?: Id;
    readonly validFrom: Time;
    readonly validUntil: Time;
  }
>;
export type DelegationEnded = DomainEvent<'DelegationEnded', { readonly grantId: Id; readonly reason?: Disclosed }>;

export type AccessGrantEvent = AccessGranted | AccessRevoked | AccessExpired | DelegationGranted | DelegationEnded;
