import { accessGrant } from '#libs/lifecycle/access-grant';
import { fold, perform, Refusal, type Call } from './call.js';
import type { Handlers } from './handlers.js';
import { refuseBeyondScopes } from './people.js';
import { answerableFor, identitiesOf, provenIdentitiesOf, standingOf } from './relations.js';

export const access: Pick<
  Handlers,
  'GrantAccess' | 'RevokeAccess' | 'GrantDelegation' | 'EndDelegation' | 'ExpireAccess'
> = {
  GrantAccess(call, grant) {
    call.authorize('administer', 'AccessGrant');
    refuseBeyondScopes(call, grant.role, grant.scope);
    return perform(call, accessGrant, 'accessGrant', grant.grantId, 'GrantAccess', async () => ({
      ...grant,
      facts: {
        subject: await standingOf(call, grant.subjectId),
        granterIdentities: answerableFor(call.directory, call.context.actor.id),
      },
    }));
  },

  RevokeAccess(call, { grantId }) {
    call.authorize('administer', 'AccessGrant');
    const data = (): object => ({ grantId, ...call.text('reason') });
    return perform(call, accessGrant, 'accessGrant', grantId, 'RevokeAccess', data);
  },

  /** Everybody may delegate what they hold themselves; the decider says whether they do (rule 17). */
  GrantDelegation(call, delegation) {
    if (call.facts.grants.length === 0) call.authorize('administer', 'AccessGrant');
    return perform(call, accessGrant, 'accessGrant', delegation.grantId, 'GrantDelegation', async () => ({
      ...delegation,
      facts: {
        delegate: await standingOf(call, delegation.delegateId),
        delegateIdentities: provenIdentitiesOf(call.directory, delegation.delegateId),
        delegatorIdentities: identitiesOf(call.directory, call.context.actor.id),
        held: call.facts.grants.map(({ role, scope, validUntil, delegatorId }) => ({
          role,
          ...(scope !== undefined && { scope }),
          ...(validUntil !== undefined && { validUntil }),
          byDelegation: delegatorId !== undefined,
        })),
      },
    }));
  },

  /** By the delegator, the delegate, or an administrator. */
  async EndDelegation(call, { grantId }) {
    await authorizeEnding(call, grantId);
    const data = (): object => ({ grantId, ...call.text('reason') });
    return perform(call, accessGrant, 'accessGrant', grantId, 'EndDelegation', data);
  },

  ExpireAccess(call, { grantId }) {
    call.authorize('automate', 'AccessGrant');
    return perform(call, accessGrant, 'accessGrant', grantId, 'ExpireAccess', () => ({ grantId }));
  },
};

async function authorizeEnding(call: Call, grantId: string): Promise<void> {
  const loaded = await call.load('accessGrant', grantId);
  const state = fold(accessGrant, loaded);
  if (state.status === 'none') throw new Refusal('NotFound', { grantId });
  if (state.kind === 'delegation') {
    const { delegatorId, delegateId } = state.delegation;
    if (call.facts.identities.some((own) => own === delegatorId || own === delegateId)) return;
  }
  call.authorize('administer', 'AccessGrant');
}
