import type { ApprovalCommand, ApprovalOnlyEvent, CommandContext, DelegationFacts, Id, Role } from '#libs/lifecycle';
import { accessGrant } from '#libs/lifecycle/access-grant';
import { approval, type Approval } from '#libs/lifecycle/approval';
import { decide, fold, perform, Refusal, type Call, type Loaded } from './call.js';
import type { CommandResult } from './contract.js';
import { contributorsOfVersion, evidenceNow, standingOfVersion } from './evidence.js';
import type { Handlers } from './handlers.js';
import { contextForModel, delegationOf, identitiesOf } from './relations.js';

type Requested = Exclude<Approval, { readonly status: 'none' }>;

export const approvals: Pick<
  Handlers,
  | 'RequestApproval'
  | 'SignApproval'
  | 'RejectApproval'
  | 'AbstainApproval'
  | 'MeetCondition'
  | 'RevokeApproval'
  | 'WithdrawApproval'
> = {
  RequestApproval(call, input) {
    const { approvalId, modelVersionId, environment } = input;
    call.authorize('request', 'Approval', { modelId: call.directory.modelOf(modelVersionId) ?? null });
    return perform(call, approval, 'approval', approvalId, 'RequestApproval', async () => {
      const standing = await standingOfVersion(call, modelVersionId);
      const { policy, tier } = standing;
      // A version that was never evaluated has failed no gate and passed none; it is told what is missing.
      if (tier === undefined)
        throw new Refusal('GateMissing', {
          gates: policy.document.gates.map(({ id }) => id),
          rule: 'no risk tier yet',
        });
      return {
        ...input,
        modelId: standing.modelId,
        tierPolicy: policy.document.tiers[tier],
        facts: {
          policyId: policy.policyId,
          policyVersion: policy.version,
          tier,
          requiredGates: policy.document.gates.map(({ id }) => id),
          verdicts: standing.verdicts,
          evidence: standing.evidence,
          contributors: contributorsOfVersion(call, standing, call.context.actor.id),
          modelVersion: standing.status,
          pending: pendingFor(call, modelVersionId, environment),
        },
      };
    });
  },

  SignApproval(call, { condition, ...input }) {
    return sign(call, 'SignApproval', input.role, input.approvalId, () => ({
      ...input,
      ...call.text('comment'),
      ...(condition && { condition: { ...condition, text: call.disclosed('condition.text') } }),
    }));
  },

  RejectApproval(call, input) {
    return sign(call, 'RejectApproval', input.role, input.approvalId, () => ({
      ...input,
      reason: call.disclosed('reason'),
    }));
  },

  AbstainApproval(call, input) {
    return sign(call, 'AbstainApproval', input.role, input.approvalId, () => ({
      ...input,
      reason: call.disclosed('reason'),
    }));
  },

  async MeetCondition(call, input) {
    const { loaded, state } = await requested(call, input.approvalId);
    const { modelId } = state.request;
    call.authorize('read', 'Approval', { modelId });
    const before = await call.repeated(loaded);
    if (before) return before;
    const facts = { actor: { identities: identitiesOf(call.directory, call.context.actor.id) } };
    const context = contextForModel(call, modelId);
    const events = decide(call, approval, loaded, state, 'MeetCondition', { ...input, facts }, context);
    if (events.length > 0) await call.append(loaded, events);
    return call.accepted(loaded);
  },

  async RevokeApproval(call, { approvalId }) {
    const { state } = await requested(call, approvalId);
    call.authorize('revoke', 'Approval', { modelId: state.request.modelId });
    const data = (): object => ({ approvalId, reason: call.disclosed('reason') });
    return perform(call, approval, 'approval', approvalId, 'RevokeApproval', data, policyOf(state));
  },

  async WithdrawApproval(call, { approvalId }) {
    const { state } = await requested(call, approvalId);
    call.authorize('withdraw', 'Approval', { modelId: state.request.modelId });
    return perform(call, approval, 'approval', approvalId, 'WithdrawApproval', () => ({
      approvalId,
      ...call.text('reason'),
      facts: { actor: { identities: identitiesOf(call.directory, call.context.actor.id) } },
    }));
  },
};

/**
 * Every way of deciding on an open stage. All facts are read from the store just now: the pinned heads, who helped to
 * make it, the delegation. Whoever may look at the approval is told why they may not sign it; whoever may not look is
 * told only that. The re-authentication is used up last, when nothing else stands against the signature (rule 8).
 */
async function sign(
  call: Call,
  type: Extract<ApprovalCommand['type'], 'SignApproval' | 'RejectApproval' | 'AbstainApproval'>,
  role: Role,
  approvalId: Id,
  data: () => object,
): Promise<CommandResult> {
  const { loaded, state } = await requested(call, approvalId);
  const { request } = state;
  call.authorize('read', 'Approval', { modelId: request.modelId });
  const before = await call.repeated(loaded);
  if (before) return before;
  const context = contextForModel(call, request.modelId, role);
  const delegation = await delegationFacts(call, role, request.modelId, context);
  const standing = await standingOfVersion(call, request.modelVersionId);
  const facts = {
    evidence: await evidenceNow(call, request.pins),
    verdicts: standing.verdicts,
    contributors: contributorsOfVersion(call, standing, request.requesterId),
    signer: { identities: identitiesOf(call.directory, context.actor.id) },
    ...(delegation && { delegation }),
    usedTokens: usedTokens(call),
  };
  const events = decide(call, approval, loaded, state, type, { ...data(), facts }, context);
  call.authorize('sign', 'Approval', { modelId: request.modelId });
  if (type !== 'AbstainApproval') await useReauthentication(call);
  await call.append(loaded, events as readonly ApprovalOnlyEvent[], {
    ...policyOf(state),
    context: acting(call, context),
  });
  return call.accepted();
}

/** @throws Refusal `NotFound`. */
export async function requested(
  call: Call,
  approvalId: Id,
): Promise<{ readonly loaded: Loaded; readonly state: Requested }> {
  const loaded = await call.load('approval', approvalId);
  const isOverride = loaded.events[0]?.type === 'OverrideUsed';
  const state = isOverride ? approval.initial : fold(approval, loaded);
  if (state.status === 'none') throw new Refusal('NotFound', { approvalId }, loaded.stream);
  return { loaded, state };
}

/** The token of this command, where a signature or an override has used it already. */
export function usedTokens(call: Call): readonly string[] {
  const { tokenId } = call.context.actor.authentication;
  return tokenId !== undefined && call.directory.usedTokens.has(tokenId) ? [tokenId] : [];
}

/** Of two commands that come with one token at once, one is refused; the same command may come again. */
export async function useReauthentication(call: Call): Promise<void> {
  const { tokenId } = call.context.actor.authentication;
  const issuer = call.directory.access.workspace?.issuer ?? '';
  const { reauthentications } = call.ports.identities;
  const used =
    tokenId !== undefined && (await reauthentications.use(call.workspace, issuer, tokenId, call.context.commandId));
  if (!used) throw new Refusal('ReauthenticationRequired', { rule: 'used-once' });
}

function pendingFor(call: Call, modelVersionId: Id, environment: string): readonly Id[] {
  const ids = call.directory.versions.get(modelVersionId)?.approvalIds ?? [];
  return ids.filter((id) => {
    const entry = call.directory.approvals.get(id);
    return entry?.status === 'pending' && entry.environment === environment;
  });
}

async function delegationFacts(
  call: Call,
  role: Role,
  modelId: Id,
  { now }: CommandContext,
): Promise<DelegationFacts | undefined> {
  const grant = delegationOf(call.facts.grants, role, modelId);
  if (!grant) return undefined;
  const state = fold(accessGrant, await call.load('accessGrant', grant.grantId));
  if (state.status === 'none' || state.kind !== 'delegation') return undefined;
  const { directory } = call;
  const { delegatorId } = state.delegation;
  const delegatorHoldsRole = directory.access
    .grantsOf(delegatorId, now)
    .some((own) => own.delegatorId === undefined && own.role === role && (own.scope ?? modelId) === modelId);
  const delegatorIdentities = identitiesOf(directory, delegatorId);
  return { ...state.delegation, status: state.status, delegatorIdentities, delegatorHoldsRole };
}

/** The envelope keeps all roles of the actor; whom they act for stands in it as in the signature. */
function acting(call: Call, { onBehalfOf }: CommandContext): CommandContext {
  const { onBehalfOf: _, ...context } = call.context;
  return onBehalfOf === undefined ? context : { ...context, onBehalfOf };
}

function policyOf({ request }: Requested): { readonly policy: string } {
  return { policy: `${request.policyId}@${request.policyVersion}` };
}
