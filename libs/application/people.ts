import { WrongExpectedRevision } from '#libs/event-store';
import { withinScopes } from '#libs/identity';
import { roles, type Role } from '#libs/lifecycle';
import { identity } from '#libs/lifecycle/identity';
import { decide, fold, perform, Refusal, type Call } from './call.js';
import type { Handlers } from './handlers.js';
import { standingOf } from './relations.js';

export const people: Pick<
  Handlers,
  'RegisterPerson' | 'RegisterService' | 'LinkIdentities' | 'IssueServiceKey' | 'RevokeServiceKey' | 'EraseIdentity'
> = {
  /** The subject's row comes first, so that two registrations of one subject cannot both succeed. */
  async RegisterPerson(call, { identityId, issuer, subject }) {
    call.authorize('administer', 'Identity');
    const loaded = await call.load('identity', identityId);
    const before = await call.repeated(loaded);
    if (before) return before;
    const data = {
      identityId,
      subject: call.disclosed('subject', identityId),
      ...call.text('displayName', identityId),
    };
    const events = decide(call, identity, loaded, fold(identity, loaded), 'RegisterPerson', data);
    const { subjects } = call.ports.identities;
    const holder = await subjects.link(call.workspace, issuer, subject, identityId);
    if (holder !== identityId) {
      if ((await standingOf(call, holder)) !== 'missing')
        throw new Refusal('SubjectTaken', { field: 'subject', identityId: holder });
      // A row without its registration is under way, or what a crash left: then the next registration takes it over.
      if (!(await subjects.takeOver(call.workspace, issuer, subject, { from: holder, to: identityId })))
        throw new WrongExpectedRevision(call.stream('identity', holder), 0n, undefined);
    }
    await call.append(loaded, events);
    return call.accepted();
  },

  RegisterService(call, { identityId, ownerId }) {
    call.authorize('administer', 'Identity');
    return perform(call, identity, 'identity', identityId, 'RegisterService', async () => ({
      identityId,
      ownerId,
      ...call.text('displayName', identityId),
      facts: { owner: await standingOf(call, ownerId) },
    }));
  },

  /** Written on both sides: whichever identity somebody looks from, the other is there (rule 1). */
  async LinkIdentities(call, { identityId, linkedId }) {
    call.authorize('administer', 'Identity');
    const link = async (from: string, to: string): ReturnType<typeof perform> =>
      perform(call, identity, 'identity', from, 'LinkIdentities', async () => ({
        identityId: from,
        linkedId: to,
        facts: { linked: await standingOf(call, to) },
      }));
    if (identityId !== linkedId) await link(linkedId, identityId);
    return link(identityId, linkedId);
  },

  IssueServiceKey(call, { identityId, keyId, scopes, expiresAt, secretHash }) {
    call.authorize('administer', 'ServiceKey');
    refuseScopes(call, scopes);
    return perform(call, identity, 'identity', identityId, 'IssueServiceKey', async () => {
      await call.ports.identities.keys.put(call.workspace, keyId, identityId, secretHash);
      return { identityId, keyId, scopes, expiresAt };
    });
  },

  RevokeServiceKey(call, { identityId, keyId }) {
    call.authorize('administer', 'ServiceKey');
    const data = { identityId, keyId };
    return perform(call, identity, 'identity', identityId, 'RevokeServiceKey', () => ({
      ...data,
      ...call.text('reason'),
    }));
  },

  /** The event first; then what it names is destroyed, and destroyed again when the command is repeated. */
  async EraseIdentity(call, { identityId }) {
    call.authorize('administer', 'Identity');
    const reason = call.disclosed('reason');
    const result = await perform(call, identity, 'identity', identityId, 'EraseIdentity', () => ({
      identityId,
      reason,
    }));
    await call.ports.vault.eraseSubject(call.workspace, identityId, call.context.now);
    await call.ports.identities.subjects.erase(call.workspace, identityId);
    return result;
  },
};

/** A key's scopes are roles, whole or for one model, and a key hands on nothing beyond its own. */
function refuseScopes(call: Call, scopes: readonly string[]): void {
  scopes.forEach((scope, index) => {
    const [role, modelId, ...more] = scope.split(':');
    const known = roles.includes(role as Role) && more.length === 0;
    const model = modelId === undefined || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(modelId);
    if (!known || !model)
      throw new Refusal('InvalidField', { field: `scopes[${index}]`, rule: '<role> or <role>:<model id>' });
    refuseBeyondScopes(call, role as Role, modelId);
  });
}

/** @throws Refusal `BeyondScopes` when the actor is a service key whose scopes do not cover the role. */
export function refuseBeyondScopes(call: Call, role: Role, scope?: string): void {
  const { authentication } = call.context.actor;
  if (authentication.method !== 'service-key') return;
  const own = call.directory.access.key(authentication.tokenId ?? '')?.scopes ?? [];
  if (!withinScopes({ role, ...(scope !== undefined && { scope }) }, own))
    throw new Refusal('BeyondScopes', { role, ...(scope !== undefined && { scope }) });
}
