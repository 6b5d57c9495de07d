import type { Command } from '../kernel.js';
import type { Code, Disclosed, Id, Time } from '../values.js';

export type RegisterPerson = Command<
  'RegisterPerson',
  { readonly identityId: Id; readonly subject: Disclosed; readonly displayName?: Disclosed }
>;
export type RegisterService = Command<
  'RegisterService',
  {
    readonly identityId: Id;
    readonly ownerId: Id;
    readonly displayName?: Disclosed;
    readonly facts: { readonly owner: 'person' | 'service' | 'erased' | 'missing' };
  }
>;
/** Written to the stream of `identityId`; the application asks for both directions. */
export type LinkIdentities = Command<
  'LinkIdentities',
  {
    readonly identityId: Id;
    readonly linkedId: Id;
    readonly facts: { readonly linked: 'person' | 'service' | 'erased' | 'missing' };
  }
>;
export type IssueServiceKey = Command<
  'IssueServiceKey',
  { readonly identityId: Id; readonly keyId: Id; readonly scopes: readonly Code[]; readonly expiresAt: Time }
>;
export type RevokeServiceKey = Command<
  'RevokeServiceKey',
  { readonly identityId: Id; readonly keyId: Id; readonly reason?: Disclosed }
>;
export type EraseIdentity = Command<'EraseIdentity', { readonly identityId: Id; readonly reason: Disclosed }>;

export type IdentityCommand =
  RegisterPerson | RegisterService | LinkIdentities | IssueServiceKey | RevokeServiceKey | EraseIdentity;
